//! Every part of `mainstay bench` in a tiny size: it measures, its JSON has the fields, and wrong input is said plainly.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each test does in each way"
)]

mod support;

use std::{path::Path, process::Stdio};

use serde_json::Value;

/// Runs a part in a folder of its own, and gives what it printed.
fn bench(args: &[&str]) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    let output = support::mainstay()
        .arg("bench")
        .args(args)
        .arg("--json")
        .arg("--dir")
        .arg(dir.path())
        .stdin(Stdio::null())
        .output()
        .expect("mainstay runs");
    let found = support::json(&output);
    assert!(output.status.success(), "{found}\n{}", String::from_utf8_lossy(&output.stderr));
    let left = std::fs::read_dir(dir.path()).expect("a folder").count();
    assert_eq!(left, 0, "bench {args:?} leaves something behind");
    for name in ["cores", "processor", "memory_gib", "disk", "syncs_per_second", "kernel", "nats_server", "load"] {
        assert!(!found["machine"][name].is_null(), "{name} in {}", found["machine"]);
    }
    assert!(found["seconds"].as_f64() > Some(0.0) && found["version"].is_string(), "{found}");
    for figure in figures(&found) {
        assert!(figure["part"].is_string() && figure["name"].is_string() && figure["unit"].is_string(), "{figure}");
        assert!(figure["value"].as_f64().is_some_and(f64::is_finite), "{figure}");
        assert_eq!(figure["target"].is_null(), figure["met"].is_null(), "{figure}");
    }
    found
}

fn figures(found: &Value) -> &Vec<Value> {
    found["figures"].as_array().expect("figures")
}

/// The figure whose name has these words.
fn figure<'a>(found: &'a Value, name: &str) -> &'a Value {
    let figure = figures(found).iter().find(|figure| figure["name"].as_str().is_some_and(|text| text.contains(name)));
    figure.unwrap_or_else(|| panic!("no figure `{name}` in {found}"))
}

fn value(found: &Value, name: &str) -> f64 {
    figure(found, name)["value"].as_f64().expect("a number")
}

#[test]
fn the_pipeline_is_measured_beside_plain_publishes() {
    let found = bench(&["--accounts", "20", "--events", "600", "--rounds", "2"]);
    let whole = figure(&found, "whole pipeline");
    assert_eq!((whole["target"]["value"].as_f64(), &whole["target"]["side"]), (Some(30_000.0), &"at_least".into()));
    assert_eq!(whole["met"], whole["value"].as_f64() >= Some(30_000.0));
    assert!(whole["limit"]["value"].as_f64() > Some(0.0), "{whole}");
    let spread = whole["spread"].as_array().expect("the rounds");
    assert!(spread[0].as_f64() <= whole["value"].as_f64() && whole["value"].as_f64() <= spread[1].as_f64());
    // Every account is scored once in the day it lives through, and forecast.
    assert!(value(&found, "facts said") >= 40.0, "{found}");
    for name in ["CPU of all processes together", "router by itself: mainstay", "agents by themselves: nats-server"] {
        assert!(value(&found, name) > 0.0, "{name}");
    }
    let ratio = value(&found, "pipeline ÷ plain publish, `always`");
    assert!(ratio > 0.0 && value(&found, "server's default") > 0.0);
}

#[test]
fn growth_measures_each_size_in_a_process_of_its_own() {
    let found = bench(&["growth", "--accounts", "20,60", "--events", "300"]);
    for size in ["20 accounts", "60 accounts"] {
        assert!(value(&found, &format!("{size}: CPU of all processes")) > 0.0);
        assert!(value(&found, &format!("{size}: on disk for each account and agent")) > 0.0);
        assert!(value(&found, &format!("{size}: in memory for each account and agent")) >= 0.0);
    }
    assert_eq!((value(&found, "20 accounts: people"), value(&found, "60 accounts: people")), (10.0, 6.0));
    assert!(figure(&found, "60 accounts: cost of an event ÷")["met"].is_boolean());
}

#[test]
fn latency_is_measured_at_every_hop() {
    let found = bench(&["latency", "--accounts", "150", "--per-second", "400", "--seconds", "2"]);
    for (hop, of) in [
        ("2xx after PubAck, over HTTP", 800),
        ("in the log", 800),
        ("score on the bus", 76),
        ("card in the log", 4),
        ("card in an open page", 4),
    ] {
        let arrived = format!("{:.0}", value(&found, &format!("{hop}: arrived")));
        assert_eq!(arrived, of.to_string(), "{hop}: {found}");
        let [p50, p99, p999] = ["p50", "p99", "p99.9"].map(|quantile| value(&found, &format!("{hop}: {quantile}")));
        assert!(0.0 < p50 && p50 <= p99 && p99 <= p999, "{hop}: {p50} {p99} {p999}");
    }
    // An event is in the log before its score, and a card before a page shows it.
    assert!(value(&found, "card in the log: p50") <= value(&found, "card in an open page: p50"));
}

