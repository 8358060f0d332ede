//! Facts of the health agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Position, Time};

/// Where a final score stands. Shown as at risk, watch, healthy, no data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Coverage below 40 %.
    #[default]
    Unknown,
    /// Below 7,000.
    Red,
    /// From 7,000 to below 9,000.
    Yellow,
    /// 9,000 and more.
    Green,
}

impl Band {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
        }
    }
}

/// How much is known of a metric.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricState {
    /// Evidence within its life.
    Known,
    /// The last evidence is older than its life.
    Stale,
    /// Never any evidence.
    Unknown,
    /// Means nothing for this account.
    NotApplicable,
}

impl MetricState {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// One metric's part in a score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MetricScore {
    /// Its name in the catalogue.
    pub metric: String,
    /// Its weight in the whole, after trimming and sharing out.
    pub weight_bp: u16,
    /// 0 to 100; for stale and unknown the cautious value counted.
    pub points: u8,
    /// How it is known.
    pub state: MetricState,
    /// The measured input, in the unit of `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// Unit of `value`: bp, days, count, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The measurement in words.
    pub reason: String,
    /// The latest evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_at: Option<Time>,
    /// Events behind it, latest first, at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
    /// How many events there are behind it.
    pub events_total: u32,
}

/// One pillar of a score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PillarScore {
    /// Its name.
    pub pillar: String,
    /// Σ of its metrics.
    pub weight_bp: u16,
    /// What it holds of the 10,000.
    pub points_bp: u32,
    /// Its metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricScore>,
}

/// A change split into parts that add up exactly.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScoreChange {
    /// The score before.
    pub from: i32,
    /// From events.
    pub customer: i32,
    /// From time passing.
    pub time: i32,
    /// From another model or policy.
    pub model: i32,
}

/// The health of an account, taken apart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HealthScored {
    /// The model.
    pub model: String,
    /// Its version.
    pub model_version: u32,
    /// Version of the policy in force.
    pub policy_version: u32,
    /// The machine's score, 0 to 10,000.
    pub machine: u16,
    /// The CSM's while an override lives, else the machine's.
    pub final_score: u16,
    /// Of the final score, with hysteresis.
    pub band: Band,
    /// Share of applicable weight that is known.
    pub coverage_bp: u16,
    /// 10,000 when all evidence is of now.
    pub freshness_bp: u16,
    /// Coverage times freshness.
    pub confidence_bp: u16,
    /// The parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pillars: Vec<PillarScore>,
    /// Against the last one said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ScoreChange>,
    /// Sources not connected, whose metrics are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trimmed: Vec<String>,
    /// The daily score, not one said because it moved.
    pub daily: bool,
    /// Other models on the same account, with the daily score. They are shown and move nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<ShadowScore>,
    /// What tends to move before the score does, with the daily score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicators: Option<LeadingIndicators>,
}

/// What a model would say that is not in use.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShadowScore {
    /// The model.
    pub model: String,
    /// Its version.
    pub model_version: u32,
    /// Its score, 0 to 10,000.
    pub machine: u16,
    /// Share of applicable weight that is known.
    pub coverage_bp: u16,
    /// Coverage times freshness.
    pub confidence_bp: u16,
    /// The pillars, without their metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pillars: Vec<PillarScore>,
}

/// Level and direction of what tends to move early. What cannot be told is absent: a silent producer, an incident, or
/// nothing to compare with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct LeadingIndicators {
    /// User-days of 7 days against those of the 7 before, in bp of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_7_bp: Option<i32>,
    /// User-days of 28 days against those of the 28 before, in bp of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_28_bp: Option<i32>,
    /// Users active in 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_users_7: Option<u32>,
    /// Users active in 28 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_users_28: Option<u32>,
    /// Features used on two days or more in 28.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features_28: Option<u32>,
    /// Mean tone of 28 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone_28_bp: Option<i32>,
    /// That tone less the one of the time before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone_change_bp: Option<i32>,
    /// Texts of 28 days.
    #[serde(default)]
    pub texts_28: u32,
}

