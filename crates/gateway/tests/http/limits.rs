//! What is refused, with which status and words, and that nothing of a refused request is stored.

use std::{io::Write, time::Duration};

use crate::edge::{Edge, KEY, refusal};
use bus_schema::subject::Stream;
use flate2::{Compression, write::GzEncoder};
use gateway::{Config, GatewayError};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, RETRY_AFTER};
use serde_json::{Value, json};

const TRACK: &str = r#"{"event":"x","userId":"u","groupId":"acme"}"#;

fn track(bytes: usize) -> String {
    let empty = json!({ "type": "track", "event": "x", "userId": "u", "properties": { "t": "" } }).to_string();
    empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn batch_of(events: &[String]) -> String {
    format!(r#"{{"batch":[{}]}}"#, events.join(","))
}

#[tokio::test]
async fn sizes_and_counts_are_exact() {
    let edge = Edge::start().await;
    edge.accepted("/v1/track", track(32 * 1024)).await;
    let (status, code, message) = edge.refused("/v1/track", track(32 * 1024 + 1)).await;
    assert_eq!((status, code.as_str()), (400, "over_limit"));
    assert!(message.contains("event 0 has 32769 bytes") && message.contains("32 KB"), "{message}");
    let (status, _, message) = edge.refused("/v1/batch", batch_of(&[track(100), track(32 * 1024 + 1)])).await;
    assert!(status == 400 && message.contains("event 1"), "{message}");

    let small = r#"{"type":"track","event":"x","userId":"u"}"#.to_owned();
    edge.accepted("/v1/batch", batch_of(&vec![small.clone(); 2_500])).await;
    let (status, code, message) = edge.refused("/v1/batch", batch_of(&vec![small; 2_501])).await;
    assert_eq!((status, code.as_str()), (400, "over_limit"));
    assert!(message.contains("2501 events") && message.contains("2500"), "{message}");

    let mut body = batch_of(&vec![track(32_000); 15]);
    body.push_str(&" ".repeat(500 * 1024 - body.len()));
    edge.accepted("/v1/batch", body.clone()).await;
    body.push(' ');
    let (status, code, message) = edge.refused("/v1/batch", body).await;
    assert_eq!((status, code.as_str()), (413, "body_too_large"));
    assert!(message.contains("500 KB"), "{message}");
    assert_eq!(edge.events().await.len(), 1 + 2_500 + 15);
}

#[tokio::test]
async fn gzip_is_inflated_to_the_limit_and_not_beyond() {
    let edge = Edge::start().await;
    let send = |body: Vec<u8>, encoding: &'static str| {
        let request = edge.http.post(format!("{}/v1/batch", edge.url)).basic_auth(KEY, None::<&str>);
        request.header(CONTENT_ENCODING, encoding).body(body).send()
    };
    let good = batch_of(&[TRACK.replace('{', r#"{"type":"track","#)]);
    assert_eq!(send(gzip(&good), "gzip").await.unwrap().status(), 200);
    // A gigabyte of spaces in about a megabyte would be over the wire limit; this one is 100 MB in 100 KB.
    let bomb = gzip(&" ".repeat(100 * 1024 * 1024));
    assert!(bomb.len() < 200 * 1024);
    assert_eq!(refusal(send(bomb, "gzip").await.unwrap()).await.0, 413);
    let (status, _, message) = refusal(send(good.clone().into_bytes(), "gzip").await.unwrap()).await;
    assert!(status == 400 && message.contains("no gzip"), "{message}");
    let cut = gzip(&good)[..20].to_vec();
    assert_eq!(refusal(send(cut, "gzip").await.unwrap()).await.0, 400);
    let (status, _, message) = refusal(send(good.into_bytes(), "br").await.unwrap()).await;
    assert!(status == 400 && message.contains("`br`"), "{message}");
    assert_eq!(edge.events().await.len(), 1);
}

#[tokio::test]
async fn malformed_input_is_named_by_place_and_cure() {
    let edge = Edge::start().await;
    let cases = [
        ("/v1/track", "", "not the JSON"),
        ("/v1/track", "{", "not the JSON"),
        ("/v1/track", "[]", "not the JSON"),
        ("/v1/track", r#"{"userId":"u"}"#, "needs `event`"),
        ("/v1/track", r#"{"event":"x"}"#, "`userId` or `anonymousId`"),
        ("/v1/track", r#"{"event":"x","userId":"u","timestamp":"yesterday"}"#, "`timestamp` must be"),
        ("/v1/track", r#"{"event":"x","userId":"u","timestamp":5}"#, "`timestamp` must be text"),
        ("/v1/track", r#"{"event":"x","userId":"u","timestamp":"2026-01-01T00:00:00Z","sentAt":"?"}"#, "`sentAt`"),
        ("/v1/track", r#"{"event":"x","userId":"a\u0000b"}"#, "control characters"),
        ("/v1/group", r#"{"userId":"u"}"#, "needs `groupId`"),
        ("/v1/alias", r#"{"userId":"u"}"#, "needs `previousId`"),
        ("/v1/batch", r#"{"events":[]}"#, "missing field `batch`"),
        ("/v1/batch", r#"{"batch":[1]}"#, "event 0: expected a JSON object"),
        (
            "/v1/batch",
            r#"{"batch":[{"type":"identify","userId":"u"},{"type":"weep","userId":"u"}]}"#,
            "event 1: `type`",
        ),
        ("/v1/events", "", "no event"),
        ("/v1/events", "nonsense", "CloudEvents"),
        ("/v1/events", r#"{"id":"1"}"#, "event 0"),
    ];
    for (path, body, words) in cases {
        let (status, code, message) = edge.refused(path, body).await;
        assert_eq!((status, code.as_str()), (400, "malformed"), "{path} {body}");
        assert!(message.contains(words), "{path} {body}: {message}");
    }
    let long = json!({ "event": "x", "userId": "u", "groupId": "x".repeat(129) }).to_string();
    assert!(edge.refused("/v1/track", long).await.2.contains("1 to 128 bytes"));
    assert_eq!(edge.refused("/v1/weep", TRACK).await.0, 404);
    assert_eq!(edge.refused("/elsewhere", TRACK).await.0, 404);
    let wrong_method = edge.http.get(format!("{}/v1/track", edge.url)).send().await.unwrap();
    assert_eq!(refusal(wrong_method).await.0, 405);
    assert!(edge.events().await.is_empty());
}

#[tokio::test]
async fn only_the_right_key_may_send() {
    let edge = Edge::start().await;
    let url = format!("{}/v1/track", edge.url);
    let with_key = |key: &str| TRACK.replace('{', &format!(r#"{{"writeKey":"{key}","#));
    let good = edge.http.post(&url).body(with_key(KEY)).send().await.unwrap();
    assert_eq!(good.status(), 200);
    let batch = json!({ "writeKey": KEY, "batch": [] }).to_string();
    assert_eq!(edge.http.post(format!("{}/v1/batch", edge.url)).body(batch).send().await.unwrap().status(), 200);
    let requests = [
        edge.http.post(&url).body(TRACK),
        edge.http.post(&url).body(with_key("another")),
        edge.http.post(&url).basic_auth("another", Some("")).body(TRACK),
        edge.http.post(&url).basic_auth("another", Some("")).body(with_key(KEY)),
        edge.http.post(&url).basic_auth("", Some(KEY)).body(TRACK),
        edge.http.post(&url).header(AUTHORIZATION, "Basic ???").body(TRACK),
        edge.http.post(&url).bearer_auth(KEY).body(TRACK),
        edge.http.post(format!("{}/v1/events", edge.url)).body("{}"),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("www-authenticate"));
        let (status, code, message) = refusal(response).await;
        assert_eq!((status, code.as_str()), (401, "wrong_write_key"));
        assert!(message.contains("Basic"), "{message}");
    }
    assert_eq!(edge.events().await.len(), 1);
}

#[tokio::test]
async fn a_full_stream_says_come_back_and_loses_nothing() {
    let edge = Edge::start().await;
    edge.accepted("/v1/track", TRACK).await;
    edge.memory.set_bytes_max(Stream::In, 1);
    let response = edge.post("/v1/track", TRACK).await;
    assert!(response.headers().contains_key(RETRY_AFTER));
    let (status, code, _) = refusal(response).await;
    assert_eq!((status, code.as_str()), (429, "busy"));
    edge.memory.set_bytes_max(Stream::In, u64::MAX);
    edge.accepted("/v1/track", TRACK).await;
    assert_eq!(edge.events().await.len(), 2);
}

#[tokio::test]
async fn a_full_queue_says_come_back() {
    let edge = Edge::start_with(Config { waiting_events_max: 3, ..Config::default() }).await;
    edge.memory.fail_next("cs.in.>", bus::memory::Fault::Delay(Duration::from_secs(4)));
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let request = edge.http.post(format!("{}/v1/track", edge.url)).basic_auth(KEY, Some("")).body(TRACK);
        sent.spawn(async move { request.send().await.unwrap() });
    }
    let mut statuses: Vec<u16> = Vec::new();
    while let Some(response) = sent.join_next().await {
        let response = response.unwrap();
        assert_eq!(response.status() == 429, response.headers().contains_key(RETRY_AFTER));
        statuses.push(response.status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429, 429, 429]);
    assert_eq!(edge.events().await.len(), 3);
}

#[tokio::test]
async fn without_the_bus_nothing_succeeds() {
    let edge = Edge::start().await;
    let ready = |edge: &Edge| edge.http.get(format!("{}/readyz", edge.url)).send();
    assert_eq!(ready(&edge).await.unwrap().status(), 200);
    edge.memory.set_away(true);
    let response = edge.post("/v1/track", TRACK).await;
    assert!(response.headers().contains_key(RETRY_AFTER));
    let (status, code, _) = refusal(response).await;
    assert_eq!((status, code.as_str()), (503, "bus_away"));
    assert_eq!(ready(&edge).await.unwrap().status(), 503);
    assert_eq!(edge.http.get(format!("{}/healthz", edge.url)).send().await.unwrap().status(), 200);
    let metrics = edge.http.get(format!("{}/metrics", edge.url)).send().await.unwrap().text().await.unwrap();
    assert_eq!(metrics, "some_total 1\n");
    edge.memory.set_away(false);
    // An acknowledgement that never comes is no success either, stored or not.
    edge.memory.fail_next("cs.in.>", bus::memory::Fault::LoseAck);
    assert_eq!(edge.post("/v1/track", TRACK).await.status(), 503);
    edge.accepted("/v1/track", TRACK).await;
}

#[tokio::test]
async fn what_arrives_during_a_publish_goes_into_the_next_one() {
    let edge = Edge::start().await;
    edge.memory.fail_next("cs.in.>", bus::memory::Fault::DelayAck(Duration::from_secs(2)));
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = edge.http.post(format!("{}/v1/track", edge.url)).basic_auth(KEY, Some("")).body(TRACK);
        sent.spawn(async move { request.send().await.unwrap().status() });
    }
    while let Some(status) = sent.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(edge.events().await.len(), 50);
    let messages = edge.messages().await.len();
    assert!(messages <= 10, "{messages} messages for 50 events in two seconds");
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way() {
    let edge = Edge::start().await;
    edge.memory.fail_next("cs.in.>", bus::memory::Fault::DelayAck(Duration::from_secs(2)));
    let request = edge.http.post(format!("{}/v1/track", edge.url)).basic_auth(KEY, Some("")).body(TRACK);
    let answer = tokio::spawn(async move { request.send().await.unwrap().status() });
    let stored = tokio::time::timeout(Duration::from_secs(5), async {
        while edge.messages().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    stored.await.unwrap();
    assert!(!answer.is_finished(), "stored, and not acknowledged");
    let http = edge.http.clone();
    let url = edge.url.clone();
    edge.stop().await;
    assert_eq!(answer.await.unwrap(), 200);
    assert!(http.get(format!("{url}/healthz")).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_gateway_without_keys_or_port_says_so() {
    let bus = || bus::Bus::from(bus::MemoryBus::new());
    let text = std::sync::Arc::new(String::new) as gateway::MetricsText;
    let none = gateway::serve(Config::default(), bus(), text.clone(), None, async {}).await;
    assert!(matches!(none, Err(GatewayError::NoKey)));
    assert!(none.unwrap_err().to_string().contains("MAINSTAY_WRITE_KEY"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let config = Config { listen, write_keys: gateway::WriteKeys::one("a", "b"), ..Config::default() };
    let error = gateway::serve(config, bus(), text, None, async {}).await.unwrap_err();
    assert!(error.to_string().contains(&listen.to_string()), "{error}");
}

#[tokio::test]
async fn cloud_events_travel_as_they_came() {
    let edge = Edge::start().await;
    let event = |id: usize, kind: &str| {
        json!({ "specversion": "1.0", "id": id.to_string(), "source": "crm/eu", "type": kind, "subject": "account/a",
            "time": "2026-03-01T09:00:00Z", "myextension": "kept", "data": { "odd": [1, 2] } })
    };
    let events: Vec<Value> = (0..6).map(|id| event(id, "usage.recorded")).collect();
    edge.accepted("/v1/events", events[0].to_string()).await;
    edge.accepted("/v1/events", json!([events[1], events[2]]).to_string()).await;
    edge.accepted("/v1/events", format!("{}\n{}\n\n", events[3], events[4])).await;
    let unknown = event(5, "coffee.spilled");
    edge.accepted("/v1/events", serde_json::to_string_pretty(&unknown).unwrap()).await;
    let mut wanted = events[..5].to_vec();
    wanted.push(unknown);
    let binary = edge.http.post(format!("{}/v1/events", edge.url)).basic_auth(KEY, Some("")).body(r#"{"odd":1}"#);
    let attributes = [
        ("ce-specversion", "1.0"),
        ("ce-id", "6"),
        ("ce-source", "crm"),
        ("ce-type", "x.done"),
        ("ce-subject", "user/a%20b"),
    ];
    let binary = attributes.into_iter().fold(binary, |request, (name, value)| request.header(name, value));
    assert_eq!(binary.send().await.unwrap().status(), 200);
    wanted.push(json!({ "specversion": "1.0", "id": "6", "source": "crm", "type": "x.done", "subject": "user/a b",
        "data": { "odd": 1 } }));
    assert_eq!(edge.events().await, wanted);
    let cases = [
        (event(9, "clock.ticked"), "written by Mainstay itself"),
        (event(9, "decision.recorded"), "written by Mainstay itself"),
        (event(9, ""), "`type` must not be empty"),
    ];
    for (event, words) in cases {
        let (status, _, message) = edge.refused("/v1/events", event.to_string()).await;
        assert!(status == 400 && message.contains(words), "{message}");
    }
    let mut bad = event(9, "usage.recorded");
    bad["subject"] = "acme".into();
    let message = edge.refused("/v1/events", json!([events[0], bad]).to_string()).await.2;
    assert!(message.contains("event 1: subject: `acme` is no entity"), "{message}");
    bad["specversion"] = "0.3".into();
    assert!(edge.refused("/v1/events", bad.to_string()).await.2.contains("specversion"));
    assert_eq!(edge.events().await.len(), 7);
}
