//! The separate binary: a console beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/console.nk` and
//! `keys/console_out.nk`), `nats_url`, `nats_monitor_url`, `allow_volatile_bus`, `console` (the address to listen on),
//! `public_url`, `from`, `user`, `zone`, `hold_seconds`, `api_token` or `api_token_file`, and `log`. There are no
//! agents beside it to ask: what concerns them is answered by the console that `mainstay up` starts.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use bus::{Bus, BusKeys, Connect, NatsBus, Role};
use bus_schema::subject::Stream;
use courier::Person;
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use mainstay_console::{Console, ConsoleConfig, NoControl, Parts, Readiness, Sender};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Deserialize;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "data_folder")]
    data: PathBuf,
    #[serde(default = "local_bus")]
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

fn data_folder() -> PathBuf {
    "mainstay-data".into()
}

fn local_bus() -> String {
    "nats://127.0.0.1:7722".into()
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
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let from = Person::parse(&settings.from).map_err(|e| format!("setting `from`: {e}"))?;
    let token = match &settings.api_token_file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?,
        None => settings.api_token.clone().unwrap_or_default(),
    };
    if token.trim().is_empty() {
        return Err("a console of its own needs a token for its API: set MAINSTAY_API_TOKEN".into());
    }
    let keys = BusKeys::load(&settings.data.join("keys"))?;
    let log = connect(&keys, &settings, Role::Console).await?;
    let out = connect(&keys, &settings, Role::ConsoleOut).await?;
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
        stopped().await;
        stop.send_replace(true);
    });
    console.run(stopping).await.map_err(Into::into)
}

async fn connect(keys: &BusKeys, settings: &Settings, role: Role) -> Result<Bus, Failure> {
    let seed = Some(keys.seed(role)?.to_owned());
    let connect = Connect { url: settings.nats_url.clone(), role, seed };
    Ok(NatsBus::connect_patiently(connect).await?.into())
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
