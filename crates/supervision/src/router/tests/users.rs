//! Events of users follow their account, whenever it becomes known.

use bus_schema::{Entity, Partitions, subject::Stream};

use super::rig::{Rig, event, login};

fn membership(user: &str, account: &str, id: &str) -> String {
    event(
        &format!("user/{user}"),
        "segment/k",
        id,
        "membership.recorded",
        &format!(r#"{{"user":"{user}","account":"{account}"}}"#),
    )
}

#[tokio::test]
async fn an_event_waits_in_dead_until_its_users_account_is_known() {
    for restart in [false, true] {
        let rig = Rig::new();
        let mut router = rig.start().await;
        rig.put("user/ana@example.com", &login("user/ana@example.com", "segment/k", "e1", "ana@example.com")).await;
        rig.rest(&router).await;
        let waiting = rig.dead().await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].1, "no_account_for_user");
        if restart {
            router.stop().await;
            router = rig.start().await;
        }
        rig.put("user/ana@example.com", &membership("ana@example.com", "acme", "m1")).await;
        rig.rest(&router).await;
        let log = rig.log(&Entity::account("acme")).await;
        let found = log.iter().find(|e| e.id == "e1").expect("the event followed");
        let ana = rig.door.pseudonym("ana@example.com");
        assert_eq!((found.subject.as_str(), found.contact.as_deref()), ("account/acme", Some(ana.as_str())));
        assert_eq!(found.open_personal()["source_id"], "ana@example.com");
        assert!(!found.data.as_ref().unwrap().get().contains('@'));
        assert_eq!(rig.dead().await, [], "nothing waits any more");
        rig.put("user/ana@example.com", &login("user/ana@example.com", "segment/k", "e2", "ana@example.com")).await;
        rig.rest(&router).await;
        assert!(rig.log(&Entity::account("acme")).await.iter().any(|e| e.id == "e2"));
        router.stop().await;
    }
}

#[tokio::test]
async fn what_an_anonymous_visitor_did_follows_when_the_two_are_merged() {
    let rig = Rig::new();
    let router = rig.start().await;
    rig.put("user/anon-1", &login("user/anon-1", "segment/k", "e1", "anon-1")).await;
    rig.put("user/ana", &membership("ana", "acme", "m1")).await;
    let merge = event("user/ana", "segment/k", "x", "identity.merged", r#"{"user":"ana","previous":"anon-1"}"#);
    rig.put("user/ana", &merge).await;
    rig.rest(&router).await;
    assert!(rig.log(&Entity::account("acme")).await.iter().any(|e| e.id == "e1"), "{:?}", rig.dead().await);
    router.stop().await;
}

#[tokio::test]
async fn a_forwarded_event_that_comes_twice_is_in_the_log_once() {
    let rig = Rig::new();
    let router = rig.start().await;
    rig.put("user/ana", &membership("ana", "acme", "m1")).await;
    rig.rest(&router).await;
    rig.memory.fail_next("cs.in.*.batch", bus::memory::Fault::LoseAck);
    let p = Partitions::default().of(&Entity::parse("user/ana").unwrap());
    let json = login("user/ana", "segment/k", "e1", "ana");
    let body = format!("[{json},{json}]");
    let message = bus::Message::new(bus_schema::subject::in_batch(p), body)
        .with_header("Content-Type", "application/cloudevents-batch+json");
    // The fault may hit this publish, whose sender then tries again, or the router's own.
    let _ = rig.bus.publish(message, None).await;
    rig.rest(&router).await;
    let log = rig.log(&Entity::account("acme")).await;
    assert_eq!(log.iter().filter(|e| e.id == "e1").count(), 1);
    assert!(router.stats().repeats >= 1);
    assert_eq!(rig.end(Stream::Dead).await, 0);
    router.stop().await;
}
