//! The policy as the file has it.

use std::collections::BTreeMap;

use agent::{desk::Desk, rates::Rate};
use bus_schema::{Currency, data::advocacy::AdvocacyAct};
use serde::{Deserialize, Serialize};

/// A line through points, flat outside.
pub type Line = Vec<(i64, i64)>;

/// The numbers as the file has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each table is described in policy.toml")]
pub struct Rules {
    pub desk: Desk,
    pub gate: Gate,
    pub score: Score,
    pub ladder: Vec<Rung>,
    pub rests: Rests,
    #[serde(rename = "loop")]
    pub closed_loop: Loop,
    pub survey: Survey,
    pub nps: Nps,
    pub loyalty: Loyalty,
    pub recognition: Vec<Recognition>,
    pub targets: Vec<Target>,
    pub currencies: BTreeMap<Currency, Rate>,
    pub plays: Vec<Play>,
}

/// Conditions before anybody is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Gate {
    pub promoter_from: u8,
    pub promoter_days: i32,
    pub outcome_days: i32,
}

/// How an advocate is scored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Score {
    pub weights: Weights,
    pub promoter_10: u8,
    pub promoter_9: u8,
    pub value: Line,
    pub tenure: Line,
    pub past: Line,
    pub response_prior_bp: i64,
    pub declined_points: i64,
    pub declined_days: i32,
    pub changed_points: u8,
}

/// The weights of the score.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Weights {
    pub answer: i64,
    pub value: i64,
    pub health: i64,
    pub tenure: i64,
    pub response: i64,
    pub past: i64,
}

/// What may be asked from which score.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Rung {
    pub act: AdvocacyAct,
    pub from: u8,
    pub roles: Vec<String>,
}

/// How seldom anybody is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Rests {
    pub after_ask_days: i32,
    pub after_no_days: i32,
    pub open_days: i32,
    pub account_asks: usize,
    pub account_days: i32,
    pub reference_uses: usize,
    pub reference_days: i32,
}

/// The clocks of a closed loop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Loop {
    pub detractor_to: u8,
    pub told_hours: i64,
    pub scheduled_hours: i64,
    pub resolved_days: i64,
    pub documented_days: i64,
}

/// Who is asked, and when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Survey {
    pub relationship_days: i32,
    pub transactional_of: u32,
    pub contact_days: i32,
    pub week_contacts: usize,
    pub after_escalation_days: i32,
    pub first_days: i32,
    pub before_decision_days: i32,
    pub held_days: i32,
}

/// How a recommendation is measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Nps {
    pub window_days: u16,
    pub few: u32,
}

/// What earns points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Loyalty {
    pub review: u64,
    pub testimonial: u64,
    pub reference: u64,
    pub case_study: u64,
    pub co_marketing: u64,
    pub speaking: u64,
    pub community: u64,
    pub advisory_board: u64,
    pub referral: u64,
    pub expires_days: i32,
    pub tiers: Vec<Tier>,
}

/// A tier of loyalty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Tier {
    pub name: String,
    pub from: u64,
}

/// What is counted for a thank-you.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Orders of a vendor.
    Orders,
    /// Listings of a vendor.
    Listings,
    /// Ratings of 4 and 5.
    GoodRatings,
    /// Posts, answers, events.
    Community,
}

impl Counted {
    /// In words, after a number.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Listings => "listings",
            Self::GoodRatings => "good ratings",
            Self::Community => "contributions to the community",
        }
    }
}

/// What is worth a thank-you.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Recognition {
    pub achievement: String,
    pub counts: Counted,
    pub at: u32,
}

/// What a segment is measured by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Promoters less detractors.
    Nps,
    /// Mean satisfaction, in hundredths of a point of 5.
    Satisfaction,
    /// Accounts with activity in four weeks.
    Active,
}

impl Metric {
    /// The name in facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Satisfaction => "satisfaction",
            Self::Active => "active",
        }
    }

    pub(super) const fn range(self) -> (i64, i64) {
        match self {
            Self::Nps => (-10_000, 10_000),
            Self::Satisfaction => (100, 500),
            Self::Active => (0, 10_000),
        }
    }

    /// Days it looks back.
    pub(super) const fn period(self) -> u16 {
        match self {
            Self::Nps => 90,
            Self::Satisfaction => 365,
            Self::Active => 28,
        }
    }
}

/// Which kind of account a target is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Customers.
    Customer,
    /// Vendors of a marketplace.
    Vendor,
}

/// On which side of its number a target is met; the number itself is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Less.
    Below,
    /// More.
    Above,
}

impl Op {
    /// Whether a value meets a target.
    pub const fn met(self, value: i64, target: i64) -> bool {
        match self {
            Self::Below => value < target,
            Self::Above => value > target,
        }
    }
}

/// A target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Target {
    pub metric: Metric,
    pub kind: Kind,
    pub segment: String,
    pub period_days: u16,
    pub op: Op,
    pub value: i64,
}

/// What asks for a touch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A contact may be asked to speak for us.
    Advocate,
    /// An answer of 7 or 8.
    Passive,
    /// A relationship survey is due.
    Relationship,
    /// A resolved ticket is asked about.
    Transactional,
    /// A milestone is asked about.
    Milestone,
    /// Something done well.
    Recognised,
    /// A tier was reached.
    Incentive,
}

/// A touch that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Play {
    pub name: String,
    pub version: u32,
    pub when: When,
    pub template: String,
    pub roles: Vec<String>,
}
