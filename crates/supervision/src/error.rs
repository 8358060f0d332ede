//! What can stop the supervisor's shell.

use bus::{BusError, ChainError, PublishError};
use bus_schema::batch::BatchError;

/// A part of the shell that cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SupervisionError {
    /// The bus cannot be read.
    #[error("{part}: the bus cannot be read")]
    Read {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: std::sync::Arc<BusError>,
    },
    /// A chain ended.
    #[error("{part}: an append failed")]
    Append {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: ChainError,
    },
    /// A publish failed for good.
    #[error("{part}: a publish failed")]
    Publish {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: std::sync::Arc<PublishError>,
    },
    /// A message of a stream cannot be unpacked.
    #[error("{part}: message {seq} cannot be unpacked")]
    Unpack {
        /// Which part.
        part: &'static str,
        /// Its sequence.
        seq: u64,
        /// Why.
        #[source]
        source: std::sync::Arc<BatchError>,
    },
    /// A stream ends before what the log has already seen of it: it was replaced by an older copy.
    #[error(
        "stream {stream} ends at {found}, but the log has seen {seen}: it was replaced by an older copy; restore the \
         newer one, or accept with `mainstay bus accept {stream}` that its end is lost"
    )]
    Shrunk {
        /// The stream.
        stream: &'static str,
        /// Its last sequence.
        found: u64,
        /// What the log has seen.
        seen: u64,
    },
    /// The local store does not work.
    #[error("{part}: the local store cannot be used")]
    Store {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: std::sync::Arc<runtime::store::StoreError>,
    },
    /// A file of local positions cannot be used.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::sync::Arc<std::io::Error>,
    },
    /// Somebody else published the same rule at the same time.
    #[error("rule {name} was published by somebody else at the same time; look at it and publish again")]
    RuleConflict {
        /// The rule.
        name: String,
    },
    /// The agents did not come to rest.
    #[error("the agents did not come to rest: {why}")]
    Unrest {
        /// Why.
        why: String,
    },
}

impl SupervisionError {
    pub(crate) fn read(part: &'static str, source: BusError) -> Self {
        Self::Read { part, source: std::sync::Arc::new(source) }
    }

    pub(crate) fn publish(part: &'static str, source: PublishError) -> Self {
        Self::Publish { part, source: std::sync::Arc::new(source) }
    }

    pub(crate) fn unpack(part: &'static str, seq: u64, source: BatchError) -> Self {
        Self::Unpack { part, seq, source: std::sync::Arc::new(source) }
    }
}
