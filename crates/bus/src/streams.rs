//! The streams of the design, as data.

use std::{collections::BTreeMap, time::Duration};

use bus_schema::{Partitions, subject::Stream};

/// What provisioning needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provisioning {
    /// Identity of the log; without one, the one the LOG stream has, or a fresh one.
    pub log_id: Option<String>,
    /// How many partitions a fresh log gets; an existing log keeps its own.
    pub partitions: Partitions,
    /// Byte limit of IN: above it, producers are told to wait.
    pub in_bytes_max: u64,
    /// On how many servers a fresh stream is kept; more than one needs a cluster.
    pub replicas: u8,
    /// Notes kept with a fresh log for its life (who made it).
    pub labels: BTreeMap<String, String>,
}

/// What the LOG stream says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogInfo {
    /// Identity of the log.
    pub id: String,
    /// How many partitions it has.
    pub partitions: Partitions,
    /// Notes kept with it since it was made.
    pub labels: BTreeMap<String, String>,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            log_id: None,
            partitions: Partitions::default(),
            in_bytes_max: 1024 * 1024 * 1024,
            replicas: 1,
            labels: BTreeMap::new(),
        }
    }
}

/// How long a dead letter is kept.
pub(crate) const DEAD_AGE_MAX: Duration = Duration::from_hours(90 * 24);

/// What a stream takes.
pub(crate) const fn subjects(stream: Stream) -> &'static [&'static str] {
    match stream {
        Stream::In => &["cs.in.>", "cs.event.*"],
        Stream::Log => &["cs.log.>"],
        Stream::Dead => &["cs.dead.>"],
        Stream::People => &["cs.people.>"],
        Stream::Action => &["cs.action.>", "cs.stop.>"],
    }
}

/// Whether a stream is kept for ever: nothing in it can be deleted or purged.
pub(crate) const fn kept_for_ever(stream: Stream) -> bool {
    match stream {
        Stream::Log | Stream::People | Stream::Action => true,
        Stream::In | Stream::Dead => false,
    }
}

/// The stream that takes a subject.
pub(crate) fn stream_of(subject: &str) -> Option<Stream> {
    let takes = |stream: &Stream| subjects(*stream).iter().any(|pattern| crate::matches(pattern, subject));
    Stream::ALL.into_iter().find(takes)
}

/// A fresh identity for a log: 16 random bytes in base32.
pub(crate) fn fresh_log_id() -> String {
    data_encoding::BASE32_NOPAD.encode(&rand::random::<[u8; 16]>()).to_ascii_lowercase()
}
