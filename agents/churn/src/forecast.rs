//! The daily look and the forecast: signs, odds, alerts, and what of it is said.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Time,
    data::facts::{ChurnForecasted, Tier},
    time::{DAY_MS, MINUTE_MS},
};
use serde::{Deserialize, Serialize};

use crate::{alerts, ledger, loss, odds, policy::Policy, rank, saves, state::State};

/// The daily timer.
pub const DAILY: &str = "daily";

/// What the last forecast said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Said {
    p90: u16,
    tier: Tier,
    rank: u64,
    /// How many sources of use were silent.
    stalled: usize,
}

/// Plans the daily look, spread over the day so that not all accounts look at once.
pub fn plan_daily(turn: &Turn<'_>, state: &mut State, effects: &mut Effects) {
    if !state.daily {
        state.daily = true;
        effects.set_timer(DAILY, next_daily(turn));
    }
}

fn next_daily(turn: &Turn<'_>) -> Time {
    let minutes = i64::from(turn.entity.hash() % 1_440);
    let today = turn.now.0.div_euclid(DAY_MS) * DAY_MS + minutes * MINUTE_MS;
    Time(if today > turn.now.0 { today } else { today + DAY_MS })
}

/// The daily look.
pub fn daily(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    if state.profile.ended() {
        // Nothing is left to forecast; an event that brings the account back plans the look again.
        state.daily = false;
    } else {
        effects.set_timer(DAILY, next_daily(turn));
    }
    let look = state.look(policy, turn.now);
    state.usage.look(&look);
    state.support.look(&look);
    forecast(turn, policy, state, true, effects);
}

/// Forecasts, reviews the alerts, and says what moved.
pub fn forecast(turn: &Turn<'_>, policy: &Policy, state: &mut State, daily: bool, effects: &mut Effects) {
    let look = state.look(policy, turn.now);
    if let Some(reason) = state.over(&look) {
        state.ledger.happened(turn.now, effects);
        state.saves.lost();
        if state.profile.ended() || state.profile.notice_on.is_some() {
            loss::ask_why(turn, &look, state, effects);
        }
        alerts::close_all(state, reason, effects);
        state.said = None;
        return;
    }
    state.ledger.settle(turn.now, effects);
    let signals = state.signals(&look);
    let odds = odds::odds(state, &look, &signals);
    let nothing = signals.is_empty() && state.usage.usage.is_empty() && state.profile.arr.is_none();
    state.loss.note(&look, &signals);
    if odds.tier > state.tier {
        state.rose = Some(turn.now);
    }
    state.tier = odds.tier;
    let rank = rank::rank(state, &look, odds.p90);
    let stalled = state.usage.silent_producers();
    let moved = state.said.as_ref().is_none_or(|said| {
        said.tier != odds.tier
            || said.stalled != stalled.len()
            || (i64::from(said.p90) - i64::from(odds.p90)).abs() >= policy.forecast.moves_bp
            || odds.tier >= Tier::Watch && rank::moved(&look, said.rank, rank)
    });
    if (daily || moved) && !nothing {
        state.said = Some(Said { p90: odds.p90, tier: odds.tier, rank, stalled: stalled.len() });
        effects.emit(Data::ChurnForecasted(ChurnForecasted {
            model: policy.model.clone(),
            model_version: policy.model_version,
            policy_version: turn.policy_version,
            segment: state.segment().to_owned(),
            p90_bp: odds.p90,
            p30_bp: odds.p30,
            logodds_bp: i32::try_from(odds.logodds).unwrap_or(i32::MAX),
            base_p90_bp: odds.base_p90,
            tier: odds.tier,
            factors: odds.factors.clone(),
            daily,
            rank,
            stalled,
        }));
    }
    if daily && !nothing {
        ledger::enter(turn, &look, state, &odds);
    }
    if !nothing {
        saves::review(turn, &look, state, &odds, effects);
    }
    alerts::review(turn, &look, state, &signals, &odds, effects);
}
