//! What is wrong gets a clear answer: at the gateway, at the command line, and from the machine around it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each file does in each way"
)]

mod support;

use std::{
    collections::BTreeMap,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Up, mainstay, run};
use testkit::nats::TestServer;

const KEY: &str = "the-right-key";

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn refused(output: &Output, code: i32, parts: &[&str]) {
    let text = text(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

/// `mainstay send` with events on standard input.
fn send(data: &Path, lines: &str) -> Output {
    let mut child = mainstay()
        .arg("send")
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mainstay starts");
    child.stdin.take().expect("its input").write_all(lines.as_bytes()).expect("events");
    child.wait_with_output().expect("mainstay ends")
}

fn event(kind: &str, id: &str, subject: &str, time: &str) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "shop", "type": kind, "subject": subject, "time": time, "data": {"user": "u1"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_events_are_refused_or_kept_with_their_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let env = BTreeMap::from([("MAINSTAY_WRITE_KEY".to_owned(), KEY.to_owned())]);
    let up = Up::with(&data, &[], &env).await;
    at_the_gateway(&up).await;
    at_the_command_line(&up, &data).await;
    let simulated = up
        .http()
        .post(format!("{}/api/v1/proposals/x/approve", up.console()))
        .bearer_auth(up.token())
        .header("x-mainstay-simulated", "csm-1")
        .send()
        .await
        .expect("an answer");
    let (status, answer) = (simulated.status(), simulated.json::<Value>().await.expect("JSON"));
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!("simulated_refused")), "{answer}");
    names_of_accounts(&up, &data).await;
    clocks(&up, &data).await;
    refused(&run(&["bus", "list"], &data), 3, &["is in use by process"]);
    up.stop();
    let listed = run(&["bus", "list", "--json"], &data);
    assert_eq!(support::json(&listed), json!({"shortened": []}));
    refused(&run(&["bus", "accept", "PEOPLE"], &data), 2, &["no stream `PEOPLE` lost its end", "mainstay bus list"]);
}

/// A clock that does not stand still cannot be accepted; none that does is an empty list.
async fn clocks(up: &Up, data: &Path) {
    assert_eq!(up.get("clock").await, json!({"stopped": []}));
    let (status, answer) = up.post("clock/accept", json!({"partitions": [3]})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("not_stopped")), "{answer}");
    let refused = run(&["clock", "accept", "3"], data);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("partition 03") && said.contains("clock list"), "{said}");
    let all = run(&["clock", "accept"], data);
    assert!(all.status.success() && String::from_utf8_lossy(&all.stdout).contains("nothing was accepted"), "{all:?}");
}

async fn at_the_gateway(up: &Up) {
    let track = |properties: Value| {
        json!({"userId": "u1", "event": "report built", "context": {"groupId": "acme"}, "properties": properties})
            .to_string()
    };
    let many: Vec<Value> =
        (0..2_501).map(|n| json!({"type": "track", "userId": n.to_string(), "event": "x"})).collect();
    let unknown = event("user.teleported", "g1", "account/acme", "2026-01-01T00:00:00Z").to_string();
    let own = event("health.scored", "g2", "account/acme", "2026-01-01T00:00:00Z").to_string();
    let cases: [(&str, &str, String, u16, &str); 9] = [
        ("v1/track", KEY, "{\"userId\": ".into(), 400, "malformed"),
        ("v1/track", KEY, "[]".into(), 400, "malformed"),
        ("v1/track", KEY, json!({"event": "x"}).to_string(), 400, "malformed"),
        ("v1/track", KEY, track(json!({"long": "x".repeat(40_000)})), 400, "over_limit"),
        ("v1/batch", KEY, json!({"batch": many}).to_string(), 400, "over_limit"),
        ("v1/batch", KEY, json!({"batch": [], "filler": "x".repeat(600_000)}).to_string(), 413, "body_too_large"),
        ("v1/track", "wrong", track(json!({})), 401, "wrong_write_key"),
        ("v1/events", KEY, "not json".into(), 400, "malformed"),
        ("v1/events", KEY, own, 400, "malformed"),
    ];
    for (path, key, body, status, code) in cases {
        let url = format!("{}/{path}", up.gateway());
        let begin: String = body.chars().take(60).collect();
        let request =
            up.http().post(url).basic_auth(key, Some("")).header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer");
        let found = answer.status().as_u16();
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{path} {begin}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|message| message.len() > 10), "{answer}");
    }
    // A type nobody knows travels on, and is kept with the reason.
    let request = up.http().post(format!("{}/v1/events", up.gateway())).basic_auth(KEY, Some(""));
    let answer =
        request.header("content-type", "application/cloudevents+json").body(unknown).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    dead(up, "g1", "unknown").await;
}

