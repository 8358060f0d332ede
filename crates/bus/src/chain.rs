//! The one way to append to the log: one writer on one subject, exactly once.
//!
//! A [`Chain`] keeps one message in flight and expects the subject to be where it left it. What is pushed meanwhile
//! goes into the next message; there is no timer. When an answer is missing or says that another message came
//! first, it reads the subject's last message at the leader and decides: a higher epoch there means that another
//! writer took over, a turn that covers its own means done, less means to publish again from the first turn that is
//! not covered. Invariants: no turn is stored twice, none is left out, a turn's events stay in one message.

mod packing;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bus_schema::{
    TurnId,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX},
    subject::Stream,
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
};

pub use packing::Packed;
use packing::Queued;
use writer::Writer;

use crate::{Bus, BusError, PublishError};

/// Most bytes that may wait in a chain before a push waits.
const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most bytes that wait for room together.
const GROUP_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;

/// A writer of one subject. Dropping it stops at once: what is not acknowledged may or may not be stored.
#[derive(Debug)]
pub struct Chain {
    subject: String,
    queue: mpsc::UnboundedSender<Vec<Queued>>,
    room: Arc<Semaphore>,
    /// The last turn stored when this chain opened.
    opened_at: Option<TurnId>,
    pushed: Mutex<Option<TurnId>>,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<()>,
}

/// How far a chain is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The last turn stored on the subject; turns up to it are already said.
    pub acked: Option<TurnId>,
    /// Sequence of the subject's last message; 0 when it has none.
    pub seq: u64,
    /// Since when the bus takes nothing, while that is so.
    pub stalled_since: Option<Instant>,
    /// Why the chain ended, once it has.
    pub failed: Option<ChainError>,
}

/// Why a chain takes no more.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    /// A writer with a higher epoch took the subject over; this one must stop.
    #[error("{subject} was taken over by a writer with epoch {theirs}, ours is {ours}")]
    Superseded {
        /// The subject.
        subject: String,
        /// Epoch of this writer.
        ours: u64,
        /// Epoch found there.
        theirs: u64,
    },
    /// The subject's last message has no readable turn or epoch: something else wrote it.
    #[error("message {seq} on {subject} was not written by a chain: header {header} is missing or damaged")]
    Foreign {
        /// The subject.
        subject: String,
        /// Sequence of the message.
        seq: u64,
        /// The header.
        header: &'static str,
    },
    /// The subject ends before a message that was acknowledged: the stream was lost or replaced by an older copy.
    #[error(
        "{subject} ends at {found}, but message {known} was acknowledged; the stream was replaced by an older copy"
    )]
    Shrunk {
        /// The subject.
        subject: String,
        /// Sequence acknowledged before.
        known: u64,
        /// Sequence found now; 0 when the subject is empty.
        found: u64,
    },
    /// A turn was pushed after a later one, or twice.
    #[error("turn {turn} was pushed on {subject} after turn {after}; one push per turn, in order")]
    Order {
        /// The subject.
        subject: String,
        /// The turn.
        turn: TurnId,
        /// The turn pushed before.
        after: TurnId,
    },
    /// A turn's events do not fit into one message.
    #[error(
        "turn {turn} on {subject} has {events} events and {bytes} bytes; at most {BATCH_EVENTS_MAX} and {BATCH_BYTES_MAX} fit"
    )]
    TurnTooBig {
        /// The subject.
        subject: String,
        /// The turn.
        turn: TurnId,
        /// Its events.
        events: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// The server refused a message for good.
    #[error("an append to {subject} was refused")]
    Refused {
        /// The subject.
        subject: String,
        /// The server's answer.
        #[source]
        source: PublishError,
    },
    /// The subject's last message cannot be read.
    #[error("the last message of {subject} cannot be read")]
    Read {
        /// The subject.
        subject: String,
        /// Why.
        #[source]
        source: Arc<BusError>,
    },
    /// The writer's task ended without saying why.
    #[error("the writer of {subject} ended")]
    Ended {
        /// The subject.
        subject: String,
    },
}

impl ChainError {
    /// Whether opening again later may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.is_transient())
    }
}

