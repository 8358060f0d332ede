//! Facts of the renewal agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Money, Position};

/// A contract comes to its decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalOpened {
    /// Which.
    pub contract: String,
    /// The decision date.
    pub decision_on: Day,
    /// End of the term.
    pub term_end: Day,
    /// Its ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
}

/// A step of the timeline is due.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalStepDue {
    /// Which.
    pub contract: String,
    /// `D-90` and its kin.
    pub step: String,
    /// When.
    pub due_on: Day,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
}

/// How likely a renewal is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalForecasted {
    /// Which.
    pub contract: String,
    /// Probability.
    pub likelihood_bp: u16,
    /// `commit`, `likely`, `at_risk` or `unlikely`.
    pub category: String,
    /// The parts, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A contract ended unsigned.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalLapsed {
    /// Which.
    pub contract: String,
    /// When.
    pub term_end: Day,
}
