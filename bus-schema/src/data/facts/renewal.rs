//! Facts of the renewal agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Money, Position};

/// How sure a renewal is, by its likelihood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenewalCategory {
    /// It will most likely be lost.
    Unlikely,
    /// It may be lost.
    AtRisk,
    /// It should come.
    Likely,
    /// It can be counted on.
    Commit,
}

impl RenewalCategory {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlikely => "unlikely",
            Self::AtRisk => "at_risk",
            Self::Likely => "likely",
            Self::Commit => "commit",
        }
    }
}

/// A contract comes to its decision: the renewal is an opportunity from here on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalOpened {
    /// Which.
    pub contract: String,
    /// The decision date.
    pub decision_on: Day,
    /// End of the term.
    pub term_end: Day,
    /// Its ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// Whether it renews by itself.
    #[serde(default)]
    pub auto_renew: bool,
    /// In words.
    #[serde(default)]
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A step of the timeline is due.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalStepDue {
    /// Which.
    pub contract: String,
    /// `D-90` and its kin.
    pub step: String,
    /// When.
    pub due_on: Day,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// In words.
    #[serde(default)]
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One part of a likelihood, in log-odds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalPart {
    /// Its name.
    pub part: String,
    /// Its size, 10,000 = 1 unit of log-odds.
    pub bp: i32,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What the CSM thinks of a renewal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalCall {
    /// Probability.
    pub likelihood_bp: u16,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// The event.
    pub event: Position,
}

/// How likely a renewal is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalForecasted {
    /// Which.
    pub contract: String,
    /// The model.
    pub model: String,
    /// Its version.
    pub model_version: u32,
    /// Version of the policy with its numbers.
    pub policy_version: u32,
    /// The segment whose base counts.
    pub segment: String,
    /// The decision date.
    pub decision_on: Day,
    /// End of the term.
    pub term_end: Day,
    /// Its ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// Probability.
    pub likelihood_bp: u16,
    /// The sum of the parts.
    pub logodds_bp: i32,
    /// By the likelihood.
    pub category: RenewalCategory,
    /// The parts, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RenewalPart>,
    /// What stands above the parts: notice was given, it is signed, it renews by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// The CSM's own call, a second series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<RenewalCall>,
}

/// The day of the decision has passed and nothing is signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalOverdue {
    /// Which.
    pub contract: String,
    /// Days since the decision date.
    pub days_late: u32,
    /// The day on which it counts as lost.
    pub lapses_on: Day,
    /// Its ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// Who must act, as roles.
    pub roles: Vec<String>,
    /// In words.
    pub reason: String,
}

/// A contract ended unsigned.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalLapsed {
    /// Which.
    pub contract: String,
    /// When.
    pub term_end: Day,
    /// In words.
    #[serde(default)]
    pub reason: String,
}

/// How a renewal ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenewalOutcome {
    /// A person signed.
    Renewed,
    /// It renewed by itself.
    RenewedByItself,
    /// The customer left.
    Lost,
    /// Nobody signed in time.
    Lapsed,
}

impl RenewalOutcome {
    /// Whether the contract goes on.
    pub const fn renewed(self) -> bool {
        match self {
            Self::Renewed | Self::RenewedByItself => true,
            Self::Lost | Self::Lapsed => false,
        }
    }

    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::RenewedByItself => "renewed_by_itself",
            Self::Lost => "lost",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A renewal is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalSettled {
    /// Which.
    pub contract: String,
    /// How it ended.
    pub outcome: RenewalOutcome,
    /// End of the term that was to be renewed: the period it counts in.
    pub term_end: Day,
    /// ARR before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_before: Option<Money>,
    /// ARR after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_after: Option<Money>,
    /// Days from the proposal to the signature, where a proposal was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_days: Option<u32>,
    /// Days after the end of the term.
    #[serde(default)]
    pub days_late: u32,
    /// The likelihood said last before it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_bp: Option<u16>,
    /// The CSM's call before it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_bp: Option<u16>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Where a contract stands for the books that sum it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenewalStanding {
    /// Not decided.
    Open,
    /// It goes on.
    Renewed,
    /// It does not.
    Lost,
    /// It is in another book from here on, or its term was moved.
    Gone,
}

/// What an account tells the books of its CSM and its segment about one contract and term.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalBooked {
    /// The account.
    pub account: String,
    /// The contract.
    pub contract: String,
    /// End of the term: the month it counts in.
    pub term_end: Day,
    /// ARR of the term that ends.
    pub arr: Money,
    /// ARR after, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_after: Option<Money>,
    /// Probability.
    pub likelihood_bp: u16,
    /// The CSM's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_bp: Option<u16>,
    /// Where it stands.
    pub standing: RenewalStanding,
    /// Days from the proposal to the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_days: Option<u32>,
}

