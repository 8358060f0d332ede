//! A score taken apart, for people: pillar, metric, points, words, events.

use std::collections::BTreeMap;

use agent::usage::CITED_MAX;
use bus_schema::data::facts::{MetricScore, MetricState, PillarScore};

use crate::{
    metrics::{Measurement, Metric, Outcome, View},
    model::{Reading, Scored},
};

/// The pillars as they are said. What each holds is rounded by the running sum, so that they add up to the machine's
/// score exactly.
pub(crate) fn pillars(scored: &Scored, view: &View<'_>) -> Vec<PillarScore> {
    let (mut sum, mut before) = (0_u32, 0_u32);
    let mut said = Vec::new();
    for (name, readings) in &scored.pillars {
        sum += readings.iter().map(part).sum::<u32>();
        let mut metrics: Vec<MetricScore> = readings.iter().map(|reading| metric(reading, view)).collect();
        let nothing = scored.excluded.iter().filter(|(pillar, ..)| pillar == name);
        metrics.extend(nothing.map(|(_, metric, why)| excluded(*metric, why)));
        let weight_bp = readings.iter().map(|reading| reading.weight).sum();
        said.push(PillarScore { pillar: name.clone(), weight_bp, points_bp: sum / 100 - before, metrics });
        before = sum / 100;
    }
    said
}

/// What a metric holds of the score, in hundredths of a basis point.
pub(crate) fn part(reading: &Reading) -> u32 {
    u32::from(reading.weight) * u32::from(reading.points)
}

/// What each metric holds.
pub(crate) fn parts(scored: &Scored) -> BTreeMap<Metric, u32> {
    scored.readings().map(|reading| (reading.metric, part(reading))).collect()
}

fn metric(reading: &Reading, view: &View<'_>) -> MetricScore {
    let name = reading.metric.name().to_owned();
    let (weight_bp, points, state) = (reading.weight, reading.points, reading.state);
    match &reading.outcome {
        Outcome::Measured(Measurement { value, reason, evidence, .. }) => MetricScore {
            metric: name,
            weight_bp,
            points,
            state,
            value: value.map(|(value, _)| value),
            unit: value.map(|(_, unit)| unit.to_owned()),
            reason: if state == MetricState::Stale { format!("too long ago: {reason}") } else { reason.clone() },
            evidence_at: evidence.at,
            events: evidence.events.iter().take(CITED_MAX).copied().collect(),
            events_total: evidence.total,
        },
        Outcome::Missing(missing) | Outcome::NotApplicable(missing) => MetricScore {
            metric: name,
            weight_bp,
            points,
            state,
            value: None,
            unit: None,
            reason: match reading.known {
                Some(known) => {
                    format!("last measured on {} with {} points; {missing}", view.day_of(known.as_of), known.points)
                }
                None => missing.clone(),
            },
            evidence_at: reading.known.map(|known| known.as_of),
            events: Vec::new(),
            events_total: 0,
        },
    }
}

fn excluded(metric: Metric, why: &str) -> MetricScore {
    MetricScore {
        metric: metric.name().to_owned(),
        weight_bp: 0,
        points: 0,
        state: MetricState::NotApplicable,
        value: None,
        unit: None,
        reason: why.to_owned(),
        evidence_at: None,
        events: Vec::new(),
        events_total: 0,
    }
}

/// What moved most in the direction of a change since the parts last said, in words.
pub(crate) fn mover(scored: &Scored, before: &BTreeMap<Metric, u32>, fell: bool) -> Option<String> {
    let lost = |reading: &Reading| {
        let moved = i64::from(part(reading)) - i64::from(before.get(&reading.metric).copied().unwrap_or(0));
        if fell { -moved } else { moved }
    };
    let most = scored.readings().filter(|reading| lost(reading) > 0).max_by_key(|reading| lost(reading))?;
    Some(titled(most))
}

/// What costs most of what is known, in words.
pub(crate) fn costliest(scored: &Scored) -> Option<String> {
    let known = scored.readings().filter(|reading| reading.state == MetricState::Known);
    known.max_by_key(|reading| u32::from(reading.weight) * 100 - part(reading)).map(titled)
}

fn titled(reading: &Reading) -> String {
    let title = reading.metric.name().replace('_', " ");
    match &reading.outcome {
        Outcome::Measured(measurement) => format!("{title}: {}", measurement.reason),
        Outcome::Missing(missing) | Outcome::NotApplicable(missing) => format!("{title}: {missing}"),
    }
}
