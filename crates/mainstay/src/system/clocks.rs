//! The clocks of a running system.

use std::{sync::Arc, time::Duration};

use bus_schema::{Time, data::facts::ClockMode, time::SECOND_MS};
use supervision::{Clock, Pace, run_clock};
use tokio::{sync::watch, task::JoinHandle};

use super::{parts::Parts, wall};
use crate::config::Settings;

/// Live: the wall clock.
pub(crate) fn live(
    parts: &Arc<Parts>,
    settings: &Settings,
    stop: watch::Receiver<bool>,
) -> JoinHandle<Result<(), String>> {
    start(parts, settings, ClockMode::Live, Arc::new(wall), stop)
}

/// After a made-up history: its last instant, going on with the wall clock's pace.
pub(crate) fn paced(
    parts: &Arc<Parts>,
    settings: &Settings,
    stop: watch::Receiver<bool>,
) -> JoinHandle<Result<(), String>> {
    let began = wall();
    let end = parts.router.log_time().unwrap_or(began);
    let now = move || end.plus_ms(wall().since_ms(began));
    start(parts, settings, ClockMode::Event, Arc::new(now), stop)
}

fn start(
    parts: &Arc<Parts>,
    settings: &Settings,
    mode: ClockMode,
    now: Arc<dyn Fn() -> Time + Send + Sync>,
    stop: watch::Receiver<bool>,
) -> JoinHandle<Result<(), String>> {
    let tick = Duration::from_secs(settings.tick_seconds.max(1));
    let hold_tick = Duration::from_secs(settings.hold_tick_seconds.max(1));
    let horizon_ms = i64::try_from(settings.tick_seconds).unwrap_or(60).saturating_mul(SECOND_MS);
    let (runtime, clock_now) = (parts.runtime.clone(), Arc::clone(&now));
    let next_hold = move || {
        // Whatever the supervisor waits for within the next tick gets the finer ticks: a hold, or an end of its time.
        let due = runtime.next_due().get("supervisor").copied()?;
        (due <= clock_now().plus_ms(horizon_ms)).then_some(due)
    };
    let clock = Clock::new(parts.router_bus.clone(), parts.partitions);
    let pace = Pace { mode, tick, hold_tick, now, next_hold: Arc::new(next_hold) };
    tokio::spawn(async move {
        run_clock(clock, pace, stop).await;
        Ok(())
    })
}
