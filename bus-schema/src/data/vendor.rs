//! Vendors of a marketplace: listings, orders, ratings, payouts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Money,
    data::words::{Label, Reading, closed},
};

/// A listing went live.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListingPublished {
    /// The listing.
    pub listing: Label,
    /// Its price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// A listing was taken down.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListingDelisted {
    /// The listing.
    pub listing: Label,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

/// An order was placed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// The order.
    pub order: Label,
    /// The listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<Label>,
    /// What it is worth.
    pub amount: Money,
}

/// An order was fulfilled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderFulfilled {
    /// The order.
    pub order: Label,
    /// Hours it took.
    pub hours: u32,
    /// Whether it was in time.
    pub on_time: bool,
    /// What it was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

closed! {
    /// Who called an order off.
    CancelledBy {
        Vendor "vendor",
        Buyer "buyer",
        Platform "platform",
    }
}

/// An order was called off.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancelled {
    /// The order.
    pub order: Label,
    /// By whom.
    pub by: CancelledBy,
    /// What it was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// An order came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderReturned {
    /// The order.
    pub order: Label,
    /// What it was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// A buyer rated a vendor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RatingReceived {
    /// 1 to 5.
    pub rating: u8,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Label>,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

/// A vendor was paid.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PayoutMade {
    /// How much.
    pub amount: Money,
}

/// A day's sales in sums.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SalesSummed {
    /// The day.
    pub day: Day,
    /// Orders.
    pub orders: u64,
    /// Sales before fees.
    pub gross: Money,
}
