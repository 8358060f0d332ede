//! Many seeds at once, and the gate of the planted bugs.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    check::{Report, check},
    generate,
    invariants::Breach,
    plan::Plan,
    planted::Planted,
    shrink::minimise,
};

/// Failing seeds after which a run ends.
const FAILURES_MAX: usize = 20;
/// Runs that minimising one plan may take.
const TRIES_MAX: usize = 600;

/// A seed whose history broke an invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What broke.
    pub breach: Breach,
}

/// What many seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Histories played.
    pub histories: u64,
    /// How often what matters happened, in all of them.
    pub counts: BTreeMap<&'static str, u64>,
    /// Seeds that failed, in order.
    pub failures: Vec<Failure>,
}

/// Plays and checks the seeds from `from` on, so many, on so many threads. `tell` hears of each failure at once.
pub fn run(from: u64, seeds: u64, threads: usize, tell: impl Fn(&Failure) + Sync) -> Summary {
    let next = AtomicU64::new(from);
    let summary = Mutex::new(Summary::default());
    let full = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from.saturating_add(seeds) || full.load(Ordering::Relaxed) {
                        return;
                    }
                    let report = check(&generate::plan(seed), None);
                    if let Some(breach) = report.breach.clone() {
                        tell(&Failure { seed, breach });
                    }
                    let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                    summary.take(seed, report);
                    full.fetch_or(summary.failures.len() >= FAILURES_MAX, Ordering::Relaxed);
                }
            });
        }
    });
    let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.failures.sort_by_key(|failure| failure.seed);
    summary
}

impl Summary {
    fn take(&mut self, seed: u64, report: Report) {
        self.histories += 1;
        for (what, count) in report.counts {
            *self.counts.entry(what).or_default() += count;
        }
        self.failures.extend(report.breach.map(|breach| Failure { seed, breach }));
    }
}

/// The first of so many seeds that finds a planted bug, by an invariant that it has to break.
pub fn find(planted: Planted, seeds: u64, threads: usize) -> Option<Failure> {
    let next = AtomicU64::new(0);
    let found: Mutex<Option<Failure>> = Mutex::new(None);
    let best = AtomicU64::new(u64::MAX);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || seed > best.load(Ordering::Relaxed) {
                        return;
                    }
                    let breach = check(&generate::plan(seed), Some(planted)).breach;
                    let expected = breach.filter(|breach| planted.breaks().contains(&breach.invariant));
                    let Some(breach) = expected else { continue };
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    if found.as_ref().is_none_or(|before| seed < before.seed) {
                        *found = Some(Failure { seed, breach });
                        best.store(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The shortest plan found that breaks the same invariant, with its report.
pub fn shortened(plan: &Plan, planted: Option<Planted>, invariant: &str) -> (Plan, Report) {
    let with = |actions: &[crate::plan::Step]| Plan { actions: actions.to_vec(), ..plan.clone() };
    let actions = minimise(&plan.actions, TRIES_MAX, |actions| {
        check(&with(actions), planted).breach.is_some_and(|breach| breach.invariant == invariant)
    });
    let short = with(&actions);
    let report = check(&short, planted);
    (short, report)
}
