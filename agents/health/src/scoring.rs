//! A score before and after an event: what moved it, what is said of it, when to look again.
//!
//! Each turn that may move the score computes it twice: before the fold (what moved since the last turn is time, or
//! the model where another policy came into force) and after it (what moved now came from the customer). The parts
//! therefore add up to the change exactly.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Time,
    data::facts::{Band, BandChanged, HealthScored, ScoreChange},
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    band, explain, indicators,
    metrics::View,
    model::{Scored, score, score_with},
    play,
    policy::Policy,
    shadow,
    state::{Account, Said},
};

/// The timer of the daily score.
pub(crate) const DAILY: &str = "daily";
/// The timer at the end of a band's dwell.
pub(crate) const DWELL: &str = "dwell";

/// Attributes what moved since the last turn: another policy to the model, the rest to time.
pub(crate) fn catch_up(turn: &Turn<'_>, policy: &Policy, account: &mut Account) {
    if account.track.policy_version != turn.policy_version {
        if account.track.said.is_some() {
            let view = View::new(account, policy, account.track.at);
            let then = score_with(&view, policy.model(&account.track.binding));
            account.track.model += then.machine - account.track.machine;
            account.track.machine = then.machine;
        }
        account.track.policy_version = turn.policy_version;
    }
    if account.track.said.is_some() {
        let now = score(&View::new(account, policy, turn.now));
        account.track.time += now.machine - account.track.machine;
        account.track.machine = now.machine;
    }
}

/// Computes the score after the fold, moves the band, says what is worth saying.
pub(crate) fn conclude(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    daily: bool,
    effects: &mut Effects,
) -> Scored {
    let view = View::new(account, policy, turn.now);
    let today = view.today;
    let scored = score(&view);
    let class = band::coverage_class(&policy.band, scored.coverage_bp);
    // Another model bound by kind, segment or stage is the model's part: what the customer did is what the model before
    // makes of it.
    let binding = view.binding();
    let before = &account.track.binding;
    let by_events = if account.track.said.is_none() || *before == binding {
        scored.machine
    } else {
        score_with(&view, policy.model(before)).machine
    };
    remember(account, &scored);
    account.track.model += scored.machine - by_events;
    account.track.customer += by_events - account.track.machine;
    account.track.machine = scored.machine;
    account.track.binding = binding;
    account.track.at = turn.now;
    account.by_hand = account.by_hand.take().filter(|by_hand| today <= by_hand.until);
    let final_score = account.by_hand.as_ref().map_or(scored.machine, |by_hand| by_hand.score);
    let was = account.band.band;
    account.band = band::advance(&policy.band, account.band, i64::from(final_score), scored.coverage_bp, turn.now);
    let moved = account.track.said.as_ref().is_none_or(|said| {
        let far = |before: i32, now: i32| i64::from((now - before).abs()) >= policy.score.said_from;
        let other = said.band != account.band.band || said.coverage_class != class;
        other || far(said.machine, scored.machine) || far(said.final_score, final_score)
    });
    account.past.band(today, account.band.band);
    if daily || moved {
        say(turn, policy, account, &scored, final_score, daily, effects);
        if was != account.band.band {
            let changed = band_changed(account, &scored, was, final_score);
            let why = changed.reason.clone();
            effects.emit(Data::HealthBandChanged(changed));
            play::on_band(turn, policy, account, (was, &why), &scored, effects);
        }
        let parts = explain::parts(&scored);
        let (machine, band) = (scored.machine, account.band.band);
        account.track.said = Some(Said { machine, final_score, band, coverage_class: class, parts });
    }
    if was != account.band.band {
        // Another band asks for another cadence of touches. That is no doing of the customer, nor another model.
        let now = score(&View::new(account, policy, turn.now));
        account.track.time += now.machine - account.track.machine;
        account.track.machine = now.machine;
    }
    dwell(policy, account, effects);
    scored
}

/// Remembers the points of what is known, for when it is not any more.
pub(crate) fn remember(account: &mut Account, scored: &Scored) {
    for reading in scored.readings() {
        if let Some(known) = reading.known {
            account.known.insert(reading.metric, known);
        }
    }
}

/// Says the score.
fn say(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    scored: &Scored,
    final_score: i32,
    daily: bool,
    effects: &mut Effects,
) {
    let view = View::new(account, policy, turn.now);
    let model = view.model();
    let (shadows, indicators) =
        if daily { (shadow::scores(&view), Some(indicators::measure(&view))) } else { (Vec::new(), None) };
    let track = &account.track;
    let change = track.said.as_ref().map(|said| ScoreChange {
        from: said.machine,
        customer: track.customer,
        time: track.time,
        model: track.model,
    });
    effects.emit(Data::HealthScored(HealthScored {
        model: model.name.clone(),
        model_version: model.version,
        policy_version: turn.policy_version,
        machine: small(i64::from(scored.machine)),
        final_score: small(i64::from(final_score)),
        band: account.band.band,
        coverage_bp: small(scored.coverage_bp),
        freshness_bp: small(scored.freshness_bp),
        confidence_bp: small(scored.confidence_bp()),
        pillars: explain::pillars(scored, &view),
        change,
        trimmed: model.trimmed.iter().map(|source| source.name().to_owned()).collect(),
        daily,
        shadows,
        indicators,
    }));
    let track = &mut account.track;
    (track.customer, track.time, track.model) = (0, 0, 0);
}

/// A change of band, with what moved it: a person, else what moved most since the last score said, else what costs
/// most.
fn band_changed(account: &Account, scored: &Scored, from: Band, final_score: i32) -> BandChanged {
    let to = account.band.band;
    let reason = match (&account.by_hand, &account.track.said) {
        _ if to == Band::Unknown => "too little is known".into(),
        (Some(by_hand), _) => format!("set by {}: {}", by_hand.by, by_hand.reason),
        (None, Some(said)) => {
            explain::mover(scored, &said.parts, to < from).or_else(|| explain::costliest(scored)).unwrap_or_default()
        }
        (None, None) => "first known score".into(),
    };
    BandChanged { from, to, score: small(i64::from(final_score)), reason }
}

/// Sets the timer at the end of a dwell, or cancels it.
fn dwell(policy: &Policy, account: &mut Account, effects: &mut Effects) {
    match band::dwell_ends(&policy.band, account.band) {
        Some(due) => effects.set_timer(DWELL, due),
        None if account.dwelling => effects.cancel_timer(DWELL),
        None => {}
    }
    account.dwelling = account.band.pending.is_some();
}

/// Sets the timer of the next daily score, at the account's own hour: all accounts together are spread over the day.
pub(crate) fn schedule(turn: &Turn<'_>, account: &mut Account, effects: &mut Effects) {
    let own = i64::from(turn.entity.hash() % 24) * HOUR_MS;
    let today = turn.now.0.div_euclid(DAY_MS) * DAY_MS + own;
    let due = if today > turn.now.0 { today } else { today + DAY_MS };
    effects.set_timer(DAILY, Time(due));
    account.scheduled = true;
}

/// Cancels all timers: an account that left is not scored any more.
pub(crate) fn rest(account: &mut Account, effects: &mut Effects) {
    if account.scheduled {
        effects.cancel_timer(DAILY);
    }
    if account.dwelling {
        effects.cancel_timer(DWELL);
    }
    (account.scheduled, account.dwelling, account.band.pending) = (false, false, None);
}

/// Basis points as they go out.
pub(crate) fn small(value: i64) -> u16 {
    u16::try_from(value.clamp(0, 10_000)).unwrap_or(0)
}
