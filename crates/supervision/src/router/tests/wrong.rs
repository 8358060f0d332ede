//! What cannot be used goes to DEAD with the reason, and nothing else is held up by it.

use bus_schema::{Entity, Partitions};

use super::rig::{Rig, event, login};
use crate::DeadWhich;

#[tokio::test]
async fn bad_events_are_dead_with_their_reason_and_the_good_ones_pass() {
    let rig = Rig::new();
    let router = rig.start().await;
    let acme = Entity::account("acme");
    let p = Partitions::default().of(&acme);
    let elsewhere =
        (0..999).map(|n| format!("account/a{n}")).find(|e| Partitions::default().of(&Entity::parse(e).unwrap()) != p);
    let year_9999 = login("account/acme", "s", "3", "u").replace("2026-03-01", "9999-01-01");
    let decision = event("account/acme", "s", "5", "decision.recorded", "{}");
    let events = [
        "{\"specversion\":",
        &event("account/acme", "s", "1", "no.such_kind", "{}"),
        &event("account/acme", "s", "2", "user.logged_in", "{}"),
        &year_9999,
        &login(&elsewhere.unwrap(), "s", "4", "u"),
        &decision,
        &login("account/acme", "s", "6", "u"),
    ];
    rig.batch(p, &events, None).await;
    rig.rest(&router).await;
    let codes: Vec<String> = rig.dead().await.into_iter().map(|(_, code)| code).collect();
    let expected =
        ["malformed_json", "unknown_kind", "bad_data", "from_the_future", "wrong_partition", "kind_not_taken"];
    // Letters are written together, in no order.
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(codes), sorted(expected.map(str::to_owned).to_vec()));
    let ids: Vec<String> = rig.log(&acme).await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids, ["6"]);
    assert_eq!((router.stats().dead, router.stats().routed), (6, 1));
    router.stop().await;
}

#[tokio::test]
async fn a_message_that_is_no_batch_is_one_dead_letter() {
    let rig = Rig::new();
    let router = rig.start().await;
    let p = Partitions::default().of(&Entity::account("acme"));
    let message = bus::Message::new(bus_schema::subject::in_batch(p), "not json")
        .with_header("Content-Type", "application/cloudevents-batch+json");
    rig.bus.publish(message, None).await.unwrap();
    rig.rest(&router).await;
    assert_eq!(rig.dead().await, [("cs.dead.router".to_owned(), "unreadable_message".to_owned())]);
    router.stop().await;
}

#[tokio::test]
async fn a_producer_can_neither_tick_nor_forge_a_pseudonym_nor_borrow_a_subject() {
    let rig = Rig::new();
    let router = rig.start().await;
    let acme = Entity::account("acme");
    let tick = event("account/acme", "clock", "1", "clock.ticked", r#"{"mode":"live"}"#);
    rig.single(&acme, &tick, &[("Ms-Own", "clock")]).await;
    rig.single(&Entity::account("other"), &login("account/acme", "s", "1", "u"), &[]).await;
    let pseudonym = rig.door.pseudonym("ana");
    rig.single(&acme, &login("account/acme", "s", "2", &pseudonym), &[("Ms-Own", "forward")]).await;
    rig.rest(&router).await;
    let mut codes: Vec<String> = rig.dead().await.into_iter().map(|(_, code)| code).collect();
    codes.sort();
    assert_eq!(codes, ["kind_not_taken", "wrong_subject"]);
    let log = rig.log(&acme).await;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].contact, Some(rig.door.pseudonym(&pseudonym)), "a claimed pseudonym is an id like any other");
    router.stop().await;
}

#[tokio::test]
async fn dead_letters_go_through_again_when_told() {
    let rig = Rig::new();
    let router = rig.start().await;
    let ahead = login("account/acme", "s", "1", "u").replace("2026-03-01", "2026-03-04");
    rig.put("account/acme", &ahead).await;
    rig.rest(&router).await;
    assert_eq!(rig.dead().await.len(), 1);
    rig.pass(3 * 86_400_000 - 60_000);
    let done = router.replay_dead(DeadWhich::These(vec![1, 99])).await.unwrap();
    assert_eq!((done.replayed, done.missing), (1, 1));
    rig.rest(&router).await;
    assert_eq!(rig.log(&Entity::account("acme")).await.len(), 1);
    assert_eq!(router.replay_dead(DeadWhich::All).await.unwrap().replayed, 1);
    rig.rest(&router).await;
    assert_eq!(router.stats().repeats, 1);
    router.stop().await;
}
