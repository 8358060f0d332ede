//! Policies on a running system: what is in force, how it differs, and another one from a position of the log on.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each file does in each way"
)]

mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};
use support::{Up, mainstay, run};

const KEY: &str = "the-right-key";

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ends(output: &Output, code: i32, parts: &[&str]) {
    let text = text(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

/// The built-in policy of an agent with one text in place of another, as a file.
fn policy(folder: &Path, agent: &str, from: &str, to: &str) -> PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../agents/{agent}/policy.toml"));
    let text = std::fs::read_to_string(built_in).expect("a policy");
    assert!(text.contains(from), "`{from}` is not in the policy of {agent}");
    let path = folder.join(format!("{agent}.toml"));
    std::fs::write(&path, text.replacen(from, to, 1)).expect("a file");
    path
}

/// An account with so many seats becomes known; answers the first fact that says how it is served.
async fn served(up: &Up, account: &str, seats: u32) -> Value {
    let event = json!({
        "specversion": "1.0", "id": format!("new-{account}"), "source": "crm", "type": "account.created",
        "subject": format!("account/{account}"), "time": "2026-01-01T00:00:00Z",
        "data": {"kind": "customer", "started_on": "2026-01-01", "licensed_seats": seats},
    });
    let request = up.http().post(format!("{}/v1/events", up.gateway())).basic_auth(KEY, Some(""));
    let request = request.header("content-type", "application/cloudevents+json").body(event.to_string());
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    up.until("how it is served", async |up| {
        let path = format!("{}/api/v1/accounts/{account}/events?type=service.changed", up.console());
        let answer = up.http().get(path).bearer_auth(up.token()).send().await.ok()?;
        let found: Value = answer.json().await.ok()?;
        found["events"].as_array().and_then(|events| events.last().cloned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_is_in_force_from_its_position_on_and_facts_name_its_version() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let env = BTreeMap::from([("MAINSTAY_WRITE_KEY".to_owned(), KEY.to_owned())]);
    let up = Up::with(&data, &[], &env).await;

    ends(&run(&["policy", "list"], &data), 0, &["health", "supervisor", "version 1", "install/"]);
    ends(&run(&["policy", "diff"], &data), 0, &["churn: version 1 in force equals the built-in policy"]);
    let before = served(&up, "before", 30).await;
    assert_eq!((&before["data"]["segment"], &before["data"]["policy_version"]), (&json!("smb"), &json!(1)), "{before}");

    let file = policy(dir.path(), "supervisor", "mid_market_users_from = 50", "mid_market_users_from = 20");
    let name = file.to_str().expect("a path");
    let change = "segment.mid_market_users_from: 50 -> 20";
    ends(&run(&["policy", "diff", "supervisor", "--file", name], &data), 1, &[change, "differs"]);
    ends(&run(&["policy", "publish", "supervisor", name], &data), 0, &[change, "version 2", "is in force"]);
    ends(&run(&["policy", "publish", "supervisor", name], &data), 0, &["no key changes", "nothing was published"]);
    ends(&run(&["policy", "diff", "supervisor", "--file", name], &data), 0, &["version 2 in force equals"]);
    let differs = run(&["policy", "diff", "--json"], &data);
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs));
    let differs: Value = serde_json::from_slice(&differs.stdout).expect("JSON");
    let policies = differs["policies"].as_array().expect("a list");
    let changed: Vec<&Value> = policies.iter().filter(|one| one["changes"] != json!([])).collect();
    assert_eq!(changed.len(), 1, "{differs}");
    assert_eq!((&changed[0]["agent"], &changed[0]["version"]), (&json!("supervisor"), &json!(2)));
    let shown = run(&["policy", "show", "supervisor"], &data);
    assert_eq!(shown.stdout, std::fs::read(&file).expect("the file"), "what is in force is what the file says");

    let after = served(&up, "after", 30).await;
    let found = (&after["data"]["segment"], &after["data"]["policy_version"]);
    assert_eq!(found, (&json!("mid_market"), &json!(2)), "{after}");
    ends(&run(&["books"], &data), 0, &["nobody", "2 accounts: mid_market 1, smb 1"]);
    ends(&run(&["setup"], &data), 0, &["1. health", "usage", "0 of 2 accounts  not connected", "4. dashboards"]);
    wrong(&up, &data, dir.path()).await;
    let listed = support::json(&run(&["policy", "list", "--json"], &data));
    let versions: Vec<&Value> =
        listed["policies"].as_array().expect("a list").iter().map(|one| &one["version"]).collect();
    assert_eq!(versions.iter().filter(|version| ***version != json!(1)).count(), 1, "nothing else was published");
    up.stop();
}

/// What is wrong is named with its place, and nothing is published.
async fn wrong(up: &Up, data: &Path, folder: &Path) {
    ends(&run(&["policy", "publish", "nobody", "x.toml"], data), 2, &["no agent `nobody`", "health", "supervisor"]);
    ends(&run(&["policy", "show", "nobody"], data), 2, &["no agent `nobody`"]);
    ends(&run(&["policy", "diff", "--file", "x.toml"], data), 2, &["AGENT"]);
    ends(&run(&["policy", "publish", "health", "absent.toml"], data), 2, &["absent.toml", "check that it exists"]);
    let cases = [
        ("supervisor", "hold_seconds = 30", "hold_seconds = 0", ["gate.hold_seconds: is 0", "nothing was published"]),
        ("supervisor", "hold_seconds = 30", "hold_second = 30", ["unknown field `hold_second`", "line"]),
        ("supervisor", "[gate]", "[gate", ["TOML", "line"]),
        (
            "supervisor",
            "on = \"promise.made\"",
            "on = \"user.logged_in\"",
            ["handoff.promise.on", "cannot be handed on"],
        ),
    ];
    for (agent, from, to, parts) in cases {
        let file = policy(folder, agent, from, to);
        ends(&run(&["policy", "publish", agent, file.to_str().expect("a path")], data), 2, &parts);
    }
    // A weight that makes the sum another one is refused by the agent's own check, also where the API is asked directly.
    let shown = support::json(&run(&["policy", "show", "health", "--json"], data));
    let weighty = shown["text"].as_str().expect("a text");
    let line = weighty.lines().find(|line| line.starts_with("metrics = {")).expect("weights");
    let first: String = line.chars().skip_while(|c| !c.is_numeric()).take_while(|c| c.is_numeric()).collect();
    let heavier = weighty.replacen(line, &line.replacen(&first, &format!("{first}1"), 1), 1);
    assert_ne!(heavier, weighty, "{line}");
    let (status, answer) = up.post("policies/health", json!({"text": heavier})).await;
    assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("bad_policy")), "{answer}");
    assert!(
        answer["message"].as_str().is_some_and(|message| message.contains("10,000") || message.contains("10000")),
        "{answer}"
    );
    let made_up = policy(folder, "supervisor", "simulated_deciders = false", "simulated_deciders = true");
    let refused = run(&["policy", "publish", "supervisor", made_up.to_str().expect("a path")], data);
    ends(&refused, 2, &["made-up people", "simulated_deciders"]);
    let (status, answer) = up.post("policies/nobody", json!({"text": ""})).await;
    assert_eq!((status.as_u16(), &answer["code"]), (404, &json!("not_found")), "{answer}");
}

#[test]
fn a_wrong_policy_is_refused_before_anything_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("churn.toml");
    std::fs::write(&file, "nothing = 1").expect("a file");
    let data = folder.path().join("data");
    let refused = mainstay().args(["policy", "publish", "churn"]).arg(&file).arg("--data").arg(&data).output();
    ends(&refused.expect("mainstay runs"), 2, &["churn.toml", "unknown field `nothing`", "nothing was published"]);
    assert!(!data.exists(), "no system was started");
}
