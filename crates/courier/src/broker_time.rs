//! When something happened, by the broker's clock.
//!
//! What is recorded here decides about a contact's windows and about intents that somebody else left. The clock of the
//! machine may be wrong, and its monotone one stands while it sleeps. Invariant: an instant is told by asking the broker
//! for its time afterwards and going back by what the monotone clock counted meanwhile, so that it is exact, or later by
//! what was slept; never earlier.

use std::time::Duration;

use bus::Bus;
use bus_schema::{Time, subject::Stream};
use tokio::time::{Instant, sleep};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The broker's time now, however long it is away.
pub(crate) async fn now(bus: &Bus) -> Time {
    let mut wait = FIRST_WAIT;
    loop {
        match bus.time(Stream::Action).await {
            Ok(time) => return time,
            Err(error) => tracing::warn!(courier.error = %error, "cannot ask for the broker's time; trying again"),
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// What the broker's time was at an instant of this machine.
pub(crate) async fn at(bus: &Bus, instant: Instant) -> Time {
    let now = now(bus).await;
    now.plus_ms(-milliseconds(instant.elapsed()))
}

/// A duration as times count it.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
