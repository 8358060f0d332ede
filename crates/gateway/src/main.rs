//! The separate binary: a gateway beside an existing bus.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. It reads `data` (the folder with `keys/gateway.nk`), `nats_url`,
//! `gateway` (the address to listen on), `write_key` or `write_key_file`, and `log`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use bus::Role;
use bus_schema::subject::Stream;
use gateway::{Config, WriteKeys};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Deserialize;
use standalone::Failure;

/// What of the common settings this binary reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "standalone::data_folder")]
    data: PathBuf,
    #[serde(default = "standalone::local_bus")]
    nats_url: String,
    gateway: Option<SocketAddr>,
    write_key: Option<String>,
    write_key_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    standalone::main(run())
}

async fn run() -> Result<(), Failure> {
    let settings: Settings = standalone::settings()?;
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let bus = standalone::connect(&settings.data, &settings.nats_url, Role::Gateway).await?;
    bus.wait_for(Stream::In).await?;
    let key = standalone::secret(settings.write_key, settings.write_key_file.as_deref())?;
    let defaults = Config::default();
    let config = Config {
        listen: settings.gateway.unwrap_or(defaults.listen),
        write_keys: WriteKeys::local(key.unwrap_or_default().trim()),
        ..defaults
    };
    let metrics = Arc::new(move || recorder.render());
    tracing::info!(gateway.listen = %config.listen, "the gateway takes events");
    let stopped = async { drop(standalone::asked_to_stop().await) };
    gateway::serve(config, bus, metrics, None, stopped).await.map_err(Into::into)
}