#[test]
fn a_refold_and_a_restart_come_to_the_same_states() {
    let found = bench(&["refold", "--accounts", "20", "--events", "800"]);
    assert!(value(&found, "refold after its states were lost") > 0.0 && value(&found, "verify") > 0.0);
    let found = bench(&["restart", "--accounts", "40", "--events", "300"]);
    assert!(value(&found, "from start to ready") <= value(&found, "from start to caught up") + 1.0, "{found}");
}

#[test]
fn ingest_is_measured_with_the_generator_apart() {
    let found =
        bench(&["ingest", "--accounts", "20", "--events", "1000", "--singles-per-second", "100", "--seconds", "1"]);
    assert!(value(&found, "2xx after PubAck, batches of 100") > 0.0);
    assert!(value(&found, "CPU of the load generator") > 0.0);
    assert!(value(&found, "requests/s: p50") <= value(&found, "requests/s: p99"));
}

/// A peer that reads nothing and says what a peer says: what is tried is the way it is called and read.
const PEER: &str = "import os, sys\nassert os.path.isdir('peer-state')\nprint('R', 'x', f'n={sys.argv[2]}', 'rate=1000', 'cli_us=9.5', sep='\\t')\n";

#[test]
fn peers_are_run_from_a_folder_in_turn_with_mainstay() {
    let dir = tempfile::tempdir().expect("a folder");
    let (peers, packages) = (dir.path().join("peers"), dir.path().join("packages"));
    std::fs::create_dir(&peers).expect("a folder");
    std::fs::write(peers.join("natspy_peer.py"), PEER).expect("a peer");
    stand_in_packages(&packages);
    let (peers, packages) = (peers.to_string_lossy(), packages.to_string_lossy());
    let args =
        ["peers", "--peers", &peers, "--packages", &packages, "--accounts", "20", "--events", "400", "--rounds", "1"];
    let found = bench(&args);
    let (whole, alone) = (value(&found, "Mainstay, whole: 20 accounts"), value(&found, "Mainstay, health alone"));
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
    assert!(
        close(value(&found, "whole ÷ nats-py"), whole / 1_000.0)
            && close(value(&found, "one agent ÷ nats-py"), alone / 1_000.0)
    );
    assert!(close(value(&found, "nats-py, uvloop, sqlite: CPU"), 9.5));
    assert!(!found.to_string().contains("bytewax"), "only what is there is run");
}

/// An environment for Python whose packages are empty.
fn stand_in_packages(folder: &Path) {
    let made =
        std::process::Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(folder.join("py")).status();
    assert!(made.is_ok_and(|status| status.success()), "python3 makes an environment");
    let lib = std::fs::read_dir(folder.join("py/lib")).expect("a folder").next().expect("a version").expect("a folder");
    for package in ["nats", "uvloop"] {
        std::fs::write(lib.path().join("site-packages").join(format!("{package}.py")), "").expect("a package");
    }
}

#[test]
fn wrong_input_is_said_with_the_cure() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir(dir.path().join("empty")).expect("a folder");
    std::fs::create_dir(dir.path().join("peers")).expect("a folder");
    std::fs::write(dir.path().join("peers/natspy_peer.py"), PEER).expect("a peer");
    std::fs::write(dir.path().join("figures.json"), "{}").expect("a file");
    for (args, words) in [
        (vec!["--rounds", "0"], vec!["--rounds", "1..=99"]),
        (vec!["--accounts", "many"], vec!["--accounts", "many"]),
        (vec!["refold", "--agent", "nobody"], vec!["nobody", "health, churn"]),
        (vec!["growth", "--accounts", "10,0"], vec!["--accounts", "0"]),
        (vec!["peers"], vec!["--peers is missing", "--install"]),
        (vec!["peers", "--peers", &path("empty")], vec!["none of node_peer.mjs", "empty"]),
        (vec!["all", "--peers", &path("nowhere")], vec!["none of node_peer.mjs", "nowhere"]),
        (vec!["peers", "--peers", &path("peers"), "--packages", &path("empty")], vec!["natspy_peer.py", "--install"]),
        (vec!["render", &path("figures.json")], vec!["figures.json holds no figures", "bench all --json"]),
        (vec!["render", &path("missing.json")], vec!["missing.json", "check that it exists"]),
        (vec!["faster"], vec!["unrecognized subcommand", "faster"]),
    ] {
        let output = support::mainstay().arg("bench").args(&args).stdin(Stdio::null()).output().expect("mainstay runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{args:?}: no `{word}` in {said}");
        }
    }
}
