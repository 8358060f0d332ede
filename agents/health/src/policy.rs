//! The thresholds in force: read from TOML once, validated, never part of the state.

mod bound;
mod catalogue;
mod check;
mod check_metrics;
mod model;
mod more;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use agent::{PolicyError, policy::parse};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use self::{
    bound::Bound,
    model::RawModel,
    rules::{Bind, CadenceRules, DivergenceRules, IncidentRules, NotApplicable, ShadowRules, TaskRules},
};
pub(crate) use self::{
    catalogue::MetricRules,
    model::Model,
    rules::{
        BandRules, BaselineRules, Cadence, Play, Quartiles, ResolutionRule, ResolutionRules, ReviewRules, ScoreRules,
        Trigger,
    },
};
use crate::{metrics::Source, state::Binding};

/// The validated policy of the health agent.
#[derive(Debug)]
pub struct Policy {
    pub(crate) zone: TimeZone,
    connected: BTreeSet<Source>,
    models: Bound,
    pub(crate) score: ScoreRules,
    pub(crate) band: BandRules,
    pub(crate) incident: IncidentRules,
    cadence: CadenceRules,
    pub(crate) resolution: ResolutionRules,
    pub(crate) metric: MetricRules,
    pub(crate) divergence: DivergenceRules,
    pub(crate) baseline: BaselineRules,
    pub(crate) review: ReviewRules,
    pub(crate) task: TaskRules,
    pub(crate) plays: Vec<Play>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    time_zone: String,
    sources: Vec<Source>,
    bind: Bind,
    #[serde(default)]
    shadow: ShadowRules,
    model: Vec<RawModel>,
    not_applicable: NotApplicable,
    score: ScoreRules,
    band: BandRules,
    incident: IncidentRules,
    cadence_days: CadenceRules,
    resolution: ResolutionRules,
    metric: MetricRules,
    divergence: DivergenceRules,
    baseline: BaselineRules,
    review: ReviewRules,
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
        check::segments(&raw.baseline, &raw.review)?;
        check::plays(&raw.play)?;
        let mut models = BTreeMap::new();
        for model in raw.model {
            let name = model.name.clone();
            if models.insert(name.clone(), model.validated(&connected)?).is_some() {
                return Err(PolicyError::value("model", format!("`{name}` is there twice")));
            }
        }
        let models = Bound::new(&models, &raw.bind, &raw.shadow, &raw.not_applicable)?;
        Ok(Self {
            zone,
            connected,
            models,
            score: raw.score,
            band: raw.band,
            incident: raw.incident,
            cadence: raw.cadence_days,
            resolution: raw.resolution,
            metric: raw.metric,
            divergence: raw.divergence,
            baseline: raw.baseline,
            review: raw.review,
            task: raw.task,
            plays: raw.play,
        })
    }

    /// The model of an account.
    pub(crate) fn model(&self, binding: &Binding) -> &Model {
        self.models.model(binding)
    }

    /// The models that run beside it.
    pub(crate) fn shadows(&self, binding: &Binding) -> impl Iterator<Item = &Model> {
        self.models.shadows(binding)
    }

    /// Whether a source is connected.
    pub(crate) fn connected(&self, source: Source) -> bool {
        self.connected.contains(&source)
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Segment {
    #[default]
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
