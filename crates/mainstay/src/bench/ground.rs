//! Where the bench works: folders that go away, systems of its own on free ports, programs beside it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use bus::server::{FindServer, find_server};
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::process::Command;

use super::machine::Machine;
use crate::{
    cli::UpArgs,
    config::Settings,
    error::Error,
    system::{Apart, Purpose, System, bus_error},
};

/// The gateway's key in systems of the bench.
pub(crate) const WRITE_KEY: &str = "bench";

/// The folder of a run.
#[derive(Debug)]
pub(crate) struct Ground {
    dir: TempDir,
}

impl Ground {
    /// A folder below `dir`, or below the one for temporary files.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn new(dir: Option<&Path>) -> Result<Self, Error> {
        let below = dir.map_or_else(std::env::temp_dir, Path::to_owned);
        let dir = tempfile::Builder::new().prefix("mainstay-bench-").tempdir_in(&below);
        Ok(Self { dir: dir.map_err(|source| Error::Data { path: below, source })? })
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The machine, seen from this folder.
    ///
    /// # Errors
    /// The folder cannot be written, or there is no nats-server.
    pub(crate) async fn machine(&self) -> Result<Machine, Error> {
        let binary = find_server(&FindServer::from_env()).await.map_err(bus_error("no nats-server"))?;
        let said = Command::new(&binary).arg("--version").stdin(Stdio::null()).output().await;
        let said = said.map_err(|source| Error::File { path: binary, source })?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.rsplit('v').next().unwrap_or_default().trim().to_owned();
        let dir = self.dir.path().to_owned();
        let look = tokio::task::spawn_blocking(move || Machine::look(&dir, version)).await;
        look.map_err(|error| Error::Part { part: "bench", what: error.to_string() })?
    }

    /// A system of its own in a folder of this name, at work.
    ///
    /// # Errors
    /// Whatever stands in the way of a start.
    pub(crate) async fn system(&self, name: &str) -> Result<System, Error> {
        let path = self.path(name);
        let system = System::start(&path, &settings(&path)?, Purpose::Bench).await?;
        if !system.is_durable() {
            let what = "it does not say that every message is on disk before its acknowledgement".into();
            return Err(Error::Bus { what, source: None });
        }
        system.until_ready().await?;
        Ok(system)
    }

    /// Bus, router and agents of a folder of this name, each by itself.
    ///
    /// # Errors
    /// Whatever stands in the way of a start.
    pub(crate) async fn apart(&self, name: &str) -> Result<Apart, Error> {
        apart(&self.path(name)).await
    }

    /// Removes a folder that is done with, so that the disk holds one of them at a time.
    pub(crate) fn clear(&self, name: &str) {
        // What stays is removed at the end.
        let _ = std::fs::remove_dir_all(self.path(name));
    }
}

/// Bus, router and agents of a folder, each by itself.
///
/// # Errors
/// Whatever stands in the way of a start.
pub(crate) async fn apart(data: &Path) -> Result<Apart, Error> {
    Apart::open(data, &settings(data)?).await
}

/// The settings of a folder, on free ports. A server that the environment names is somebody's: it is not measured.
fn settings(data: &Path) -> Result<Settings, Error> {
    let mut settings = Settings::load(data, &UpArgs::default())?.on_free_ports();
    (settings.nats_url, settings.nats_monitor_url) = (None, None);
    settings.write_key = Some(WRITE_KEY.to_owned());
    Ok(settings)
}

/// This program.
///
/// # Errors
/// The system does not say where it is.
pub(crate) fn program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::File { path: PathBuf::from("this program"), source })
}

/// Runs a part of the bench in a process of its own, so that its memory is its own, and reads its JSON.
///
/// # Errors
/// It ended with an error, which is said, or printed something else.
pub(crate) async fn beside<T: DeserializeOwned>(args: &[String]) -> Result<T, Error> {
    let failed = |what: String| Error::Part { part: "bench", what };
    let mut command = Command::new(program()?);
    command.arg("bench").args(args).arg("--json").stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = command.output().await.map_err(|source| Error::File { path: "this program".into(), source })?;
    if !output.status.success() {
        return Err(failed(format!("`bench {}` ended with {}", args.join(" "), output.status)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(format!("`bench {}`: {error}", args.join(" "))))
}
