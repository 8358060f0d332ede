//! Facts about the relation with a customer: what is celebrated, which reviews are due, what came of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Position};

/// A usage milestone was reached. Each is said once in the life of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MilestoneCelebrated {
    /// Which.
    pub milestone: String,
    /// The count.
    pub value: u64,
    /// In words.
    #[serde(default)]
    pub reason: String,
    /// The event that reached it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A review with the customer is due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReviewDue {
    /// `executive`, `operational` or `success` (a vendor's).
    pub review: String,
    /// When.
    pub due_on: Day,
    /// When whoever comes gets what to read before.
    pub pre_read_on: Day,
    /// Days between two of them.
    pub cadence_days: u32,
    /// Reviews that this one replaces, since they would be due at the same time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
    /// Why, in words.
    pub reason: String,
    /// The last review, where there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One line of a review kit, with its events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReviewLine {
    /// In words, with the number.
    pub text: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Somebody who should come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReviewGuest {
    /// As a pseudonym.
    pub contact: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// What to read before a review.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReviewKitPrepared {
    /// `executive`, `operational` or `success`.
    pub review: String,
    /// When the review is.
    pub on: Day,
    /// Who should come.
    pub participants: Vec<ReviewGuest>,
    /// What was agreed to reach, and how it stands.
    pub objectives: Vec<ReviewLine>,
    /// The customer's own measures.
    pub kpis: Vec<ReviewLine>,
    /// How the product is used.
    pub usage: Vec<ReviewLine>,
    /// Documented value.
    pub roi: Vec<ReviewLine>,
    /// What came out and concerns them.
    pub roadmap: Vec<ReviewLine>,
    /// Actions that are open.
    pub actions: Vec<ReviewLine>,
    /// What is not known, in words.
    pub gaps: Vec<String>,
}

/// What was agreed in reviews, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ActionsTracked {
    /// What is open, oldest first.
    pub open: Vec<TrackedAction>,
    /// What was done since it was last said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<TrackedAction>,
}

/// An action that was agreed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TrackedAction {
    /// What.
    pub action: String,
    /// The task made of it.
    pub task: String,
    /// Since when.
    pub agreed_on: Day,
}
