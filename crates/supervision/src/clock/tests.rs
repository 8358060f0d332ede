//! The running clock: a tick at its pace, more while a hold is open, none after it was stopped.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use bus::{MemoryBus, Packed};
use bus_schema::subject::Stream;

use super::*;

const NOON: Time = Time(1_772_366_400_000);
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    bus: Bus,
    now: Arc<AtomicI64>,
    hold: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

fn start() -> Running {
    let bus: Bus = MemoryBus::new().into();
    let (now, hold) = (Arc::new(AtomicI64::new(NOON.0)), Arc::new(AtomicBool::new(false)));
    let (time, open) = (Arc::clone(&now), Arc::clone(&hold));
    let pace = Pace {
        mode: ClockMode::Live,
        tick: Duration::from_mins(1),
        hold_tick: Duration::from_millis(2),
        now: Arc::new(move || Time(time.load(Ordering::SeqCst))),
        next_hold: Arc::new(move || open.load(Ordering::SeqCst).then_some(NOON)),
    };
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run_clock(Clock::new(bus.clone(), Partitions(2)), pace, stopped));
    Running { bus, now, hold, stop, task }
}

async fn ticks(bus: &Bus) -> Vec<(String, Time)> {
    let mut reader = bus.reader(Stream::In, "eyes", &["cs.in.01.batch".to_owned()], 1).await.unwrap();
    let stored = reader.next(1_000, Duration::from_millis(5)).await.unwrap();
    let packed = stored.iter().flat_map(|stored| Packed::unpack(stored).unwrap());
    packed
        .map(|packed| {
            let envelope: Envelope = serde_json::from_slice(&packed.json).unwrap();
            (envelope.id, envelope.time)
        })
        .collect()
}

async fn until(bus: &Bus, wanted: usize) -> Vec<(String, Time)> {
    let begun = std::time::Instant::now();
    loop {
        let ticks = ticks(bus).await;
        if ticks.len() >= wanted {
            return ticks;
        }
        assert!(begun.elapsed() < PATIENCE, "{} of {wanted} ticks", ticks.len());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_tick_a_minute_and_at_once_while_a_hold_is_open() {
    let running = start();
    let first = until(&running.bus, 1).await;
    assert_eq!(first, [(format!("tick/01/{}", NOON.0), NOON)]);
    running.now.fetch_add(59_999, Ordering::SeqCst);
    // Far more looks than the clock needs for a tick that would be too early.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    running.now.fetch_add(1, Ordering::SeqCst);
    let second = until(&running.bus, 2).await;
    assert_eq!(second[1].1, NOON.plus_ms(60_000), "not before the minute is full");
    running.hold.store(true, Ordering::SeqCst);
    let more = until(&running.bus, 5).await;
    assert!(more[2..].iter().all(|(_, at)| *at == NOON.plus_ms(60_000)), "{more:?}");
    running.stop.send_replace(true);
    tokio::time::timeout(PATIENCE, running.task).await.expect("the clock does not stop").unwrap();
    let stopped = ticks(&running.bus).await.len();
    running.now.fetch_add(600_000, Ordering::SeqCst);
    assert_eq!(ticks(&running.bus).await.len(), stopped);
}

#[tokio::test]
async fn resuming_is_told_to_every_partition_once() {
    let bus: Bus = MemoryBus::new().into();
    let clock = Clock::new(bus.clone(), Partitions(2));
    clock.resume(NOON, NOON.plus_ms(5)).await.unwrap();
    clock.resume(NOON, NOON.plus_ms(9)).await.unwrap();
    let ids: Vec<String> = ticks(&bus).await.into_iter().map(|(id, _)| id).collect();
    // Told twice under one id: the router drops the second.
    assert_eq!(ids, [format!("resume/01/{}", NOON.0), format!("resume/01/{}", NOON.0)]);
}
