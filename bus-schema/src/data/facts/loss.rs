//! Facts of the churn agent about accounts that were lost and accounts that were to be saved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::churn::{CauseGroup, Tier};
use crate::{Day, Position, Time};

/// Whether a loss could have been prevented.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preventable {
    /// A strong sign was there long enough to act on.
    Yes,
    /// There were signs, and they came too late.
    TooLate,
    /// There were none.
    Unseen,
    /// The customer closed, was bought, or did not choose to leave.
    No,
}

/// A sign that was seen before a loss.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SignSeen {
    /// Which.
    pub signal: String,
    /// Its cause.
    pub group: CauseGroup,
    /// When it was first seen.
    pub first_seen_at: Time,
    /// Days before the loss was sure.
    pub days_before: u32,
    /// In words, as it was when it was largest.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Why an account was lost: said when it left, and again when it told why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LossAnalysed {
    /// The reason stated when it left.
    pub reason: String,
    /// What it said in the exit interview.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The cause that was stated, or else the one with the most evidence; none where nothing points to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<CauseGroup>,
    /// Whether signs of that cause had been seen.
    pub seen: bool,
    /// When the loss was sure: notice, or the end.
    pub sure_on: Day,
    /// Whether the customer chose it.
    pub voluntary: bool,
    /// To whom it went, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competitor: Option<String>,
    /// The first sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_sign_at: Option<Time>,
    /// Days from when it came to tier high and stayed there, to the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerted_days_before: Option<u32>,
    /// Messages and tasks of save plays that were done in the 90 days before.
    pub interventions: u32,
    /// What was seen before, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<SignSeen>,
    /// Whether it could have been prevented,
    pub preventable: Preventable,
    /// and why, in words.
    pub why: String,
    /// Whether they would come back, as they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_return: Option<bool>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A loss as the segment counts it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LossSampled {
    /// The account.
    pub account: String,
    /// When the loss was sure.
    pub sure_on: Day,
    /// Its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<CauseGroup>,
    /// Whether it could have been prevented.
    pub preventable: Preventable,
}

/// Several losses of a segment have one cause: somebody should look at the cause itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PreventionProposed {
    /// The cause.
    pub group: CauseGroup,
    /// Losses of it,
    pub losses: u32,
    /// of so many,
    pub of: u32,
    /// in so many days.
    pub window_days: u32,
    /// How many of them could have been prevented.
    pub preventable: u32,
    /// The task it became.
    pub task: String,
    /// The accounts, at most twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Where they were told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An account became a case to be saved. Said before anything is done about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaveStarted {
    /// Its id.
    pub episode: String,
    /// The segment whose base counts.
    pub segment: String,
    /// The tier.
    pub tier: Tier,
    /// The forecast.
    pub p90_bp: u16,
    /// Nothing is proposed, so that there is something to compare with.
    pub held_out: bool,
    /// The share of episodes the policy holds out.
    #[serde(default)]
    pub holdout_bp: u16,
    /// When it is judged.
    pub judged_at: Time,
}

/// What became of a case, judged 90 days after its start.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaveSettled {
    /// The episode.
    pub episode: String,
    /// Its segment.
    pub segment: String,
    /// Its tier at the start.
    pub tier: Tier,
    /// When it began.
    pub started_at: Time,
    /// It was held out.
    pub held_out: bool,
    /// When the first message went out or the first task was done, where that was within the time it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Time>,
    /// No outcome, its renewal signed, and below tier high for two weeks.
    pub saved: bool,
    /// In words.
    pub reason: String,
}

/// A settled case as the segment counts it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaveSampled {
    /// The account.
    pub account: String,
    /// The episode.
    pub episode: String,
    /// Its tier at the start.
    pub tier: Tier,
    /// Something was delivered.
    pub treated: bool,
    /// It was saved.
    pub saved: bool,
}

/// A rate with its count and the bounds within which it lies in 95 of 100 cases (Wilson).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    /// Cases.
    pub n: u32,
    /// Those that were saved.
    pub saved: u32,
    /// Their share; none without cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_bp: Option<u16>,
    /// Lower bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_bp: Option<u16>,
    /// Upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_bp: Option<u16>,
}

/// How much the rates of two groups differ, with bounds (Newcombe, from both Wilson bounds).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Treated less the others.
    pub bp: i32,
    /// Lower bound.
    pub low_bp: i32,
    /// Upper bound.
    pub high_bp: i32,
}

/// The save rate of a segment and tier, beside that of cases in which nothing was delivered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaveMeasured {
    /// The tier at the start.
    pub tier: Tier,
    /// Cases settled in so many days.
    pub window_days: u32,
    /// The rate to reach.
    pub target_bp: u16,
    /// With something delivered.
    pub treated: Rate,
    /// Without.
    pub compared: Rate,
    /// Their difference; none where one side has too few cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// In words.
    pub says: String,
}
