//! Facts of the advocacy agent: who speaks for us, what is owed to whom, and what became of an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Money, Position, Time,
    data::facts::{Evidence, MeasuredMetric},
};

/// A contact may be asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocateIdentified {
    /// Whom.
    pub contact: String,
    /// 0 to 100.
    pub score: u8,
    /// What may be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<String>,
    /// What the score is made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Evidence>,
    /// Version of the policy in force.
    #[serde(default)]
    pub policy_version: u32,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A contact is left alone for a while, or is no advocate any more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocateRested {
    /// Whom.
    pub contact: String,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Which condition or rest it is.
    pub cause: String,
    /// Why.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A line of the loyalty ledger. Lines are added and never changed; the balance is never below zero.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BalanceChanged {
    /// Its number in this account's ledger, from 1.
    pub line: u32,
    /// The change.
    pub points: i64,
    /// Points held after it.
    pub balance: u64,
    /// Why.
    pub reason: String,
    /// The tier the account has by it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A redemption that the balance does not cover, or that was made before: nothing is taken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedemptionRefused {
    /// Points asked for.
    pub points: u64,
    /// Points held.
    pub balance: u64,
    /// Why.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A referral was rewarded or refused.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralSettled {
    /// Which.
    pub referral: String,
    /// Whether.
    pub rewarded: bool,
    /// Points it earned.
    #[serde(default)]
    pub points: u64,
    /// Why.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// How the contacts of an account or segment would recommend us.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NpsMeasured {
    /// Answers of 9 and 10.
    pub promoters: u32,
    /// Answers of 7 and 8.
    pub passives: u32,
    /// Answers of 0 to 6.
    pub detractors: u32,
    /// Contacts whose latest answer counts.
    pub n: u32,
    /// Promoters less detractors, -10,000 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps_bp: Option<i32>,
    /// Contacts asked in the same time.
    pub asked: u32,
    /// Share of these who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_bp: Option<u16>,
    /// Days looked back.
    pub window_days: u16,
    /// Fewer than five answers say little.
    pub few: bool,
    /// Events behind it, latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A step of a closed loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoopStep {
    /// The CSM knows.
    Told,
    /// A talk with the contact is agreed.
    Scheduled,
    /// What was wrong is put right, or escalated.
    Resolved,
    /// It is written down what came of it.
    Documented,
}

impl LoopStep {
    /// All four, in their order.
    pub const ALL: [Self; 4] = [Self::Told, Self::Scheduled, Self::Resolved, Self::Documented];

    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Scheduled => "scheduled",
            Self::Resolved => "resolved",
            Self::Documented => "documented",
        }
    }
}

/// A clock of a closed loop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LoopClock {
    /// Of which step.
    pub step: LoopStep,
    /// When it is due.
    pub due: Time,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Time>,
}

/// An unhappy answer must be dealt with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LoopOpened {
    /// Its id.
    #[serde(rename = "loop")]
    pub loop_id: String,
    /// Who answered.
    pub contact: String,
    /// What was answered, with its scale: `3 of 10`.
    pub answer: String,
    /// Its clocks.
    pub clocks: Vec<LoopClock>,
    /// The task made of it.
    pub task: String,
    /// What it is about, as far as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// ARR of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A step of a closed loop is done, or late.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LoopUpdated {
    /// Which loop.
    #[serde(rename = "loop")]
    pub loop_id: String,
    /// Which step.
    pub step: LoopStep,
    /// Its time is over and it is not done.
    pub late: bool,
    /// When it was due.
    pub due: Time,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A closed loop is closed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LoopClosed {
    /// Which.
    #[serde(rename = "loop")]
    pub loop_id: String,
    /// Who had answered.
    pub contact: String,
    /// When it opened.
    pub opened_at: Time,
    /// `resolved`, `escalated` or `contact_left`.
    pub outcome: String,
    /// All its steps, with their times.
    pub clocks: Vec<LoopClock>,
    /// Steps that were late.
    pub late: u8,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What customers speak of in a month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ThemesMeasured {
    /// `2026-01`.
    pub month: String,
    /// The most frequent, first.
    pub themes: Vec<ThemeCount>,
}

/// One theme of a month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ThemeCount {
    /// Which.
    pub theme: String,
    /// Answers, reviews and feedback that speak of it.
    pub count: u32,
    /// The month before.
    pub before: u32,
    /// Accounts.
    pub accounts: u32,
    /// Their ARR, in the reporting currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// Mean tone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment_bp: Option<i32>,
}

/// An account tells its segment what its people said and did, as a whole.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct VoiceSampled {
    /// The account.
    pub account: String,
    /// The month of the themes.
    pub month: String,
    /// Answers of 9 and 10.
    pub promoters: u32,
    /// Answers of 7 and 8.
    pub passives: u32,
    /// Answers of 0 to 6.
    pub detractors: u32,
    /// Contacts asked.
    pub asked: u32,
    /// Contacts who may be asked to speak for us.
    pub advocates: u32,
    /// References given in the quarter.
    pub references: u32,
    /// Public reviews in the quarter.
    pub reviews: u32,
    /// Acts of any kind in the quarter.
    pub acts: u32,
    /// Referrals rewarded in twelve months.
    pub referrals: u32,
    /// What these were worth, in the reporting currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral_value: Option<Money>,
    /// Σ of satisfaction, in hundredths of a point of 5.
    pub satisfaction_sum: u32,
    /// Answers it is of.
    pub satisfaction_n: u32,
    /// Whether anybody of it was active in four weeks.
    pub active: bool,
    /// ARR, in the reporting currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// Themes of the month: how often, and Σ of the tone of those that have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<SampledTheme>,
}

/// One theme of an account in a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SampledTheme {
    /// Which.
    pub theme: String,
    /// How often.
    pub count: u32,
    /// Σ of the tone.
    pub sentiment_sum: i64,
    /// How many have a tone.
    pub sentiment_n: u32,
}

/// How advocacy does in a segment, against the targets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocacyMeasured {
    /// The last day.
    pub until: Day,
    /// Each with its base.
    pub metrics: Vec<MeasuredMetric>,
}

/// A survey is not asked now, and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SurveyHeld {
    /// `relationship`, `transactional` or `milestone`.
    pub survey: String,
    /// Whom it was for; none where nobody of the account may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Why.
    pub reason: String,
    /// When it is looked at again; none means dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// Something done well is to be recognised.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecognitionEarned {
    /// What for.
    pub achievement: String,
    /// In words, with the number.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}
