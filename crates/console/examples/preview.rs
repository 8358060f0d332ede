//! The pages over a made-up book of business on a memory bus: for looking at them while changing them.
//!
//! `cargo run -p mainstay-console --example preview -- 127.0.0.1:7790` prints a sign-in link and serves until it is ended.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for the terminal, not a part of the product"
)]

#[path = "../tests/console/support/mod.rs"]
mod support;

use support::{Running, Wanted, world};

#[tokio::main]
async fn main() {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7790".into());
    let wanted = Wanted { listen: Box::leak(listen.into_boxed_str()), zone: "Europe/Berlin", ..Wanted::default() };
    let running = Running::start(wanted).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    println!("{}", running.login);
    let () = std::future::pending().await;
}
