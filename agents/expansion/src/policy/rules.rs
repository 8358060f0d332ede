//! The policy as the file has it.

use std::collections::BTreeMap;

use agent::{desk::Desk, rates::Rate};
use bus_schema::{Currency, Money, data::facts::Strategy};
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
    pub signals: Signals,
    pub readiness: Readiness,
    pub limit: Limit,
    pub value: Value,
    pub handoff: Handoff,
    pub attribution: Attribution,
    pub cost: Cost,
    pub peers: Peers,
    pub strategies: Vec<StrategyRule>,
    pub adoption: Adoption,
    pub plans: Vec<Plan>,
    pub products: Vec<Product>,
    pub targets: Vec<Target>,
    pub currencies: BTreeMap<Currency, Rate>,
    pub plays: Vec<Play>,
}

/// The ten conditions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Gate {
    pub onboarded_before_days: i32,
    pub onboarded_age_days: i32,
    pub value_days: i32,
    pub coverage_bp: u16,
    pub p90_bp: u16,
    pub overdue_days: i32,
    pub incident_rest_days: i32,
    pub detractor_days: i32,
    pub declined_days: i32,
    pub returned_days: i32,
    pub override_days: i32,
}

/// What shows that an account could use more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Signals {
    pub meter_bp: i64,
    pub meter_days: usize,
    pub meter_of_days: i32,
    pub seats_bp: i64,
    pub department_users: usize,
    pub department_days: i32,
    pub settled_days: i32,
    pub missed_users: usize,
    pub missed_days: i32,
    pub engaged_trend: u8,
    pub engaged_adoption: u8,
    pub engaged_days: i32,
    pub audience_users: usize,
}

/// How readiness is made up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Readiness {
    pub weights: Weights,
    pub pressure: Line,
    pub growth: Line,
    pub growth_volume_min: i64,
    pub value: Line,
    pub value_days: i32,
    pub changed_points: u8,
    pub qualified_from: u8,
    pub qualified_days: u16,
}

/// The weights of readiness.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Weights {
    pub pressure: u8,
    pub growth: u8,
    pub breadth: u8,
    pub value: u8,
    pub people: u8,
}

/// When a limit is told of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Limit {
    pub within_days: i32,
    pub pace_days: i32,
    pub pace_days_min: i32,
    pub again_days: i32,
}

/// How an opportunity is valued.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Value {
    pub low_bp: i64,
    pub horizon_days: i64,
    pub headroom_bp: i64,
    pub list_bp: i64,
    pub services: Money,
}

/// What sales gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Handoff {
    pub answer_days: u32,
    pub not_to_say: Vec<String>,
}

/// Which increase belongs to which opportunity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Attribution {
    pub days: i32,
}

/// What is paid for and not used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Cost {
    pub seats_bp: i64,
    pub seats_days: i32,
    pub seats_min: u64,
    pub feature_days: i32,
    pub age_days: i32,
    pub meter_bp: i64,
    pub meter_days: i32,
    pub again_days: i32,
}

/// What similar accounts use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Peers {
    pub share_bp: i64,
    pub accounts_min: usize,
    pub again_days: i32,
}

/// A sign that an account could use more. In the order in which they lead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// A meter of the plan comes to its limit.
    MeterNearLimit,
    /// Nearly all seats are assigned.
    SeatsNearLimit,
    /// Another department came.
    DepartmentJoined,
    /// What a higher plan has is asked for.
    FeatureMissed,
    /// Whom another product is for are here.
    AudienceFound,
    /// It is used much and rises.
    HighlyEngaged,
}

impl Sign {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeterNearLimit => "meter_near_limit",
            Self::SeatsNearLimit => "seats_near_limit",
            Self::DepartmentJoined => "department_joined",
            Self::FeatureMissed => "feature_missed",
            Self::AudienceFound => "audience_found",
            Self::HighlyEngaged => "highly_engaged",
        }
    }
}

/// How a signal is gone about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct StrategyRule {
    pub signal: Sign,
    pub strategy: Strategy,
    pub tactics: Vec<String>,
}

/// How a feature is brought to those who pay for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Adoption {
    pub tactics: Vec<String>,
}

/// A plan of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Plan {
    pub name: String,
    pub currency: Currency,
    pub base: i64,
    pub seat: i64,
    pub includes: Vec<String>,
}

/// A further product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Product {
    pub name: String,
    pub currency: Currency,
    pub seat: i64,
    pub audience: Vec<String>,
    pub features: Vec<String>,
}

/// What a segment is measured by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Renewals with a higher ARR, of all renewals.
    ExpansionRate,
    /// What renewals added, of the ARR renewed.
    ExpansionRevenue,
    /// ARR now of those who paid a year ago, of their ARR then.
    Nrr,
    /// Vendors that sell more than a year before.
    VendorGrowth,
}

impl Metric {
    /// The name in facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExpansionRate => "expansion_rate",
            Self::ExpansionRevenue => "expansion_revenue",
            Self::Nrr => "nrr",
            Self::VendorGrowth => "vendor_growth",
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
    /// An opportunity that this signal leads.
    MeterNearLimit,
    /// An opportunity that this signal leads.
    SeatsNearLimit,
    /// An opportunity that this signal leads.
    DepartmentJoined,
    /// An opportunity that this signal leads.
    FeatureMissed,
    /// An opportunity that this signal leads.
    AudienceFound,
    /// An opportunity that this signal leads.
    HighlyEngaged,
    /// A hard limit will be reached.
    LimitWarned,
    /// A feature that is paid for is recommended.
    Recommended,
}

impl From<Sign> for When {
    fn from(sign: Sign) -> Self {
        match sign {
            Sign::MeterNearLimit => Self::MeterNearLimit,
            Sign::SeatsNearLimit => Self::SeatsNearLimit,
            Sign::DepartmentJoined => Self::DepartmentJoined,
            Sign::FeatureMissed => Self::FeatureMissed,
            Sign::AudienceFound => Self::AudienceFound,
            Sign::HighlyEngaged => Self::HighlyEngaged,
        }
    }
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
