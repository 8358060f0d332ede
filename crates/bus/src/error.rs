//! What can go wrong on the bus, by what the caller can do about it.

use bus_schema::subject::Stream;

/// A publish that was not acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PublishError {
    /// The subject's last message is not the expected one, or another publish on it is in process (10071, 10164).
    #[error("another message came first on this subject")]
    WrongLast,
    /// The stream takes no more: its byte limit or the disk is reached. Nothing was stored.
    #[error("the stream is full")]
    Full,
    /// No answer: the message may or may not be stored.
    #[error("no acknowledgement ({0}); the message may be stored all the same")]
    Unknown(Doubt),
    /// The server refused the message for good. Nothing was stored.
    #[error("the server refused the message: {text} (code {code})")]
    Refused {
        /// The server's error code.
        code: u64,
        /// The server's words.
        text: String,
    },
}

/// Why an answer is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Doubt {
    /// Nothing came in time.
    #[error("timed out")]
    Timeout,
    /// No stream listens on the subject, or its leader is away.
    #[error("no stream answers")]
    NoResponders,
    /// The connection is down, or went down meanwhile.
    #[error("disconnected")]
    Disconnected,
}

/// An operation of the bus that failed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The server cannot be reached or does not answer; trying again may help.
    #[error("the bus does not answer to {operation}: {doubt}")]
    Unavailable {
        /// What was asked.
        operation: String,
        /// Why there is no answer.
        doubt: Doubt,
    },
    /// The first connection failed.
    #[error("cannot connect to the bus at {url} as {role}; is nats-server running there, and does it know this key?")]
    Connect {
        /// Where.
        url: String,
        /// As whom.
        role: String,
        /// Why.
        #[source]
        source: async_nats::ConnectError,
    },
    /// The server is too old.
    #[error("nats-server {found} at {url} is too old: Mainstay needs 2.14 or later (tested with 2.15.1)")]
    TooOld {
        /// Where.
        url: String,
        /// Its version.
        found: String,
    },
    /// The stream lives in the other account.
    #[error("stream {} is not in the account of this connection", .0.name())]
    WrongAccount(Stream),
    /// The stream was not created.
    #[error("there is no stream {}; start Mainstay once with an admin key, it creates the streams", .0.name())]
    NoStream(Stream),
    /// A stream ends before the position somebody continues at: it was lost, or replaced by an older copy.
    #[error("stream {} ends at {last}, but message {position} was expected next; it was replaced by an older copy", stream.name())]
    Shrunk {
        /// The stream.
        stream: Stream,
        /// The position to continue at.
        position: u64,
        /// Sequence of its last message.
        last: u64,
    },
    /// A message that was read has another one in its place: the stream was replaced by an older copy, which grew.
    #[error("message {seq} of stream {} is not the one that was read; it was replaced by an older copy", stream.name())]
    Replaced {
        /// The stream.
        stream: Stream,
        /// Sequence of the message.
        seq: u64,
    },
    /// A stream exists with other essentials.
    #[error(
        "stream {stream} exists with {field} {found}, expected {expected}; use another server or account, or migrate it"
    )]
    Different {
        /// The stream.
        stream: &'static str,
        /// What differs.
        field: &'static str,
        /// What is there.
        found: String,
        /// What is needed.
        expected: String,
    },
    /// The server cannot set aside what a stream may become.
    #[error(
        "nats-server has no room for stream {stream} ({text}); free space on its disk, raise max_file in its jetstream \
         block, or end what else it keeps"
    )]
    NoRoom {
        /// The stream.
        stream: &'static str,
        /// The server's words.
        text: String,
    },
    /// The server refused.
    #[error("the server refused {operation}: {text} (code {code})")]
    Refused {
        /// What was asked.
        operation: String,
        /// The server's error code.
        code: u64,
        /// The server's words.
        text: String,
    },
    /// The server's answer cannot be read.
    #[error("the answer to {operation} cannot be read: {reason}")]
    Answer {
        /// What was asked.
        operation: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BusError {
    /// Whether trying again later may help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether nobody answered at all: a server that is not there yet, not one that refuses.
    pub(crate) fn is_absence(&self) -> bool {
        use async_nats::ConnectErrorKind::{
            Authentication, AuthorizationViolation, Dns, Io, MaxReconnects, ServerParse, TimedOut, Tls,
        };
        let Self::Connect { source, .. } = self else { return false };
        match source.kind() {
            Dns | Io | TimedOut | MaxReconnects => true,
            Authentication | AuthorizationViolation | ServerParse | Tls => false,
        }
    }

    /// Whether the stream is another one than was read so far: going on would pass messages by.
    pub const fn is_another_stream(&self) -> bool {
        matches!(self, Self::Shrunk { .. } | Self::Replaced { .. })
    }
}
