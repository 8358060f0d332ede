//! Facts of the expansion agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Money, Position};

/// How ready an account is to grow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessChanged {
    /// 0 to 100.
    pub readiness: u8,
    /// Of limits.
    pub pressure: u8,
    /// Of use.
    pub growth: u8,
    /// Of features.
    pub breadth: u8,
    /// Attested.
    pub value: u8,
    /// Relationship.
    pub people: u8,
}

/// An opportunity passed the gate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionQualified {
    /// Its id.
    pub opportunity: String,
    /// Which of the four.
    pub strategy: String,
    /// What triggered it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<String>,
    /// Half of the estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<Money>,
    /// The estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_to: Option<Money>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A trigger held but the gate did not.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GateFailed {
    /// The conditions that fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What triggered it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<String>,
}

/// An ARR increase belongs to an opportunity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionAttributed {
    /// Which, none means unattributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<String>,
    /// The increase.
    pub increase: Money,
}
