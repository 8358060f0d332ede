//! The separate binary: a gateway beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/gateway.nk`), `nats_url`,
//! `gateway` (the address to listen on), `write_key` or `write_key_file`, and `log`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use bus::{Bus, BusKeys, Connect, NatsBus, Role};
use bus_schema::subject::Stream;
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use gateway::{Config, WriteKeys};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "data_folder")]
    data: PathBuf,
    #[serde(default = "local_bus")]
    nats_url: String,
    gateway: Option<SocketAddr>,
    write_key: Option<String>,
    write_key_file: Option<PathBuf>,
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
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let seed = BusKeys::load(&settings.data.join("keys"))?.seed(Role::Gateway)?.to_owned();
    let connect = Connect { url: settings.nats_url, role: Role::Gateway, seed: Some(seed) };
    let bus = Bus::from(NatsBus::connect_patiently(connect).await?);
    bus.wait_for(Stream::In).await?;
    let key = match settings.write_key_file {
        Some(path) => Some(std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?),
        None => settings.write_key,
    };
    let defaults = Config::default();
    let config = Config {
        listen: settings.gateway.unwrap_or(defaults.listen),
        write_keys: WriteKeys::local(key.unwrap_or_default().trim()),
        ..defaults
    };
    let metrics = Arc::new(move || recorder.render());
    tracing::info!(gateway.listen = %config.listen, "the gateway takes events");
    gateway::serve(config, bus, metrics, None, stopped()).await.map_err(Into::into)
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
