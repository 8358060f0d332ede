//! The separate binary: a courier beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/courier.nk` and
//! `outbox`), `nats_url`, `smtp` or `smtp_file`, `from`, `intent_deadline_seconds`, `intent_grace_seconds`, and
//! `log`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use bus::{Bus, BusKeys, Connect, NatsBus, Role};
use bus_schema::subject::Stream;
use courier::{Config, Person, Smtp};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "data_folder")]
    data: PathBuf,
    #[serde(default = "local_bus")]
    nats_url: String,
    smtp: Option<String>,
    smtp_file: Option<PathBuf>,
    from: String,
    intent_deadline_seconds: Option<u64>,
    intent_grace_seconds: Option<u64>,
}

fn data_folder() -> PathBuf {
    "mainstay-data".into()
}

fn local_bus() -> String {
    "nats://127.0.0.1:7722".into()
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("MAINSTAY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let result = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(run()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let chain: Vec<String> = chain(&*error).map(ToString::to_string).collect();
            tracing::error!("{}", chain.join(": "));
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn run() -> Result<(), Failure> {
    let data = std::env::var_os("MAINSTAY_DATA").map_or_else(data_folder, PathBuf::from);
    let figment = Figment::from(Toml::file(data.join("mainstay.toml"))).merge(Env::prefixed("MAINSTAY_").split("__"));
    let settings: Settings = figment.extract()?;
    let from = Person::parse(&settings.from).map_err(|e| format!("setting `from`: {e}"))?;
    let smtp = match settings.smtp_file {
        Some(path) => Some(std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?),
        None => settings.smtp,
    };
    let mut config = Config::new(settings.data.join("outbox"), from.address);
    config.begun = Some(settings.data.join("begun"));
    config.smtp = smtp.map(|url| Smtp::parse(&url)).transpose()?;
    config.deadline = settings.intent_deadline_seconds.map_or(config.deadline, Duration::from_secs);
    config.grace = settings.intent_grace_seconds.map_or(config.grace, Duration::from_secs);
    let seed = BusKeys::load(&settings.data.join("keys"))?.seed(Role::Courier)?.to_owned();
    let connect = Connect { url: settings.nats_url, role: Role::Courier, seed: Some(seed) };
    let bus = Bus::from(NatsBus::connect_patiently(connect).await?);
    bus.wait_for(Stream::Action).await?;
    tracing::info!(courier.smtp = ?config.smtp, courier.outbox = %config.outbox.display(), "the courier delivers");
    courier::run(config, bus, stopped()).await.map_err(Into::into)
}

/// Done at SIGTERM or Ctrl-C.
async fn stopped() {
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await;
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
