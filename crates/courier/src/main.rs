//! The separate binary: a courier beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/courier.nk` and
//! `outbox`), `nats_url`, `smtp` or `smtp_file`, `from`, `intent_deadline_seconds`, `intent_grace_seconds`, and
//! `log`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use bus::Role;
use bus_schema::subject::Stream;
use courier::{Config, Person, Smtp};
use serde::Deserialize;
use standalone::Failure;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "standalone::data_folder")]
    data: PathBuf,
    #[serde(default = "standalone::local_bus")]
    nats_url: String,
    smtp: Option<String>,
    smtp_file: Option<PathBuf>,
    from: String,
    intent_deadline_seconds: Option<u64>,
    intent_grace_seconds: Option<u64>,
}

fn main() -> ExitCode {
    standalone::main(run())
}

async fn run() -> Result<(), Failure> {
    let settings: Settings = standalone::settings()?;
    let from = Person::parse(&settings.from).map_err(|e| format!("setting `from`: {e}"))?;
    let smtp = standalone::secret(settings.smtp, settings.smtp_file.as_deref())?;
    let mut config = Config::new(settings.data.join("outbox"), from.address);
    config.begun = Some(settings.data.join("begun"));
    config.smtp = smtp.map(|url| Smtp::parse(&url)).transpose()?;
    config.deadline = settings.intent_deadline_seconds.map_or(config.deadline, Duration::from_secs);
    config.grace = settings.intent_grace_seconds.map_or(config.grace, Duration::from_secs);
    let bus = standalone::connect(&settings.data, &settings.nats_url, Role::Courier).await?;
    bus.wait_for(Stream::Action).await?;
    tracing::info!(courier.smtp = ?config.smtp, courier.outbox = %config.outbox.display(), "the courier delivers");
    let stopped = async { drop(standalone::asked_to_stop().await) };
    courier::run(config, bus, stopped).await.map_err(Into::into)
}
