//! Over a real nats-server: what was answered with success is there after a crash, and the separate binary works.

use std::{
    collections::BTreeSet,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bus::{Bus, Role};
use bus_schema::subject::Stream;
use gateway::{Config, WriteKeys};
use serde_json::{Value, json};
use testkit::nats::{TestServer, free_ports};
use tokio::{
    net::TcpListener,
    process::Command,
    sync::oneshot,
    time::{Instant, sleep},
};

use crate::edge::KEY;

/// The ids of all events on stream `IN`.
async fn ids(bus: &Bus) -> Vec<String> {
    let end = bus.state(Stream::In).await.unwrap().last_seq;
    let mut reader = bus.reader(Stream::In, "tests", &[], 1).await.unwrap();
    let mut ids = Vec::new();
    let mut read = 0;
    while read < end {
        for message in reader.next(1_000, Duration::from_secs(2)).await.unwrap() {
            let events: Vec<Value> = serde_json::from_slice(&message.body).unwrap();
            ids.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
            read = message.seq;
        }
    }
    ids
}

fn track(id: &str) -> String {
    json!({ "type": "track", "event": "x", "userId": "u", "messageId": id, "groupId": "a.b*c 💡" }).to_string()
}

/// Sends one event after the other until told to end; keeps the ids that were answered with success, in `taken`.
async fn sender(url: String, name: usize, end: Arc<AtomicBool>, taken: Arc<Mutex<BTreeSet<String>>>) {
    let http = reqwest::Client::new();
    for n in 0.. {
        if end.load(Ordering::SeqCst) {
            return;
        }
        let id = format!("{name}-{n}");
        let request = http.post(format!("{url}/v1/track")).basic_auth(KEY, Some("")).body(track(&id));
        let status = request.send().await.unwrap().status().as_u16();
        assert!([200, 429, 503].contains(&status), "{status}");
        if status == 200 {
            taken.lock().unwrap().insert(id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_with_success_survives_a_killed_server() {
    let mut server = TestServer::start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = Config { write_keys: WriteKeys::one("tests", KEY), ..Config::default() };
    let (stop, stopped) = oneshot::channel::<()>();
    let bus = server.bus(Role::Gateway).await.unwrap();
    let text = Arc::new(String::new);
    let gateway = tokio::spawn(gateway::serve(config, bus, text, Some(listener), async { drop(stopped.await) }));
    let (end, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
    let senders: Vec<_> =
        (0..6).map(|name| tokio::spawn(sender(url.clone(), name, Arc::clone(&end), Arc::clone(&taken)))).collect();
    let wait_for = async |count: usize| {
        let until = Instant::now() + Duration::from_secs(30);
        while taken.lock().unwrap().len() < count {
            assert!(Instant::now() < until, "{} of {count} events were taken", taken.lock().unwrap().len());
            sleep(Duration::from_millis(5)).await;
        }
    };
    for _ in 0..3 {
        let before = taken.lock().unwrap().len();
        wait_for(before + 50).await;
        server.kill().await;
        server.restart().await.unwrap();
    }
    let before = taken.lock().unwrap().len();
    wait_for(before + 50).await;
    end.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.await.unwrap();
    }
    stop.send(()).unwrap();
    gateway.await.unwrap().unwrap();
    let stored: BTreeSet<String> = ids(&server.bus(Role::Admin).await.unwrap()).await.into_iter().collect();
    let taken = taken.lock().unwrap();
    let lost: Vec<_> = taken.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} answered events are lost: {lost:?}", lost.len(), taken.len());
}

#[cfg(unix)]
#[tokio::test]
async fn the_binary_serves_and_ends_at_sigterm() {
    let server = TestServer::start().await.unwrap();
    let [port] = free_ports().unwrap();
    let mut binary = Command::new(env!("CARGO_BIN_EXE_mainstay-gateway"));
    binary.env_clear().env("MAINSTAY_DATA", server.data()).env("MAINSTAY_NATS_URL", server.url());
    binary.env("MAINSTAY_GATEWAY", format!("127.0.0.1:{port}")).env("MAINSTAY_WRITE_KEY", KEY);
    let mut child = binary.stderr(Stdio::inherit()).kill_on_drop(true).spawn().unwrap();
    let http = reqwest::Client::new();
    let url = format!("http://127.0.0.1:{port}");
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match http.get(format!("{url}/readyz")).send().await {
            Ok(response) if response.status() == 200 => break,
            _ => assert!(Instant::now() < until, "the gateway did not become ready"),
        }
        sleep(Duration::from_millis(20)).await;
    }
    let sent = http.post(format!("{url}/v1/track")).basic_auth(KEY, Some("")).body(track("one")).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let metrics = http.get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("mainstay_gateway_events_total{call=\"track\"} 1"), "{metrics}");
    let term = Command::new("kill").args(["-TERM", &child.id().unwrap().to_string()]).status().await.unwrap();
    assert!(term.success());
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(ids(&server.bus(Role::Admin).await.unwrap()).await, ["one"]);
}
