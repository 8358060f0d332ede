//! What every program that runs apart from `mainstay up` does the same way: it reads its settings, connects to the bus in
//! its role, writes its log lines, and ends when it is asked to or cannot go on.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`. Each program names the keys it reads in a type of its own; the
//! others in the same file belong to other programs. Invariant: the same key means the same everywhere.

use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
};

use bus::{Bus, BusKeys, Connect, NatsBus, Role};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use serde::de::DeserializeOwned;
use tracing_subscriber::EnvFilter;

/// Why a program ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs a program to its end; the reason of a bad one is its last line. `MAINSTAY_LOG` chooses what is logged.
pub fn main(run: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let filter = EnvFilter::try_from_env("MAINSTAY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let result = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|tokio| tokio.block_on(run));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The settings of the data folder that `MAINSTAY_DATA` names.
///
/// # Errors
/// A file that cannot be read, or a value of the wrong form: with the key and where it stands.
pub fn settings<T: DeserializeOwned>() -> Result<T, Failure> {
    let data = std::env::var_os("MAINSTAY_DATA").map_or_else(data_folder, PathBuf::from);
    Ok(sources(&data).extract()?)
}

/// Where settings come from, for a data folder.
pub fn sources(data: &Path) -> Figment {
    Figment::from(Toml::file(data.join("mainstay.toml"))).merge(Env::prefixed("MAINSTAY_").split("__"))
}

/// Setting `data` where nothing is set.
pub fn data_folder() -> PathBuf {
    "mainstay-data".into()
}

/// Setting `nats_url` where nothing is set: where `mainstay up` has its server.
pub fn local_bus() -> String {
    "nats://127.0.0.1:7722".into()
}

/// A secret, which may stand in a file of its own, with a line's end behind it; the file counts where both are given.
///
/// # Errors
/// The file cannot be read.
pub fn secret(value: Option<String>, file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(path) = file else { return Ok(value) };
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Ok(Some(text.trim().to_owned()))
}

/// Connects to the bus in a role, with its key in `<data>/keys`, however long the bus is away.
///
/// # Errors
/// The key is missing, or the server refuses it.
pub async fn connect(data: &Path, nats_url: &str, role: Role) -> Result<Bus, Failure> {
    let seed = BusKeys::load(&data.join("keys"))?.seed(role)?.to_owned();
    let connect = Connect { url: nats_url.to_owned(), role, seed: Some(seed) };
    Ok(NatsBus::connect_patiently(connect).await?.into())
}

/// Done at SIGTERM or Ctrl-C.
///
/// # Errors
/// The signals cannot be heard.
pub async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// An error with what caused it, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, PartialEq, Eq, Debug)]
    struct Keys {
        #[serde(default = "data_folder")]
        data: PathBuf,
        #[serde(default = "local_bus")]
        nats_url: String,
        partitions: Option<u8>,
    }

    #[test]
    fn a_program_reads_its_own_keys_and_leaves_those_of_others_alone() {
        let dir = tempfile::tempdir().unwrap();
        let read = || sources(dir.path()).extract::<Keys>().map_err(|error| error.to_string());
        let bare = Keys { data: data_folder(), nats_url: local_bus(), partitions: None };
        assert_eq!(read().unwrap(), bare, "without a file");
        let file = dir.path().join("mainstay.toml");
        std::fs::write(&file, "nats_url = \"nats://bus\"\nconsole = \"127.0.0.1:7700\"\n").unwrap();
        assert_eq!(read().unwrap(), Keys { nats_url: "nats://bus".into(), ..bare });
        std::fs::write(&file, "partitions = \"many\"\n").unwrap();
        let error = read().unwrap_err();
        assert!(error.contains("partitions") && error.contains("mainstay.toml"), "{error}");
    }

    #[test]
    fn a_secret_stands_in_a_file_or_beside_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        assert_eq!(secret(Some("a".into()), None).unwrap().as_deref(), Some("a"));
        let error = secret(Some("a".into()), Some(&file)).unwrap_err().to_string();
        assert!(error.contains(&*file.to_string_lossy()), "{error}");
        std::fs::write(&file, "b\n").unwrap();
        assert_eq!(secret(Some("a".into()), Some(&file)).unwrap().as_deref(), Some("b"));
        assert_eq!(secret(None, None).unwrap(), None);
    }

    #[test]
    fn a_key_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(connect(dir.path(), "nats://127.0.0.1:1", Role::Gateway)).unwrap_err();
        assert!(with_causes(&*error).contains("gateway"), "{error}");
    }
}
