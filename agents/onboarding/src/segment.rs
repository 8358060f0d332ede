//! All accounts of a segment that start: what is usual for a step, and how each month's starters do.
//!
//! Accounts tell their segment what they did; once a day it tells the accounts that are still at it what is usual, and
//! says how its cohorts stand. Those without value yet count in every figure: they are the slow ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{
    Effects, Turn,
    arithmetic::{median, share},
};
use bus_schema::{
    Data, Day, Entity, Event, Time,
    data::facts::{CohortMeasured, OnboardingBaseline, OnboardingSample, OnboardingSampled, UsualStep, ValueStep},
    entity::fnv1a,
    time::{DAY_MS, MINUTE_MS},
};
use serde::{Deserialize, Serialize};

use crate::{policy::Policy, state};

/// Days kept for a step.
const SAMPLES_MAX: usize = 200;
/// Accounts that are told what is usual.
const ENROLLED_MAX: usize = 2_000;
/// Accounts told in one turn.
const TOLD_MAX: usize = 100;
/// Months kept.
const COHORTS_MAX: usize = 13;
/// Accounts kept of a month.
const STARTERS_MAX: usize = 2_000;
/// Below so many accounts a figure says little.
const FEW: usize = 5;
/// The day of the share beside the median.
const EARLY_DAY: i32 = 30;

const TIMER: &str = "daily";
const MILESTONES: [ValueStep; 4] =
    [ValueStep::FirstValue, ValueStep::FirstOutcome, ValueStep::FirstSale, ValueStep::Completion];

/// All accounts of a segment that start.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    /// The day the first of them began to tell.
    first: Option<Day>,
    /// Accounts still at it.
    enrolled: BTreeSet<String>,
    /// Days each step took, the latest last.
    steps: BTreeMap<String, VecDeque<u16>>,
    /// What was told last.
    told: BTreeMap<String, (u32, u32)>,
    /// Accounts that were not told yet.
    untold: BTreeSet<String>,
    /// Starters by month.
    cohorts: BTreeMap<String, Cohort>,
    /// Starters of the first days, for the comparison.
    pioneers: BTreeMap<u32, Starter>,
    /// Their shares, once they are final.
    frozen: BTreeMap<ValueStep, (u16, u32)>,
}

/// The starters of a month.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Cohort {
    starters: BTreeMap<u32, Starter>,
    /// Something came in since it was told.
    moved: bool,
}

/// One account: when it began, and the days to each step of value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Starter {
    started_on: Day,
    values: BTreeMap<ValueStep, u16>,
}

