//! Why a scenario could not be played to its end.

use std::{io, path::Path, time::Duration};

/// A scenario that broke off. It counts as red.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file, folder or process of the suite itself.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A condition that did not come true in time.
    #[error("{what} did not come within {seconds} s; {seen}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// What was there instead.
        seen: String,
    },
    /// A process ended although nobody told it to.
    #[error("{part} ended with {status}; its log ends:\n{tail}")]
    Ended {
        /// Which.
        part: String,
        /// How.
        status: String,
        /// Its last lines.
        tail: String,
    },
    /// An answer that no part may give.
    #[error("{asked} was answered with {answer}")]
    Answer {
        /// What was asked.
        asked: String,
        /// What came.
        answer: String,
    },
    /// The machine lacks something that the scenario needs.
    #[error("{what} is missing: {cure}")]
    Missing {
        /// What.
        what: String,
        /// How it can be had.
        cure: String,
    },
    /// The nats-server.
    #[error(transparent)]
    Server(#[from] bus::server::ServerError),
    /// The keys of the bus.
    #[error(transparent)]
    Keys(#[from] bus::KeyError),
    /// The nats-server of a rig.
    #[error(transparent)]
    TestServer(#[from] testkit::nats::TestServerError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] bus::BusError),
    /// The mail server.
    #[error(transparent)]
    Tool(#[from] testkit::tool::ToolError),
    /// A request to a part.
    #[error("a request failed")]
    Http(#[from] reqwest::Error),
}

impl Broken {
    /// An error of the file system on the way to something.
    pub fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// An error about a path.
    pub fn path(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{action} {}", path.display()))
    }

    /// A condition that did not come true.
    pub fn late(what: impl Into<String>, limit: Duration, seen: impl Into<String>) -> Self {
        Self::Late { what: what.into(), seconds: limit.as_secs(), seen: seen.into() }
    }

    /// The error with what caused it, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