/// Waits for the dead letter of an event.
async fn dead(up: &Up, id: &str, reason: &str) {
    let letter = up
        .until("a dead letter", async |up| {
            let found = up.get("dead").await;
            found["dead"].as_array().into_iter().flatten().find(|letter| letter["event"] == id).cloned()
        })
        .await;
    assert!(letter["reason"].as_str().is_some_and(|text| text.contains(reason)), "{letter}");
}

async fn at_the_command_line(up: &Up, data: &Path) {
    let now = "2026-01-01T00:00:00Z";
    refused(&send(data, "{\"specversion\":"), 2, &["line 1", "CloudEvents 1.0"]);
    let unknown = event("user.teleported", "s1", "account/acme", now);
    refused(&send(data, &format!("\n{unknown}\n")), 2, &["line 2", "user.teleported"]);
    refused(&send(data, &event("user.logged_in", "s2", "acme", now).to_string()), 2, &["line 1", "account/"]);
    refused(&send(data, &event("user.logged_in", "s3", "account/acme", "soon").to_string()), 2, &["line 1"]);
    let sent = send(data, &event("user.logged_in", "s4", "account/acme", "9999-01-01T00:00:00Z").to_string());
    assert!(sent.status.success(), "{}", text(&sent));
    dead(up, "s4", "future").await;
    let listed = run(&["dead", "list"], data);
    refused(&listed, 0, &["future", "unknown"]);
    assert!(!text(&listed).contains("null"), "{}", text(&listed));
    refused(&run(&["dead", "replay", "--all"], data), 0, &["2 sent through again"]);
    refused(&run(&["dead", "replay", "99999"], data), 0, &["1 were not there"]);
    refused(&run(&["dead", "replay"], data), 2, &["SEQ"]);
    refused(&run(&["account", "nobody"], data), 2, &["nobody", "list them first"]);
    refused(&run(&["approve", "nothing"], data), 2, &["nothing"]);
    refused(&run(&["reject", "nothing", "--reason", "whim"], data), 2, &["whim", "bad_timing"]);
    refused(&run(&["proposals", "--state", "lost"], data), 2, &["lost", "waiting"]);
    refused(&run(&["rebuild", "nobody"], data), 2, &["nobody", "health"]);
    refused(&run(&["import", "absent.csv", "--map", "absent.toml"], data), 2, &["absent.toml"]);
    refused(&run(&["up"], data), 3, &["in use by process", "--data"]);
    refused(&run(&["fly"], data), 2, &["fly"]);
}

async fn names_of_accounts(up: &Up, data: &Path) {
    for (n, name) in ["a.b.c", "wild*card>", "with space", "müller & söhne/nord", "rocket🚀"].into_iter().enumerate()
    {
        let body = json!({
            "userId": "u1", "event": "report built", "messageId": format!("name-{n}"), "context": {"groupId": name},
        });
        let request = up.http().post(format!("{}/v1/track", up.gateway())).basic_auth(KEY, Some("")).json(&body);
        assert!(request.send().await.expect("an answer").status().is_success(), "{name}");
        up.until(name, async |_| {
            let found = run(&["account", name, "--json"], data);
            found.status.success().then(|| assert_eq!(support::json(&found)["id"], name))
        })
        .await;
    }
}

