//! From points to a score: weights, missing data, coverage, freshness.

use agent::arithmetic::ONE_BP;
use bus_schema::{Time, data::facts::MetricState, time::DAY_MS};

use crate::{
    metrics::{Measurement, Metric, Outcome, View},
    policy::Model,
    state::Known,
};

/// One metric's part in a score.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Reading {
    pub(crate) metric: Metric,
    pub(crate) weight: u16,
    /// What counts: the measured points, or the cautious ones.
    pub(crate) points: u8,
    pub(crate) state: MetricState,
    pub(crate) outcome: Outcome,
    /// What is remembered as the last known points.
    pub(crate) known: Option<Known>,
}

/// A score with its parts.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Scored {
    pub(crate) machine: i32,
    pub(crate) coverage_bp: i64,
    pub(crate) freshness_bp: i64,
    /// By pillar, in the model's order.
    pub(crate) pillars: Vec<(String, Vec<Reading>)>,
    /// By pillar, what means nothing for this account, and why.
    pub(crate) excluded: Vec<(String, Metric, String)>,
}

impl Scored {
    /// All readings, in the model's order.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.pillars.iter().flat_map(|(_, readings)| readings)
    }

    /// Coverage times freshness.
    pub(crate) const fn confidence_bp(&self) -> i64 {
        self.coverage_bp * self.freshness_bp / ONE_BP
    }
}

/// Scores an account at an instant with the model it is bound to. Nothing is changed.
pub(crate) fn score(view: &View<'_>) -> Scored {
    score_with(view, view.model())
}

/// Scores an account at an instant with some model. Nothing is changed.
pub(crate) fn score_with(view: &View<'_>, model: &Model) -> Scored {
    let plain = "means nothing for an account of this kind";
    let mut excluded: Vec<(String, Metric, String)> =
        model.excluded.iter().map(|(pillar, metric)| (pillar.clone(), *metric, plain.to_owned())).collect();
    let mut readings: Vec<Reading> = Vec::new();
    for (pillar, weighed) in model.weighed() {
        let reading = read(view, weighed.metric, weighed.weight);
        if let Outcome::NotApplicable(why) = &reading.outcome {
            excluded.push((pillar.to_owned(), weighed.metric, why.clone()));
        }
        readings.push(reading);
    }
    // What means nothing for this one account goes the way of what means nothing for its kind; a model of which
    // nothing would be left stays as it is, unknown.
    let nothing: Vec<Metric> =
        readings.iter().filter(|own| own.state == MetricState::NotApplicable).map(|own| own.metric).collect();
    let fitted = if nothing.is_empty() { None } else { model.without(&nothing) };
    let fitted = fitted.as_ref().unwrap_or(model);
    let mut pillars: Vec<(String, Vec<Reading>)> =
        fitted.pillars.iter().map(|(name, _)| (name.clone(), Vec::new())).collect();
    for ((_, own), (_, weighed)) in pillars.iter_mut().zip(&fitted.pillars) {
        for weighed in weighed {
            let known = readings.iter().find(|reading| reading.metric == weighed.metric);
            own.extend(known.map(|reading| Reading { weight: weighed.weight, ..reading.clone() }));
        }
    }
    let (mut sum, mut known, mut fresh) = (0_i64, 0_i64, 0_i64);
    for reading in pillars.iter().flat_map(|(_, readings)| readings) {
        let weight = i64::from(reading.weight);
        sum += weight * i64::from(reading.points);
        if reading.state == MetricState::Known {
            known += weight;
            fresh += weight * freshness(view, reading);
        }
    }
    Scored {
        machine: i32::try_from(sum / 100).unwrap_or(0),
        coverage_bp: known,
        freshness_bp: fresh / known.max(1),
        pillars,
        excluded,
    }
}

fn read(view: &View<'_>, metric: Metric, weight: u16) -> Reading {
    let remembered = view.account.known.get(&metric).copied();
    let silent = view.account.sources.silent(metric.source());
    let outcome = match (metric.measure(view), silent) {
        // What means nothing for the account means nothing whoever speaks: otherwise silence would move weights.
        (nothing @ Outcome::NotApplicable(_), _) => nothing,
        (_, Some((producer, since))) => Outcome::Missing(format!("{producer} is silent since {}", view.day_of(since))),
        (measured, None) => measured,
    };
    let known = match &outcome {
        Outcome::Measured(Measurement { points, as_of, .. }) => {
            Some(Known { points: u8::try_from(*points).unwrap_or(100), as_of: *as_of })
        }
        Outcome::Missing(_) | Outcome::NotApplicable(_) => remembered,
    };
    let state = match known {
        _ if matches!(outcome, Outcome::NotApplicable(_)) => MetricState::NotApplicable,
        Some(known) if alive(view, metric, known.as_of) => MetricState::Known,
        Some(_) => MetricState::Stale,
        None => MetricState::Unknown,
    };
    let most = u8::try_from(view.policy.score.missing_points_max).unwrap_or(0);
    let points = match state {
        MetricState::Known => known.map_or(0, |known| known.points),
        MetricState::Stale => known.map_or(most, |known| known.points.min(most)),
        MetricState::Unknown | MetricState::NotApplicable => most,
    };
    Reading { metric, weight, points, state, outcome, known }
}

/// Whether a measurement of this instant still stands.
fn alive(view: &View<'_>, metric: Metric, as_of: Time) -> bool {
    let age = view.now.since_ms(as_of);
    metric.life_days(view.policy).is_none_or(|days| age <= i64::from(days) * DAY_MS)
}

/// 10,000 for evidence of now, 0 at the end of its life.
fn freshness(view: &View<'_>, reading: &Reading) -> i64 {
    let (Some(known), Some(days)) = (reading.known, reading.metric.life_days(view.policy)) else { return ONE_BP };
    let life = i64::from(days) * DAY_MS;
    (ONE_BP - ONE_BP * view.now.since_ms(known.as_of).max(0) / life.max(1)).max(0)
}
