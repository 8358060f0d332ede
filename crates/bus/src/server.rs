//! A nats-server of our own: found or installed, configured, started beside us and ended with us.

mod config;
mod find;
mod install;
mod monitor;
mod process;

use std::{io, path::PathBuf};

pub use config::{ServerSettings, server_config_text};
pub use find::{FindServer, find_server};
pub use monitor::{ServerFacts, ServerHealth, server_facts, server_health, sync_always};
pub use process::Server;

use crate::KeyError;

/// The version that is installed where none is found.
pub const SERVER_VERSION: &str = "2.15.1";

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The server that was asked for by name cannot be used.
    #[error("NATS_SERVER_BIN={} cannot be used: {reason}; point it at a nats-server of version 2.14 or later, or unset it", path.display())]
    Named {
        /// What the variable says.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// None was found and none could be installed.
    #[error("no usable nats-server: {}.\nInstall one with\n  {manual}\nand run again, or set NATS_SERVER_BIN to a nats-server of version 2.14 or later", tried.join("; "))]
    NotFound {
        /// What was tried, and why each did not work.
        tried: Vec<String>,
        /// The command to run by hand.
        manual: String,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else listens on a port.
    #[error("port {0} on 127.0.0.1 is taken by another program; choose another, or end that program")]
    PortTaken(u16),
    /// The program cannot be started.
    #[error("cannot start {}", path.display())]
    Spawn {
        /// The program.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended instead of answering.
    #[error("nats-server ended at once; the end of {} says:\n{tail}", log.display())]
    Ended {
        /// Its log.
        log: PathBuf,
        /// The last lines.
        tail: String,
    },
    /// It did not answer in time.
    #[error("nats-server does not answer at {url} after {seconds} s; see {}", log.display())]
    Silent {
        /// Its monitoring address.
        url: String,
        /// How long it was given.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// A key for its configuration is missing.
    #[error("the configuration of nats-server lacks a key")]
    Key(#[from] KeyError),
    /// The monitoring port cannot be read.
    #[error("cannot read the monitoring port at {url}: {reason}")]
    Monitor {
        /// Where.
        url: String,
        /// What is wrong.
        reason: String,
    },
}
