//! The parts of the policy as they stand in the file.

use agent::arithmetic::lin;
use bus_schema::data::facts::{Band, MessageClass, Priority};
use serde::Deserialize;

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

/// The catalogue's numbers, one part per metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricRules {
    pub(crate) feature_adoption: FeatureAdoption,
    pub(crate) user_engagement: UserEngagement,
    pub(crate) usage_trend: UsageTrend,
    pub(crate) ticket_volume: TicketVolume,
    pub(crate) sentiment: SentimentRules,
    pub(crate) resolution_satisfaction: ResolutionSatisfaction,
    pub(crate) csm_engagement: CsmEngagement,
    pub(crate) executive_relationship: ExecutiveRelationship,
    pub(crate) response_to_outreach: ResponseToOutreach,
    pub(crate) goals_achieved: GoalsAchieved,
    pub(crate) roi: Roi,
    pub(crate) expansion_history: ExpansionHistory,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureAdoption {
    pub(crate) points: Curve,
    pub(crate) life_days: i32,
    pub(crate) core_features_min: usize,
    pub(crate) age_days_min: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEngagement {
    pub(crate) active: Curve,
    pub(crate) weekly: Curve,
    pub(crate) active_tenths: i64,
    pub(crate) life_days: i32,
    pub(crate) age_days_min: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageTrend {
    pub(crate) points: Curve,
    pub(crate) noise_points_min: i64,
    pub(crate) life_days: i32,
    pub(crate) age_days_min: i32,
    pub(crate) volume_min: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketVolume {
    pub(crate) points: Curve,
    pub(crate) users_min: i64,
    pub(crate) p1_costs: i64,
    pub(crate) reopened_costs: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentimentRules {
    pub(crate) points: Curve,
    pub(crate) texts_min: usize,
    pub(crate) half_life_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionSatisfaction {
    pub(crate) satisfied: Curve,
    pub(crate) in_time: Curve,
    pub(crate) satisfied_tenths: i64,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsmEngagement {
    pub(crate) points: Curve,
    pub(crate) missed_costs: i64,
    pub(crate) missed_costs_max: i64,
    pub(crate) missed_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutiveRelationship {
    pub(crate) points: Curve,
    pub(crate) left_points: i64,
    pub(crate) none_points: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponseToOutreach {
    pub(crate) points: Curve,
    pub(crate) messages_min: usize,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalsAchieved {
    pub(crate) points: Curve,
    pub(crate) grace_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roi {
    pub(crate) points: Curve,
    pub(crate) unnumbered_points: i64,
    pub(crate) fresh_days: i32,
    pub(crate) days_per_point: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpansionHistory {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
}
