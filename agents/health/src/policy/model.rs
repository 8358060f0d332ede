//! A model: metrics in pillars with weights in bp of the whole.

use std::collections::{BTreeMap, BTreeSet};

use agent::PolicyError;
use serde::Deserialize;

use crate::metrics::{Metric, Source};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawModel {
    pub(crate) name: String,
    version: u32,
    pillar: Vec<RawPillar>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPillar {
    name: String,
    metrics: BTreeMap<Metric, u16>,
}

/// A validated model, trimmed to the sources that are connected.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) version: u32,
    /// In the order of the file. Σ of all weights is 10,000.
    pub(crate) pillars: Vec<(String, Vec<Weighed>)>,
    /// Metrics that mean nothing for the accounts scored, by pillar.
    pub(crate) excluded: Vec<(String, Metric)>,
    /// Sources that are not connected and that it would need.
    pub(crate) trimmed: Vec<Source>,
}

impl Model {
    /// The model without metrics that mean nothing for an account; `None` when nothing would be left.
    pub(crate) fn without(&self, metrics: &[Metric]) -> Option<Self> {
        let all = || self.pillars.iter().flat_map(|(name, metrics)| metrics.iter().map(move |own| (name, own.metric)));
        let excluded = all().filter(|(_, metric)| metrics.contains(metric));
        let excluded: Vec<_> = excluded.map(|(name, metric)| (name.clone(), metric)).collect();
        let pillars = shared(self.pillars.clone(), |metric| !metrics.contains(&metric));
        let excluded = self.excluded.iter().cloned().chain(excluded).collect();
        let left = pillars.iter().any(|(_, metrics)| !metrics.is_empty());
        let trimmed = self.trimmed.clone();
        left.then(|| Self { name: self.name.clone(), version: self.version, pillars, excluded, trimmed })
    }

    /// Every metric with its pillar and weight, in the model's order.
    pub(crate) fn weighed(&self) -> impl Iterator<Item = (&str, Weighed)> {
        self.pillars.iter().flat_map(|(name, metrics)| metrics.iter().map(|weighed| (name.as_str(), *weighed)))
    }

    /// Whether nothing that is connected feeds it.
    pub(super) const fn is_empty(&self) -> bool {
        self.pillars.is_empty()
    }
}

/// A metric and its weight in the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weighed {
    pub(crate) metric: Metric,
    pub(crate) weight: u16,
}

impl RawModel {
    pub(crate) fn validated(self, connected: &BTreeSet<Source>) -> Result<Model, PolicyError> {
        let field = format!("model.{}", self.name);
        let mut seen = BTreeSet::new();
        let mut sum = 0_u32;
        for pillar in &self.pillar {
            for (metric, weight) in &pillar.metrics {
                if !seen.insert(*metric) {
                    return Err(PolicyError::value(field, format!("{} is weighed twice", metric.name())));
                }
                if *weight == 0 {
                    let problem = format!("the weight of {} is 0; leave the metric out instead", metric.name());
                    return Err(PolicyError::value(field, problem));
                }
                sum += u32::from(*weight);
            }
        }
        if sum != 10_000 {
            return Err(PolicyError::value(field, format!("the weights add up to {sum}, not to 10000")));
        }
        let all = self.pillar.into_iter().map(|pillar| {
            let metrics = pillar.metrics.into_iter().map(|(metric, weight)| Weighed { metric, weight }).collect();
            (pillar.name, metrics)
        });
        let needed: BTreeSet<Source> = seen.iter().map(|metric| metric.source()).collect();
        let trimmed = needed.into_iter().filter(|source| !connected.contains(source)).collect();
        let pillars: Vec<(String, Vec<Weighed>)> = shared(all.collect(), |metric| connected.contains(&metric.source()));
        let pillars = pillars.into_iter().filter(|(_, metrics)| !metrics.is_empty()).collect();
        Ok(Model { name: self.name, version: self.version, pillars, excluded: Vec::new(), trimmed })
    }
}

/// Takes metrics out and shares their weight among the rest of their pillar in proportion; the weight of a pillar that
/// loses all goes to the other pillars. The sum stays exactly 10,000 while anything is left.
fn shared(pillars: Vec<(String, Vec<Weighed>)>, keep: impl Fn(Metric) -> bool) -> Vec<(String, Vec<Weighed>)> {
    let weight = |metrics: &[Weighed]| metrics.iter().map(|weighed| i64::from(weighed.weight)).sum::<i64>();
    let total: i64 = pillars.iter().map(|(_, metrics)| weight(metrics)).sum();
    let mut kept: Vec<(String, i64, Vec<Weighed>)> = Vec::new();
    for (name, metrics) in pillars {
        let of_pillar = weight(&metrics);
        kept.push((name, of_pillar, metrics.into_iter().filter(|weighed| keep(weighed.metric)).collect()));
    }
    let left: i64 = kept.iter().filter(|(_, _, metrics)| !metrics.is_empty()).map(|(_, of_pillar, _)| of_pillar).sum();
    // Rounding by the running sum, so that the parts add up to the whole exactly.
    let (mut before, mut pillars_before) = (0_i64, 0_i64);
    let mut result = Vec::new();
    for (name, of_pillar, metrics) in kept {
        let own = weight(&metrics);
        let mut inside = 0_i64;
        let mut scaled = Vec::new();
        for weighed in metrics {
            inside += i64::from(weighed.weight);
            // (pillars before + share of this pillar used up) scaled from what is left to the whole.
            let reached = (pillars_before * own + inside * of_pillar) * total / (own * left).max(1);
            scaled.push(Weighed { metric: weighed.metric, weight: u16::try_from(reached - before).unwrap_or(0) });
            before = reached;
        }
        if own > 0 {
            pillars_before += of_pillar;
        }
        result.push((name, scaled));
    }
    result
}
