//! All accounts of a kind and segment: what is usual there, and whether use fell in the middle of them all.
//!
//! Accounts tell how they stand; once a day the segment publishes what moved, for every partition, and tells its
//! accounts of a season: a fall that most share is a holiday, not a customer on the way out. A later word of an account
//! replaces the one before, so that none counts twice.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Entity, Event, Time,
    data::facts::{BaselineBasis, HealthSampled, SeasonMeasured, SegmentBaseline},
    time::{DAY_MS, MINUTE_MS},
};
use serde::{Deserialize, Serialize};

use crate::policy::{Policy, Quartiles};

/// Accounts kept; a further one is not counted.
const ACCOUNTS_MAX: usize = 5_000;
/// Accounts told of a season in one turn.
const TOLD_MAX: usize = 100;
/// A word this old counts no more: the account left, or belongs to another segment.
const SAMPLE_DAYS: i32 = 21;
/// Days that the baselines rest on.
const WINDOW_DAYS: u16 = 28;

const TIMER: &str = "daily";
const METRICS: [&str; 3] = ["usage_trend", "user_engagement", "feature_adoption"];

/// All accounts of a kind and segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    accounts: BTreeMap<String, Sample>,
    /// What was published of each metric: quartiles, accounts, whether they were measured.
    told: BTreeMap<u8, (i64, i64, i64, u32, bool)>,
    /// The season told last.
    season: u16,
    /// Accounts that were not told of it yet.
    untold: BTreeSet<String>,
    running: bool,
}

/// What an account told last, by metric.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Sample {
    on: Day,
    values: [Option<i32>; METRICS.len()],
}

impl Segment {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        let Data::HealthSampled(data) = &event.data else { return };
        if !self.running {
            self.running = true;
            effects.set_timer(TIMER, next_midnight(turn.now));
        }
        let HealthSampled { account, usage_trend_bp, user_engagement_bp, feature_adoption_bp } = data;
        let sample =
            Sample { on: turn.now.day(), values: [*usage_trend_bp, *user_engagement_bp, *feature_adoption_bp] };
        let room = self.accounts.len() < ACCOUNTS_MAX;
        if let Some(known) = self.accounts.get_mut(account) {
            *known = sample;
        } else if room {
            self.accounts.insert(account.clone(), sample);
            // Who comes into a season is told of it.
            if self.season > 0 {
                self.untold.insert(account.clone());
            }
        }
    }

    /// Once a day, and a minute later as long as not all accounts were told of the season.
    pub(crate) fn daily(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        if self.untold.is_empty() {
            self.look(turn, policy, effects);
        }
        for _ in 0..TOLD_MAX {
            let Some(account) = self.untold.pop_first() else { break };
            let n = self.told.get(&0).map_or(0, |(_, _, _, n, _)| *n);
            let fact = SeasonMeasured { fall_bp: self.season, n };
            effects.emit_to(Entity::account(account), Data::SeasonMeasured(fact));
        }
        if self.untold.is_empty() {
            self.running = !self.accounts.is_empty();
            if self.running {
                effects.set_timer(TIMER, next_midnight(turn.now));
            }
        } else {
            effects.set_timer(TIMER, turn.now.plus_ms(MINUTE_MS));
        }
    }

    /// Publishes what moved, and sees whether there is a season.
    fn look(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let from = turn.now.day().plus(-SAMPLE_DAYS);
        self.accounts.retain(|_, sample| sample.on >= from);
        let rules = &policy.baseline;
        let mut fall = 0;
        for (((metric, name), usual), index) in
            (0_u8..).zip(METRICS).zip([rules.usage_trend, rules.user_engagement, rules.feature_adoption]).zip(0_usize..)
        {
            let mut values: Vec<i64> =
                self.accounts.values().filter_map(|own| own.values.get(index).copied()?).map(i64::from).collect();
            values.sort_unstable();
            let measured = values.len() >= rules.accounts_min;
            let Quartiles { p25, p50, p75 } = if measured { quartiles(&values) } else { usual };
            if metric == 0 && measured {
                fall = (10_000 - p50).clamp(0, 10_000);
            }
            if self.accounts.is_empty() {
                continue;
            }
            let n = u32::try_from(values.len()).unwrap_or(u32::MAX);
            let told = self.told.get(&metric).copied();
            let moved = told.is_none_or(|(low, middle, high, _, was)| {
                let far = |a: i64, b: i64| (a - b).abs() >= rules.said_from_bp / 2;
                was != measured || measured && (far(low, p25) || far(middle, p50) || far(high, p75))
            });
            if moved {
                self.told.insert(metric, (p25, p50, p75, n, measured));
                let basis = if measured { BaselineBasis::Measured } else { BaselineBasis::Policy };
                let metric = name.to_owned();
                let fact = SegmentBaseline { metric, p25, p50, p75, n, window_days: WINDOW_DAYS, basis };
                effects.emit(Data::SegmentBaseline(fact));
            }
        }
        self.see_season(fall, policy);
    }

    /// A season begins, moves or ends: every account is told.
    fn see_season(&mut self, fall: i64, policy: &Policy) {
        let from = policy.baseline.season_from_bp;
        let season = if fall >= from { fall } else { 0 };
        let known = i64::from(self.season);
        let moved = (season == 0) != (known == 0) || (season - known).abs() >= from / 2;
        if moved {
            self.season = u16::try_from(season).unwrap_or(0);
            self.untold = self.accounts.keys().cloned().collect();
        }
    }
}

/// The quartiles of values in order; of two middle ones the lower.
fn quartiles(values: &[i64]) -> Quartiles {
    let at = |quarters: usize| values.get(values.len().saturating_sub(1) * quarters / 4).copied().unwrap_or(0);
    Quartiles { p25: at(1), p50: at(2), p75: at(3) }
}

fn next_midnight(now: Time) -> Time {
    Time((now.0.div_euclid(DAY_MS) + 1) * DAY_MS)
}
