//! Accounts: who they are, who looks after them, how the relation ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Currency, Day, Money,
    data::words::{Label, List, closed},
};

closed! {
    /// Which side of the market an account is on.
    AccountKind {
        Customer "customer",
        Vendor "vendor",
    }
}

/// A relation with an account began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountCreated {
    /// Customer or vendor.
    pub kind: AccountKind,
    /// When the relation began.
    pub started_on: Day,
    /// Seats paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licensed_seats: Option<u64>,
    /// Features without which the product is not in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_features: Option<List<Label>>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// The industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<Label>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Label>,
    /// Language tag of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Label>,
    /// Currency it is billed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Personas of its people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personas: Option<List<Label>>,
}

/// Something about an account changed; only what changed is there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountUpdated {
    /// Customer or vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<AccountKind>,
    /// When the relation began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_on: Option<Day>,
    /// Seats paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licensed_seats: Option<u64>,
    /// Features without which the product is not in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_features: Option<List<Label>>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// The industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<Label>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Label>,
    /// Language tag of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Label>,
    /// Currency it is billed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Personas of its people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personas: Option<List<Label>>,
}

closed! {
    /// Why an account left.
    ChurnReason {
        Price "price",
        MissingFeature "missing_feature",
        BadFit "bad_fit",
        Support "support",
        Competitor "competitor",
        ChampionLeft "champion_left",
        Closed "closed",
        Acquired "acquired",
        NonPayment "non_payment",
    }
}

/// An account left.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountChurned {
    /// Last day of service.
    pub service_ended_on: Day,
    /// When notice was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_on: Option<Day>,
    /// Why.
    pub reason_code: ChurnReason,
    /// To whom, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub competitor: Option<Label>,
    /// Whether the customer chose it.
    pub voluntary: bool,
}

/// An account that had left came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountWonBack {
    /// When.
    pub on: Day,
    /// Annual recurring revenue it came back with.
    pub arr: Money,
}

/// A customer-success manager took an account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CsmAssigned {
    /// The customer-success manager.
    pub csm: Label,
    /// Until when, where it is for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// Who covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Label>,
}

/// Another team promised something to the customer, in a campaign or in a sale.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PromiseMade {
    /// The promise.
    pub promise: Label,
    /// The team that made it: `marketing`, `sales`, …
    pub by: Label,
    /// The campaign it was made in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Label>,
    /// When it is to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
}
