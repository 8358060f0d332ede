//! Facts of the supervisor about how an account is served, its people, its plan, and what is known of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Currency, Day, Position, Time, data::account::AccountKind};

/// How much of a person's time an account gets, by its segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TouchModel {
    /// A CSM with few accounts, who knows each.
    WhiteGlove,
    /// Regular talks with a CSM.
    HighTouch,
    /// Talks where they are due, programmes between.
    Programmatic,
    /// The product and mail first, a person where these fail.
    DigitalFirst,
}

impl TouchModel {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WhiteGlove => "white_glove",
            Self::HighTouch => "high_touch",
            Self::Programmatic => "programmatic",
            Self::DigitalFirst => "digital_first",
        }
    }
}

/// An account is served in another way than before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceChanged {
    /// Customer or vendor.
    pub kind: AccountKind,
    /// Its segment.
    pub segment: String,
    /// How it is served.
    pub touch: TouchModel,
    /// So many accounts like this are one full book.
    pub accounts_per_csm: u32,
    /// The share of a full book that this one takes: 10,000 is the whole.
    pub load_bp: u32,
    /// Currency it is billed in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Why, in words.
    pub reason: String,
    /// Version of the policy in force.
    pub policy_version: u32,
    /// The event that decided.
    pub events: Vec<Position>,
}

/// One of the people an account hangs on seems to have left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepartureSuspected {
    /// As a pseudonym.
    pub contact: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// What points to it, in words, latest last.
    pub signs: Vec<String>,
    /// The task to find out.
    pub task: String,
    /// Events behind the signs, in the same order.
    pub events: Vec<Position>,
}

/// Whether somebody who seemed to have left has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepartureSettled {
    /// As a pseudonym.
    pub contact: String,
    /// They left; else they were seen again.
    pub left: bool,
    /// Why, in words.
    pub reason: String,
    /// The task to find out.
    pub task: String,
    /// Events behind it.
    pub events: Vec<Position>,
}

/// How a goal stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoalState {
    /// Agreed.
    Open,
    /// Reached.
    Achieved,
    /// Not reached.
    Missed,
}

/// A goal of a success plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanObjective {
    /// The goal.
    pub goal: String,
    /// What it is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Target, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
    /// How it stands.
    pub state: GoalState,
    /// The event that said so last.
    pub event: Position,
}

/// A milestone of a success plan that was reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanMilestone {
    /// Which.
    pub name: String,
    /// When.
    pub reached_on: Day,
    /// The event that said so.
    pub event: Position,
}

/// A measure of the customer's own success.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanMetric {
    /// The measure.
    pub kpi: String,
    /// Its latest value, in thousandths.
    pub value: i64,
    /// Its target, in thousandths.
    pub target: i64,
    /// Whether the value is where it should be.
    pub met: bool,
    /// The event that said so.
    pub event: Position,
}

/// An item that a person put into a success plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// The item.
    pub item: String,
    /// `open`, `done` or `dropped`.
    pub state: String,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The event that said so last.
    pub event: Position,
}

/// Somebody a success plan counts on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanPerson {
    /// As a pseudonym.
    pub contact: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// A date of a success plan that is still to come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanDate {
    /// When.
    pub on: Day,
    /// What is due.
    pub what: String,
}

/// The success plan of an account is another than before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanChanged {
    /// What is to be reached.
    pub objectives: Vec<PlanObjective>,
    /// What was reached on the way.
    pub milestones: Vec<PlanMilestone>,
    /// By what it is measured.
    pub metrics: Vec<PlanMetric>,
    /// What people put into it.
    pub steps: Vec<PlanStep>,
    /// Whom it counts on.
    pub stakeholders: Vec<PlanPerson>,
    /// What is still due, soonest first.
    pub timeline: Vec<PlanDate>,
    /// What changed, in words.
    pub reason: String,
    /// The event that changed it.
    pub events: Vec<Position>,
}

/// How a contact uses the product, over 28 days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsagePattern {
    /// Almost every working day.
    Power,
    /// Most weeks, several days.
    Regular,
    /// Now and then.
    Light,
    /// Used it before, and not in this time.
    Lapsed,
    /// Was never seen in the product.
    Unseen,
}

impl UsagePattern {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Regular => "regular",
            Self::Light => "light",
            Self::Lapsed => "lapsed",
            Self::Unseen => "unseen",
        }
    }
}

/// Persona or use of a contact are others than before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactProfiled {
    /// As a pseudonym.
    pub contact: String,
    /// What kind of person, by the policy's rules.
    pub persona: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// The plan of their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// How they use the product.
    pub pattern: UsagePattern,
    /// Days with use, of the last 28.
    pub active_days: u32,
    /// Why, in words.
    pub reason: String,
    /// The latest use, where there was any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A step of setting up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetupStep {
    /// Health model and its sources.
    Health,
    /// Segments and owners.
    Segments,
    /// What happens by itself.
    Automation,
    /// What is looked at.
    Dashboards,
}

impl SetupStep {
    /// Every step, in order.
    pub const ALL: [Self; 4] = [Self::Health, Self::Segments, Self::Automation, Self::Dashboards];

    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Segments => "segments",
            Self::Automation => "automation",
            Self::Dashboards => "dashboards",
        }
    }
}

/// Something that is known of an account, or is not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetupPart {
    /// The step it belongs to.
    pub step: SetupStep,
    /// What: `usage`, `support`, `owner`, …
    pub part: String,
    /// Since when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// The first event of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Position>,
}

/// More is known of an account than before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetupChanged {
    /// What is connected.
    pub connected: Vec<SetupPart>,
    /// What is not.
    pub missing: Vec<SetupPart>,
    /// What came, in words.
    pub reason: String,
    /// The event that brought it.
    pub events: Vec<Position>,
}
