//! The short part of the chaos suite, without root.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says its seeds"
)]

use chaos::{Binaries, run::Stage, scenarios};

#[tokio::test(flavor = "multi_thread")]
async fn every_smoke_scenario_is_green() {
    let binaries = Binaries::find().unwrap_or_else(|error| panic!("{}", error.chain()));
    let stage = Stage::set(binaries).unwrap_or_else(|error| panic!("{}", error.chain()));
    let mut red = Vec::new();
    for scenario in scenarios::all().into_iter().filter(|scenario| scenario.smoke) {
        let played = stage.play(&scenario, rand::random()).await;
        println!("{}: {:.1} s, seed {}", played.scenario, played.seconds, played.seed);
        if !played.green {
            red.push(format!("{} (seed {}): {}", played.scenario, played.seed, played.faults_found().join("\n")));
        }
    }
    assert!(red.is_empty(), "{}\nlogs of every process: {}", red.join("\n"), stage.keep().display());
}
