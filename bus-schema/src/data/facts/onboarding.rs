//! Facts of the onboarding agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;

/// A phase of onboarding is done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PhaseCompleted {
    /// Which.
    pub phase: String,
    /// Days since the start.
    pub took_days: u32,
}

/// A step is stuck.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingStalled {
    /// Which.
    pub step: String,
    /// Since when it could be done.
    pub since: Time,
    /// What is usual.
    pub expected_days: u32,
    /// `us` or `customer`.
    pub waiting_for: String,
    /// In words.
    pub reason: String,
}

/// A stuck step moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingResumed {
    /// Which.
    pub step: String,
    /// How long it was stuck.
    pub stalled_days: u32,
}

/// All phases are done, or it was closed incomplete.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingCompleted {
    /// Whether all phases are done.
    pub complete: bool,
    /// Days since the start.
    pub took_days: u32,
    /// In words.
    pub reason: String,
}

/// Onboarding judged at day 30 or 90.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingJudged {
    /// 30 or 90.
    pub day: u16,
    /// `complete`, `with_gaps` or `not_achieved`.
    pub verdict: String,
    /// Each with its number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
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
    /// Observations.
    pub n: u32,
}
