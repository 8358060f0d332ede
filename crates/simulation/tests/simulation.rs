//! A small run of what `cargo run --release -p simulation` does at length.

use std::{num::NonZeroUsize, thread::available_parallelism};

use simulation::{check::check, generate, planted::Planted, runs, seeds};

/// Seeds of the small run.
const SEEDS: u64 = 100;
/// Seeds within which the planted bugs below must be found; the command asks for all of them, within 2,000.
const GATE_SEEDS: u64 = 60;
/// Planted bugs that any few histories show.
const QUICK: [Planted; 12] = [
    Planted::CheckpointBeforeAcks,
    Planted::ResumePastNext,
    Planted::ChainUnchecked,
    Planted::TurnSplit,
    Planted::SeveralSubjects,
    Planted::NoCompareAndSet,
    Planted::SignedBeforeHold,
    Planted::SendBeforeIntent,
    Planted::ReplaySends,
    Planted::WallClockInFold,
    Planted::TwoCards,
    Planted::BytesChanged,
];

fn threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

#[test]
fn no_seed_breaks_an_invariant() {
    let summary = runs::run(0, SEEDS, threads(), |failure| println!("{failure:?}"));
    assert_eq!(summary.failures, []);
    assert_eq!(summary.histories, SEEDS);
    // So few histories scatter: what matters most must have happened at all.
    for what in ["approvals", "sends", "kills", "compare_and_set_lost"] {
        assert!(summary.counts.get(what).is_some_and(|count| *count > 0), "no {what}: {:?}", summary.counts);
    }
}

#[test]
fn what_once_failed_does_not_fail_again() {
    for kept in seeds::kept().unwrap() {
        assert_eq!(check(&kept.plan, None).breach, None, "line {} of seeds.txt", kept.line);
    }
}

#[test]
fn a_plan_gives_the_same_bytes_again() {
    for seed in 0..6 {
        let plan = generate::plan(seed);
        let (first, second) = (check(&plan, None), check(&plan, None));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.hash, second.hash, "seed {seed}");
    }
}

#[test]
fn planted_bugs_are_found() {
    for planted in QUICK {
        let found = runs::find(planted, GATE_SEEDS, threads());
        let Some(found) = found else { panic!("{planted} was not found in {GATE_SEEDS} seeds") };
        println!("{planted}: seed {}, {}", found.seed, found.breach.invariant);
    }
}
