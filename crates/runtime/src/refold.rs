//! A fold for whoever wants to check the others: it takes messages and answers what it would say.
//!
//! It stores nothing and publishes nothing. Invariant: what it answers is what every correct run of the same agents over
//! the same messages has on the bus, byte for byte.

use std::sync::Arc;

use bus::Stored;
use bus_schema::{Partition, Partitions};
use data_encoding::HEXLOWER;

use crate::fold::{AgentFold, Fold, Halt, Indexed, Place, Said};

/// The folds of some agents over one partition, in memory.
pub struct Refold {
    folds: Vec<Fold>,
}

impl std::fmt::Debug for Refold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refold").field("applied", &self.applied()).finish_non_exhaustive()
    }
}

impl Refold {
    /// Empty folds of these agents, before the first message of a partition of a log.
    pub fn new(agents: &[AgentFold], log: &str, partitions: Partitions, partition: Partition) -> Self {
        let place = Place { log: Arc::from(log), partitions, partition };
        Self { folds: agents.iter().map(|about| Fold::new(*about, place.clone())).collect() }
    }

    /// Takes the next message of the partition; answers what each agent says to it, in order.
    ///
    /// # Errors
    /// See [`Halt`]. The folds must not be used afterwards.
    pub fn take(&mut self, message: Stored) -> Result<Vec<(&'static str, Said)>, Halt> {
        let mut said = Vec::new();
        match Indexed::new(message) {
            Ok(message) => {
                for fold in &mut self.folds {
                    let agent = fold.name();
                    said.extend(fold.apply(&message)?.into_iter().map(|said| (agent, said)));
                }
            }
            Err((message, _)) => self.folds.iter_mut().for_each(|fold| fold.pass(&message)),
        }
        Ok(said)
    }

    /// Sequence of the last message taken; 0 before the first.
    pub fn applied(&self) -> u64 {
        self.folds.first().map_or(0, Fold::applied)
    }

    /// The digest of each agent's states, timers and rules here, in hex; comparable with [`crate::Digest`].
    pub fn digests(&self) -> Vec<(&'static str, String)> {
        self.folds.iter().map(|fold| (fold.name(), HEXLOWER.encode(&fold.digest()))).collect()
    }
}
