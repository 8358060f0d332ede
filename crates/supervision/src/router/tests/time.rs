//! Log time: steps of the clock, and event time that gives the same log twice.

use std::sync::Arc;

use bus_schema::{
    Entity, Envelope, Kind, Partitions, Time,
    data::facts::ClockMode,
    subject::Stream,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use futures_util::future::BoxFuture;

use super::rig::{BEGIN, Rig, login};
use crate::{Clock, EventTime, Incoming, Quiesce, RouterHandle, SupervisionError};

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

#[tokio::test]
async fn two_steps_that_are_accepted_at_once_lose_nothing_between_them() {
    let rig = Rig::new();
    let router = rig.start().await;
    let [acme, other] = two_accounts(&rig, &router).await;
    rig.pass(2 * HOUR_MS);
    // More than one read of them, before the other partition stops.
    for n in 2..=200 {
        rig.put(&acme.to_string(), &login(&acme.to_string(), "s", &n.to_string(), "u")).await;
    }
    rig.put(&other.to_string(), &login(&other.to_string(), "s", "2", "u")).await;
    until_standing(&router, 2).await;
    router.accept_clock(Partitions::default().of(&acme));
    router.accept_clock(Partitions::default().of(&other));
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

/// At rest when the router is; nobody else is there.
struct RouterOnly {
    rig: Arc<Rig>,
    router: Arc<RouterHandle>,
}

impl Quiesce for RouterOnly {
    fn wait(&self) -> BoxFuture<'_, Result<(), SupervisionError>> {
        Box::pin(async {
            self.rig.rest(&self.router).await;
            Ok(())
        })
    }

    fn next_due(&self) -> Option<(Time, bool)> {
        None
    }
}

/// A log made in event time from the same world.
async fn made(restart: bool) -> (Arc<Rig>, Vec<Vec<Envelope>>) {
    let rig = Arc::new(Rig::new());
    let mut router = Arc::new(rig.start().await);
    let start = BEGIN.plus_ms(-20 * DAY_MS);
    let clock = Clock::new(rig.bus.clone(), Partitions::default());
    let mut events = Vec::new();
    for n in 0..120_i64 {
        let time = start.plus_ms(n * 7 * HOUR_MS / 2);
        let account = format!("account/a{}", n % 9);
        let entity = Entity::parse(&account).unwrap();
        let json = login(&account, "demo/w", &n.to_string(), "u").replace("2026-03-01T08:59:00Z", &time.to_string());
        let partition = Partitions::default().of(&entity);
        let json = json.into_bytes();
        events.push(Incoming { time, partition, kind: Kind::UserLoggedIn, entity_hash: entity.hash(), json });
    }
    let mut at = None;
    for part in events.chunks(60) {
        let quiesce = Arc::new(RouterOnly { rig: Arc::clone(&rig), router: Arc::clone(&router) });
        let mut time = EventTime::new(clock.clone(), quiesce, at);
        time.advance(part).await.unwrap();
        at = time.at();
        drop(time);
        if restart {
            router.stop().await;
            router = Arc::new(rig.start().await);
        }
    }
    assert_eq!(router.mode(), Some(ClockMode::Event));
    router.stop().await;
    let mut logs = Vec::new();
    for p in Partitions::default().all() {
        logs.push(rig.log_of(p).await);
    }
    (rig, logs)
}

#[tokio::test]
async fn event_time_gives_the_same_log_twice_and_its_time_is_that_of_the_events() {
    let ((rig, one), (_, other)) = (made(false).await, made(true).await);
    let text = |logs: &Vec<Vec<Envelope>>| serde_json::to_string(logs).unwrap();
    assert_eq!(text(&one), text(&other));
    assert_eq!(rig.end(Stream::Dead).await, 0);
    let (mut ticks, mut logins) = (0, 0);
    for log in &one {
        let mut last = Time(0);
        for envelope in log {
            let event = envelope.event().unwrap();
            assert!(event.header.logtime >= last, "log time went back");
            assert!(!event.header.late);
            last = event.header.logtime;
            if event.kind() == Kind::ClockTicked {
                ticks += 1;
            } else {
                logins += 1;
                assert_eq!(event.header.logtime, event.header.time);
            }
        }
    }
    assert_eq!(logins, 120);
    assert!(ticks > 16 * 17, "{ticks} ticks: every midnight and every hour with events, in every partition");
}

#[tokio::test]
async fn a_log_on_event_time_takes_no_live_tick_before_it_is_resumed() {
    let (rig, _) = made(false).await;
    let router = rig.start().await;
    let clock = Clock::new(rig.bus.clone(), Partitions::default());
    let until = router.log_time().unwrap();
    assert!(until < BEGIN.plus_ms(-DAY_MS));
    clock.tick(rig.now(), ClockMode::Live).await.unwrap();
    rig.rest(&router).await;
    assert_eq!((router.log_time(), router.stats().dead), (Some(until), 16));
    clock.resume(until, rig.now()).await.unwrap();
    rig.pass(MINUTE_MS);
    clock.tick(rig.now(), ClockMode::Live).await.unwrap();
    rig.rest(&router).await;
    assert_eq!((router.log_time(), router.mode()), (Some(rig.now()), Some(ClockMode::Live)));
    router.stop().await;
}
