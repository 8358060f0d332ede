//! Removing from `IN` what is routed and old.

use bus::Bus;
use bus_schema::{Time, subject::Stream};

use super::IN_KEPT_MS;

/// How far a look behind a missing message goes.
const GAP_MAX: u64 = 64;

/// Removes everything up to `routed`. Room on the bus is worth more than a copy of what is in the log.
pub(super) async fn below(bus: &Bus, routed: u64) {
    match bus.purge(Stream::In, None, routed + 1).await {
        Ok(purged) => tracing::info!(bus.purged = purged, "IN was purged of what is routed"),
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "IN cannot be purged"),
    }
}

/// Removes what is routed and older than a week.
pub(super) async fn old(bus: &Bus, routed: u64, now: Time) {
    let Ok(state) = bus.state(Stream::In).await else { return };
    let keep = first_since(bus, state.first_seq, routed.saturating_add(1), now.plus_ms(-IN_KEPT_MS)).await;
    if keep > state.first_seq {
        below(bus, keep - 1).await;
    }
}

/// The first sequence of `[from, to)` that is not older than `since`; `to` where all are. Messages are in order of time,
/// so halving finds it.
async fn first_since(bus: &Bus, from: u64, to: u64, since: Time) -> u64 {
    let (mut low, mut high) = (from, to.max(from));
    while low < high {
        let middle = low + (high - low) / 2;
        match time_at(bus, middle, high).await {
            Some(time) if time >= since => high = middle,
            Some(_) => low = middle + 1,
            // Nothing is there, or the bus is away: better to keep too much.
            None => high = middle,
        }
    }
    low
}

async fn time_at(bus: &Bus, seq: u64, end: u64) -> Option<Time> {
    for seq in seq..end.min(seq.saturating_add(GAP_MAX)) {
        if let Some(stored) = bus.get(Stream::In, seq).await.ok()? {
            return Some(stored.time);
        }
    }
    None
}
