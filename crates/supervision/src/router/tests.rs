//! The router over the memory bus, with crashes and faults to order.

mod crash;
mod incidents;
mod rig;
mod sources;
mod steps;
mod time;
mod users;
mod wrong;

use bus_schema::{Entity, Kind};

use self::rig::{Rig, login};

#[tokio::test]
async fn what_comes_in_is_in_the_log_in_order_and_stamped() {
    let rig = Rig::new();
    let router = rig.start().await;
    rig.put("account/acme", &login("account/acme", "s", "1", "c_ana")).await;
    rig.put("account/acme", &login("account/acme", "s", "2", "c_ben")).await;
    rig.rest(&router).await;
    let log = rig.log(&Entity::account("acme")).await;
    assert_eq!(log.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let event = log[0].event().unwrap();
    assert_eq!(event.header.logtime, rig.now());
    assert_eq!(event.kind(), Kind::UserLoggedIn);
    assert_eq!(router.stats().routed, 2);
    assert_eq!(router.log_time(), Some(rig.now()));
    router.stop().await;
}

#[tokio::test]
async fn a_producer_may_send_single_events_structured_or_binary() {
    let rig = Rig::new();
    let router = rig.start().await;
    let entity = Entity::account("ümlaut & co 💡");
    rig.single(&entity, &login(&entity.to_string(), "s", "1", "u"), &[]).await;
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-type", "user.logged_in"),
        ("ce-source", "s"),
        ("ce-id", "2"),
        ("ce-subject", "account/%C3%BCmlaut%20&%20co%20%F0%9F%92%A1"),
        ("ce-time", "2026-03-01T09:00:00Z"),
    ];
    rig.single(&entity, r#"{"user":"u"}"#, &headers).await;
    rig.rest(&router).await;
    let ids: Vec<String> = rig.log(&entity).await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids, ["1", "2"], "{:?}", rig.dead().await);
    router.stop().await;
}

#[tokio::test]
async fn repeats_are_dropped_also_after_a_restart_with_or_without_what_was_kept() {
    let rig = Rig::new();
    let event = login("account/acme", "s", "1", "u");
    let router = rig.start().await;
    rig.put("account/acme", &event).await;
    rig.put("account/acme", &event).await;
    rig.rest(&router).await;
    assert_eq!(router.stats().repeats, 1);
    router.stop().await;
    for lose in [false, true] {
        if lose {
            rig.lose_state();
        }
        let router = rig.start().await;
        rig.put("account/acme", &event).await;
        rig.rest(&router).await;
        // Without what was kept, `IN` is read again from the last event that was appended.
        assert_eq!((router.stats().repeats, router.stats().routed), (if lose { 3 } else { 1 }, 0), "lost: {lose}");
        router.stop().await;
    }
    assert_eq!(rig.log(&Entity::account("acme")).await.len(), 1);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was_and_reads_nothing_again() {
    let rig = Rig::new();
    let router = rig.start().await;
    for n in 0..500 {
        rig.put("account/acme", &login("account/acme", "s", &n.to_string(), "u")).await;
    }
    rig.rest(&router).await;
    router.stop().await;
    let router = rig.start().await;
    assert_eq!(router.routed(), 500, "before it has read anything");
    assert_eq!(router.log_time(), Some(rig.now()));
    rig.put("account/acme", &login("account/acme", "s", "last", "u")).await;
    rig.rest(&router).await;
    assert_eq!((router.stats().routed, router.stats().repeats), (1, 0));
    router.stop().await;
}

#[tokio::test]
async fn what_is_routed_and_a_week_old_leaves_in_and_nothing_else_does() {
    let rig = Rig::new();
    let router = rig.start().await;
    for n in 0..30 {
        rig.put("account/acme", &login("account/acme", "s", &n.to_string(), "u")).await;
        rig.pass(30 * bus_schema::time::MINUTE_MS);
    }
    rig.rest(&router).await;
    let first = async || rig.bus.state(bus_schema::subject::Stream::In).await.unwrap().first_seq;
    let at = |hours: i64| rig::BEGIN.plus_ms(super::IN_KEPT_MS + hours * bus_schema::time::HOUR_MS);
    super::purge::old(&rig.bus, 30, at(-1)).await;
    assert_eq!(first().await, 1);
    super::purge::old(&rig.bus, 30, at(5)).await;
    assert_eq!(first().await, 11, "the eleventh is exactly a week old");
    super::purge::old(&rig.bus, 12, at(1_000)).await;
    assert_eq!(first().await, 13, "what is not routed stays, however old");
    router.stop().await;
    let router = rig.start().await;
    rig.put("account/acme", &login("account/acme", "s", "0", "u")).await;
    rig.rest(&router).await;
    assert_eq!(router.stats().repeats, 1);
    router.stop().await;
}
