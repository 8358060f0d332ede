//! The ledger: one forecast a week is kept as it was said, and settled when it is known what became of it.
//!
//! Daily forecasts overlap and would make few outcomes look like many, so only Monday's is entered. Nothing is entered
//! of an account that is young, has given notice, or whose use an incident hid. An entry is never changed.

use std::collections::VecDeque;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Time,
    data::facts::{ForecastSettled, Tier},
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{odds::Odds, signals::Look, state::State};

/// Both horizons, in days.
pub const HORIZONS: [u16; 2] = [30, 90];
/// An account younger than this has no usual yet.
const AGE_DAYS_MIN: i32 = 28;
/// Entries that wait: one a week over the longer horizon, and some for days that were skipped.
const ENTRIES_MAX: usize = 16;
/// Deliveries remembered.
const DELIVERIES_MAX: usize = 32;
/// Signals named with an entry.
const SIGNALS: usize = 3;

/// The entries of an account that wait.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    entries: VecDeque<Entry>,
    /// The week of the last entry.
    week: Option<i32>,
    /// When a message reached the customer, latest last.
    delivered: VecDeque<Time>,
}

/// A forecast as it was said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Entry {
    at: Time,
    p: [u16; 2],
    /// The horizons that are settled, shortest first.
    settled: u8,
    tier: Tier,
    model_version: u32,
    policy_version: u32,
    segment: String,
    signals: Vec<String>,
}

impl Ledger {
    /// A message reached the customer.
    pub fn delivered(&mut self, at: Time) {
        self.delivered.push_back(at);
        if self.delivered.len() > DELIVERIES_MAX {
            self.delivered.pop_front();
        }
    }

    /// What is over without an outcome is settled.
    pub fn settle(&mut self, now: Time, effects: &mut Effects) {
        for entry in &mut self.entries {
            while let Some(horizon) = HORIZONS.get(usize::from(entry.settled)) {
                if now < end(entry.at, *horizon) {
                    break;
                }
                effects.emit(fact(entry, *horizon, None, &self.delivered, now));
                entry.settled += 1;
            }
        }
        self.entries.retain(|entry| usize::from(entry.settled) < HORIZONS.len());
    }

    /// The outcome is there: every entry that waits is settled with it, and there are none until the account is back.
    pub fn happened(&mut self, now: Time, effects: &mut Effects) {
        self.settle(now, effects);
        for mut entry in std::mem::take(&mut self.entries) {
            while let Some(horizon) = HORIZONS.get(usize::from(entry.settled)) {
                let days = now.since_ms(entry.at) / DAY_MS;
                effects.emit(fact(&entry, *horizon, u32::try_from(days).ok(), &self.delivered, now));
                entry.settled += 1;
            }
        }
    }
}

/// Enters the forecast of a Monday.
pub fn enter(turn: &Turn<'_>, look: &Look<'_>, state: &mut State, odds: &Odds) {
    let (weekday, week) = ((look.today.0 + 3).rem_euclid(7), (look.today.0 + 3).div_euclid(7));
    let hidden = state.usage.hidden(look);
    if weekday != 0 || state.ledger.week == Some(week) || hidden || state.profile.age_days(look.today) < AGE_DAYS_MIN {
        return;
    }
    let named = odds.factors.iter().filter(|factor| factor.group.is_some()).take(SIGNALS);
    let entry = Entry {
        at: turn.now,
        p: [odds.p30, odds.p90],
        settled: 0,
        tier: odds.tier,
        model_version: look.policy.model_version,
        policy_version: turn.policy_version,
        segment: state.segment().to_owned(),
        signals: named.map(|factor| factor.signal.clone()).collect(),
    };
    state.ledger.week = Some(week);
    state.ledger.entries.push_back(entry);
    if state.ledger.entries.len() > ENTRIES_MAX {
        state.ledger.entries.pop_front();
    }
}

fn end(at: Time, horizon: u16) -> Time {
    at.plus_ms(i64::from(horizon) * DAY_MS)
}

fn fact(entry: &Entry, horizon: u16, lead_days: Option<u32>, delivered: &VecDeque<Time>, now: Time) -> Data {
    let until = end(entry.at, horizon).min(now);
    let [p30, p90] = entry.p;
    Data::ForecastSettled(ForecastSettled {
        entered_at: entry.at,
        horizon_days: horizon,
        p_bp: if horizon == HORIZONS[0] { p30 } else { p90 },
        tier: entry.tier,
        outcome: lead_days.is_some(),
        lead_days,
        treated: delivered.iter().any(|at| *at > entry.at && *at <= until),
        model_version: entry.model_version,
        policy_version: entry.policy_version,
        segment: entry.segment.clone(),
        signals: entry.signals.clone(),
    })
}

#[cfg(test)]
mod tests {
    use agent::Effect;
    use bus_schema::Entity;

    use super::*;

    fn entry(day: i64) -> Entry {
        Entry {
            at: Time(day * DAY_MS),
            p: [700, 2_000],
            settled: 0,
            tier: Tier::High,
            model_version: 1,
            policy_version: 1,
            segment: "smb".into(),
            signals: vec!["silent".into()],
        }
    }

    fn said(run: impl FnOnce(&mut Effects)) -> Vec<ForecastSettled> {
        let mut effects = Effects::new(Entity::account("acme"));
        run(&mut effects);
        let facts = effects.into_list().into_iter().filter_map(|effect| match effect {
            Effect::Emit(fact) => Some(fact.data),
            Effect::SetTimer { .. } | Effect::CancelTimer { .. } => None,
        });
        facts.filter_map(|data| if let Data::ForecastSettled(settled) = data { Some(settled) } else { None }).collect()
    }

    #[test]
    fn each_horizon_is_settled_once_when_it_is_over() {
        let mut ledger = Ledger { entries: VecDeque::from([entry(0)]), ..Ledger::default() };
        assert!(said(|effects| ledger.settle(Time(29 * DAY_MS), effects)).is_empty());
        let month = said(|effects| ledger.settle(Time(30 * DAY_MS), effects));
        assert_eq!((month.len(), month[0].horizon_days, month[0].p_bp, month[0].outcome), (1, 30, 700, false));
        assert!(said(|effects| ledger.settle(Time(89 * DAY_MS), effects)).is_empty());
        let quarter = said(|effects| ledger.settle(Time(95 * DAY_MS), effects));
        assert_eq!((quarter.len(), quarter[0].horizon_days, quarter[0].p_bp), (1, 90, 2_000));
        assert!(ledger.entries.is_empty());
    }

    #[test]
    fn an_outcome_settles_what_waits_and_nothing_that_was_over() {
        let mut ledger = Ledger { entries: VecDeque::from([entry(0), entry(35)]), ..Ledger::default() };
        ledger.delivered(Time(36 * DAY_MS));
        let all = said(|effects| ledger.happened(Time(40 * DAY_MS), effects));
        let short: Vec<_> = all.iter().map(|s| (s.horizon_days, s.outcome, s.lead_days, s.treated)).collect();
        assert_eq!(
            short,
            [
                (30, false, None, false),
                (90, true, Some(40), true),
                (30, true, Some(5), true),
                (90, true, Some(5), true),
            ]
        );
        assert!(said(|effects| ledger.happened(Time(41 * DAY_MS), effects)).is_empty());
    }
}
