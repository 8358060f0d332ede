//! The short part of the chaos suite, without root.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says its seeds"
)]

use chaos::{Binaries, run::Stage, scenarios};

/// How many are played at once: most of their time they wait for holds and ticks.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_smoke_scenario_is_green() {
    let binaries = Binaries::find().unwrap_or_else(|error| panic!("{}", error.chain()));
    let stage = Stage::set(binaries).unwrap_or_else(|error| panic!("{}", error.chain()));
    let smoke = scenarios::all().into_iter().filter(|scenario| scenario.smoke);
    let seeded: Vec<_> = smoke.map(|scenario| (scenario, rand::random())).collect();
    let played =
        stage.play_all(&seeded, AT_ONCE, |one| println!("{}: {:.1} s, seed {}", one.scenario, one.seconds, one.seed));
    let played = played.await;
    assert_eq!(played.len(), seeded.len());
    let red = played.iter().filter(|played| !played.green);
    let red: Vec<_> = red
        .map(|played| format!("{} (seed {}): {}", played.scenario, played.seed, played.faults_found().join("\n")))
        .collect();
    assert!(red.is_empty(), "{}\nlogs of every process: {}", red.join("\n"), stage.keep().display());
}
