//! The thresholds in force: read from TOML once, validated, never part of the state.

mod check;
mod model;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use agent::{PolicyError, policy::parse};
use jiff::tz::TimeZone;
use serde::Deserialize;

pub(crate) use self::{
    model::Model,
    rules::{BandRules, Cadence, MetricRules, Play, ResolutionRule, ResolutionRules, ScoreRules, Trigger},
};
use self::{
    model::RawModel,
    rules::{Bind, CadenceRules, DivergenceRules, IncidentRules, NotApplicable, TaskRules},
};
use crate::metrics::{Metric, Source};

/// The validated policy of the health agent.
#[derive(Debug)]
pub struct Policy {
    pub(crate) zone: TimeZone,
    pub(crate) trimmed: Vec<Source>,
    models: Bound,
    pub(crate) score: ScoreRules,
    pub(crate) band: BandRules,
    pub(crate) incident: IncidentRules,
    cadence: CadenceRules,
    pub(crate) resolution: ResolutionRules,
    pub(crate) metric: MetricRules,
    pub(crate) divergence: DivergenceRules,
    pub(crate) task: TaskRules,
    pub(crate) plays: Vec<Play>,
}

/// The model of each kind and segment, without the metrics that mean nothing there.
#[derive(Debug)]
struct Bound {
    vendor: Model,
    smb: Model,
    mid_market: Model,
    enterprise: Model,
    strategic: Model,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    time_zone: String,
    sources: Vec<Source>,
    bind: Bind,
    model: Vec<RawModel>,
    not_applicable: NotApplicable,
    score: ScoreRules,
    band: BandRules,
    incident: IncidentRules,
    cadence_days: CadenceRules,
    resolution: ResolutionRules,
    metric: MetricRules,
    divergence: DivergenceRules,
    task: TaskRules,
    #[serde(default)]
    play: Vec<Play>,
}

impl Policy {
    /// Reads and validates a policy's text.
    ///
    /// # Errors
    /// Names the field that is wrong, and what would be right.
    pub(crate) fn read(text: &str) -> Result<Self, PolicyError> {
        let raw: Raw = parse(text)?;
        let zone = TimeZone::get(&raw.time_zone).map_err(|_| {
            PolicyError::value("time_zone", format!("`{}` is no IANA zone, like Europe/Berlin", raw.time_zone))
        })?;
        let connected: BTreeSet<Source> = raw.sources.iter().copied().collect();
        if connected.is_empty() {
            return Err(PolicyError::value("sources", "must name at least one source"));
        }
        check::rules(&raw.score, &raw.band, &raw.incident, &raw.cadence_days, &raw.resolution, &raw.metric)?;
        check::warnings(&raw.divergence, &raw.task)?;
        check::plays(&raw.play)?;
        let mut models = BTreeMap::new();
        for model in raw.model {
            let name = model.name.clone();
            if models.insert(name.clone(), model.validated(&connected)?).is_some() {
                return Err(PolicyError::value("model", format!("`{name}` is there twice")));
            }
        }
        let bound = |field: &str, name: &str| {
            let known: Vec<&str> = models.keys().map(String::as_str).collect();
            models.get(name).ok_or_else(|| {
                let problem = format!("`{name}` is no model of this policy; there is {}", known.join(", "));
                PolicyError::value(format!("bind.{field}"), problem)
            })
        };
        let (customer, vendor) = (bound("customer", &raw.bind.customer)?, bound("vendor", &raw.bind.vendor)?);
        let without = |model: &Model, field: &str, metrics: &[Metric]| {
            model.without(metrics).ok_or_else(|| {
                let problem = format!(
                    "leaves no metric of `{}` that a connected source feeds; take one out of the list",
                    model.name
                );
                PolicyError::value(format!("not_applicable.{field}"), problem)
            })
        };
        let rules = &raw.not_applicable;
        let models = Bound {
            vendor: without(vendor, "vendor", &rules.vendor)?,
            smb: without(customer, "smb", &rules.smb)?,
            mid_market: without(customer, "mid_market", &rules.mid_market)?,
            enterprise: without(customer, "enterprise", &rules.enterprise)?,
            strategic: without(customer, "strategic", &rules.strategic)?,
        };
        Ok(Self {
            zone,
            trimmed: Source::ALL.into_iter().filter(|source| !connected.contains(source)).collect(),
            models,
            score: raw.score,
            band: raw.band,
            incident: raw.incident,
            cadence: raw.cadence_days,
            resolution: raw.resolution,
            metric: raw.metric,
            divergence: raw.divergence,
            task: raw.task,
            plays: raw.play,
        })
    }

    /// The model of accounts of this kind and segment.
    pub(crate) const fn model(&self, vendor: bool, segment: Segment) -> &Model {
        match (vendor, segment) {
            (true, _) => &self.models.vendor,
            (false, Segment::Smb) => &self.models.smb,
            (false, Segment::MidMarket) => &self.models.mid_market,
            (false, Segment::Enterprise) => &self.models.enterprise,
            (false, Segment::Strategic) => &self.models.strategic,
        }
    }

    /// Whether a source is connected.
    pub(crate) fn connected(&self, source: Source) -> bool {
        !self.trimmed.contains(&source)
    }

    /// Days between two-way touches of accounts of this kind and segment.
    pub(crate) const fn cadence(&self, vendor: bool, segment: Segment) -> Cadence {
        match (vendor, segment) {
            (true, _) => self.cadence.vendor,
            (false, Segment::Smb) => self.cadence.smb,
            (false, Segment::MidMarket) => self.cadence.mid_market,
            (false, Segment::Enterprise) => self.cadence.enterprise,
            (false, Segment::Strategic) => self.cadence.strategic,
        }
    }
}

/// How an account is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    Smb,
    MidMarket,
    Enterprise,
    Strategic,
}

impl Segment {
    /// The segment of a name; accounts that nobody classified are served as small ones.
    pub(crate) fn named(name: Option<&str>) -> Self {
        match name {
            Some("strategic") => Self::Strategic,
            Some("enterprise") => Self::Enterprise,
            Some("mid_market") => Self::MidMarket,
            Some(_) | None => Self::Smb,
        }
    }
}

#[cfg(test)]
mod tests;
