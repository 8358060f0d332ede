//! Facts of the expansion agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Money, Position, data::facts::Evidence};

/// How ready an account is to grow, taken apart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessChanged {
    /// 0 to 100.
    pub readiness: u8,
    /// Of limits.
    pub pressure: u8,
    /// Of use.
    pub growth: u8,
    /// Of features.
    pub breadth: u8,
    /// Attested.
    pub value: u8,
    /// Relationship.
    pub people: u8,
    /// Each part with its weight, in words, and its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReadinessPart>,
    /// The signals that hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<ExpansionSignal>,
    /// Days in a row on which gate, readiness and a signal held.
    #[serde(default)]
    pub days: u16,
    /// Version of the policy in force.
    #[serde(default)]
    pub policy_version: u32,
}

/// One part of readiness.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessPart {
    /// `pressure`, `growth`, `breadth`, `value` or `people`.
    pub part: String,
    /// 0 to 100; without data 0.
    pub points: u8,
    /// Its weight; all together 100.
    pub weight: u8,
    /// The measurement in words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A sign that an account could use more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionSignal {
    /// `meter_near_limit`, `seats_near_limit`, `department_joined`, `feature_missed`, `highly_engaged` or
    /// `audience_found`.
    pub signal: String,
    /// What it is about: the meter, department, area or product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// In words, with the numbers.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One condition of the gate that stands before every offer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Onboarding is complete.
    Onboarded,
    /// Value was attested by customer or CSM lately.
    ValueAttested,
    /// The final band is yellow or green, with enough coverage.
    Healthy,
    /// No escalation, no urgent ticket.
    SupportQuiet,
    /// Tier and probability of leaving are low.
    LowRisk,
    /// No invoice is long overdue.
    Paid,
    /// No incident, and none lately.
    NoIncident,
    /// No unhappy answer that nobody has dealt with.
    NoDetractor,
    /// A sponsor or champion may be written to.
    SponsorKnown,
    /// Nothing declined lately, nothing open.
    NothingOpen,
}

impl Condition {
    /// All ten, in their order.
    pub const ALL: [Self; 10] = [
        Self::Onboarded,
        Self::ValueAttested,
        Self::Healthy,
        Self::SupportQuiet,
        Self::LowRisk,
        Self::Paid,
        Self::NoIncident,
        Self::NoDetractor,
        Self::SponsorKnown,
        Self::NothingOpen,
    ];

    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onboarded => "onboarded",
            Self::ValueAttested => "value_attested",
            Self::Healthy => "healthy",
            Self::SupportQuiet => "support_quiet",
            Self::LowRisk => "low_risk",
            Self::Paid => "paid",
            Self::NoIncident => "no_incident",
            Self::NoDetractor => "no_detractor",
            Self::SponsorKnown => "sponsor_known",
            Self::NothingOpen => "nothing_open",
        }
    }
}

/// How one condition stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConditionState {
    /// Which.
    pub condition: Condition,
    /// In words, with the numbers.
    pub reason: String,
    /// A person lets an opportunity go on inside our house without it; no message leaves.
    #[serde(default)]
    pub overridden: bool,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// No offer may be made, and which conditions say so. Said when that changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GateFailed {
    /// The conditions that fail.
    pub missing: Vec<ConditionState>,
    /// The signals that wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<String>,
    /// Version of the policy in force.
    pub policy_version: u32,
}

/// All ten conditions hold.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GatePassed {
    /// Each with its number.
    pub conditions: Vec<ConditionState>,
    /// Version of the policy in force.
    pub policy_version: u32,
}

/// Which way an account grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// More of what is paid for.
    FeatureAdoption,
    /// More people.
    MoreUsers,
    /// More uses.
    MoreUseCases,
    /// A higher plan, another product, services.
    Account,
}

impl Strategy {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FeatureAdoption => "feature_adoption",
            Self::MoreUsers => "more_users",
            Self::MoreUseCases => "more_use_cases",
            Self::Account => "account",
        }
    }
}

/// One of the customer's people in an opportunity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityContact {
    /// The pseudonym.
    pub contact: String,
    /// What they are to the relation.
    pub role: String,
}

