//! The worker of one partition: the one place where the order of things is written.
//!
//! Read a message; let each fold that has not seen it take it; append what the turns said; and at a checkpoint, only
//! when all that was said is acknowledged, remember states, timers and position together. A process that dies anywhere
//! in between takes the same messages again and says nothing twice, because a chain knows what it has said.

mod checkpoint;
mod feed;
mod glance;
mod rebuild;
mod redo;
mod voice;

use std::time::Duration;

use bus::{Bus, BusError, Stored};
use bus_schema::{Entity, Partition};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

pub(crate) use feed::Feed;
pub(crate) use glance::{FoldGlance, Glance};
pub(crate) use rebuild::writer;
pub(crate) use standalone::with_causes;
pub(crate) use voice::{Chorus, Voice};

use crate::{
    error::RuntimeError,
    fold::{Care, Counts, Fold, Halt, Indexed, Said},
    store::States,
};

/// Commands that may wait for a worker.
pub(crate) const COMMANDS_MAX: usize = 64;
/// A message with more events lets other tasks run before the next one.
const EVENTS_WITHOUT_YIELD: usize = 16;

/// What a worker is asked to do between two messages.
pub(crate) enum Command {
    /// Digests of its folds, all at this moment.
    Digest(oneshot::Sender<Vec<Digested>>),
    /// What an agent keeps of an entity.
    State(String, Entity, oneshot::Sender<Option<serde_json::Value>>),
    /// Forget an agent's states and fold again; answers up to where.
    Rebuild(&'static str, oneshot::Sender<Result<u64, RuntimeError>>),
    /// Checkpoint and end.
    Stop(oneshot::Sender<()>),
}

/// A fold's digest at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Digested {
    pub(crate) agent: &'static str,
    pub(crate) applied: u64,
    pub(crate) digest: [u8; 32],
}

/// A fold with its voice and its place on disk.
pub(crate) struct Part {
    pub(crate) fold: Fold,
    pub(crate) voice: Voice,
    pub(crate) states: States,
    /// How often it was folded from the start because what was stored could not be used, or on request.
    pub(crate) rebuilds: u64,
    /// Position of the last checkpoint.
    pub(crate) checkpoint: u64,
    /// Why the last checkpoint was not written.
    pub(crate) store_error: Option<String>,
    /// The store broke down for good: no more checkpoints until the next start sets it aside.
    pub(crate) store_broken: bool,
    /// What the fold had counted at the last checkpoint.
    pub(crate) counted: Counts,
    /// Messages up to here are applied with care, see [`redo`].
    pub(crate) care_until: u64,
}

/// What became of a message.
#[derive(Default)]
struct Applied {
    /// What each fold said that said anything.
    said: Vec<(usize, Vec<Said>)>,
    events: usize,
    /// The folds that have to go back.
    spoiled: Vec<usize>,
}

/// How often a worker checkpoints: after this time or this many events, whichever is first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) every: Duration,
    pub(crate) events: u64,
}

/// The worker of one partition.
pub(crate) struct Worker {
    pub(crate) partition: Partition,
    pub(crate) bus: Bus,
    pub(crate) durable: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) feed: Feed,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) progress: watch::Sender<Glance>,
    pub(crate) pace: Pace,
    /// Events since the last checkpoint, messages without any included as one.
    pub(crate) since: u64,
    pub(crate) next_checkpoint: Instant,
    /// The last checkpoint had to wait for acknowledgements: not before `next_checkpoint`, however many events come.
    pub(crate) put_off: bool,
    /// The last message taken from the feed, or what the feed began behind: no fold may be further back.
    pub(crate) read: u64,
    /// See [`Glance::ended_at_start`].
    pub(crate) ended_at_start: u64,
}

