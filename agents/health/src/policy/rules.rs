//! The parts of the policy as they stand in the file.

use agent::arithmetic::lin;
use bus_schema::data::facts::{Band, MessageClass, Priority};
use serde::Deserialize;

use super::Segment;
use crate::metrics::Metric;

/// A line through (measured, points), flat outside: the only curve there is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Curve(pub(crate) Vec<(i64, i64)>);

impl Curve {
    /// The points of a measured value.
    pub(crate) fn at(&self, x: i64) -> i64 {
        lin(x, &self.0)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bind {
    pub(crate) customer: String,
    pub(crate) vendor: String,
    /// The first that fits goes before the two above.
    #[serde(default)]
    pub(crate) exception: Vec<Exception>,
}

/// Which kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    Customer,
    Vendor,
}

/// A model for some accounts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    pub(crate) kind: Option<Sort>,
    pub(crate) segment: Option<Segment>,
    pub(crate) stage: Option<String>,
    pub(crate) model: String,
}

/// Models that run beside the one in use.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShadowRules {
    pub(crate) customer: Vec<String>,
    pub(crate) vendor: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotApplicable {
    pub(crate) vendor: Vec<Metric>,
    pub(crate) smb: Vec<Metric>,
    pub(crate) mid_market: Vec<Metric>,
    pub(crate) enterprise: Vec<Metric>,
    pub(crate) strategic: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreRules {
    pub(crate) missing_points_max: i64,
    pub(crate) said_from: i64,
    pub(crate) override_days_max: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandRules {
    pub(crate) green_from: i64,
    pub(crate) yellow_from: i64,
    pub(crate) margin: i64,
    pub(crate) up_hours: i64,
    pub(crate) down_hours: i64,
    pub(crate) coverage_known_bp: i64,
    pub(crate) coverage_green_bp: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentRules {
    pub(crate) tail_hours: i64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cadence {
    pub(crate) red: i64,
    pub(crate) yellow: i64,
    pub(crate) green: i64,
    pub(crate) onboarding: i64,
}

impl Cadence {
    /// Days between touches in a band; an account without a band is looked after like a yellow one.
    pub(crate) fn days(self, band: Band, onboarding: bool) -> i64 {
        let days = match band {
            Band::Red => self.red,
            Band::Yellow | Band::Unknown => self.yellow,
            Band::Green => self.green,
        };
        if onboarding { days.min(self.onboarding) } else { days }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CadenceRules {
    pub(crate) strategic: Cadence,
    pub(crate) enterprise: Cadence,
    pub(crate) mid_market: Cadence,
    pub(crate) smb: Cadence,
    pub(crate) vendor: Cadence,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionRule {
    pub(crate) hours: i64,
    pub(crate) weekends: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionRules {
    pub(crate) p1: ResolutionRule,
    pub(crate) p2: ResolutionRule,
    pub(crate) p3: ResolutionRule,
    pub(crate) p4: ResolutionRule,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DivergenceRules {
    pub(crate) steady_points_min: i64,
    pub(crate) tone_bp_max: i64,
    pub(crate) fall_bp_min: i64,
    pub(crate) again_days: i32,
    pub(crate) few_points_min: i64,
}

/// What segments tell, and what is usual where they are too small.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineRules {
    pub(crate) accounts_min: usize,
    pub(crate) said_from_bp: i64,
    pub(crate) again_days: i32,
    pub(crate) season_from_bp: i64,
    pub(crate) usage_trend: Quartiles,
    pub(crate) user_engagement: Quartiles,
    pub(crate) feature_adoption: Quartiles,
}

/// What is usual by policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quartiles {
    pub(crate) p25: i64,
    pub(crate) p50: i64,
    pub(crate) p75: i64,
}

/// How a model is held against what happened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewRules {
    pub(crate) months: i32,
    pub(crate) outcomes_min: u32,
    pub(crate) auc_bp_min: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskRules {
    pub(crate) goals_after_days: i32,
}

/// What fires a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trigger {
    /// The band became red, from a better one.
    BandFallsToRed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Play {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) when: Trigger,
    pub(crate) template: String,
    pub(crate) class: MessageClass,
    pub(crate) priority: Priority,
    pub(crate) roles: Vec<String>,
    pub(crate) cooldown_days: i32,
    pub(crate) hold_in_incident: bool,
}
