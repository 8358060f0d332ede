//! Which events each call becomes, over real HTTP.

use crate::edge::Edge;
use bus_schema::{Envelope, Time, door::Door};
use serde_json::{Value, json};

const AT: &str = "2026-03-01T09:00:00Z";

/// Posts a call and compares what arrived with what is wanted; `source`, `time` and `specversion` are the same for all.
async fn becomes(path: &str, mut call: Value, wanted: &[Value]) {
    call["messageId"] = "m1".into();
    call["timestamp"] = AT.into();
    let edge = Edge::start().await;
    edge.accepted(path, call.to_string()).await;
    let mut events = edge.events().await;
    // Partitions come in the order of their messages; ids tell the events of one call apart.
    events.sort_by_key(|event| event["id"].as_str().unwrap().to_owned());
    let mut found = Vec::new();
    for mut event in events {
        admit(&event);
        let event = event.as_object_mut().unwrap();
        assert_eq!(event.remove("specversion").unwrap(), "1.0");
        assert_eq!(event.remove("source").unwrap(), "segment/tests");
        assert_eq!(event.remove("time").unwrap(), AT);
        let kind = event["type"].as_str().unwrap().to_owned();
        assert_eq!(event.remove("dataschema").unwrap(), format!("mainstay:{kind}:1"));
        found.push(Value::Object(event.clone()));
    }
    assert_eq!(found, wanted, "{path} {call}");
    edge.stop().await;
}

/// The router takes it, and no id, name or address of a person is left in what folds read.
fn admit(event: &Value) {
    let received = Time::parse(AT).unwrap().plus_ms(60_000);
    let door = Door::new([7; 32]);
    let admitted = door.admit(event.to_string().as_bytes(), received).unwrap_or_else(|e| panic!("{event}: {e}"));
    let read = serde_json::to_string(&Envelope::of(&admitted.event, None)).unwrap();
    for personal in ["\"u\"", "\"42\"", "Ana", "ana@", "192.0.2.1", "Head of", "https://", "before"] {
        assert!(!read.contains(personal), "{personal} in {read}");
    }
}

#[tokio::test]
async fn a_track_of_one_of_our_kinds_is_that_kind() {
    let properties = json!({ "invoice": "i1", "amount": { "minor": 5, "currency": "EUR" }, "daysLate": 3 });
    becomes(
        "/v1/track",
        json!({ "event": "invoice.paid", "userId": "u", "groupId": "acme", "properties": properties }),
        &[json!({ "id": "m1", "type": "invoice.paid", "subject": "account/acme", "contact": "u",
            "data": { "invoice": "i1", "amount": { "minor": 5, "currency": "EUR" }, "days_late": 3 } })],
    )
    .await;
}

#[tokio::test]
async fn any_other_track_is_usage_and_never_a_kind_of_ours() {
    for name in ["Report exported", "clock.ticked", "decision.recorded", "health.scored"] {
        becomes(
            "/v1/track",
            json!({ "event": name, "userId": 42, "properties": { "groupId": "acme", "rows": 3 },
                "context": { "ip": "192.0.2.1", "userAgent": "x/1" } }),
            &[json!({ "id": "m1", "type": "usage.recorded", "subject": "account/acme", "contact": "42",
                "data": { "user": "42", "feature": name, "quantity": 1, "ip": "192.0.2.1", "user_agent": "x/1",
                    "properties": { "groupId": "acme", "rows": 3 } } })],
        )
        .await;
    }
}

#[tokio::test]
async fn the_account_is_looked_for_in_order() {
    let cases = [
        (json!({ "context": { "groupId": "a" }, "groupId": "b", "properties": { "groupId": "c" } }), "account/a"),
        (json!({ "context": {}, "groupId": "b", "properties": { "groupId": "c" } }), "account/b"),
        (json!({ "properties": { "groupId": "c" } }), "account/c"),
        (json!({ "userId": null, "anonymousId": "x", "groupId": "" }), "user/x"),
        (json!({ "anonymousId": "x" }), "user/u"),
        (json!({ "groupId": "a.b*c > 💡" }), "account/a.b*c > 💡"),
    ];
    for (more, subject) in cases {
        let mut call = json!({ "event": "x", "userId": "u", "timestamp": AT, "messageId": "m" });
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let edge = Edge::start().await;
        edge.accepted("/v1/track", call.to_string()).await;
        assert_eq!(edge.events().await[0]["subject"], subject, "{more}");
    }
}

