//! A crash at any moment: nothing is lost, nothing is twice.

use bus::memory::Fault;
use bus_schema::{Entity, subject::Stream};

use super::rig::{Rig, event, login};

/// Routes a stream of events through routers that are dropped at odd moments; the log has each event once, in order.
async fn survives(lose_state: bool, seed: u64) {
    let rig = Rig::new();
    let acme = Entity::account("acme");
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut sent = 0;
    let mut bad = 0;
    for round in 0..12 {
        for pattern in ["cs.log.*.in", "cs.dead.>"] {
            let fault = [Fault::LoseAck, Fault::LoseMessage, Fault::Refuse, Fault::Duplicate];
            rig.memory.fail_next(pattern, fault[usize::try_from(random(4)).unwrap()]);
        }
        let router = rig.start().await;
        for _ in 0..random(40) {
            rig.pass(1_000);
            rig.put("account/acme", &login("account/acme", "s", &sent.to_string(), "u")).await;
            sent += 1;
            if random(5) == 0 {
                rig.put("account/acme", &event("account/acme", "s", &format!("bad{bad}"), "no.such_kind", "{}")).await;
                bad += 1;
            }
        }
        if round % 3 == 0 {
            router.stop().await;
        } else {
            // Far enough for something to be under way, seldom far enough for all of it.
            let end = rig.end(Stream::In).await;
            let reached = router.wait_routed(end.saturating_sub(random(30)));
            let _ = tokio::time::timeout(std::time::Duration::from_millis(random(20)), reached).await;
            drop(router);
        }
        if lose_state && random(2) == 0 {
            rig.lose_state();
        }
    }
    let router = rig.start().await;
    rig.rest(&router).await;
    let ids: Vec<String> = rig.log(&acme).await.into_iter().map(|e| e.id).collect();
    let expected: Vec<String> = (0..sent).map(|n| n.to_string()).collect();
    assert_eq!(ids, expected);
    let letters = rig.all(Stream::Dead, "cs.dead.>").await;
    let distinct: std::collections::BTreeSet<&str> =
        letters.iter().filter_map(|letter| letter.headers.get("Ms-Dead-From")).collect();
    assert_eq!(distinct.len(), bad, "each bad event has a letter; a repeated one is recognised");
    router.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routers_that_are_killed_leave_each_event_once_and_in_order() {
    for seed in 1..=3 {
        survives(false, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_do_routers_that_lose_what_they_kept() {
    for seed in 4..=6 {
        survives(true, seed).await;
    }
}

#[tokio::test]
async fn a_second_router_takes_over_and_the_first_stops() {
    let rig = Rig::new();
    let first = rig.start().await;
    rig.put("account/acme", &login("account/acme", "s", "1", "u")).await;
    rig.rest(&first).await;
    let second = rig.open_at("elsewhere").await.unwrap().spawn();
    rig.put("account/acme", &login("account/acme", "s", "2", "u")).await;
    rig.rest(&second).await;
    rig.put("account/acme", &login("account/acme", "s", "3", "u")).await;
    rig.rest(&second).await;
    let patience = std::time::Duration::from_secs(20);
    let error = tokio::time::timeout(patience, first.failed()).await.expect("the first router goes on");
    assert!(matches!(error, crate::SupervisionError::Append { .. }), "{error}");
    assert_eq!(rig.log(&Entity::account("acme")).await.len(), 3);
    second.stop().await;
}

#[tokio::test]
async fn an_older_copy_of_in_is_refused() {
    let rig = Rig::new();
    let router = rig.start().await;
    for n in 0..3 {
        rig.put("account/acme", &login("account/acme", "s", &n.to_string(), "u")).await;
    }
    rig.rest(&router).await;
    router.stop().await;
    let other = Rig::new();
    for stored in rig.all(Stream::Log, "cs.log.>").await {
        let mut message = bus::Message::new(stored.subject, stored.body);
        message.headers = stored.headers;
        other.bus.publish(message, None).await.unwrap();
    }
    let error = other.open().await.unwrap_err();
    assert!(matches!(error, crate::SupervisionError::Shrunk { stream: "IN", found: 0, seen: 3 }), "{error}");
}
