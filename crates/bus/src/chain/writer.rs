//! The task behind a chain: one message in flight, and the decision after a missing answer.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bus_schema::{
    TurnId,
    batch::{HEADER_EPOCH, HEADER_TURN},
    subject::Stream,
};
use tokio::sync::{mpsc, watch};

use super::{
    ChainError, Progress,
    packing::{Queued, pack},
};
use crate::{Bus, BusError, MessageHash, PublishError, Stored};

/// First and longest wait between two tries.
const RETRY_MIN: Duration = Duration::from_millis(20);
const RETRY_MAX: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    bus: Bus,
    stream: Stream,
    subject: String,
    epoch: u64,
    tail: Tail,
    queue: VecDeque<Queued>,
    incoming: mpsc::UnboundedReceiver<Vec<Queued>>,
    progress: watch::Sender<Progress>,
    retry: Duration,
}

/// The subject's last message.
struct Tail {
    seq: u64,
    turn: Option<TurnId>,
    hash: MessageHash,
}

impl Writer {
    pub(super) async fn open(
        bus: Bus,
        stream: Stream,
        subject: String,
        epoch: u64,
        incoming: mpsc::UnboundedReceiver<Vec<Queued>>,
    ) -> Result<(Self, watch::Receiver<Progress>), ChainError> {
        let last = bus.last(stream, &subject).await.map_err(|e| read_error(&subject, e))?;
        let tail = tail_of(&subject, epoch, last.as_ref())?;
        let (progress, watching) = watch::channel(Progress { acked: tail.turn, seq: tail.seq, ..Progress::default() });
        let queue = VecDeque::new();
        Ok((Self { bus, stream, subject, epoch, tail, queue, incoming, progress, retry: RETRY_MIN }, watching))
    }

    pub(super) async fn run(mut self) {
        loop {
            if self.queue.is_empty() {
                let Some(queued) = self.incoming.recv().await else { return };
                self.enqueue(queued);
            }
            while let Ok(queued) = self.incoming.try_recv() {
                self.enqueue(queued);
            }
            if let Err(error) = self.append().await {
                tracing::error!(bus.subject = %self.subject, error = %error, "a writer of the log stopped");
                self.progress.send_modify(|p| p.failed = Some(error));
                return;
            }
        }
    }

    /// Another writer may have said a turn since it was pushed.
    fn enqueue(&mut self, mut queued: Vec<Queued>) {
        queued.retain(|queued| Some(queued.turn) > self.tail.turn);
        self.queue.extend(queued);
    }

    async fn append(&mut self) -> Result<(), ChainError> {
        let Some(parcel) = pack(&self.queue, &self.subject, self.epoch, self.tail.hash) else { return Ok(()) };
        match self.bus.publish(parcel.message, Some(self.tail.seq)).await {
            Ok(seq) => {
                self.settle(Tail { seq, turn: Some(parcel.last), hash: parcel.hash });
                Ok(())
            }
            Err(PublishError::Full) => {
                self.pause("the stream is full").await;
                Ok(())
            }
            Err(PublishError::WrongLast) => self.recover().await,
            Err(PublishError::Unknown(doubt)) => {
                tracing::debug!(bus.subject = %self.subject, reason = %doubt, "an append was not acknowledged");
                self.recover().await
            }
            Err(source @ PublishError::Refused { .. }) => {
                Err(ChainError::Refused { subject: self.subject.clone(), source })
            }
        }
    }

    /// Reads where the subject is, however long that takes, and continues behind it.
    async fn recover(&mut self) -> Result<(), ChainError> {
        loop {
            match self.bus.last(self.stream, &self.subject).await {
                Ok(last) => return self.decide(last.as_ref()).await,
                Err(e) if e.is_transient() => self.pause("the bus does not answer").await,
                Err(e) => return Err(read_error(&self.subject, e)),
            }
        }
    }

    async fn decide(&mut self, last: Option<&Stored>) -> Result<(), ChainError> {
        let tail = tail_of(&self.subject, self.epoch, last)?;
        if tail.seq < self.tail.seq {
            return Err(ChainError::Shrunk { subject: self.subject.clone(), known: self.tail.seq, found: tail.seq });
        }
        if tail.seq == self.tail.seq {
            // Nothing of ours is there yet: it was never stored, or is still on its way (and then refuses the retry).
            self.pause("an append was not stored").await;
            return Ok(());
        }
        self.settle(tail);
        Ok(())
    }

    fn settle(&mut self, tail: Tail) {
        while self.queue.front().is_some_and(|queued| Some(queued.turn) <= tail.turn) {
            self.queue.pop_front();
        }
        self.retry = RETRY_MIN;
        self.tail = tail;
        let (acked, seq) = (self.tail.turn, self.tail.seq);
        self.progress.send_modify(|p| {
            p.acked = acked;
            p.seq = seq;
            p.stalled_since = None;
        });
    }

    async fn pause(&mut self, reason: &'static str) {
        if self.progress.borrow().stalled_since.is_none() {
            tracing::warn!(bus.subject = %self.subject, reason, "a writer of the log waits for the bus");
            self.progress.send_modify(|p| p.stalled_since = Some(Instant::now()));
        }
        tokio::time::sleep(self.retry).await;
        self.retry = (self.retry * 2).min(RETRY_MAX);
    }
}

/// What the last message of a subject means to a writer of this epoch.
fn tail_of(subject: &str, ours: u64, last: Option<&Stored>) -> Result<Tail, ChainError> {
    let Some(last) = last else { return Ok(Tail { seq: 0, turn: None, hash: MessageHash::NONE }) };
    let foreign = |header| ChainError::Foreign { subject: subject.to_owned(), seq: last.seq, header };
    let theirs = last.headers.epoch().ok_or_else(|| foreign(HEADER_EPOCH))?;
    let turn = last.headers.turn().ok_or_else(|| foreign(HEADER_TURN))?;
    if theirs > ours {
        return Err(ChainError::Superseded { subject: subject.to_owned(), ours, theirs });
    }
    Ok(Tail { seq: last.seq, turn: Some(turn), hash: last.hash() })
}

fn read_error(subject: &str, source: BusError) -> ChainError {
    ChainError::Read { subject: subject.to_owned(), source: Arc::new(source) }
}
