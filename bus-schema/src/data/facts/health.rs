//! Facts of the health agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Position, Time};

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
    /// Area under the curve, with 20 outcomes or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc_bp: Option<u16>,
}