/// An account crossed into another band.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BandChanged {
    /// The band before.
    pub from: Band,
    /// The band now.
    pub to: Band,
    /// The final score.
    pub score: u16,
    /// What moved most.
    pub reason: String,
}

/// Tone and use point different ways.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DivergenceFound {
    /// What use does.
    pub usage: String,
    /// The mean tone.
    pub sentiment_bp: i32,
    /// In words.
    pub reason: String,
    /// Its name: `use_steady_tone_falling`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What support does: `few tickets`, `tickets as usual`, `more tickets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    /// The texts and the use behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Where a baseline comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineBasis {
    /// From the accounts of the segment.
    Measured,
    /// Too few accounts: the policy's number.
    Policy,
}

impl BaselineBasis {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Policy => "policy",
        }
    }
}

/// What is usual in a segment; valid from the next day.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SegmentBaseline {
    /// The metric.
    pub metric: String,
    /// Lower quartile.
    pub p25: i64,
    /// Median.
    pub p50: i64,
    /// Upper quartile.
    pub p75: i64,
    /// Accounts measured.
    pub n: u32,
    /// Window.
    pub window_days: u16,
    /// Measured or policy.
    pub basis: BaselineBasis,
}

/// What an account tells its segment of itself, compactly. A later word replaces the one before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HealthSampled {
    /// The account.
    pub account: String,
    /// Use of 14 days against the 28 before, in bp of the same pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_trend_bp: Option<i32>,
    /// Users active in 28 days, in bp of the seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_engagement_bp: Option<i32>,
    /// Core features in use, in bp of those included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_adoption_bp: Option<i32>,
}

/// How far use fell in the middle of a segment, told to its accounts; counts from the next day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SeasonMeasured {
    /// What the median fell short of its usual pace; 0 when it does not.
    pub fall_bp: u16,
    /// Accounts measured.
    pub n: u32,
}

/// What a model said of an account, and what became of it within 90 days: one word a month for each model, once it is
/// known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HealthSettled {
    /// The model.
    pub model: String,
    /// Its version.
    pub version: u32,
    /// The day it spoke.
    pub scored_on: Day,
    /// What it said, 0 to 10,000.
    pub machine: u16,
    /// Whether the account left within 90 days.
    pub left: bool,
    /// Whether it had been red for 30 days when the model spoke; of the model in use.
    #[serde(default)]
    pub red_long: bool,
    /// The points of what was known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricPoints>,
    /// The account is lost, and this is the word on it: whether it was red 30 days before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_red_before: Option<bool>,
}

/// The points of a metric.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MetricPoints {
    /// Its name in the catalogue.
    pub metric: String,
    /// 0 to 100.
    pub points: u8,
}

/// How far a metric tells who leaves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MetricSeparation {
    /// Its name in the catalogue.
    pub metric: String,
    /// Mean points of those that left, in hundredths.
    pub left_hundredths: u32,
    /// How many that is.
    pub left_n: u32,
    /// Mean points of those that stayed, in hundredths.
    pub stayed_hundredths: u32,
    /// How many that is.
    pub stayed_n: u32,
}

/// How a model did against what happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModelReviewed {
    /// The model.
    pub model: String,
    /// Its version.
    pub version: u32,
    /// Outcomes in the period.
    pub outcomes: u32,
    /// Of these, not red 30 days before.
    pub missed: u32,
    /// Red for 30 days and stayed.
    pub stayed: u32,
    /// Area under the curve of 10,000 less the score against leaving within 90 days; absent without both sorts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc_bp: Option<u16>,
    /// Scores it was held against, one an account and month.
    #[serde(default)]
    pub scores: u32,
    /// Of these, red for 30 days when the score was said.
    #[serde(default)]
    pub red: u32,
    /// Fewer than 20 outcomes: the numbers say little.
    #[serde(default)]
    pub few: bool,
    /// Enough outcomes, and the model hardly tells them apart.
    #[serde(default)]
    pub weak: bool,
    /// By metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricSeparation>,
}
