//! The band of a final score, with hysteresis: noise at an edge changes nothing.

use bus_schema::{Time, data::facts::Band, time::HOUR_MS};

use crate::{
    policy::BandRules,
    state::{BandState, Pending},
};

/// 0 too little known for a band, 1 too little for green, 2 enough.
pub(crate) const fn coverage_class(rules: &BandRules, coverage_bp: i64) -> u8 {
    if coverage_bp < rules.coverage_known_bp {
        0
    } else if coverage_bp < rules.coverage_green_bp {
        1
    } else {
        2
    }
}

/// The band of a score, without any hysteresis.
fn plain(rules: &BandRules, score: i64, class: u8) -> Band {
    if class == 0 {
        Band::Unknown
    } else if score >= rules.green_from && class == 2 {
        Band::Green
    } else if score >= rules.yellow_from {
        Band::Yellow
    } else {
        Band::Red
    }
}

/// Where the band goes from here.
pub(crate) fn advance(rules: &BandRules, was: BandState, score: i64, coverage_bp: i64, now: Time) -> BandState {
    let class = coverage_class(rules, coverage_bp);
    let settled = |band| BandState { band, pending: None };
    let target = plain(rules, score, class);
    // What is not known ends every band; and the first known score starts one.
    if target == Band::Unknown || was.band == Band::Unknown || target == was.band {
        return settled(target);
    }
    if was.band == Band::Green && class < 2 {
        return advance(rules, settled(plain(rules, rules.green_from - 1, class)), score, coverage_bp, now);
    }
    let since = |up: bool| was.pending.filter(|pending| pending.up == up).map_or(now, |pending| pending.since);
    let waits = |up: bool| BandState { band: was.band, pending: Some(Pending { up, since: since(up) }) };
    let held = |up: bool, hours: i64| now.since_ms(since(up)) >= hours * HOUR_MS;
    if target < was.band {
        // At once as far down as the score is well below; near the edge after the dwell.
        let sure = plain(rules, score + rules.margin - 1, class);
        return if held(false, rules.down_hours) {
            settled(target)
        } else if sure < was.band {
            let reached = BandState { band: sure, pending: None };
            if sure == target { reached } else { advance(rules, reached, score, coverage_bp, now) }
        } else {
            waits(false)
        };
    }
    let sure = plain(rules, score - rules.margin, class);
    if sure <= was.band {
        settled(was.band)
    } else if held(true, rules.up_hours) {
        settled(sure)
    } else {
        waits(true)
    }
}

/// When a dwell ends.
pub(crate) fn dwell_ends(rules: &BandRules, state: BandState) -> Option<Time> {
    let pending = state.pending?;
    let hours = if pending.up { rules.up_hours } else { rules.down_hours };
    Some(pending.since.plus_ms(hours * HOUR_MS))
}

#[cfg(test)]
mod tests;
