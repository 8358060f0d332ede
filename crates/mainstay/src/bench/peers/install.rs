//! The packages the peers need: in a folder of their own, by the ordinary clients.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::{
    program::{Language, Peer},
    shown,
};
use crate::{error::Error, print::note};

const PYTHON: [&str; 3] = ["nats-py==2.16.0", "uvloop==0.23.0", "bytewax==0.21.1"];
const NODE: [&str; 3] = ["@nats-io/transport-node@3.4.0", "@nats-io/jetstream@3.4.0", "better-sqlite3@12.11.1"];

/// The folder with the packages.
#[derive(Debug)]
pub(super) struct Packages(PathBuf);

/// What runs a peer.
#[derive(Debug)]
pub(super) struct Ready {
    /// The interpreter.
    pub(super) program: PathBuf,
    /// The peer's file.
    pub(super) script: PathBuf,
}

impl Packages {
    /// In this folder, else in the cache folder of the user.
    pub(super) fn at(dir: Option<&Path>) -> Self {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = || {
            let home = || named("HOME").unwrap_or_else(std::env::temp_dir).join(".cache");
            named("XDG_CACHE_HOME").unwrap_or_else(home).join("mainstay").join("peers")
        };
        Self(dir.map_or_else(cache, Path::to_owned))
    }

    fn python(&self) -> PathBuf {
        self.0.join("py").join("bin").join("python")
    }

    fn node(&self) -> PathBuf {
        self.0.join("node")
    }

    /// Installs what is missing.
    pub(super) async fn install(&self) -> Result<(), Error> {
        let node = self.node();
        std::fs::create_dir_all(&node).map_err(|source| Error::Data { path: node.clone(), source })?;
        if !self.python().is_file() {
            note("peers: installing packages for Python");
            run("python3", &self.0, ["-m".into(), "venv".into(), "py".into()]).await?;
            let mut args: Vec<OsString> = ["-m", "pip", "install", "--quiet"].map(Into::into).into();
            args.extend(PYTHON.map(Into::into));
            run(self.python(), &self.0, args).await?;
        }
        if !node.join("node_modules").is_dir() {
            note("peers: installing packages for Node");
            let mut args: Vec<OsString> = ["install", "--no-audit", "--no-fund"].map(Into::into).into();
            args.extend(NODE.map(Into::into));
            std::fs::write(node.join("package.json"), "{\"private\": true}\n")
                .map_err(|source| Error::Data { path: node.clone(), source })?;
            run("npm", &node, args).await?;
        }
        Ok(())
    }

    /// How a peer is run.
    pub(super) fn command(&self, peer: &Peer, programs: &Path) -> Result<Ready, Error> {
        let missing = || {
            let place = shown(&self.0);
            // Those that are optional are nobody's target, and nothing installs them.
            let cure =
                if peer.optional { "install them there to have it measured" } else { "run again with --install" };
            Error::Flag(format!("the packages for {} are not in {place}; {cure}", peer.file))
        };
        match peer.language {
            Language::Python(imports) => {
                let program = self.python();
                let mut probe = std::process::Command::new(&program);
                probe.arg("-c").arg(format!("import {imports}")).stdin(Stdio::null());
                let there = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
                if !there.is_ok_and(|status| status.success()) {
                    return Err(missing());
                }
                let script = programs.join(peer.file);
                let script = script.canonicalize().map_err(|source| Error::File { path: script, source })?;
                Ok(Ready { program, script })
            }
            Language::Node => {
                let node = self.node();
                if !node.join("node_modules").is_dir() {
                    return Err(missing());
                }
                // A module finds its packages beside itself only.
                let script = node.join(peer.file);
                let from = programs.join(peer.file);
                std::fs::copy(&from, &script).map_err(|source| Error::File { path: from, source })?;
                let script = script.canonicalize().map_err(|source| Error::File { path: script, source })?;
                Ok(Ready { program: "node".into(), script })
            }
        }
    }
}

async fn run(program: impl Into<PathBuf>, dir: &Path, args: impl IntoIterator<Item = OsString>) -> Result<(), Error> {
    let program = program.into();
    let mut command = Command::new(&program);
    command.args(args).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null());
    let output = command.output().await.map_err(|source| Error::File { path: program.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned();
    Err(Error::Part { part: "the installation", what: format!("{}: {last}", shown(&program)) })
}
