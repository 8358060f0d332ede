//! Where a usable nats-server is: named, on the path, in the cache, or installed.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use super::{SERVER_VERSION, ServerError, install};
use crate::nats::{MIN_VERSION, version_of};

/// Where to look.
#[derive(Clone, Debug)]
pub struct FindServer {
    /// The program somebody asked for (`NATS_SERVER_BIN`).
    pub named: Option<PathBuf>,
    /// The search path (`PATH`).
    pub path: OsString,
    /// Where an installed server is kept.
    pub cache: PathBuf,
}

impl FindServer {
    /// As this process's environment says.
    pub fn from_env() -> Self {
        let not_empty = |name| env::var_os(name).filter(|value| !value.is_empty());
        let home = || PathBuf::from(not_empty("HOME").unwrap_or_else(|| env::temp_dir().into()));
        let cache = not_empty("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
        Self {
            named: not_empty("NATS_SERVER_BIN").map(PathBuf::from),
            path: not_empty("PATH").unwrap_or_default(),
            cache: cache.join("mainstay"),
        }
    }

    /// Where the installed server lies.
    pub(super) fn installed(&self) -> PathBuf {
        self.cache.join(format!("nats-server-{SERVER_VERSION}"))
    }
}

/// Finds a nats-server of version 2.14 or later, and installs one with pip where there is none.
///
/// # Errors
/// The named one cannot be used, or none was found and none can be installed; says what was tried and what to do.
pub async fn find_server(places: &FindServer) -> Result<PathBuf, ServerError> {
    if let Some(path) = &places.named {
        return match check(path).await {
            Ok(()) => Ok(path.clone()),
            Err(reason) => Err(ServerError::Named { path: path.clone(), reason }),
        };
    }
    let mut tried = Vec::new();
    let on_path = env::split_paths(&places.path).map(|dir| dir.join("nats-server")).find(|path| path.is_file());
    let installed = places.installed().join("bin/nats-server");
    for candidate in on_path.iter().chain(installed.is_file().then_some(&installed)) {
        match check(candidate).await {
            Ok(()) => return Ok(candidate.clone()),
            Err(reason) => {
                let path = candidate.display();
                tracing::warn!(server.path = %path, reason, "this nats-server cannot be used");
                tried.push(format!("{path} {reason}"));
            }
        }
    }
    match install::install(&places.installed()).await {
        Ok(()) => match check(&installed).await {
            Ok(()) => return Ok(installed),
            Err(reason) => tried.push(format!("the installed {} {reason}", installed.display())),
        },
        Err(reasons) => tried.extend(reasons),
    }
    Err(ServerError::NotFound { tried, manual: install::manual_command(&places.installed()) })
}

/// Whether this is a nats-server that is new enough.
async fn check(path: &Path) -> Result<(), String> {
    let run = Command::new(path).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(Duration::from_secs(10), run)
        .await
        .map_err(|_| "does not say its version".to_owned())?
        .map_err(|e| format!("cannot be run ({e})"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let said = said.trim().strip_prefix("nats-server:").ok_or("is no nats-server")?.trim();
    let version = version_of(said).ok_or_else(|| format!("has the unreadable version `{said}`"))?;
    if version < MIN_VERSION {
        return Err(format!("is version {said}, too old: 2.14 or later is needed"));
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn fake(dir: &Path, says: &str) -> PathBuf {
        let path = dir.join("nats-server");
        fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[tokio::test]
    async fn a_named_server_that_is_too_old_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let named = fake(dir.path(), "nats-server: v2.9.10");
        let places = FindServer { named: Some(named), path: OsString::new(), cache: dir.path().join("cache") };
        let error = find_server(&places).await.unwrap_err().to_string();
        assert!(error.contains("NATS_SERVER_BIN") && error.contains("v2.9.10"), "{error}");
    }

    #[tokio::test]
    async fn an_old_server_on_the_path_is_passed_over_for_the_cached_one() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("old");
        fs::create_dir(&old).unwrap();
        fake(&old, "nats-server: v2.9.10");
        let places = FindServer { named: None, path: old.clone().into(), cache: dir.path().join("cache") };
        let bin = places.installed().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let cached = fake(&bin, "nats-server: v2.15.1");
        assert_eq!(find_server(&places).await.unwrap(), cached);
        fake(&old, "nats-server: v2.14.0");
        assert_eq!(find_server(&places).await.unwrap(), old.join("nats-server"));
    }

    #[tokio::test]
    async fn other_programs_are_no_server() {
        let dir = tempfile::tempdir().unwrap();
        assert!(check(&fake(dir.path(), "hello")).await.unwrap_err().contains("no nats-server"));
        assert!(check(&dir.path().join("absent")).await.unwrap_err().contains("cannot be run"));
    }
}
