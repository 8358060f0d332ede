//! Facts of the churn agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Money, Position, Time};

/// How urgent a risk is. Shown as early signs, monitor, high, critical.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing to see.
    #[default]
    Low,
    /// An early sign.
    Watch,
    /// A moderate sign, or 30 to 50 %.
    Monitor,
    /// A strong sign, or 50 to 70 %.
    High,
    /// Strong signs of two causes near a decision, or above 70 %.
    Critical,
}

impl Tier {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Watch => "watch",
            Self::Monitor => "monitor",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Signals of one cause count once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CauseGroup {
    /// Falling or silent use.
    Usage,
    /// Sponsor, champion, organisation.
    People,
    /// Payment and budget.
    Money,
    /// Escalations, tickets.
    Support,
    /// Answers, tone, NPS.
    Voice,
    /// Competitors, auto-renewal.
    Market,
    /// Projects, expansion talk.
    Plan,
}

impl CauseGroup {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::People => "people",
            Self::Money => "money",
            Self::Support => "support",
            Self::Voice => "voice",
            Self::Market => "market",
            Self::Plan => "plan",
        }
    }
}

/// How strong a signal is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalClass {
    /// Watch list.
    Early,
    /// Monitor closely.
    Moderate,
    /// An alert.
    Strong,
}

impl SignalClass {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
        }
    }
}

/// One part of a forecast, in log-odds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Factor {
    /// Its name.
    pub signal: String,
    /// Its cause; none for base, proximity, tenure and protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<CauseGroup>,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<SignalClass>,
    /// Its full size, 10,000 = 1 unit of log-odds.
    pub bp: i32,
    /// What counted after its group's share.
    pub counted_bp: i32,
    /// Since when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// In words, with the numbers.
    pub reason: String,
    /// Events behind it, latest first, at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// How likely an account gives notice, cancels or ends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChurnForecasted {
    /// The model.
    pub model: String,
    /// Its version.
    pub model_version: u32,
    /// Version of the policy in force.
    pub policy_version: u32,
    /// The base rate's segment.
    pub segment: String,
    /// Probability within 90 days.
    pub p90_bp: u16,
    /// Probability within 30 days.
    pub p30_bp: u16,
    /// The sum.
    pub logodds_bp: i32,
    /// Probability of the segment with nothing known.
    pub base_p90_bp: u16,
    /// The higher of signals and probability.
    pub tier: Tier,
    /// The parts, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
    /// The daily one, not one said because it moved.
    pub daily: bool,
    /// Its place in the queue: value times risk, by how lately the risk rose and who has to act, in US cents.
    #[serde(default)]
    pub rank: u64,
    /// Sources of use that are silent: use counts as it was at their last word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stalled: Vec<String>,
}

/// A cause of risk needs a person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AlertOpened {
    /// Its id.
    pub alert: String,
    /// The cause.
    pub group: CauseGroup,
    /// How urgent.
    pub tier: Tier,
    /// In words, with the numbers.
    pub reason: String,
    /// The signals that hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<String>,
    /// The forecast.
    pub p90_bp: u16,
    /// ARR times the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// The account's place in the queue, as its forecast says it.
    #[serde(default)]
    pub rank: u64,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// The same alert, with new evidence or another tier.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AlertUpdated {
    /// The alert.
    pub alert: String,
    /// The cause.
    pub group: CauseGroup,
    /// The tier now.
    pub tier: Tier,
    /// The tier before.
    pub from_tier: Tier,
    /// How often it was updated.
    pub updates: u32,
    /// In words.
    pub reason: String,
    /// The signals that hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<String>,
    /// The forecast.
    pub p90_bp: u16,
    /// The account's place in the queue.
    #[serde(default)]
    pub rank: u64,
    /// Events behind the update.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// The cause is gone, for 72 hours.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AlertClosed {
    /// The alert.
    pub alert: String,
    /// The cause.
    pub group: CauseGroup,
    /// The tier it had.
    pub tier: Tier,
    /// Why it closed.
    pub reason: String,
    /// When it had opened.
    pub opened_at: Time,
}

/// What became of a forecast entered in the ledger: said when the outcome is there, or when the horizon is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ForecastSettled {
    /// When it was made.
    pub entered_at: Time,
    /// 30 or 90.
    pub horizon_days: u16,
    /// What it said.
    pub p_bp: u16,
    /// The tier then.
    pub tier: Tier,
    /// Whether it happened.
    pub outcome: bool,
    /// Days from forecast to outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_days: Option<u32>,
    /// An intervention was delivered inside the horizon.
    pub treated: bool,
    /// Version of the model.
    pub model_version: u32,
    /// Version of the policy then in force.
    #[serde(default)]
    pub policy_version: u32,
    /// The base rate's segment then.
    #[serde(default)]
    pub segment: String,
    /// The largest signals then, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<String>,
}
