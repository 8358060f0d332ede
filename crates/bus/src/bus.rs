//! One interface over the server and its memory twin: a closed enum, so that a call costs a `match`.

use std::time::Duration;

use bus_schema::{Time, subject::Stream};

use crate::{BusError, LogInfo, MemoryBus, Message, NatsBus, Provisioning, PublishError, Reader, Stored, StreamState};

/// A connection to the bus. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Bus {
    /// A nats-server, as one role in one account.
    Nats(NatsBus),
    /// The memory twin, which holds the streams of both accounts.
    Memory(MemoryBus),
}

impl From<NatsBus> for Bus {
    fn from(bus: NatsBus) -> Self {
        Self::Nats(bus)
    }
}

impl From<MemoryBus> for Bus {
    fn from(bus: MemoryBus) -> Self {
        Self::Memory(bus)
    }
}

impl Bus {
    /// Publishes and waits for the acknowledgement; answers with the sequence in the stream.
    ///
    /// With `expect_last`, only if the subject's last message has this sequence (0: the subject is empty).
    ///
    /// # Errors
    /// See [`PublishError`]; after [`PublishError::Unknown`] the message may be stored all the same.
    pub async fn publish(&self, message: Message, expect_last: Option<u64>) -> Result<u64, PublishError> {
        match self {
            Self::Nats(bus) => bus.publish(message, expect_last).await,
            Self::Memory(bus) => bus.publish(message, expect_last).await,
        }
    }

    /// The last message of a subject, or of all that match a pattern, read at the stream's leader.
    ///
    /// # Errors
    /// The bus does not answer, or the stream is not there.
    pub async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Stored>, BusError> {
        match self {
            Self::Nats(bus) => bus.last(stream, subject).await,
            Self::Memory(bus) => bus.last(stream, subject).await,
        }
    }

    /// The message with this sequence, where it is still there.
    ///
    /// # Errors
    /// The bus does not answer, or the stream is not there.
    pub async fn get(&self, stream: Stream, seq: u64) -> Result<Option<Stored>, BusError> {
        match self {
            Self::Nats(bus) => bus.get(stream, seq).await,
            Self::Memory(bus) => bus.get(stream, seq).await,
        }
    }

    /// What a stream holds.
    ///
    /// # Errors
    /// The bus does not answer, or the stream is not there.
    pub async fn state(&self, stream: Stream) -> Result<StreamState, BusError> {
        match self {
            Self::Nats(bus) => bus.state(stream).await,
            Self::Memory(bus) => bus.state(stream).await,
        }
    }

    /// The broker's time now, by the clock that stamps what a stream stores; it is never later than the answer.
    ///
    /// # Errors
    /// The bus does not answer, or the stream is not there.
    pub async fn time(&self, stream: Stream) -> Result<Time, BusError> {
        match self {
            Self::Nats(bus) => bus.time(stream).await,
            Self::Memory(bus) => bus.time(stream).await,
        }
    }

    /// Opens a reader at `from_seq` (the first message wanted; 0 and 1 are the start of the stream).
    ///
    /// `durable` begins the name under which other tools see the position; each reader has its own, so that two of one
    /// name do not disturb each other. No filter means every subject.
    ///
    /// # Errors
    /// The bus does not answer, the stream is not there, or it ends before `from_seq` ([`BusError::Shrunk`]).
    pub async fn reader(
        &self,
        stream: Stream,
        durable: &str,
        filters: &[String],
        from_seq: u64,
    ) -> Result<Reader, BusError> {
        match self {
            Self::Nats(bus) => bus.reader(stream, durable, filters, from_seq).await,
            Self::Memory(bus) => bus.reader(stream, filters, from_seq).await,
        }
    }

    /// Removes the messages below `below_seq` (of a subject pattern, or all); answers how many.
    ///
    /// # Errors
    /// The bus does not answer, or the stream is kept for ever.
    pub async fn purge(&self, stream: Stream, filter: Option<&str>, below_seq: u64) -> Result<u64, BusError> {
        match self {
            Self::Nats(bus) => bus.purge(stream, filter, below_seq).await,
            Self::Memory(bus) => bus.purge(stream, filter, below_seq).await,
        }
    }

    /// Takes the next epoch of a writer: a compare-and-set counter that never gives a number twice.
    ///
    /// # Errors
    /// The bus does not answer, or its streams were not created.
    pub async fn next_epoch(&self, writer: &str) -> Result<u64, BusError> {
        match self {
            Self::Nats(bus) => bus.next_epoch(writer).await,
            Self::Memory(bus) => bus.next_epoch(writer).await,
        }
    }

    /// Creates the streams of this connection's account, and checks those that exist.
    ///
    /// # Errors
    /// [`BusError::Different`] where a stream exists with other essentials.
    pub async fn provision(&self, settings: &Provisioning) -> Result<(), BusError> {
        match self {
            Self::Nats(bus) => bus.provision(settings).await,
            Self::Memory(bus) => bus.provision(settings).await,
        }
    }

    /// What the LOG stream says about itself; only in account BUS.
    ///
    /// # Errors
    /// The bus does not answer, or was not provisioned.
    pub async fn log_info(&self) -> Result<LogInfo, BusError> {
        match self {
            Self::Nats(bus) => bus.log_info().await,
            Self::Memory(bus) => bus.log_info().await,
        }
    }

    /// Waits until a stream is there, however long: a program that runs apart may be started before the first start that
    /// makes the streams.
    ///
    /// # Errors
    /// The server refuses, or the stream is in the other account.
    pub async fn wait_for(&self, stream: Stream) -> Result<(), BusError> {
        let mut waits = false;
        loop {
            match self.state(stream).await {
                Ok(_) => return Ok(()),
                Err(error @ (BusError::NoStream(_) | BusError::Unavailable { .. })) => {
                    if !std::mem::replace(&mut waits, true) {
                        tracing::warn!(error = %error, "waiting for the bus: its streams are not there yet");
                    }
                    tokio::time::sleep(STREAM_EVERY).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends what is under way and closes the connection; every clone of it is closed. The memory twin stays as it is.
    pub async fn close(&self) {
        if let Self::Nats(bus) = self {
            bus.close().await;
        }
    }

    /// Whether the connection is up. A memory bus is up unless told otherwise.
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Nats(bus) => bus.is_connected(),
            Self::Memory(bus) => bus.is_connected(),
        }
    }
}

/// Between two looks for a stream.
const STREAM_EVERY: Duration = Duration::from_millis(500);
/// How long a publish waits for its acknowledgement.
pub(crate) const PUBLISH_TIMEOUT: Duration = Duration::from_secs(4);