#[test]
fn words_to_look_for_are_tried_without_a_system_and_refused_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("words.toml");
    let read = |input: &str| {
        let mut command = mainstay();
        command.args(["read", "--json", "--reader"]).arg(&file);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mainstay starts");
        // It ends without reading where the file is wrong.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        child.wait_with_output().expect("mainstay ends")
    };
    refused(&read("x"), 2, &["words.toml", "check that it exists"]);
    let words = mainstay().args(["read", "--words"]).output().expect("mainstay starts");
    let words = String::from_utf8(words.stdout).expect("text");
    std::fs::write(&file, format!("{words}\n[[topic]]\nname = \"fun\"\nwords = [\"... fun\"]\n")).expect("a file");
    refused(&read("x"), 2, &["words.toml cannot be used", "topic `fun`: `... fun` begins or ends with `...`"]);
    std::fs::write(&file, words.replace("names = []", "names = [\"acme crm\"]")).expect("a file");
    let found = read("We compare you with Acme CRM and will cancel our contract.");
    let found: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!((&found["mentions_competitor"], &found["threatens_to_leave"]), (&json!(true), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_around_it_is_named_with_a_cure() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let free = ["--gateway", "127.0.0.1:0", "--nats-port", "0"];

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let console = [&["up", "--console", &address][..], &free].concat();
    refused(&run(&console, &data), 3, &[&address, "console"]);
    let gateway = ["up", "--console", "127.0.0.1:0", "--gateway", &address, "--nats-port", "0"];
    refused(&run(&gateway, &data), 3, &[&address, "--gateway"]);
    let port = taken.local_addr().expect("an address").port().to_string();
    let nats = ["up", "--console", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--nats-port", &port];
    refused(&run(&nats, &data), 3, &[&port, "taken"]);

    let file = dir.path().join("file");
    std::fs::write(&file, "x").expect("a file");
    refused(&run(&["up"], &file.join("data")), 3, &["file/data", "--data"]);

    std::fs::create_dir_all(&data).expect("a folder");
    std::fs::write(data.join("mainstay.toml"), "consol = \"127.0.0.1:7700\"\n").expect("settings");
    refused(&run(&["up"], &data), 2, &["consol", "mainstay.toml"]);
    std::fs::write(data.join("mainstay.toml"), "tick_seconds = \"often\"\n").expect("settings");
    refused(&run(&["status"], &data), 2, &["tick_seconds", "mainstay.toml"]);
    std::fs::write(data.join("mainstay.toml"), "").expect("settings");
    let misspelt =
        mainstay().env("MAINSTAY_CONSOL", "x").args(["status", "--data"]).arg(&data).output().expect("an end");
    refused(&misspelt, 2, &["consol", "MAINSTAY_"]);
    refused(&run(&["up", "--from", "ana"], &data), 2, &["--from", "ana@example.com"]);
    refused(
        &run(&[&["up", "--console", "127.0.0.1:0", "--smtp", "mail.example.com"][..], &free].concat(), &data),
        2,
        &["--smtp"],
    );
    let policies = dir.path().join("policies");
    std::fs::create_dir(&policies).expect("a folder");
    std::fs::write(policies.join("supervisor.toml"), "[gate]\nhold_seconds = 0\n").expect("a policy");
    let flag = policies.to_string_lossy().into_owned();
    refused(
        &run(&[&["up", "--console", "127.0.0.1:0", "--policies", &flag][..], &free].concat(), &data),
        2,
        &["supervisor.toml"],
    );
}

/// A program that says it is a nats-server of that version.
fn fake_server(folder: &Path, version: &str) {
    let path = folder.join("nats-server");
    std::fs::write(&path, format!("#!/bin/sh\necho 'nats-server: {version}'\n")).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_nats_server_is_named_and_passed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    fake_server(&bin, "v2.9.10");
    // Nothing else on PATH, no installed server, and no python to install one with.
    let alone = mainstay()
        .args(["status", "--data"])
        .arg(dir.path().join("data"))
        .env("PATH", &bin)
        .env("XDG_CACHE_HOME", dir.path().join("cache"))
        .env_remove("NATS_SERVER_BIN")
        .output()
        .expect("an end");
    refused(&alone, 3, &["v2.9.10", "2.14", "NATS_SERVER_BIN", "pip install"]);
    let named = mainstay()
        .args(["status", "--data"])
        .arg(dir.path().join("data"))
        .env("NATS_SERVER_BIN", bin.join("nats-server"))
        .output()
        .expect("an end");
    refused(&named, 3, &["NATS_SERVER_BIN", "v2.9.10", "2.14"]);
    // With a usable one behind it, it is passed over.
    let path = std::env::join_paths(
        [bin.clone()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))),
    );
    let status = mainstay()
        .args(["status", "--json", "--data"])
        .arg(dir.path().join("data"))
        .env("PATH", path.expect("a path"))
        .env_remove("NATS_SERVER_BIN")
        .output()
        .expect("an end");
    assert!(status.status.success(), "{}", text(&status));
    assert_eq!(support::json(&status)["ready"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volatile_bus_runs_but_takes_no_approvals() {
    use support::story::{self, Story};

    let server = TestServer::start_empty(false).await.expect("a nats-server");
    let story = Story::without_history();
    let keys = story.data().join("keys");
    std::fs::create_dir_all(&keys).expect("a folder");
    for entry in std::fs::read_dir(server.data().join("keys")).expect("keys") {
        let path = entry.expect("a key").path();
        std::fs::copy(&path, keys.join(path.file_name().expect("a name"))).expect("a copy");
    }
    let (url, monitor) = (server.url(), server.monitor_url());
    let external = ["--nats-url", url.as_str(), "--nats-monitor-url", monitor.as_str()];
    let begun = mainstay()
        .envs(story.env())
        .env("MAINSTAY_NATS_URL", &url)
        .env("MAINSTAY_NATS_MONITOR_URL", &monitor)
        .args(story.import(&["acme"], 4))
        .output()
        .expect("an end");
    assert!(begun.status.success(), "{}", text(&begun));

    let up = Up::with(&story.data(), &external, &story.env()).await;
    assert!(up.log().contains("Warning") && up.log().contains("--allow-volatile-bus"), "{}", up.log());
    let status = up.get("status").await;
    assert_eq!((&status["approvals"], &status["bus"]["sync_always"]), (&json!("refused"), &json!(false)), "{status}");
    story::post(&up, "acme", &story::champion("acme")).await.expect("events");
    let proposal = up.until("a proposal", async |up| story::waiting(up, "acme").await).await;
    let path = format!("proposals/{}", proposal["id"].as_str().expect("an id"));
    let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("volatile_bus")), "{answer}");
    assert_eq!(up.get(&path).await["state"], "waiting");
    up.stop();

    // Whose server cannot be asked counts as volatile too.
    let up = Up::with(&story.data(), &external[..2], &story.env()).await;
    assert_eq!(up.get("status").await["approvals"], "refused");
    up.stop();

    let up = Up::with(&story.data(), &[&external[..], &["--allow-volatile-bus"]].concat(), &story.env()).await;
    let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
    assert!(status.is_success(), "{answer}");
    up.until("the file", async |up| (up.get(&path).await["state"] == "sent").then_some(())).await;
    let outbox: Vec<_> = std::fs::read_dir(story.data().join("outbox")).expect("a folder").collect();
    assert_eq!(outbox.len(), 1);
    up.stop();
}
