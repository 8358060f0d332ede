//! What can go wrong for the person at the command line, and what to do about it.

use std::path::PathBuf;

/// A command that did not work. Its text names the cure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The settings cannot be read.
    #[error("a setting cannot be used; see `mainstay up --help` for the names")]
    Settings(#[source] Box<figment::Error>),
    /// A setting has a value that cannot be used.
    #[error("{0}")]
    Flag(String),
    /// A file cannot be read or written.
    #[error("cannot use {}; check that it exists and that this user may read and write it", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot write in the data folder {}; choose another with --data or give this user the right", path.display())]
    Data {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Another process uses the folder.
    #[error("the data folder {} is in use by process {pid}; stop it first or choose another with --data", path.display())]
    InUse { path: PathBuf, pid: u32 },
    /// A port is taken.
    #[error("cannot listen on {addr} for the {what}; another program may use the port: choose one with --{what}")]
    Port {
        what: &'static str,
        addr: std::net::SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// The bus cannot be reached or used.
    #[error("the message bus cannot be used: {what}")]
    Bus {
        what: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A part of the system did not start or stopped.
    #[error("{part} stopped: {what}")]
    Part { part: &'static str, what: String },
    /// A map cannot be used.
    #[error("map {}: {problem}", path.display())]
    Map { path: PathBuf, problem: String },
    /// A policy cannot be used.
    #[error("{}: {problem}; nothing was published", path.display())]
    Policy { path: PathBuf, problem: String },
    /// Words to look for cannot be used.
    #[error("{} cannot be used", path.display())]
    Words {
        path: PathBuf,
        #[source]
        source: Box<reader::WordsError>,
    },
    /// A row of an import cannot be read.
    #[error("{}, row {row}: {problem}", path.display())]
    Row { path: PathBuf, row: u64, problem: String },
    /// The running system refused.
    #[error("{message}{}", cure.as_deref().map(|cure| format!("; {cure}")).unwrap_or_default())]
    Refused { code: String, message: String, cure: Option<String> },
    /// The running system does not answer.
    #[error("the system at {url} does not answer; is `mainstay up` still running?")]
    Silent {
        url: String,
        #[source]
        source: Box<reqwest::Error>,
    },
    /// The system answered with something else than expected.
    #[error("the system at {url} answered unexpectedly: {problem}")]
    Answer { url: String, problem: String },
    /// Something compared unequal.
    #[error("{0}")]
    Differs(String),
}

impl Error {
    /// The process's exit code: 1 for a finding, 2 for wrong input, 3 for what is not our doing.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Differs(_) => 1,
            Self::Settings(_)
            | Self::Flag(_)
            | Self::Map { .. }
            | Self::Row { .. }
            | Self::Policy { .. }
            | Self::Words { .. }
            | Self::Refused { .. }
            | Self::File { .. } => 2,
            Self::Data { .. }
            | Self::InUse { .. }
            | Self::Port { .. }
            | Self::Bus { .. }
            | Self::Part { .. }
            | Self::Silent { .. }
            | Self::Answer { .. } => 3,
        }
    }
}

/// The error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
