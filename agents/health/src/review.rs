//! How the models did: what they said of accounts at the beginning of a month, held against what became of them.
//!
//! An account settles each month's word 90 days later, or when it leaves; here only sums are kept. One review a month,
//! for each model that spoke, the shadows too: a model may be bound once its review stands beside it.

use std::collections::{BTreeMap, VecDeque};

use agent::{Effects, Turn, arithmetic::share};
use bus_schema::{
    Data, Day, Event, Time,
    data::facts::{HealthSettled, MetricSeparation, ModelReviewed},
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

/// Models kept at most, by name and version; beyond that the one that spoke longest ago goes.
const MODELS_MAX: usize = 8;
/// Months kept at most.
const MONTHS_MAX: usize = 24;
/// Metrics kept of a model at most.
const METRICS_MAX: usize = 64;
/// Scores are counted in steps of so many.
const STEP: u16 = 100;

const TIMER: &str = "monthly";

/// How the models did on all accounts of a kind.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Review {
    models: BTreeMap<(String, u32), VecDeque<Month>>,
    running: bool,
}

/// What was settled in a month.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Month {
    number: i32,
    /// By score in steps: how many left and how many stayed.
    scores: BTreeMap<u16, (u32, u32)>,
    lost: u32,
    /// Of the lost, not red 30 days before.
    missed: u32,
    red: u32,
    /// Of the long red, still there 90 days later.
    stayed: u32,
    /// By metric: points and number of those that left, and of those that stayed.
    metrics: BTreeMap<String, (u32, u32, u32, u32)>,
}

impl Review {
    /// Folds what became of an account.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        let Data::HealthSettled(data) = &event.data else { return };
        if !self.running {
            self.running = true;
            effects.set_timer(TIMER, next_month(turn.now));
        }
        let Some(month) = self.month(data, month_number(turn.now.day())) else { return };
        if let Some(red_before) = data.lost_red_before {
            month.lost += 1;
            month.missed += u32::from(!red_before);
            return;
        }
        let (left, stayed) = month.scores.entry(data.machine.min(10_000) / STEP).or_default();
        *(if data.left { left } else { stayed }) += 1;
        month.red += u32::from(data.red_long);
        month.stayed += u32::from(data.red_long && !data.left);
        for own in &data.metrics {
            if month.metrics.len() >= METRICS_MAX && !month.metrics.contains_key(&own.metric) {
                continue;
            }
            let sums = month.metrics.entry(own.metric.clone()).or_default();
            let (points, n) = if data.left { (&mut sums.0, &mut sums.1) } else { (&mut sums.2, &mut sums.3) };
            *points += u32::from(own.points);
            *n += 1;
        }
    }

    /// The running month of a model.
    fn month(&mut self, data: &HealthSettled, number: i32) -> Option<&mut Month> {
        let key = (data.model.clone(), data.version);
        if self.models.len() >= MODELS_MAX && !self.models.contains_key(&key) {
            let oldest = self.models.iter().min_by_key(|(_, months)| months.back().map(|month| month.number));
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| self.models.remove(&key));
        }
        let months = self.models.entry(key).or_default();
        if months.back().is_none_or(|last| last.number < number) {
            months.push_back(Month { number, ..Month::default() });
        }
        if months.len() > MONTHS_MAX {
            months.pop_front();
        }
        months.back_mut()
    }

    /// Says how each model did, once a month, where anything was settled since.
    pub(crate) fn monthly(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        effects.set_timer(TIMER, next_month(turn.now));
        let this = month_number(turn.now.day());
        for ((model, version), months) in &self.models {
            if months.back().is_some_and(|last| last.number >= this - 1) {
                let recent = || months.iter().filter(|month| month.number >= this - policy.review.months);
                let fact = reviewed(model, *version, &sum(recent()), policy);
                effects.emit(Data::ModelReviewed(fact));
            }
        }
    }
}

fn sum<'a>(months: impl Iterator<Item = &'a Month>) -> Month {
    let mut all = Month::default();
    for month in months {
        all.lost += month.lost;
        all.missed += month.missed;
        all.red += month.red;
        all.stayed += month.stayed;
        for (step, (left, stayed)) in &month.scores {
            let known = all.scores.entry(*step).or_default();
            (known.0, known.1) = (known.0 + left, known.1 + stayed);
        }
        for (metric, sums) in &month.metrics {
            let known = all.metrics.entry(metric.clone()).or_default();
            *known = (known.0 + sums.0, known.1 + sums.1, known.2 + sums.2, known.3 + sums.3);
        }
    }
    all
}

fn reviewed(model: &str, version: u32, all: &Month, policy: &Policy) -> ModelReviewed {
    let rules = &policy.review;
    let few = all.lost < rules.outcomes_min;
    let auc = auc_bp(&all.scores);
    let mean = |points: u32, n: u32| u32::try_from(u64::from(points) * 100 / u64::from(n.max(1))).unwrap_or(u32::MAX);
    let metrics = all.metrics.iter().map(|(metric, (left, left_n, stayed, stayed_n))| MetricSeparation {
        metric: metric.clone(),
        left_hundredths: mean(*left, *left_n),
        left_n: *left_n,
        stayed_hundredths: mean(*stayed, *stayed_n),
        stayed_n: *stayed_n,
    });
    ModelReviewed {
        model: model.to_owned(),
        version,
        outcomes: all.lost,
        missed: all.missed,
        stayed: all.stayed,
        auc_bp: auc.and_then(|bp| u16::try_from(bp).ok()),
        scores: all.scores.values().map(|(left, stayed)| left + stayed).sum(),
        red: all.red,
        few,
        weak: !few && auc.is_some_and(|bp| bp < rules.auc_bp_min),
        metrics: metrics.collect(),
    }
}

/// How likely one that left had the lower score than one that stayed; of the same step, half.
fn auc_bp(scores: &BTreeMap<u16, (u32, u32)>) -> Option<i64> {
    let (mut below, mut doubled) = (0_i64, 0_i64);
    for (left, stayed) in scores.values() {
        let (left, stayed) = (i64::from(*left), i64::from(*stayed));
        // All that left at lower steps are told apart from those that stayed here.
        doubled += stayed * (2 * below + left);
        below += left;
    }
    let stayed: i64 = scores.values().map(|(_, stayed)| i64::from(*stayed)).sum();
    share(doubled, 2 * below * stayed)
}

/// Months since the beginning of the calendar.
pub(crate) fn month_number(day: Day) -> i32 {
    let date = day.civil();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The second day of the next month, so that its first has been lived through.
fn next_month(now: Time) -> Time {
    let mut day = now.day().plus(1);
    while day.civil().day() != 2 {
        day = day.plus(1);
    }
    Time(i64::from(day.0) * DAY_MS)
}
