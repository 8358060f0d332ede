//! Facts of the escalation agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Money, Position, Time};

/// A clock nears its end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlaWarned {
    /// The ticket.
    pub ticket: String,
    /// `first_response` or `resolution`.
    pub clock: String,
    /// Share used.
    pub used_bp: u16,
    /// When it ends.
    pub due: Time,
}

/// A clock ran out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlaBreached {
    /// The ticket.
    pub ticket: String,
    /// Which.
    pub clock: String,
    /// When it ended.
    pub due: Time,
}

/// A problem needs more than support.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationRaised {
    /// Its id.
    pub escalation: String,
    /// Its cause.
    pub cause: String,
    /// Points.
    pub severity: u16,
    /// `escalated`, `urgent` or `executive`.
    pub level: String,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The points, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Its tickets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<String>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An escalation changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationUpdated {
    /// Which.
    pub escalation: String,
    /// Points now.
    pub severity: u16,
    /// Level now.
    pub level: String,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What changed.
    pub reason: String,
}

/// An escalation is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationResolved {
    /// Which.
    pub escalation: String,
    /// When it opened.
    pub opened_at: Time,
    /// How it ended.
    pub reason: String,
}

/// Many accounts report the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternOpened {
    /// In 48 hours.
    pub tickets: u32,
    /// Usual in 48 hours, in hundredths.
    pub usual: u32,
    /// Accounts hit.
    pub accounts: u32,
    /// Their ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// The first.
    pub first_ticket: String,
    /// Three ticket ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// A pattern grew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternUpdated {
    /// In 48 hours.
    pub tickets: u32,
    /// Accounts hit.
    pub accounts: u32,
    /// Their ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
}

/// A pattern is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternClosed {
    /// When it opened.
    pub opened_at: Time,
    /// In all.
    pub tickets: u32,
    /// Accounts hit.
    pub accounts: u32,
}

/// Answers are missing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GapFound {
    /// How many.
    pub queries: u32,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}
