//! Facts of the advocacy agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Position, Time};

/// A contact may be asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocateIdentified {
    /// Whom.
    pub contact: String,
    /// 0 to 100.
    pub score: u8,
    /// What may be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<String>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A contact is left alone for a while.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocateRested {
    /// Whom.
    pub contact: String,
    /// Until when.
    pub until: Time,
    /// Why.
    pub reason: String,
}

/// Loyalty points moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BalanceChanged {
    /// The change.
    pub points: i64,
    /// Points held after it.
    pub balance: u64,
    /// Why.
    pub reason: String,
}

/// A referral was rewarded or refused.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralSettled {
    /// Which.
    pub referral: String,
    /// Whether.
    pub rewarded: bool,
    /// Why.
    pub reason: String,
}