/// What an opportunity adds to the success plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanItem {
    /// What.
    pub item: String,
    /// By when.
    pub due_on: Day,
    /// Who, a role or a CSM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// An opportunity passed the gate, with all that sales needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionQualified {
    /// Its id.
    pub opportunity: String,
    /// Which of the four.
    pub strategy: Strategy,
    /// How it is gone about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tactics: Vec<String>,
    /// What triggered it.
    pub signals: Vec<ExpansionSignal>,
    /// 0 to 100.
    pub readiness: u8,
    /// Days in a row on which it was ready.
    pub days: u16,
    /// A condition of the gate was overridden by a person: inside our house only.
    pub internal: bool,
    /// Half of the estimate, a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<Money>,
    /// The estimate, a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_to: Option<Money>,
    /// What the estimate is made from, in words; why there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_inputs: Vec<String>,
    /// Why it would pay for the customer, each with its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub business_case: Vec<Evidence>,
    /// Whom to talk to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<OpportunityContact>,
    /// What could go wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// What not to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_to_say: Vec<String>,
    /// What it adds to the success plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlanItem>,
    /// The task of sales: accept or return.
    pub task: String,
    /// By then, else it goes back to the CSM.
    pub answer_by: Day,
    /// How the gate stood.
    pub conditions: Vec<ConditionState>,
    /// Version of the policy in force.
    pub policy_version: u32,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What became of a hand-off to sales.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffAnswer {
    /// Sales has it.
    Accepted,
    /// Sales gave it back.
    Returned,
    /// Sales said nothing in time: the CSM has it again.
    Unanswered,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

impl HandoffAnswer {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Returned => "returned",
            Self::Unanswered => "unanswered",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// A qualified opportunity moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionAnswered {
    /// Which.
    pub opportunity: String,
    /// How.
    pub answer: HandoffAnswer,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An ARR increase belongs to an opportunity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionAttributed {
    /// Which, none means unattributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<String>,
    /// The increase.
    pub increase: Money,
    /// ARR before.
    pub from: Money,
    /// ARR after.
    pub to: Money,
    /// At the end of a term, else in the middle of one.
    pub renewal: bool,
    /// Days between the opportunity and the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// In words.
    pub reason: String,
    /// The signature, and the event that opened the opportunity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A meter comes to its limit: a service notice, never an offer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LimitWarned {
    /// Which.
    pub meter: String,
    /// Used.
    pub used: u64,
    /// Allowed.
    pub limit: u64,
    /// Days left at the pace of the last four weeks.
    pub days_left: u32,
    /// The day it is reached.
    pub reached_on: Day,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// The customer pays for what it does not use.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CostFound {
    /// `seats_unused`, `feature_unused` or `meter_oversized`.
    pub finding: String,
    /// The feature or meter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Paid for.
    pub paid: u64,
    /// Used.
    pub used: u64,
    /// What a year without it would save, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<Money>,
    /// Since when.
    pub since: Day,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An account tells its segment how it stands, as a whole.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionSampled {
    /// The account.
    pub account: String,
    /// Features it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// ARR a year ago, in the reporting currency; none where it was no customer then, or no rate is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_before: Option<Money>,
    /// ARR now; zero where it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_now: Option<Money>,
    /// Renewals in the last twelve months.
    pub renewals: u32,
    /// Of these, with a higher ARR.
    pub expanded: u32,
    /// ARR of these renewals before they were signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<Money>,
    /// What they added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Money>,
    /// Vendors: gross of the last 91 days against the same days a year before, in bp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_bp: Option<i64>,
}

/// What similar accounts use, told to one of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeersCompared {
    /// Features used by many.
    pub features: Vec<PeerFeature>,
    /// Accounts compared with.
    pub n: u32,
}

/// How many similar accounts use a feature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeerFeature {
    /// Which.
    pub feature: String,
    /// Share of them.
    pub share_bp: u16,
}

/// A feature that is paid for, used by similar accounts and not by this one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdoptionRecommended {
    /// Which.
    pub feature: String,
    /// Share of similar accounts that use it.
    pub share_bp: u16,
    /// Accounts compared with.
    pub n: u32,
    /// How it is gone about.
    pub tactics: Vec<String>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// How the accounts of a segment grew in twelve months, against the targets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpansionMeasured {
    /// The last day.
    pub until: Day,
    /// Each with its base.
    pub metrics: Vec<MeasuredMetric>,
}

/// A measured share against its target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredMetric {
    /// Which.
    pub metric: String,
    /// Its value, in `unit`; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// `bp`, `count`, `hundredths` or `minor`.
    pub unit: String,
    /// Accounts or answers it rests on.
    pub n: u32,
    /// Too few to say much.
    pub few: bool,
    /// What is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// Whether it is met; none without data or target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}