impl Worker {
    /// Works until it is told to stop or cannot go on.
    pub(crate) async fn run(mut self) -> Result<(), RuntimeError> {
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Ok(()),
                    Some(Command::Stop(done)) => {
                        self.last_checkpoint().await?;
                        // Who asked may have given up waiting.
                        done.send(()).ok();
                        return Ok(());
                    }
                    Some(command) => self.obey(command).await,
                },
                batch = self.feed.next() => self.take(batch).await?,
                () = sleep_until(self.next_checkpoint), if self.since > 0 => self.checkpoint().await?,
            }
            if self.since >= self.pace.events && !self.put_off {
                self.checkpoint().await?;
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Digest(answer) => {
                let digests = self.parts.iter().map(|part| {
                    let fold = &part.fold;
                    Digested { agent: fold.name(), applied: fold.applied(), digest: fold.digest() }
                });
                answer.send(digests.collect()).ok();
            }
            Command::State(agent, entity, answer) => {
                let part = self.parts.iter().find(|part| part.fold.name() == agent);
                answer.send(part.and_then(|part| part.fold.state(&entity))).ok();
            }
            Command::Rebuild(agent, answer) => {
                answer.send(self.rebuild(agent).await).ok();
                self.publish();
            }
            Command::Stop(_) => {}
        }
    }

    async fn take(&mut self, batch: Option<Result<Vec<Stored>, BusError>>) -> Result<(), RuntimeError> {
        let messages = match batch {
            Some(Ok(messages)) => messages,
            Some(Err(source)) => return Err(self.bus_error("be read", source)),
            None => return Err(RuntimeError::Stopped(self.partition)),
        };
        for message in messages {
            let Applied { said, events, spoiled } = self.apply(message)?;
            bus::failpoint("k2");
            for (at, said) in said {
                let Some(part) = self.parts.get_mut(at) else { continue };
                let (agent, partition) = (part.fold.name(), self.partition);
                let spoken = part.voice.say(said).await;
                spoken.map_err(|source| RuntimeError::Chain { agent, partition, source })?;
            }
            self.since += events.max(1) as u64;
            if !spoiled.is_empty() {
                for at in spoiled {
                    self.redo(at).await?;
                }
                // What was read ahead is read again.
                break;
            }
            if events > EVENTS_WITHOUT_YIELD {
                tokio::task::yield_now().await;
            }
        }
        self.publish();
        Ok(())
    }

    /// Lets every fold that has not seen it take a message.
    fn apply(&mut self, message: Stored) -> Result<Applied, RuntimeError> {
        let (partition, seq, read) = (self.partition, message.seq, self.read);
        if let Some(behind) = self.parts.iter().find(|part| part.fold.applied() < read) {
            let (agent, applied) = (behind.fold.name(), behind.fold.applied());
            return Err(RuntimeError::Gap { agent, partition, applied, read });
        }
        self.read = seq.max(read);
        let ahead = self.parts.iter_mut().enumerate().filter(|(_, part)| part.fold.applied() < seq);
        let mut applied = Applied::default();
        match Indexed::new(message) {
            Ok(message) => {
                applied.events = message.index.len();
                for (at, part) in ahead {
                    let care = if seq <= part.care_until { Care::Taken } else { Care::None };
                    match part.fold.apply_with(care, &message) {
                        Ok(spoken) if spoken.is_empty() => {}
                        Ok(spoken) => applied.said.push((at, spoken)),
                        Err(Halt::Spoiled { .. }) => applied.spoiled.push(at),
                        Err(source) => return Err(RuntimeError::Halt { partition, source }),
                    }
                }
            }
            Err((message, error)) => {
                for (_, part) in ahead {
                    part.fold.refuse(format!("message {seq} on {}: {error}", message.subject));
                    part.fold.pass(&message);
                }
            }
        }
        Ok(applied)
    }

    /// Shows where it is.
    pub(crate) fn publish(&self) {
        let folds: Vec<_> = self.parts.iter().map(FoldGlance::of).collect();
        let applied = folds.iter().map(|fold| fold.applied).min().unwrap_or(0);
        let (ended_at_start, waiting) = (self.ended_at_start, self.feed.waiting());
        let put_off = self.put_off;
        self.progress.send_replace(Glance { applied, ended_at_start, waiting, put_off, folds, ended: None });
    }

    fn bus_error(&self, action: &str, source: BusError) -> RuntimeError {
        RuntimeError::Bus { action: format!("{action} in partition {}", self.partition), source }
    }
}
