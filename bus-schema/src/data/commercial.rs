//! Contracts, subscriptions, invoices, renewals, opportunities, and what bears on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Money,
    data::words::{Label, closed},
};

/// A contract was signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractSigned {
    /// The contract.
    pub contract: Label,
    /// Annual recurring revenue.
    pub arr: Money,
    /// First day of the term.
    pub term_start: Day,
    /// Last day of the term.
    pub term_end: Day,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Days of notice.
    pub notice_days: u32,
    /// Increase at renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_uplift_bp: Option<i32>,
}

/// A contract was changed; it holds the whole of the contract as it stands after.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractAmended {
    /// The contract.
    pub contract: Label,
    /// Annual recurring revenue.
    pub arr: Money,
    /// First day of the term.
    pub term_start: Day,
    /// Last day of the term.
    pub term_end: Day,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Days of notice.
    pub notice_days: u32,
    /// Increase at renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_uplift_bp: Option<i32>,
}

/// The customer gave notice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractNoticeGiven {
    /// The contract.
    pub contract: Label,
    /// When it ends.
    pub effective_on: Day,
}

/// The customer switched automatic renewal off.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractAutoRenewDisabled {
    /// The contract.
    pub contract: Label,
    /// From when.
    pub effective_on: Day,
}

/// A subscription began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionStarted {
    /// The subscription.
    pub subscription: Label,
    /// The plan.
    pub plan: Label,
    /// Monthly recurring revenue.
    pub mrr: Money,
    /// Seats or units.
    pub quantity: u64,
    /// From when.
    pub effective_on: Day,
    /// Whether it takes effect at the end of the paid period.
    #[serde(default)]
    pub at_period_end: bool,
}

/// A subscription changed; it holds the whole of it as it stands after.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionChanged {
    /// The subscription.
    pub subscription: Label,
    /// The plan.
    pub plan: Label,
    /// Monthly recurring revenue.
    pub mrr: Money,
    /// Seats or units.
    pub quantity: u64,
    /// From when.
    pub effective_on: Day,
    /// Whether it takes effect at the end of the paid period.
    #[serde(default)]
    pub at_period_end: bool,
}

/// A subscription was renewed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionRenewed {
    /// The subscription.
    pub subscription: Label,
    /// The plan.
    pub plan: Label,
    /// Monthly recurring revenue.
    pub mrr: Money,
    /// Seats or units.
    pub quantity: u64,
    /// From when.
    pub effective_on: Day,
    /// Whether it takes effect at the end of the paid period.
    #[serde(default)]
    pub at_period_end: bool,
}

/// A subscription was cancelled. At the end of the period: notice now, loss later.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionCancelled {
    /// The subscription.
    pub subscription: Label,
    /// The plan.
    pub plan: Label,
    /// Monthly recurring revenue that goes.
    pub mrr: Money,
    /// Seats or units.
    pub quantity: u64,
    /// From when.
    pub effective_on: Day,
    /// Whether it takes effect at the end of the paid period.
    #[serde(default)]
    pub at_period_end: bool,
}

/// An invoice was sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceIssued {
    /// The invoice.
    pub invoice: Label,
    /// What is due.
    pub amount: Money,
    /// When.
    pub due_on: Day,
}

/// An invoice was paid.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InvoicePaid {
    /// The invoice.
    pub invoice: Label,
    /// What was paid.
    pub amount: Money,
    /// Which attempt it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Days after the due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_late: Option<u32>,
}

/// A payment did not go through.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InvoicePaymentFailed {
    /// The invoice.
    pub invoice: Label,
    /// What was to be paid.
    pub amount: Money,
    /// Which attempt it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Days after the due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_late: Option<u32>,
}

/// An invoice is past its due date.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceOverdue {
    /// The invoice.
    pub invoice: Label,
    /// What is open.
    pub amount: Money,
    /// Which attempt was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Days after the due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_late: Option<u32>,
}

/// A payment is disputed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DisputeOpened {
    /// The invoice.
    pub invoice: Label,
    /// The disputed amount.
    pub amount: Money,
    /// Why.
    pub reason: Label,
}

/// Money was given back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RefundMade {
    /// The invoice.
    pub invoice: Label,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: Label,
}

closed! {
    /// How far a renewal is.
    RenewalStage {
        Open "open",
        Discussed "discussed",
        Proposed "proposed",
        Negotiating "negotiating",
        Verbal "verbal",
        Signed "signed",
        Lost "lost",
    }
}

/// A renewal offer went out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalProposalSent {
    /// The contract.
    pub contract: Label,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<RenewalStage>,
    /// What is offered, a year.
    pub amount: Money,
}

/// A renewal moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalStageChanged {
    /// The contract.
    pub contract: Label,
    /// How far it is.
    pub stage: RenewalStage,
    /// What it is about, a year.
    pub amount: Money,
}

closed! {
    /// What could be sold.
    OpportunityType {
        Seats "seats",
        Plan "plan",
        Product "product",
        Services "services",
    }
}

/// An opportunity was opened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityCreated {
    /// The opportunity.
    pub opportunity: Label,
    /// What could be sold.
    #[serde(rename = "type")]
    pub opportunity_type: OpportunityType,
    /// Worth, a year.
    pub amount: Money,
    /// Stage, as the sales system says.
    pub stage: Label,
    /// When it should close.
    pub close_on: Day,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

/// An opportunity moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityUpdated {
    /// The opportunity.
    pub opportunity: Label,
    /// What could be sold.
    #[serde(rename = "type")]
    pub opportunity_type: OpportunityType,
    /// Worth, a year.
    pub amount: Money,
    /// Stage, as the sales system says.
    pub stage: Label,
    /// When it should close.
    pub close_on: Day,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

/// An opportunity was won.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityWon {
    /// The opportunity.
    pub opportunity: Label,
    /// What was sold.
    #[serde(rename = "type")]
    pub opportunity_type: OpportunityType,
    /// Worth, a year.
    pub amount: Money,
    /// Stage, as the sales system says.
    pub stage: Label,
    /// When it closed.
    pub close_on: Day,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

/// An opportunity was lost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityLost {
    /// The opportunity.
    pub opportunity: Label,
    /// What was not sold.
    #[serde(rename = "type")]
    pub opportunity_type: OpportunityType,
    /// Worth, a year.
    pub amount: Money,
    /// Stage, as the sales system says.
    pub stage: Label,
    /// When it closed.
    pub close_on: Day,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

closed! {
    /// How close a competitor is.
    CompetitorStage {
        Mention "mention",
        Evaluation "evaluation",
    }
}

/// A competitor came up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CompetitorMentioned {
    /// Which.
    pub competitor: Label,
    /// How close.
    pub stage: CompetitorStage,
    /// Where it came up.
    #[serde(rename = "where")]
    pub place: Label,
}

closed! {
    /// How the customer's money stands.
    BudgetState {
        Concern "concern",
        Frozen "frozen",
        Confirmed "confirmed",
        Increased "increased",
    }
}

/// The customer spoke about its budget.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetReported {
    /// How it stands.
    pub state: BudgetState,
    /// End of its fiscal year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_end: Option<Day>,
}

closed! {
    /// What happened at the customer.
    OrgChange {
        Merger "merger",
        Acquired "acquired",
        Layoff "layoff",
        Reorganisation "reorganisation",
        NewLeadership "new_leadership",
    }
}

/// The customer's organisation changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrgChanged {
    /// What happened.
    #[serde(rename = "type")]
    pub change: OrgChange,
    /// When.
    pub on: Day,
}
