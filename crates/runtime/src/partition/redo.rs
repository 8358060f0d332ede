//! Going back to the last checkpoint after a turn that failed.
//!
//! A turn that breaks a bound must leave the state untouched, and that it does is known only afterwards. To keep every
//! state before every turn would cost more than the turns. So turns are taken without that care, and when one fails its
//! fold goes back to what the last checkpoint wrote, reads on from there, and takes the same turns with care: the log
//! says the same to it again, and it says the same, which its voice passes over. Care then lasts for a while, so that
//! a run of bad events costs one way back and not one each.

use bus_schema::subject::log_in;

use super::{Part, Worker, with_causes};
use crate::{error::RuntimeError, fold::Fold};

/// For how many positions of the log care lasts after a failed turn.
const CARE_POSITIONS: u64 = 20_000;

impl Worker {
    /// Takes a spoiled fold back to the last checkpoint and reads on from there.
    pub(super) async fn redo(&mut self, at: usize) -> Result<(), RuntimeError> {
        let (partition, read) = (self.partition, self.read);
        let Some(part) = self.parts.get_mut(at) else { return Ok(()) };
        let fold = part.earlier(partition).await;
        tracing::info!(
            agent = fold.name(), partition = %partition, log.position = read, log.from = fold.applied(),
            "a turn failed: the fold goes back and takes it again with care"
        );
        part.checkpoint = fold.applied();
        part.fold = fold;
        part.care_until = read.saturating_add(CARE_POSITIONS);
        part.voice.repeat();
        let from = self.parts.iter().map(|part| part.fold.applied()).min().unwrap_or(0);
        self.read_from(from + 1).await
    }
}

impl Part {
    /// The fold as the last checkpoint wrote it; an empty one where that cannot be read.
    async fn earlier(&mut self, partition: bus_schema::Partition) -> Fold {
        let states = self.states.clone();
        let loaded = self.states.disk().run(move || states.load(partition)).await;
        let mut fold = self.fold.afresh();
        let problem = match loaded {
            Ok(Ok(None)) => None,
            Ok(Ok(Some((meta, rows)))) => fold.load(&meta, &rows).err().map(|error| error.to_string()),
            Ok(Err(problem)) => Some(problem),
            Err(error) => Some(with_causes(&error)),
        };
        if let Some(problem) = problem {
            tracing::error!(
                agent = fold.name(),
                subject = log_in(partition),
                problem,
                "the last checkpoint cannot be read: the partition is folded from the start"
            );
            return self.fold.afresh();
        }
        fold.set_counts(self.counted.clone());
        fold
    }
}