#[tokio::test]
async fn identify_is_a_contact_and_with_a_group_a_membership() {
    let traits = json!({ "firstName": "Ana", "lastName": "Lee", "email": "ana@acme.example", "title": "Head of Data",
        "timezone": "Europe/Paris", "role": "champion", "employees": 5 });
    let data = json!({ "contact": "u", "name": "Ana Lee", "first_name": "Ana", "last_name": "Lee",
        "email": "ana@acme.example", "title": "Head of Data", "time_zone": "Europe/Paris", "language": "fr-FR",
        "role": "champion", "roles": ["champion"], "employees": 5 });
    let contact = |subject: &str| json!({ "id": "m1", "type": "contact.updated", "subject": subject, "contact": "u", "data": data });
    let context = json!({ "locale": "fr-FR", "timezone": "Asia/Tokyo" });
    let call = json!({ "userId": "u", "traits": traits, "context": context });
    becomes("/v1/identify", call, &[contact("user/u")]).await;
    let context = json!({ "locale": "fr-FR", "groupId": "acme" });
    becomes(
        "/v1/i",
        json!({ "userId": "u", "traits": traits, "context": context }),
        &[
            contact("account/acme"),
            json!({ "id": "m1/membership", "type": "membership.recorded", "subject": "user/u",
                "data": { "user": "u", "account": "acme" } }),
        ],
    )
    .await;
}

#[tokio::test]
async fn group_is_an_account_and_a_membership() {
    becomes(
        "/v1/group",
        json!({ "userId": "u", "groupId": "acme", "traits": { "name": "Acme", "licensedSeats": 40, "plan": "pro" } }),
        &[
            json!({ "id": "m1", "type": "account.updated", "subject": "account/acme",
                "data": { "name": "Acme", "licensed_seats": 40, "plan": "pro" } }),
            json!({ "id": "m1/membership", "type": "membership.recorded", "subject": "user/u",
                "data": { "user": "u", "account": "acme" } }),
        ],
    )
    .await;
}

#[tokio::test]
async fn page_and_screen_are_activity() {
    for path in ["/v1/page", "/v1/screen"] {
        becomes(
            path,
            json!({ "userId": "u", "name": "Pricing", "properties": { "url": "https://x.example/", "extra": 1 } }),
            &[json!({ "id": "m1", "type": "page.viewed", "subject": "user/u", "contact": "u",
                "data": { "user": "u", "page": "Pricing", "url": "https://x.example/", "properties": { "extra": 1 } } })],
        )
        .await;
    }
}

#[tokio::test]
async fn alias_merges_users() {
    becomes(
        "/v1/alias",
        json!({ "userId": "u", "previousId": "before", "context": { "groupId": "acme" } }),
        &[json!({ "id": "m1", "type": "identity.merged", "subject": "user/u",
            "data": { "user": "u", "previous": "before" } })],
    )
    .await;
}

#[tokio::test]
async fn a_batch_shares_its_context_and_every_event_keeps_its_place() {
    let edge = Edge::start().await;
    let event = |n: usize| json!({ "type": "track", "event": format!("e{n}"), "userId": "u", "messageId": n });
    let batch: Vec<Value> = (0..600).map(event).collect();
    let body = json!({ "batch": batch, "context": { "groupId": "acme" }, "integrations": {} });
    for path in ["/v1/batch", "/v1/import", "/v1/b"] {
        edge.accepted(path, body.to_string()).await;
    }
    edge.accepted("/v1/batch", r#"{"batch":[]}"#).await;
    let events = edge.events().await;
    assert_eq!(events.len(), 1_800);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["subject"], "account/acme");
        assert_eq!(event["data"]["feature"], format!("e{}", at % 600));
    }
    let sizes: Vec<usize> =
        edge.messages().await.iter().map(|m| m.headers.index().unwrap().len() * 3 / 4 / 10).collect();
    assert_eq!(sizes[..3], [256, 256, 88]);
}

