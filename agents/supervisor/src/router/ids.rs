//! Which events were appended lately: what comes again is a repeat.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bus_schema::{Time, time::DAY_MS};

/// How long an id is remembered.
pub(super) const WINDOW_MS: i64 = DAY_MS;
/// Most ids remembered in one partition; beyond it the oldest go.
pub(super) const IDS_MAX: usize = 1_000_000;

/// Ids of appended events.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    pub(super) known: BTreeSet<u128>,
    /// Those that will be forgotten, oldest first. Ids of imports are in `known` only.
    pub(super) order: VecDeque<(Time, u128)>,
}

impl Ids {
    pub(super) fn contains(&self, id: u128) -> bool {
        self.known.contains(&id)
    }

    /// Remembers an id for the window. Answers whether it is a new one.
    pub(super) fn remember(&mut self, id: u128, at: Time) -> bool {
        let new = self.known.insert(id);
        if new {
            self.order.push_back((at, id));
        }
        new
    }

    /// Remembers an id for ever.
    pub(super) fn keep(&mut self, id: u128) -> bool {
        self.known.insert(id)
    }

    /// Forgets what is too old or too much, oldest first.
    pub(super) fn forget(&mut self, now: Time, most: usize) -> Vec<u128> {
        let mut gone = Vec::new();
        while let Some((at, id)) = self.order.front().copied() {
            if now.since_ms(at) <= WINDOW_MS && self.order.len() <= most {
                break;
            }
            self.order.pop_front();
            self.known.remove(&id);
            gone.push(id);
        }
        gone
    }

    /// Puts ids that were kept elsewhere into order, after all were taken in; with those that were taken in more than
    /// once, and when. One that was forgotten and came again is remembered from when it came last.
    pub(super) fn sort(&mut self, again: &BTreeMap<u128, Time>) {
        if !again.is_empty() {
            for (at, id) in &mut self.order {
                *at = again.get(id).map_or(*at, |last| *last.max(at));
            }
        }
        self.order.make_contiguous().sort_unstable();
    }

    pub(super) fn oldest(&self) -> Option<Time> {
        self.order.front().map(|(at, _)| *at)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
