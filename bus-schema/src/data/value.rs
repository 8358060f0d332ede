//! Value: goals, measures, returns, outcomes, use cases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Money,
    data::words::{Label, closed},
};

/// A goal was agreed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GoalSet {
    /// The goal.
    pub goal: Label,
    /// What it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Label>,
    /// Target, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// When it is due.
    pub due_on: Day,
}

/// A goal was reached.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GoalAchieved {
    /// The goal.
    pub goal: Label,
    /// What it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Label>,
    /// Target, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// When it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
}

/// A goal was not reached.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GoalMissed {
    /// The goal.
    pub goal: Label,
    /// What it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Label>,
    /// Target, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// When it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
}

/// A measure of the customer's own success was read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KpiMeasured {
    /// The measure.
    pub kpi: Label,
    /// Value, in thousandths.
    pub value: i64,
    /// Target, in thousandths.
    pub target: i64,
    /// Which way is good.
    pub higher_is_better: bool,
    /// The period it is of.
    pub period: Label,
}

closed! {
    /// Who stands for a statement of value. An agent cannot.
    Attestor {
        Customer "customer",
        Csm "csm",
    }
}

/// A return was put in numbers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoiReported {
    /// What was gained.
    pub value: Money,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// The period it is of.
    pub period: Label,
    /// Who says so.
    pub attested_by: Attestor,
    /// The goal it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Label>,
}

/// An outcome was written down.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeDocumented {
    /// What it is worth.
    pub value: Money,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// The period it is of.
    pub period: Label,
    /// Who says so.
    pub attested_by: Attestor,
    /// The goal it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Label>,
}

/// A use case was agreed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UseCaseDefined {
    /// The use case.
    pub use_case: Label,
}

/// A use case went live.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UseCaseLive {
    /// The use case.
    pub use_case: Label,
}