/// The forecast of a month of a book, in one currency.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalSummed {
    /// Month of the end of the terms, `2026-03`.
    pub month: String,
    /// Whether everything is converted to the reporting currency; else only what is in this currency is summed.
    pub reporting: bool,
    /// Contracts.
    pub contracts: u32,
    /// ARR that ends.
    pub due: Money,
    /// Of it, renewed.
    pub signed: Money,
    /// Of it, lost.
    pub lost: Money,
    /// Σ ARR × likelihood.
    pub expected: Money,
    /// Spread of that sum.
    pub spread: Money,
    /// Expected less 1.28 spreads, at least what is signed.
    pub worst: Money,
    /// Expected and 1.28 spreads, at most what can be renewed.
    pub best: Money,
    /// Σ ARR × the CSM's call, or the likelihood where there is none.
    pub called: Money,
    /// Contracts a CSM called.
    pub calls: u32,
    /// ARR of open contracts by category, the least sure first.
    pub categories: Vec<CategorySum>,
    /// Contracts left out: no rate for their currency.
    pub not_converted: u32,
    /// Fewer than five contracts: the figures say little.
    pub few: bool,
}

/// The open contracts of a category.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CategorySum {
    /// Which.
    pub category: RenewalCategory,
    /// How many.
    pub contracts: u32,
    /// Their ARR.
    pub arr: Money,
}

/// One figure of a book against its target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalFigure {
    /// Which: `renewal_rate_logo`, `renewal_rate_revenue`, `cycle_days`, `expansion_rate`.
    pub metric: String,
    /// The number; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The target.
    pub target: i64,
    /// Whether it is met; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// Contracts it rests on.
    pub n: u32,
    /// Fewer than five of them.
    pub few: bool,
}

/// What became of the renewals of a book in the last months, once a month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalMeasured {
    /// First day of the period.
    pub from: Day,
    /// Last day of the period.
    pub to: Day,
    /// Terms that ended in it.
    pub due: u32,
    /// Renewed.
    pub renewed: u32,
    /// Lost.
    pub lost: u32,
    /// Not decided: shown apart, in no rate as renewed.
    pub undecided: u32,
    /// The figures.
    pub figures: Vec<RenewalFigure>,
}

/// A section of a review kit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KitSection {
    /// Which: `usage`, `outcomes`, `people`, `contract`, `risks`.
    pub section: String,
    /// What there is to say; each with its events.
    pub lines: Vec<KitLine>,
}

/// One statement of a kit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KitLine {
    /// In words.
    pub text: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// The content of a renewal's business review, from the account's own facts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalKitPrepared {
    /// Which.
    pub contract: String,
    /// The sections; one without facts says so.
    pub sections: Vec<KitSection>,
    /// What nothing is known of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// What a longer term comes to at the ARR of today.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TermOption {
    /// Months.
    pub months: u32,
    /// Value of the whole term.
    pub total: Money,
}

/// The sheet for a negotiation: what can be given, what is asked for it, terms at today's ARR, who decides.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalSheetPrepared {
    /// Which.
    pub contract: String,
    /// What can be given.
    pub give: Vec<String>,
    /// What is asked in return.
    pub get: Vec<String>,
    /// Terms at today's ARR: arithmetic, no offer.
    pub terms: Vec<TermOption>,
    /// Who decides, with what is known of them.
    pub stakeholders: Vec<KitLine>,
    /// Roles that nobody is known to have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// What terms that a person thinks of come to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalTermsComputed {
    /// The terms.
    pub terms: String,
    /// Of which contract.
    pub contract: String,
    /// Off the ARR of today.
    pub discount_bp: u16,
    /// Months.
    pub months: u32,
    /// ARR of today.
    pub arr_list: Money,
    /// ARR under the terms.
    pub arr_offered: Money,
    /// Value of the whole term.
    pub total: Money,
    /// What the discount costs over the term.
    pub discount_cost: Money,
    /// The likelihood without a concession.
    pub likelihood_bp: u16,
    /// How sure the renewal must become for the concession to pay; none where no certainty is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_even_bp: Option<u16>,
    /// Persons who must agree.
    pub approvals: u8,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What became of terms.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalTermsSettled {
    /// The terms.
    pub terms: String,
    /// Of which contract.
    pub contract: String,
    /// Whether they may be offered.
    pub approved: bool,
    /// Who decided, in order.
    pub by: Vec<String>,
    /// In words.
    pub reason: String,
    /// The decisions.
    pub events: Vec<Position>,
}
