//! Checkpoints: never ahead of what is acknowledged.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Part, Worker, with_causes};
use crate::{error::RuntimeError, store::StoreError};

/// How long a checkpoint waits for acknowledgements before it is put off.
const FLUSH_WAIT: Duration = Duration::from_millis(500);
/// By how much it is put off.
const PUT_OFF: Duration = Duration::from_secs(1);
/// How long the last checkpoint before the end waits.
const LAST_FLUSH_WAIT: Duration = Duration::from_secs(5);

/// What became of a checkpoint of one fold.
enum Saved {
    /// It is written, or there is nothing to write.
    Done,
    /// The store does not take it; later it may.
    Later,
    /// The store has lost the one before: the fold has to begin again.
    Lost,
}

impl Worker {
    pub(super) async fn checkpoint(&mut self) -> Result<(), RuntimeError> {
        self.put_off = !self.flush(FLUSH_WAIT).await?;
        if self.put_off {
            self.next_checkpoint = Instant::now() + PUT_OFF;
            self.publish();
            return Ok(());
        }
        let mut lost = Vec::new();
        let mut again = false;
        for part in &mut self.parts {
            match part.save(self.partition).await {
                Saved::Done => {}
                Saved::Later => again = true,
                Saved::Lost => lost.push(part.fold.name()),
            }
        }
        // Also when nothing more comes, what could not be written is.
        self.since = u64::from(again);
        for agent in lost {
            self.rebuild(agent).await?;
        }
        self.next_checkpoint = Instant::now() + self.pace.every;
        self.publish();
        Ok(())
    }

    /// The checkpoint of a graceful stop. Without acknowledgements there is none: the next start folds a little more.
    pub(super) async fn last_checkpoint(&mut self) -> Result<(), RuntimeError> {
        if self.flush(LAST_FLUSH_WAIT).await? {
            for part in &mut self.parts {
                part.save(self.partition).await;
            }
        }
        Ok(())
    }

    /// Whether everything said is acknowledged in time.
    async fn flush(&mut self, wait: Duration) -> Result<bool, RuntimeError> {
        let deadline = Instant::now() + wait;
        for part in &mut self.parts {
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left, part.voice.flush()).await {
                Ok(Ok(())) => {}
                Ok(Err(source)) => {
                    let (agent, partition) = (part.fold.name(), self.partition);
                    return Err(RuntimeError::Chain { agent, partition, source });
                }
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Part {
    /// Writes what changed. A store that fails is said once; the fold goes on, and a start meanwhile folds from further
    /// back.
    async fn save(&mut self, partition: bus_schema::Partition) -> Saved {
        if self.store_broken || self.fold.applied() == self.checkpoint {
            return Saved::Done;
        }
        let changes = match self.fold.changes() {
            Ok(Some(changes)) => changes,
            Ok(None) => return Saved::Done,
            Err(error) => {
                self.note(Some(format!("a state has no bytes: {error}")));
                return Saved::Done;
            }
        };
        let (states, before) = (self.states.clone(), self.checkpoint);
        let applied = changes.meta.applied;
        let saved = self.states.disk().run(move || states.save(partition, before, &changes)).await;
        let (problem, became) = match saved.and_then(|saved| saved) {
            Ok(()) => {
                self.fold.saved();
                self.checkpoint = applied;
                self.counted = self.fold.counts().clone();
                (None, Saved::Done)
            }
            Err(error) => {
                self.store_broken = matches!(error, StoreError::Broken { .. });
                let lost = matches!(error, StoreError::Lost { .. });
                (Some(with_causes(&error)), if lost { Saved::Lost } else { Saved::Later })
            }
        };
        self.note(problem);
        became
    }

    fn note(&mut self, problem: Option<String>) {
        if let (Some(problem), None) = (&problem, &self.store_error) {
            tracing::error!(agent = self.fold.name(), problem, "a checkpoint was not written");
        }
        self.store_error = problem;
    }
}
