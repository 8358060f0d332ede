//! Use of the product: users, sessions, features, meters, seats.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Money, Time,
    data::words::{Label, closed},
};

/// A user was invited.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UserInvited {
    /// The user, as a pseudonym.
    pub user: Label,
    /// When.
    pub on: Day,
}

/// A user became active for the first time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UserActivated {
    /// The user, as a pseudonym.
    pub user: Label,
    /// When.
    pub on: Day,
}

/// A user was switched off.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UserDeactivated {
    /// The user, as a pseudonym.
    pub user: Label,
    /// When.
    pub on: Day,
}

/// A user logged in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UserLoggedIn {
    /// The user, as a pseudonym.
    pub user: Label,
}

/// A session ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SessionEnded {
    /// The user, as a pseudonym.
    pub user: Label,
    /// How long it was.
    pub seconds: u32,
}

/// A user used a feature.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UsageRecorded {
    /// The user, as a pseudonym.
    pub user: Label,
    /// The feature.
    pub feature: Label,
    /// How often, in this event.
    pub quantity: u64,
    /// For how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A day's use in sums, from producers that send no events of single users.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UsageAggregated {
    /// The day.
    pub day: Day,
    /// The feature; of the whole product otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<Label>,
    /// Distinct active users.
    pub active_users: u64,
    /// How often.
    pub quantity: u64,
    /// For how long in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// Calls of the API in a day or an hour.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ApiCalled {
    /// The day, where the sum is of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Start of the hour, where the sum is of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<Time>,
    /// Calls.
    pub count: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Label>,
}

/// A feature was switched on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeatureActivated {
    /// The feature.
    pub feature: Label,
    /// By whom, as a pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Label>,
}

/// A page or screen was seen: activity, never adoption.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PageViewed {
    /// By whom, as a pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Label>,
    /// Name of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Label>,
}

/// A meter of the plan was read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanUsageMeasured {
    /// The meter.
    pub meter: Label,
    /// Used.
    pub used: u64,
    /// Allowed; never 0.
    pub limit: u64,
    /// Whether use stops at the limit.
    pub hard: bool,
    /// When the meter starts again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Day>,
}

/// Seats were counted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SeatsMeasured {
    /// Assigned.
    pub assigned: u64,
    /// Paid for.
    pub licensed: u64,
}

closed! {
    /// A step of value.
    Milestone {
        FirstValue "first_value",
        FirstOutcome "first_outcome",
        FirstSale "first_sale",
        Custom "custom",
    }
}

/// An account reached a milestone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MilestoneReached {
    /// Which.
    pub milestone: Milestone,
    /// What it was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
}
