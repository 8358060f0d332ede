//! Facts of the onboarding agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Position, Time, data::facts::BaselineBasis};

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// Ours.
    Us,
    /// The customer's.
    Customer,
}

impl Party {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Customer => "customer",
        }
    }
}

/// The implementation plan, as a whole: said at the start and whenever it changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingPlanned {
    /// First day of onboarding.
    pub started_on: Day,
    /// Every step, in the order of the plan.
    pub steps: Vec<PlannedStep>,
    /// What changed.
    pub reason: String,
    /// Version of the policy the plan is made from.
    pub policy_version: u32,
    /// Events behind the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One step of the plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStep {
    /// Which.
    pub step: String,
    /// Its phase.
    pub phase: String,
    /// Steps that come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Whose turn it is.
    pub waiting_for: Party,
    /// Who does it, where a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it is expected, or was agreed for.
    pub due_on: Day,
    /// How it stands.
    pub state: StepState,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_on: Option<Day>,
}

/// How a step stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Steps before it are open.
    Blocked,
    /// It could be done.
    Open,
    /// Its event was seen.
    Done,
    /// Use of the product shows that it is done.
    Implied,
    /// A person said so.
    ByHand,
    /// It is not needed.
    Dropped,
}

/// A phase of onboarding is done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PhaseCompleted {
    /// Which.
    pub phase: String,
    /// Days since the start.
    pub took_days: u32,
    /// The events that did its steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A step is stuck.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingStalled {
    /// Which.
    pub step: String,
    /// Since when it could be done.
    pub since: Time,
    /// Days since then.
    pub waited_days: u32,
    /// What is usual.
    pub expected_days: u32,
    /// Whether the segment's own median says so, or the policy.
    pub basis: BaselineBasis,
    /// Accounts that median rests on.
    pub n: u32,
    /// 1 at first, 2 when it goes on.
    pub notice: u8,
    /// Whose turn it is.
    pub waiting_for: Party,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A stuck step moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingResumed {
    /// Which.
    pub step: String,
    /// How long it was stuck.
    pub stalled_days: u32,
    /// What moved it.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// All phases are done, or it was closed incomplete.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingCompleted {
    /// Whether all phases are done.
    pub complete: bool,
    /// Days since the start.
    pub took_days: u32,
    /// Steps that are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// In words.
    pub reason: String,
}

/// Onboarding judged at day 30 or 90.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingJudged {
    /// 30 or 90.
    pub day: u16,
    /// What came of it.
    pub verdict: OnboardingVerdict,
    /// Each with its number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// Share of the criteria with data.
    pub coverage_bp: u16,
    /// Version of the policy with the targets.
    pub policy_version: u32,
}

/// What came of onboarding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnboardingVerdict {
    /// Too little of it.
    NotAchieved,
    /// Most of it.
    WithGaps,
    /// All of it.
    Complete,
}

/// One criterion of a verdict.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Which.
    pub name: String,
    /// None without data, which is a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The target.
    pub target: i64,
    /// What value and target count: `days`, `bp`, `count`.
    pub unit: String,
    /// Observations.
    pub n: u32,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Which step of value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueStep {
    /// First value of any kind.
    FirstValue,
    /// First business outcome.
    FirstOutcome,
    /// First sale of a vendor.
    FirstSale,
    /// Onboarding was completed.
    Completion,
}

impl ValueStep {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstValue => "first_value",
            Self::FirstOutcome => "first_outcome",
            Self::FirstSale => "first_sale",
            Self::Completion => "completion",
        }
    }
}

/// An account reached a step of value for the first time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ValueReached {
    /// Which.
    pub milestone: ValueStep,
    /// Days since the start.
    pub took_days: u32,
    /// Month of the start, `2026-01`.
    pub cohort: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What an account tells its segment: that it began, how long a step took, that it reached value, that it is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingSampled {
    /// The account.
    pub account: String,
    /// When its onboarding began.
    pub started_on: Day,
    /// What is told.
    #[serde(flatten)]
    pub sample: OnboardingSample,
}

/// What is told of an onboarding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sample", rename_all = "snake_case")]
pub enum OnboardingSample {
    /// It began.
    Began {},
    /// A step is done.
    Step {
        /// Which.
        step: String,
        /// Days since it could be done.
        days: u32,
    },
    /// A step of value was reached.
    Value {
        /// Which.
        milestone: ValueStep,
        /// Days since the start.
        days: u32,
    },
    /// It is over.
    Over {
        /// Whether all phases are done.
        complete: bool,
    },
}

/// What is usual in a segment, told to one of its accounts; counts from the next day.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingBaseline {
    /// Steps with enough accounts.
    pub steps: Vec<UsualStep>,
}

/// What is usual for a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UsualStep {
    /// Which.
    pub step: String,
    /// Median of the days it took.
    pub median_days: u32,
    /// Accounts measured.
    pub n: u32,
}

/// How a month's starters of a segment do, those without value yet counted in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CohortMeasured {
    /// Month of the start, `2026-01`.
    pub cohort: String,
    /// Of which step of value.
    pub milestone: ValueStep,
    /// Accounts started.
    pub started: u32,
    /// Accounts that reached it.
    pub reached: u32,
    /// Median of the days it took, over all that started; none while half of them have not reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_days: Option<u32>,
    /// Mean of the days it took, of those that reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_days: Option<u32>,
    /// 90th percentile of the days it took, over all that started; none while a tenth of them have not reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_days: Option<u32>,
    /// Share that reached it by day 30, of those that are 30 days old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_day_30_bp: Option<u16>,
    /// Share that reached it so far.
    pub reached_bp: u16,
    /// The same share of those that started in the first 90 days of the log, as it stood at their day 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_bp: Option<u16>,
    /// Accounts that share rests on.
    pub baseline_n: u32,
    /// Fewer than five accounts: the figures say little.
    pub few: bool,
}
