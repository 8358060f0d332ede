//! Verbatim copies into the log: what people said, and what became of actions.
//!
//! The turn of a copy is the sequence of its source, so a restart continues behind the last one copied, whatever was
//! lost here.

use std::{collections::BTreeMap, time::Duration};

use bus::{Bus, Chain, Packed, Reader, Stored, chain::Progress};
use bus_schema::{
    Kind, Partition, Partitions, TurnId,
    subject::{self, Stream},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::SupervisionError;

/// Messages taken at a time.
const BATCH_MESSAGES_MAX: usize = 256;
/// How long a read waits before it looks whether it should stop.
const WAIT: Duration = Duration::from_millis(500);

/// What is copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Copied {
    /// PEOPLE to `cs.log.<p>.people`.
    People,
    /// ACTION to `cs.log.<p>.outcome`: what became of approved messages.
    Outcomes,
}

impl Copied {
    const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Outcomes => "outcome",
        }
    }

    const fn stream(self) -> Stream {
        match self {
            Self::People => Stream::People,
            Self::Outcomes => Stream::Action,
        }
    }

    fn subject(self, p: Partition) -> String {
        match self {
            Self::People => subject::log_people(p),
            Self::Outcomes => subject::log_outcome(p),
        }
    }

    /// Approvals hold the bytes a second time and stops have no partition: neither is an outcome.
    const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::People => true,
            Self::Outcomes => !matches!(kind, Kind::DeliveryApproved | Kind::StopSet),
        }
    }
}

/// A running copy of one stream.
#[derive(Debug)]
pub struct Copies {
    what: Copied,
    copied: watch::Receiver<u64>,
    chains: BTreeMap<Partition, watch::Receiver<Progress>>,
    failed: watch::Receiver<Option<SupervisionError>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Copies {
    /// Starts copying behind what is already in the log.
    ///
    /// # Errors
    /// The bus cannot be read, another supervisor has taken over, or the source is shorter than its copy.
    pub async fn start(what: Copied, from: Bus, to: Bus, partitions: Partitions) -> Result<Self, SupervisionError> {
        let part = what.name();
        let read = |source| SupervisionError::read(part, source);
        let mut chains = BTreeMap::new();
        for p in partitions.all() {
            let epoch = to.next_epoch(&format!("{part}-{p}")).await.map_err(read)?;
            let chain = Chain::open(to.clone(), Stream::Log, what.subject(p), epoch).await;
            chains.insert(p, chain.map_err(|source| SupervisionError::Append { part, source })?);
        }
        let seen = chains.values().filter_map(Chain::last_turn).map(|turn| turn.seq).max().unwrap_or(0);
        let found = from.state(what.stream()).await.map_err(read)?.last_seq;
        if found < seen {
            return Err(SupervisionError::Shrunk { stream: what.stream().name(), found, seen });
        }
        // A partition that was never written to may miss anything since the first message.
        let start = chains.values().map(|chain| chain.last_turn().map_or(1, |turn| turn.seq)).min().unwrap_or(1);
        let reader = from.reader(what.stream(), &format!("copy-{part}"), &[], start).await.map_err(read)?;
        let (copied_tx, copied) = watch::channel(start.saturating_sub(1));
        let (failed_tx, failed) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        let progress = chains.iter().map(|(p, chain): (&Partition, &Chain)| (*p, chain.progress())).collect();
        let copy = Copy { what, reader, chains, copied: copied_tx };
        let task = tokio::spawn(async move {
            if let Err(error) = copy.run(stopped).await {
                tracing::error!(part, error = &error as &dyn std::error::Error, "copying stopped");
                failed_tx.send_replace(Some(error));
            }
        });
        Ok(Self { what, copied, chains: progress, failed, stop, task })
    }

    /// Waits until everything up to a sequence of the source is copied and acknowledged.
    ///
    /// # Errors
    /// Copying ended.
    pub async fn wait(&self, seq: u64) -> Result<(), SupervisionError> {
        let mut copied = self.copied.clone();
        let reached = copied.wait_for(|copied| *copied >= seq).await.is_ok();
        if reached { Ok(()) } else { Err(self.ended()) }
    }

    /// Where each partition's copies end in the log.
    pub fn written(&self) -> BTreeMap<Partition, u64> {
        self.chains.iter().map(|(p, progress)| (*p, progress.borrow().seq)).collect()
    }

    fn ended(&self) -> SupervisionError {
        let why = format!("copying to {} ended", self.what.name());
        self.failed.borrow().clone().unwrap_or(SupervisionError::Unrest { why })
    }

    /// Waits until copying cannot go on. Never ends while all is well.
    pub async fn failed(&self) -> SupervisionError {
        failure(self.failed.clone()).await
    }

    /// Stops after what was read is copied.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut copied = self.copied.clone();
        // The task drops its sender when it ends.
        while copied.changed().await.is_ok() {}
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for a failure to be told; for ever where the teller ended well.
pub(crate) async fn failure(mut failed: watch::Receiver<Option<SupervisionError>>) -> SupervisionError {
    loop {
        if let Some(error) = failed.borrow_and_update().clone() {
            return error;
        }
        if failed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

struct Copy {
    what: Copied,
    reader: Reader,
    chains: BTreeMap<Partition, Chain>,
    copied: watch::Sender<u64>,
}

impl Copy {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) -> Result<(), SupervisionError> {
        let part = self.what.name();
        loop {
            let batch = tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
                batch = self.reader.next(BATCH_MESSAGES_MAX, WAIT) => batch,
            };
            let batch = match batch {
                Ok(batch) => batch,
                // Going on would pass by what the older copy takes in up to the old position.
                Err(error) if error.is_another_stream() => return Err(SupervisionError::read(part, error)),
                Err(error) => {
                    tracing::warn!(part, error = &error as &dyn std::error::Error, "the bus cannot be read, trying on");
                    tokio::time::sleep(WAIT).await;
                    continue;
                }
            };
            let Some(last) = batch.last().map(|stored| stored.seq) else { continue };
            for stored in &batch {
                self.copy(stored).await?;
            }
            for chain in self.chains.values() {
                chain.flush().await.map_err(|source| SupervisionError::Append { part, source })?;
            }
            self.copied.send_replace(last);
        }
    }

    async fn copy(&self, stored: &Stored) -> Result<(), SupervisionError> {
        let part = self.what.name();
        let events = Packed::unpack(stored).map_err(|source| SupervisionError::unpack(part, stored.seq, source));
        let events: Vec<Packed> = match events {
            Ok(events) => events.into_iter().filter(|event| self.what.takes(event.kind)).collect(),
            Err(error) => {
                // Whoever may write here writes what we can read; anything else must not stop the others.
                tracing::error!(part, error = &error as &dyn std::error::Error, "a message is not copied");
                return Ok(());
            }
        };
        if events.is_empty() {
            return Ok(());
        }
        let turn = TurnId { seq: stored.seq, index: 0, ordinal: 0 };
        let only = subject::partition_of(&stored.subject);
        for (p, chain) in &self.chains {
            if only.is_none_or(|only| only == *p) {
                let pushed = chain.push(turn, events.clone()).await;
                pushed.map_err(|source| SupervisionError::Append { part, source })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
