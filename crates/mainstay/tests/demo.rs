//! The demo lives a made-up history once, and an import says nothing twice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each file does in each way"
)]

mod support;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Up, mainstay, run, story::Story};

fn demo(data: &Path) -> (Value, Duration) {
    let began = Instant::now();
    let free = ["--console", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--nats-port", "0"];
    let output = mainstay()
        .args(["demo", "--exit", "--json", "--days", "12", "--accounts", "6"])
        .args(free)
        .arg("--data")
        .arg(data)
        .output()
        .expect("mainstay runs");
    let found = support::json(&output);
    assert!(output.status.success(), "{found}");
    // Nothing but the object goes to standard output, so that a program can read it.
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim().lines().count(), 1);
    (found, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_lived_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("demo");
    let (first, lived) = demo(&data);
    let number = |name: &str| first[name].as_u64().unwrap_or_else(|| panic!("{name} in {first}"));
    assert_eq!(number("accounts"), 6, "{first}");
    assert!(number("events") > 6 * 60, "{first}");
    assert!(number("facts") > 6 * 30, "{first}");
    assert!(number("at_risk") <= 6 && number("proposals_waiting") <= 60, "{first}");
    let mean = first["health_avg"].as_f64().expect("a mean");
    assert!((20.0..=100.0).contains(&mean), "{first}");
    assert!(first["console"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{first}");

    let (second, started) = demo(&data);
    for name in ["accounts", "events", "facts", "health_avg", "at_risk", "proposals_waiting"] {
        assert_eq!(second[name], first[name], "{name}: nothing is lived twice");
    }
    assert!(started < lived, "{started:?} against {lived:?}");

    let up = Up::start(&data, &[]).await;
    up.until("live time", async |up| (up.get("status").await["clock"] == "live").then_some(())).await;
    support::story::verify(&data);
    // Made-up people may decide on a made-up log, so their header is not what is refused here.
    let (status, answer) = simulated(&up).await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{answer}");
    up.stop();
    let refused = run(&["demo", "--exit"], &{
        let real = dir.path().join("real");
        assert!(run(&["status"], &real).status.success());
        real
    });
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("real log") && said.contains("--data"), "{said}");
}

async fn simulated(up: &Up) -> (StatusCode, Value) {
    let request = up
        .http()
        .post(format!("{}/api/v1/proposals/nothing/approve", up.console()))
        .bearer_auth(up.token())
        .header("x-mainstay-simulated", "csm-1");
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

/// What an agent's state is, without how far it has read.
fn digests(data: &Path) -> Vec<(Value, Value, Value)> {
    let output = run(&["digest", "--json"], data);
    let found = support::json(&output);
    let digests: Vec<_> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["agent"].clone(), one["partition"].clone(), one["digest"].clone()))
        .collect();
    assert!(digests.len() >= 4 * 16, "{found}");
    digests
}

#[test]
fn a_second_import_changes_nothing() {
    let story = Story::begin(&["acme", "globex"], 3);
    let facts = || support::json(&run(&["status", "--json"], &story.data()))["views"]["facts"].clone();
    let (before, said) = (digests(&story.data()), facts());
    assert!(said.as_u64() > Some(100), "{said}");

    let again = mainstay().envs(story.env()).args(story.import(&["acme", "globex"], 3)).output().expect("an end");
    let imported = support::json(&again);
    assert_eq!(imported["repeats"], imported["events"], "{imported}");
    assert_eq!((&imported["mode"], &imported["dead"]), (&json!("event"), &json!(0)), "{imported}");
    assert_eq!(digests(&story.data()), before);
    assert_eq!(facts(), said);
    support::story::verify(&story.data());
}
