//! What people on our side say, signed with their decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day, Time,
    data::words::{Channel, Label},
};

/// What was decided on a proposal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Send it.
    Approve,
    /// Do not.
    Reject,
}

/// Why a proposal was refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// A fact in it is wrong.
    WrongFacts,
    /// Not now.
    BadTiming,
    /// Not to them.
    WrongPerson,
    /// Somebody did it.
    AlreadyHandled,
    /// Not in these words.
    Tone,
    /// What it rests on means nothing.
    NotARealSignal,
    /// The customer wants none.
    CustomerAskedNotTo,
    /// Something else; the note says what.
    Other,
}

/// A person decided on a proposal. Who decided stands in the envelope's actor; the final bytes are personal: `message`
/// is the base64 of the message, beside `recipient`, `subject`, `body` and `note`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRecorded {
    /// The proposal.
    pub proposal: Label,
    /// What was decided.
    pub verdict: Verdict,
    /// Version of the proposal that was seen.
    pub version: u32,
    /// Hash of the draft the proposal was filed with, in hex.
    pub draft_hash: Label,
    /// SHA-256 of the final bytes, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_hash: Option<Label>,
    /// SHA-256 of the final recipients, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients_hash: Option<Label>,
    /// By which way it goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Whether the text was changed.
    pub edited: bool,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
}

/// A person took an approval back during the hold.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionUndone {
    /// The proposal.
    pub proposal: Label,
}

/// A person set an account's score by hand. Without a score the override ends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OverrideSet {
    /// 0 to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// Why.
    pub reason: Label,
    /// Until when; at most 90 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// Which plan of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// The success plan.
    Success,
    /// The onboarding checklist.
    Onboarding,
    /// The plan to keep an account.
    Save,
    /// The way to the renewal.
    Renewal,
    /// The plan to grow an account.
    Expansion,
}

/// How an item of a plan stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// To do.
    Open,
    /// Done.
    Done,
    /// Not needed any more.
    Dropped,
}

/// A person changed a plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanEdited {
    /// Which plan.
    pub plan: PlanKind,
    /// The item.
    pub item: Label,
    /// How it stands.
    pub state: ItemState,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
    /// Who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Label>,
}

/// A person did a task.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskCompleted {
    /// The task.
    pub task: Label,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Label>,
}

/// A person put a card aside.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CardSnoozed {
    /// The card: its proposal or task.
    pub card: Label,
    /// Until when.
    pub until: Time,
}

/// What is muted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MuteScope {
    /// One rule.
    Rule,
    /// One play.
    Play,
    /// One channel.
    Channel,
    /// Everything but transactional messages.
    All,
}

/// A person muted something for an account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountMuted {
    /// What is muted.
    pub scope: MuteScope,
    /// Which rule, play or channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// Until when; for good otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// A person fixed an account's segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SegmentPinned {
    /// The segment; none lets it be computed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Label>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// The policy of an agent, in force from here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicyPublished {
    /// The agent.
    pub name: Label,
    /// Its version.
    pub version: u32,
    /// The whole text.
    pub text: String,
}

/// A playbook, in force from here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookPublished {
    /// The playbook.
    pub name: Label,
    /// Its version.
    pub version: u32,
    /// The whole text.
    pub text: String,
}

/// A person lets a play send by itself, within bounds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrantGiven {
    /// The grant.
    pub grant: Label,
    /// The play.
    pub play: Label,
    /// For which segment; for all otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Label>,
    /// By which way.
    pub channel: Channel,
    /// Most messages a day.
    pub daily_cap: u32,
    /// Last day of the grant.
    pub until: Day,
}

/// A person ended a grant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrantRevoked {
    /// The grant.
    pub grant: Label,
}

/// A CSM says how likely a renewal is: a series beside the forecast, never in place of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalCalled {
    /// The contract.
    pub contract: Label,
    /// Probability, 0 to 10,000.
    pub likelihood_bp: u16,
    /// Why.
    pub reason: Label,
}

/// A person thinks of terms for a renewal; what they come to is computed. No price is proposed by the system.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalTermsAsked {
    /// An id for the terms.
    pub terms: Label,
    /// The contract.
    pub contract: Label,
    /// Off the ARR of today, 0 to 10,000.
    pub discount_bp: u16,
    /// Months of the term.
    pub months: u32,
}

/// A person decides on terms. Two persons agree, one of them a manager.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenewalTermsDecided {
    /// The terms.
    pub terms: Label,
    /// Whether they may be offered.
    pub verdict: Verdict,
}