impl Chain {
    /// Opens the subject for writing: reads its last message and continues behind it.
    ///
    /// # Errors
    /// A higher epoch is there already, the last message is not a chain's, or the bus does not answer.
    pub async fn open(bus: Bus, stream: Stream, subject: String, epoch: u64) -> Result<Self, ChainError> {
        let (queue, incoming) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(QUEUE_BYTES_MAX));
        let (writer, progress) = Writer::open(bus, stream, subject.clone(), epoch, incoming).await?;
        let closing = Arc::clone(&room);
        let task = tokio::spawn(async move {
            writer.run().await;
            // Wakes a push that waits for room; it then finds out why.
            closing.close();
        });
        let opened_at = progress.borrow().acked;
        Ok(Self { subject, queue, room, opened_at, pushed: Mutex::new(None), progress, task })
    }

    /// The subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The last turn stored on the subject.
    pub fn last_turn(&self) -> Option<TurnId> {
        self.progress.borrow().acked
    }

    /// Queues a turn's events; waits while too much is queued. One push per turn, turns in order.
    ///
    /// A turn that was already said before this chain opened is dropped silently, and so is one without events.
    ///
    /// # Errors
    /// The chain ended, the turn is out of order, or its events do not fit into one message.
    pub async fn push(&self, turn: TurnId, events: Vec<Packed>) -> Result<(), ChainError> {
        self.push_all([(turn, events)]).await
    }

    /// Queues turns as [`Self::push`] does one after the other, but together: who writes them sees all of them at once,
    /// and so they stand in few messages.
    ///
    /// # Errors
    /// As [`Self::push`]; the turns before the one it is about are queued.
    pub async fn push_all(&self, turns: impl IntoIterator<Item = (TurnId, Vec<Packed>)>) -> Result<(), ChainError> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        for (turn, events) in turns {
            if events.is_empty() || Some(turn) <= self.opened_at {
                continue;
            }
            let more: usize = events.iter().map(Packed::bytes).sum();
            if events.len() > BATCH_EVENTS_MAX || more > BATCH_BYTES_MAX {
                self.queue(std::mem::take(&mut group), bytes).await?;
                let subject = self.subject.clone();
                return Err(ChainError::TurnTooBig { subject, turn, events: events.len(), bytes: more });
            }
            if bytes + more > GROUP_BYTES_MAX {
                self.queue(std::mem::take(&mut group), std::mem::take(&mut bytes)).await?;
            }
            bytes += more;
            group.push((turn, more, events));
        }
        self.queue(group, bytes).await
    }

    /// Queues turns of so many bytes together, when there is room for them.
    async fn queue(&self, group: Vec<(TurnId, usize, Vec<Packed>)>, bytes: usize) -> Result<(), ChainError> {
        if group.is_empty() {
            return Ok(());
        }
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| self.ended())?;
        let mut pushed = self.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut queued = Vec::with_capacity(group.len());
        let mut wrong = None;
        for (turn, bytes, events) in group {
            if let Some(after) = pushed.filter(|after| turn <= *after) {
                wrong = Some(ChainError::Order { subject: self.subject.clone(), turn, after });
                break;
            }
            queued.push(Queued { turn, events, _room: room.split(bytes) });
            *pushed = Some(turn);
        }
        self.queue.send(queued).map_err(|_| self.ended())?;
        wrong.map_or(Ok(()), Err)
    }

    /// The last turn taken into the queue; `None` before the first.
    pub fn pushed(&self) -> Option<TurnId> {
        *self.pushed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything pushed so far is acknowledged, however long the bus is away.
    ///
    /// # Errors
    /// The chain ended.
    pub async fn flush(&self) -> Result<(), ChainError> {
        let pushed = *self.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut progress = self.progress.clone();
        let done = progress.wait_for(|p| p.failed.is_some() || p.acked >= pushed).await.map_err(|_| self.ended())?;
        done.failed.clone().map_or(Ok(()), Err)
    }

    /// How far the chain is, as it changes.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Why the chain ended, once it has.
    pub fn failed(&self) -> Option<ChainError> {
        self.progress.borrow().failed.clone()
    }

    /// Since when the bus takes nothing, while that is so.
    pub fn stalled_since(&self) -> Option<Instant> {
        self.progress.borrow().stalled_since
    }

    fn ended(&self) -> ChainError {
        self.failed().unwrap_or_else(|| ChainError::Ended { subject: self.subject.clone() })
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.task.abort();
    }
}
