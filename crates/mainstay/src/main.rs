//! The `mainstay` command: start the system, or act on a running one through its `/api/v1`.

mod bench;
mod books;
mod cli;
mod client;
mod commands;
mod config;
mod demo;
mod error;
mod folder;
mod import;
mod ledger;
mod metrics;
mod policy;
mod print;
mod rules;
mod shortened;
mod simulate;
mod system;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{cli::Cli, error::chain};

/// Events are many small pieces that one thread allocates and another frees; the system's allocator spends a fifth of
/// the pipeline's time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_new(&cli.place.log).unwrap_or_else(|error| {
        print::note(&format!("--log {}: {error}; logging warnings instead", cli.place.log));
        EnvFilter::new("warn")
    });
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(filter).with(layer).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::note(&format!("mainstay: cannot start its threads: {error}"));
            return ExitCode::from(3);
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::note(&format!("mainstay: {}", chain(&error)));
            ExitCode::from(error.exit_code())
        }
    }
}
