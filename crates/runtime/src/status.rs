//! What people and tools see of the folds.

use std::sync::Arc;

use bus_schema::{Entity, Partition, Time};
use metrics::{Label, SharedString};
use serde::Serialize;

use crate::partition::{FoldGlance, Glance};

/// The folds of this process.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Identity of the log.
    pub log: String,
    /// Sequence of the log's last message, over all partitions; none while the bus does not say.
    pub last_in_stream: Option<u64>,
    /// By agent and partition.
    pub folds: Vec<FoldStatus>,
    /// Why a partition does not go on, where one does not.
    pub failure: Option<String>,
}

/// One agent's fold of one partition.
#[derive(Clone, Debug, Serialize)]
pub struct FoldStatus {
    /// The agent.
    pub agent: &'static str,
    /// The partition.
    pub partition: Partition,
    /// Sequence of the last message it took.
    pub applied: u64,
    /// Messages of the partition it has not taken, as far as known.
    pub lag: u64,
    /// Position of the last checkpoint.
    pub checkpoint: u64,
    /// The checkpoint after it waits until what was said is acknowledged.
    pub checkpoint_waits: bool,
    /// How many entities it keeps a state of.
    pub entities: usize,
    /// Timers that are set.
    pub timers: usize,
    /// When the next of them is due.
    pub next_due: Option<Time>,
    /// Turns taken since the start of the process.
    pub turns: u64,
    /// Facts its turns said since then; what had been said before is not said again.
    pub facts: u64,
    /// Turns that broke a bound or panicked.
    pub turns_failed: u64,
    /// Turns not taken because their entity is skipped.
    pub turns_skipped: u64,
    /// Events, policies and playbooks that could not be used.
    pub refused: u64,
    /// Entities skipped until a person releases them; at most 100.
    pub skipped: Vec<Entity>,
    /// How often it was folded from the start because of its store or on request.
    pub rebuilds: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

impl FoldStatus {
    pub(crate) fn of(partition: Partition, glance: &Glance, fold: &FoldGlance) -> Self {
        // A fold that is built again is behind by more than what waits for the worker; it counts when it has caught up.
        Self {
            agent: fold.agent,
            partition,
            applied: fold.applied,
            lag: glance.waiting,
            checkpoint: fold.checkpoint,
            checkpoint_waits: glance.put_off,
            entities: fold.entities,
            timers: fold.timers,
            next_due: fold.next_due,
            turns: fold.counts.turns,
            facts: fold.counts.facts,
            turns_failed: fold.counts.failed,
            turns_skipped: fold.counts.skipped,
            refused: fold.counts.refused,
            skipped: fold.skipped.clone(),
            rebuilds: fold.rebuilds,
            last_error: fold.store_error.clone().or_else(|| fold.counts.last_error.clone()),
        }
    }

    /// Writes the numbers of this fold to the process's metrics.
    pub(crate) fn record(&self) {
        // Cloned for every number: none of it is copied.
        let partition = SharedString::from_shared(Arc::from(self.partition.to_string()));
        let labels = [Label::from_static_parts("agent", self.agent), Label::new("partition", partition)];
        // A gauge is a float; what is lost beyond 2^53 nobody reads.
        #[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
        let gauge = |name: &'static str, value: u64| metrics::gauge!(name, labels.iter()).set(value as f64);
        gauge("mainstay_applied_position", self.applied);
        gauge("mainstay_checkpoint_position", self.checkpoint);
        gauge("mainstay_lag_messages", self.lag);
        gauge("mainstay_entities", self.entities as u64);
        gauge("mainstay_timers", self.timers as u64);
        gauge("mainstay_entities_skipped", self.skipped.len() as u64);
        metrics::counter!("mainstay_turns_total", labels.iter()).absolute(self.turns);
        metrics::counter!("mainstay_facts_total", labels.iter()).absolute(self.facts);
        metrics::counter!("mainstay_turns_failed_total", labels.iter()).absolute(self.turns_failed);
        metrics::counter!("mainstay_refused_total", labels.iter()).absolute(self.refused);
        metrics::counter!("mainstay_rebuilds_total", labels.iter()).absolute(self.rebuilds);
    }
}
