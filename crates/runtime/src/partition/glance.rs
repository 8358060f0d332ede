//! What a worker shows of itself after every batch, for those who wait and those who look.

use std::sync::Arc;

use bus_schema::{Entity, Time};

use super::Part;
use crate::{error::RuntimeError, fold::Counts};

/// Skipped entities shown at most.
const SKIPPED_SHOWN_MAX: usize = 100;

/// A worker at a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Glance {
    /// What all its folds have applied.
    pub(crate) applied: u64,
    /// Where the partition ended when the worker started: before that it has not caught up, whatever else is known.
    pub(crate) ended_at_start: u64,
    /// Messages that wait, as far as known.
    pub(crate) waiting: u64,
    /// The last checkpoint was put off until what was said is acknowledged.
    pub(crate) put_off: bool,
    pub(crate) folds: Vec<FoldGlance>,
    /// Set when it does not go on.
    pub(crate) ended: Option<Arc<RuntimeError>>,
}

impl Glance {
    /// Whether it is behind by no more than `lag_max` messages.
    pub(crate) const fn is_near(&self, lag_max: u64) -> bool {
        self.applied >= self.ended_at_start && self.waiting <= lag_max
    }
}

/// A fold at a moment.
#[derive(Clone, Debug)]
pub(crate) struct FoldGlance {
    pub(crate) agent: &'static str,
    pub(crate) applied: u64,
    pub(crate) checkpoint: u64,
    pub(crate) entities: usize,
    pub(crate) timers: usize,
    pub(crate) next_due: Option<Time>,
    pub(crate) counts: Counts,
    pub(crate) skipped: Vec<Entity>,
    pub(crate) rebuilds: u64,
    pub(crate) store_error: Option<String>,
}

impl FoldGlance {
    pub(super) fn of(part: &Part) -> Self {
        let fold = &part.fold;
        Self {
            agent: fold.name(),
            applied: fold.applied(),
            checkpoint: part.checkpoint,
            entities: fold.entities(),
            timers: fold.timers(),
            next_due: fold.next_due(),
            counts: fold.counts().clone(),
            skipped: fold.skipped().iter().take(SKIPPED_SHOWN_MAX).cloned().collect(),
            rebuilds: part.rebuilds,
            store_error: part.store_error.clone(),
        }
    }
}
