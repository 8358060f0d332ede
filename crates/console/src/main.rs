//! The separate binary: a console beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/console.nk` and
//! `keys/console_out.nk`), `nats_url`, `nats_monitor_url`, `allow_volatile_bus`, `console` (the address to listen on),
//! `public_url`, `from`, `user`, `zone`, `hold_seconds`, `api_token` or `api_token_file`, and `log`. There are no
//! agents beside it to ask: what concerns them is answered by the console that `mainstay up` starts.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use bus::Role;
use bus_schema::subject::Stream;
use courier::Person;
use mainstay_console::{Console, ConsoleConfig, NoControl, Parts, Readiness, Sender};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Deserialize;
use standalone::Failure;
use tokio::sync::watch;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "standalone::data_folder")]
    data: PathBuf,
    #[serde(default = "standalone::local_bus")]
    nats_url: String,
    nats_monitor_url: Option<String>,
    #[serde(default)]
    allow_volatile_bus: bool,
    #[serde(default = "local_port")]
    console: SocketAddr,
    public_url: Option<String>,
    from: String,
    #[serde(default = "local_user")]
    user: String,
    #[serde(default = "utc")]
    zone: String,
    #[serde(default = "hold_seconds")]
    hold_seconds: u64,
    api_token: Option<String>,
    api_token_file: Option<PathBuf>,
}

fn local_port() -> SocketAddr {
    ([127, 0, 0, 1], 7700).into()
}

fn local_user() -> String {
    "local".into()
}

fn utc() -> String {
    "UTC".into()
}

const fn hold_seconds() -> u64 {
    30
}

fn main() -> ExitCode {
    standalone::main(run())
}

async fn run() -> Result<(), Failure> {
    let settings: Settings = standalone::settings()?;
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let from = Person::parse(&settings.from).map_err(|e| format!("setting `from`: {e}"))?;
    let token = standalone::secret(settings.api_token, settings.api_token_file.as_deref())?.unwrap_or_default();
    if token.trim().is_empty() {
        return Err("a console of its own needs a token for its API: set MAINSTAY_API_TOKEN".into());
    }
    let log = standalone::connect(&settings.data, &settings.nats_url, Role::Console).await?;
    let out = standalone::connect(&settings.data, &settings.nats_url, Role::ConsoleOut).await?;
    log.wait_for(Stream::Log).await?;
    out.wait_for(Stream::Action).await?;
    let partitions = log.log_info().await?.partitions;
    let durable = match &settings.nats_monitor_url {
        Some(monitor) => bus::server::sync_always(monitor).await?,
        None => false,
    };
    let ready = Readiness { ready: true, durable, allow_volatile: settings.allow_volatile_bus, ..Readiness::default() };
    let (_keep, readiness) = watch::channel(ready);
    let config = ConsoleConfig {
        listen: settings.console,
        public_url: settings.public_url,
        data: settings.data,
        user: settings.user,
        zone: settings.zone,
        sender: Sender { name: from.name, email: from.address.to_string() },
        hold: Duration::from_secs(settings.hold_seconds),
        partitions,
        token: token.trim().to_owned(),
    };
    let metrics = Some(Arc::new(move || recorder.render()) as Arc<dyn Fn() -> String + Send + Sync>);
    let parts = Parts { bus: log, out, control: Arc::new(NoControl), readiness, metrics, api: axum::Router::new() };
    let console = Console::bind(config, parts).await?;
    tracing::info!(console.listen = %console.address(), "sign in with {}", console.login_link()?);
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        drop(standalone::asked_to_stop().await);
        stop.send_replace(true);
    });
    console.run(stopping).await.map_err(Into::into)
}