#[tokio::test]
async fn a_wrong_clock_of_the_sender_is_set_right() {
    let edge = Edge::start().await;
    let call = |id: &str, timestamp: &str, sent: Option<&str>| json!({ "type": "track", "event": "x", "userId": "u", "messageId": id, "timestamp": timestamp, "sentAt": sent });
    let before = bus_schema::Time(jiff_now());
    // Ten seconds before sending, by a clock that is years behind; then without sentAt; then UTC without saying so.
    edge.accepted("/v1/track", call("a", "2009-11-10T23:00:00Z", Some("2009-11-10T23:00:10Z")).to_string()).await;
    edge.accepted("/v1/track", call("b", "2009-11-10T23:00:00+01:00", None).to_string()).await;
    edge.accepted("/v1/track", call("c", "2009-11-10T23:00:00.5", None).to_string()).await;
    edge.accepted("/v1/track", call("d", "9999-12-01T00:00:00Z", Some("2009-11-10T23:00:10Z")).to_string()).await;
    let batch = json!({ "batch": [call("e", "2009-11-10T23:00:00Z", None)], "sentAt": "2009-11-10T23:00:10Z" });
    edge.accepted("/v1/batch", batch.to_string()).await;
    let after = bus_schema::Time(jiff_now());
    for event in edge.events().await {
        let time = Time::parse(event["time"].as_str().unwrap()).unwrap();
        match event["id"].as_str().unwrap() {
            "a" | "e" => assert!(time >= before.plus_ms(-10_000) && time <= after.plus_ms(-10_000), "{event}"),
            "b" => assert_eq!(event["time"], "2009-11-10T22:00:00Z"),
            "c" => assert_eq!(event["time"], "2009-11-10T23:00:00.5Z"),
            "d" => assert!(time > after, "left for the router to judge: {event}"),
            other => panic!("{other}"),
        }
    }
}

fn jiff_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn a_missing_message_id_is_made() {
    let edge = Edge::start().await;
    for _ in 0..2 {
        edge.accepted("/v1/track", r#"{"event":"x","userId":"u"}"#).await;
    }
    let events = edge.events().await;
    let ids: Vec<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids[0].len(), 36);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn payloads_as_the_official_libraries_send_them_are_taken() {
    let edge = Edge::start().await;
    let library = json!({ "library": { "name": "analytics-go", "version": "3.0.0" } });
    let message = |more: Value| {
        let mut message = json!({ "messageId": "same", "timestamp": "2009-11-10T23:00:00Z", "userId": "7" });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message
    };
    let track = |more: Value| {
        let mut track = message(json!({ "type": "track", "event": "Bought", "properties": { "platform": "linux" } }));
        track.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        track
    };
    let batches = [
        vec![track(json!({}))],
        vec![track(json!({ "context": { "anything": "here" } }))],
        vec![track(json!({ "integrations": { "All": true, "Other": false } }))],
        vec![track(json!({ "messageId": "abc" }))],
        vec![track(json!({ "timestamp": "2015-07-10T23:00:00Z" }))],
        (0..5).map(|n| track(json!({ "properties": { "n": n } }))).collect(),
        vec![message(json!({ "type": "alias", "previousId": "A" }))],
        vec![message(json!({ "type": "group", "groupId": "A" }))],
        vec![message(json!({ "type": "identify" }))],
        vec![message(json!({ "type": "page", "name": "A" }))],
        vec![message(json!({ "type": "screen", "name": "A" }))],
        vec![track(json!({ "context": null, "properties": null, "integrations": null }))],
    ];
    for batch in batches {
        let body = json!({ "batch": batch, "context": library, "messageId": "b", "sentAt": "2009-11-10T23:00:00Z" });
        edge.accepted("/v1/batch", serde_json::to_string_pretty(&body).unwrap()).await;
    }
    assert_eq!(edge.events().await.len(), 12 + 4 + 1, "five in one batch, and one membership");
}