impl Segment {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        let Data::OnboardingSampled(data) = &event.data else { return };
        if self.first.is_none() {
            self.first = Some(turn.now.day());
            effects.set_timer(TIMER, next_midnight(turn.now));
        }
        match &data.sample {
            OnboardingSample::Began {} => {
                if self.enrolled.len() < ENROLLED_MAX {
                    self.enrolled.insert(data.account.clone());
                    self.untold.insert(data.account.clone());
                }
                self.starter(data, |_| {});
            }
            OnboardingSample::Step { step, days } => {
                let samples = self.steps.entry(step.clone()).or_default();
                samples.push_back(u16::try_from(*days).unwrap_or(u16::MAX));
                if samples.len() > SAMPLES_MAX {
                    samples.pop_front();
                }
            }
            OnboardingSample::Value { milestone, days } => {
                let days = u16::try_from(*days).unwrap_or(u16::MAX);
                self.starter(data, |starter| {
                    starter.values.entry(*milestone).or_insert(days);
                });
            }
            OnboardingSample::Over { complete } => {
                self.enrolled.remove(&data.account);
                self.untold.remove(&data.account);
                let took = u16::try_from(turn.now.day().0 - data.started_on.0).unwrap_or(0);
                let complete = *complete;
                self.starter(data, |starter| {
                    if complete {
                        starter.values.entry(ValueStep::Completion).or_insert(took);
                    }
                });
            }
        }
    }

    /// Changes one starter, in its month and among the first.
    fn starter(&mut self, data: &OnboardingSampled, change: impl Fn(&mut Starter)) {
        let key = fnv1a(data.account.as_bytes());
        let new = || Starter { started_on: data.started_on, values: BTreeMap::new() };
        let pioneer = self.frozen.is_empty() && self.pioneers.len() < STARTERS_MAX || self.pioneers.contains_key(&key);
        if pioneer {
            change(self.pioneers.entry(key).or_insert_with(new));
        }
        let cohort = self.cohorts.entry(state::cohort(data.started_on)).or_default();
        if cohort.starters.len() < STARTERS_MAX || cohort.starters.contains_key(&key) {
            change(cohort.starters.entry(key).or_insert_with(new));
            cohort.moved = true;
        }
        while self.cohorts.len() > COHORTS_MAX {
            self.cohorts.pop_first();
        }
    }

    /// Once a day, and a minute later as long as not all accounts were told.
    pub(crate) fn daily(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let today = turn.now.day();
        let usual = self.usual(policy.stuck.median_from);
        if usual != self.told {
            self.told = usual;
            self.untold = self.enrolled.clone();
        }
        self.tell(effects);
        if self.untold.is_empty() || self.told.is_empty() {
            effects.set_timer(TIMER, next_midnight(turn.now));
        } else {
            effects.set_timer(TIMER, turn.now.plus_ms(MINUTE_MS));
            return;
        }
        self.freeze(policy, today);
        self.measure(today, effects);
    }

    /// Median days of the steps that enough accounts have done.
    fn usual(&self, from: usize) -> BTreeMap<String, (u32, u32)> {
        let enough = self.steps.iter().filter(|(_, samples)| samples.len() >= from);
        enough
            .filter_map(|(step, samples)| {
                let mut days: Vec<i64> = samples.iter().map(|days| i64::from(*days)).collect();
                let middle = u32::try_from(median(&mut days)?).ok()?;
                Some((step.clone(), (middle, u32::try_from(samples.len()).unwrap_or(u32::MAX))))
            })
            .collect()
    }

    fn tell(&mut self, effects: &mut Effects) {
        if self.told.is_empty() {
            return;
        }
        let usual = |(step, (median_days, n)): (&String, &(u32, u32))| UsualStep {
            step: step.clone(),
            median_days: *median_days,
            n: *n,
        };
        let steps: Vec<UsualStep> = self.told.iter().map(usual).collect();
        for _ in 0..TOLD_MAX {
            let Some(account) = self.untold.pop_first() else { return };
            let fact = OnboardingBaseline { steps: steps.clone() };
            effects.emit_to(Entity::account(account), Data::OnboardingBaseline(fact));
        }
    }

    /// The first starters' shares are final when the last of them has had its time.
    fn freeze(&mut self, policy: &Policy, today: Day) {
        let Some(first) = self.first.filter(|_| self.frozen.is_empty()) else { return };
        let last = first.plus(policy.baseline.first_days);
        self.pioneers.retain(|_, starter| starter.started_on <= last);
        if today < last.plus(policy.close_day) || self.pioneers.is_empty() {
            return;
        }
        let all = self.pioneers.len();
        for milestone in MILESTONES {
            let reached = self.pioneers.values().filter(|starter| starter.values.contains_key(&milestone)).count();
            if let Some(bp) = part(reached, all) {
                self.frozen.insert(milestone, (bp, u32::try_from(all).unwrap_or(u32::MAX)));
            }
        }
        self.pioneers = BTreeMap::new();
    }

    fn measure(&mut self, today: Day, effects: &mut Effects) {
        for (month, cohort) in &mut self.cohorts {
            if !std::mem::take(&mut cohort.moved) {
                continue;
            }
            for milestone in MILESTONES {
                if let Some(fact) = measure(month, cohort, milestone, &self.frozen, today) {
                    effects.emit(Data::CohortMeasured(fact));
                }
            }
        }
    }
}

/// How a month's starters stand in one step of value; nothing where none of them has reached it.
fn measure(
    month: &str,
    cohort: &Cohort,
    milestone: ValueStep,
    frozen: &BTreeMap<ValueStep, (u16, u32)>,
    today: Day,
) -> Option<CohortMeasured> {
    let all = cohort.starters.len();
    let mut days: Vec<u16> =
        cohort.starters.values().filter_map(|starter| starter.values.get(&milestone).copied()).collect();
    if days.is_empty() {
        return None;
    }
    days.sort_unstable();
    // Over all that started, those without value last.
    let at = |percent: usize| days.get((all * percent).div_ceil(100).saturating_sub(1)).map(|days| u32::from(*days));
    let sum: u32 = days.iter().map(|days| u32::from(*days)).sum();
    let old: Vec<&Starter> =
        cohort.starters.values().filter(|starter| today.0 - starter.started_on.0 >= EARLY_DAY).collect();
    let early = |starter: &&&Starter| starter.values.get(&milestone).is_some_and(|days| i32::from(*days) <= EARLY_DAY);
    let by_day_30_bp = part(old.iter().filter(early).count(), old.len());
    let baseline = frozen.get(&milestone);
    Some(CohortMeasured {
        cohort: month.to_owned(),
        milestone,
        started: u32::try_from(all).unwrap_or(u32::MAX),
        reached: u32::try_from(days.len()).unwrap_or(u32::MAX),
        median_days: at(50),
        mean_days: sum.checked_div(u32::try_from(days.len()).ok()?),
        p90_days: at(90),
        by_day_30_bp,
        reached_bp: part(days.len(), all)?,
        baseline_bp: baseline.map(|(bp, _)| *bp),
        baseline_n: baseline.map_or(0, |(_, n)| *n),
        few: all < FEW,
    })
}

fn part(count: usize, all: usize) -> Option<u16> {
    let share = share(i64::try_from(count).ok()?, i64::try_from(all).ok()?)?;
    u16::try_from(share).ok()
}

fn next_midnight(now: Time) -> Time {
    Time((now.0.div_euclid(DAY_MS) + 1) * DAY_MS)
}
