//! Log time that follows the events: it gives the same log twice.

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
