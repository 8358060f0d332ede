//! Which clock dates what: the broker's, wherever the courier's machine believes itself to be in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bus::{Bus, MemoryBus};
use bus_schema::{Data, Time, data::action::DeliveryIntended, time::DAY_MS};
use courier::{Attempt, Letter, Outlet};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::desk::{Desk, approval, now};

/// A broker whose clock is apart from this machine's.
fn desk_apart(ahead: &Arc<AtomicI64>) -> Desk {
    let clock = Arc::clone(ahead);
    let memory = MemoryBus::with_clock(move || broker(&clock));
    Desk { bus: Bus::from(memory.clone()), memory, ..Desk::new(None) }
}

fn broker(ahead: &AtomicI64) -> Time {
    now().plus_ms(ahead.load(Ordering::SeqCst))
}

#[tokio::test]
async fn intent_and_outcome_are_dated_by_the_broker() {
    for days in [-9, 9] {
        let ahead = Arc::new(AtomicI64::new(days * DAY_MS));
        let desk = desk_apart(&ahead);
        let mut approval = approval("p1", "ana@customer.example");
        approval.data.not_after = broker(&ahead).plus_ms(600_000);
        let before = broker(&ahead);
        desk.approve(&approval).await;
        let courier = desk.courier();
        desk.ended("p1").await;
        let after = broker(&ahead);
        courier.stop().await;
        let chain = desk.chain("p1").await;
        let [_, (_, intent), (_, outcome)] = &chain[..] else { panic!("{chain:?}") };
        for event in [intent, outcome] {
            let at = event.header.time;
            assert!(before <= at && at <= after, "{}: {at} is not from {before} to {after}", event.kind());
        }
        assert!(intent.header.time <= outcome.header.time);
        let Data::DeliveryIntended(DeliveryIntended { deadline, .. }) = &intent.data else { panic!("{intent:?}") };
        let allowed = i64::try_from(desk.config.deadline.as_millis()).unwrap();
        assert_eq!(deadline.since_ms(intent.header.time), allowed);
    }
}

#[tokio::test]
async fn an_intent_is_left_alone_until_the_broker_is_past_its_deadline() {
    for days in [-9, 9] {
        let ahead = Arc::new(AtomicI64::new(days * DAY_MS));
        let desk = desk_apart(&ahead);
        let approved = desk.approve(&approval("p1", "ana@customer.example")).await;
        let deadline = broker(&ahead).plus_ms(700);
        desk.intend("p1", approved, deadline).await;
        let begun = Instant::now();
        let courier = desk.courier();
        let ended = desk.ended("p1").await;
        courier.stop().await;
        assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.unknown"]);
        assert!(begun.elapsed() >= Duration::from_millis(900), "deadline and grace were not waited for");
    }
}

/// Takes a message, and the bus is away from then on.
#[derive(Debug)]
struct Last {
    memory: MemoryBus,
    taken: Arc<AtomicI64>,
    clock: Arc<AtomicI64>,
}

impl Outlet for Last {
    fn send<'a>(&'a self, _: &'a Letter, _: Instant) -> BoxFuture<'a, Attempt> {
        Box::pin(async {
            self.memory.set_away(true);
            self.taken.store(broker(&self.clock).0, Ordering::SeqCst);
            Attempt::Sent("250 taken".into())
        })
    }
}

#[tokio::test]
async fn what_is_recorded_late_is_dated_by_when_it_was_sent() {
    let ahead = Arc::new(AtomicI64::new(0));
    let mut desk = desk_apart(&ahead);
    let taken = Arc::new(AtomicI64::new(0));
    let outlet = Last { memory: desk.memory.clone(), taken: Arc::clone(&taken), clock: Arc::clone(&ahead) };
    desk.config.outlet = Some(Arc::new(outlet));
    let before = desk.memory.missed();
    desk.approve(&approval("p1", "ana@customer.example")).await;
    let courier = desk.courier();
    desk.missed(before + 3).await;
    let back = broker(&ahead);
    desk.memory.set_away(false);
    let ended = desk.ended("p1").await;
    courier.stop().await;
    let (taken, sent) = (Time(taken.load(Ordering::SeqCst)), ended.envelope.time);
    assert!(taken <= sent.plus_ms(1) && sent < back, "sent at {taken}, recorded as {sent}, the bus was back at {back}");
}

/// A machine that sleeps counts no time meanwhile; the broker does.
#[tokio::test]
async fn a_machine_that_slept_dates_what_it_sent_no_earlier() {
    let ahead = Arc::new(AtomicI64::new(0));
    let mut desk = desk_apart(&ahead);
    desk.config.outlet = Some(Arc::new(Sleeper { clock: Arc::clone(&ahead) }));
    desk.approve(&approval("p1", "ana@customer.example")).await;
    let courier = desk.courier();
    let ended = desk.ended("p1").await;
    courier.stop().await;
    let awake = now().plus_ms(5 * DAY_MS);
    assert!(awake.since_ms(ended.envelope.time) < DAY_MS, "{} is before the sleep", ended.envelope.time);
}

/// Sleeps for five days while it sends.
#[derive(Debug)]
struct Sleeper {
    clock: Arc<AtomicI64>,
}

impl Outlet for Sleeper {
    fn send<'a>(&'a self, _: &'a Letter, _: Instant) -> BoxFuture<'a, Attempt> {
        Box::pin(async {
            self.clock.fetch_add(5 * DAY_MS, Ordering::SeqCst);
            Attempt::Sent("250 taken".into())
        })
    }
}
