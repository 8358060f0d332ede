//! Facts about many accounts at once: how engaged they are, what a campaign did, what vendors can learn from each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MeasuredMetric;
use crate::Position;

/// How a vendor sold in a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VendorNumbers {
    /// Orders that came.
    pub orders: u32,
    /// Orders that were fulfilled.
    pub fulfilled: u32,
    /// Of these, in time.
    pub on_time: u32,
    /// Orders the vendor called off.
    pub cancelled: u32,
    /// Ratings.
    pub ratings: u32,
    /// Their sum.
    pub rating_sum: u32,
}

/// An account tells its segment how its month was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EngagementSampled {
    /// The account.
    pub account: String,
    /// The month, `2026-01`.
    pub month: String,
    /// Share of the seats whose people were active; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_bp: Option<i64>,
    /// Share of the core features in use; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption_bp: Option<i64>,
    /// People who were active, where they can be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u32>,
    /// Contacts who took part in the community.
    pub community: u32,
    /// Of a vendor: how it sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<VendorNumbers>,
}

/// An account below a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountBelow {
    /// The account.
    pub account: String,
    /// Which metric.
    pub metric: String,
    /// Its value, in bp.
    pub value: i64,
}

/// How engaged the accounts of a segment were in a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EngagementMeasured {
    /// The month, `2026-01`.
    pub month: String,
    /// `engagement`, `key_feature_adoption`, `community`: each with its n and target.
    pub metrics: Vec<MeasuredMetric>,
    /// Accounts furthest below a target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<AccountBelow>,
}

/// Somebody who would gain from a training, for the CSM's eyes: no message says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TrainingNeed {
    /// As a pseudonym.
    pub contact: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// How they use the product: `regular`, `light`, …; empty where that is not known.
    #[serde(default)]
    pub pattern: String,
    /// Features they have not begun with.
    pub features: Vec<String>,
}

/// With whom of an account to train what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TrainingRecommended {
    /// The month, `2026-01`.
    pub month: String,
    /// Share of the seats whose people were active; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_bp: Option<i64>,
    /// Share of the core features in use; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption_bp: Option<i64>,
    /// With whom, and on what.
    pub whom: Vec<TrainingNeed>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One number of a vendor beside those of its peers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeerNumber {
    /// `on_time`, `rating` or `cancelled`.
    pub metric: String,
    /// Its own, in `unit`.
    pub own: i64,
    /// The middle of the peers.
    pub peers_p50: i64,
    /// `bp` or `hundredths`.
    pub unit: String,
    /// Peers compared with.
    pub n: u32,
    /// What the better ones do.
    pub practice: String,
}

/// A vendor can do better in what its peers do better.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VendorCoached {
    /// The month, `2026-01`.
    pub month: String,
    /// Orders of the month.
    pub orders: u32,
    /// Where it lies behind, the furthest first.
    pub numbers: Vec<PeerNumber>,
    /// In words.
    pub reason: String,
}

/// An account tells its segment what a campaign did there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CampaignSampled {
    /// The account.
    pub account: String,
    /// The campaign.
    pub campaign: String,
    /// It was left out on purpose, to compare with.
    pub held_out: bool,
    /// A message was delivered.
    pub delivered: bool,
    /// The customer spoke with us within the campaign's days.
    pub answered: bool,
}

/// What a campaign did, against accounts that were left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CampaignMeasured {
    /// The campaign.
    pub campaign: String,
    /// Accounts that were to be written to.
    pub accounts: u32,
    /// Of these, delivered.
    pub delivered: u32,
    /// Of these, answered within the days.
    pub answered: u32,
    /// Accounts left out.
    pub held_out: u32,
    /// Of these, those that spoke with us all the same.
    pub held_out_answered: u32,
    /// Too few on a side to say much.
    pub few: bool,
    /// In words.
    pub reason: String,
}

/// Somebody unlocked an achievement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AchievementProgressed {
    /// Who, as a pseudonym.
    pub user: String,
    /// Which.
    pub achievement: String,
    /// How many they have.
    pub total: u32,
    /// How many bring a thank-you next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}
