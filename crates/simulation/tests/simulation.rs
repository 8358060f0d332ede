//! A small run of what `cargo run --release -p simulation` does at length.

use std::{num::NonZeroUsize, thread::available_parallelism};

use simulation::{check::check, coverage, generate, planted::Planted, runs, seeds};

/// Seeds of the small run.
const SEEDS: u64 = 200;
/// Seeds within which every planted bug must be found.
const GATE_SEEDS: u64 = 2_000;

fn threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

#[test]
fn no_seed_breaks_an_invariant_and_enough_happens() {
    let summary = runs::run(0, SEEDS, threads(), |failure| println!("{failure:?}"));
    assert_eq!(summary.failures, []);
    assert_eq!(summary.histories, SEEDS);
    // Half of the minimums, because so few histories scatter.
    let missing = coverage::missing(&summary.counts, SEEDS / 2);
    assert_eq!(missing, [], "{:?}", summary.counts);
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
fn every_planted_bug_is_found() {
    for planted in Planted::ALL {
        let found = runs::find(planted, GATE_SEEDS, threads());
        let Some(found) = found else { panic!("{planted} was not found in {GATE_SEEDS} seeds") };
        println!("{planted}: seed {}, {}", found.seed, found.breach.invariant);
    }
}
