//! A log time that makes a step: its partition stands still until a person accepts it, and nothing of it is lost.

use std::time::Duration;

use bus_schema::{
    Entity, Partition, Partitions,
    subject::Stream,
    time::{DAY_MS, HOUR_MS},
};

use super::rig::{Rig, login};
use crate::{RouterHandle, router::PURGE_EVERY};

#[tokio::test]
async fn a_clock_that_steps_stops_its_partition_until_the_step_is_accepted() {
    let rig = Rig::new();
    let router = rig.start().await;
    let (acme, p) = (Entity::account("acme"), Partitions::default().of(&Entity::account("acme")));
    let other = (0..999).map(|n| format!("o{n}")).find(|o| Partitions::default().of(&Entity::account(o)) != p).unwrap();
    let about_other = format!("account/{other}");
    rig.put("account/acme", &login("account/acme", "s", "1", "u")).await;
    rig.rest(&router).await;
    rig.pass(2 * HOUR_MS);
    rig.put("account/acme", &login("account/acme", "s", "2", "u")).await;
    rig.put(&about_other, &login(&about_other, "s", "3", "u")).await;
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), router.wait_routed(3)).await.unwrap();
    assert!(waited.unwrap_err().to_string().contains("stands still"));
    let stopped = router.stopped();
    assert_eq!(stopped.get(&p).map(|s| s.next.since_ms(s.last)), Some(2 * HOUR_MS));
    assert_eq!(rig.log(&acme).await.len(), 1);
    assert_eq!(rig.log(&Entity::account(&other)).await.len(), 1, "the others go on");
    router.accept_clock(p);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while rig.log(&acme).await.len() < 2 {
        assert!(std::time::Instant::now() < deadline, "the partition did not go on");
        tokio::task::yield_now().await;
    }
    rig.rest(&router).await;
    assert_eq!(router.stopped().len(), 0);
    assert_eq!(rig.log(&Entity::account(&other)).await.len(), 1);
    router.stop().await;
}

/// Two accounts in different partitions, each with an event in the log.
async fn two_accounts(rig: &Rig, router: &RouterHandle) -> [Entity; 2] {
    let home = |name: &str| Partitions::default().of(&Entity::account(name));
    let other = (0..999).map(|n| format!("o{n}")).find(|other| home(other) != home("acme")).unwrap();
    let both = [Entity::account("acme"), Entity::account(&other)];
    for entity in &both {
        rig.put(&entity.to_string(), &login(&entity.to_string(), "s", "1", "u")).await;
    }
    rig.rest(router).await;
    both
}

async fn until_logged(rig: &Rig, entity: &Entity, count: usize) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while rig.log(entity).await.len() < count {
        assert!(std::time::Instant::now() < deadline, "{entity}: {} of {count}", rig.log(entity).await.len());
        tokio::task::yield_now().await;
    }
}

async fn until_standing(router: &RouterHandle, count: usize) {
    let standing = async {
        while router.stopped().len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), standing).await.unwrap();
}

/// Lets both partitions come to a step: more than one read of events in the first, then one in the other.
async fn two_steps(rig: &Rig, router: &RouterHandle, acme: &Entity, other: &Entity) -> [Partition; 2] {
    rig.pass(2 * HOUR_MS);
    for n in 2..=200 {
        rig.put(&acme.to_string(), &login(&acme.to_string(), "s", &n.to_string(), "u")).await;
    }
    rig.put(&other.to_string(), &login(&other.to_string(), "s", "2", "u")).await;
    until_standing(router, 2).await;
    [acme, other].map(|entity| Partitions::default().of(entity))
}

#[tokio::test]
async fn two_steps_that_are_accepted_at_once_lose_nothing_between_them() {
    let rig = Rig::new();
    let router = rig.start().await;
    let [acme, other] = two_accounts(&rig, &router).await;
    let accepted = two_steps(&rig, &router, &acme, &other).await;
    for p in accepted {
        router.accept_clock(p);
    }
    until_logged(&rig, &other, 2).await;
    until_logged(&rig, &acme, 200).await;
    router.stop().await;
}

#[tokio::test]
async fn a_pause_of_days_is_no_step_for_a_router_that_starts() {
    let rig = Rig::new();
    let router = rig.start().await;
    rig.put("account/acme", &login("account/acme", "s", "1", "u")).await;
    rig.rest(&router).await;
    router.stop().await;
    rig.pass(5 * DAY_MS);
    let router = rig.start().await;
    rig.put("account/acme", &login("account/acme", "s", "2", "u")).await;
    rig.rest(&router).await;
    assert_eq!(rig.log(&Entity::account("acme")).await.len(), 2);
    router.stop().await;
}

/// Waits until the router has purged `IN`, in virtual time; answers with what is first there.
async fn purged(rig: &Rig, before: u64) -> u64 {
    let first = async || rig.bus.state(Stream::In).await.unwrap().first_seq;
    let purging = async {
        while first().await == before {
            tokio::time::sleep(PURGE_EVERY / 4).await;
        }
    };
    tokio::time::timeout(3 * PURGE_EVERY, purging).await.expect("IN is not purged");
    first().await
}

#[tokio::test(start_paused = true)]
async fn what_a_partition_that_stands_still_has_not_routed_is_never_purged() {
    let rig = Rig::new();
    let router = rig.start().await;
    let [acme, other] = two_accounts(&rig, &router).await;
    rig.pass(2 * HOUR_MS);
    rig.put(&acme.to_string(), &login(&acme.to_string(), "s", "2", "u")).await;
    rig.pass(8 * DAY_MS);
    rig.put(&other.to_string(), &login(&other.to_string(), "s", "2", "u")).await;
    until_standing(&router, 2).await;
    router.accept_clock(Partitions::default().of(&other));
    until_logged(&rig, &other, 2).await;
    assert_eq!(purged(&rig, 1).await, 3, "the two that both partitions have routed are gone, and no other");
    router.accept_clock(Partitions::default().of(&acme));
    until_logged(&rig, &acme, 2).await;
    assert_eq!(purged(&rig, 3).await, 4, "what is routed and a week old is gone");
    router.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_accepted_while_the_bus_is_away_is_taken_when_it_is_back() {
    let rig = Rig::new();
    let router = rig.start().await;
    let [acme, other] = two_accounts(&rig, &router).await;
    let accepted = two_steps(&rig, &router, &acme, &other).await;
    rig.memory.set_away(true);
    for p in accepted {
        router.accept_clock(p);
    }
    // It obeys before every read, and each read misses the bus: the third begins after the orders.
    let missed = rig.memory.missed();
    let noticing = async {
        while rig.memory.missed() < missed + 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), noticing).await.expect("nobody misses the bus");
    assert!(router.stopped().is_empty(), "both steps are accepted");
    rig.memory.set_away(false);
    until_logged(&rig, &other, 2).await;
    until_logged(&rig, &acme, 200).await;
    assert_eq!(router.failure().map(|error| error.to_string()), None);
    router.stop().await;
}
