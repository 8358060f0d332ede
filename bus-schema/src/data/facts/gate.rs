//! Facts of the supervisor: lifecycle and gate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ClockMode;
use crate::{
    Day, Position, Time,
    data::people::{RejectReason, Verdict},
};

/// An account entered a lifecycle stage.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StageChanged {
    /// The stage before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The stage now.
    pub to: String,
    /// Why, in words.
    pub reason: String,
}

/// An account entered a segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SegmentChanged {
    /// The segment before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The segment now.
    pub to: String,
    /// Which criterion decided.
    pub reason: String,
    /// Neither ARR nor users are known.
    pub unclassified: bool,
}

/// Another CSM looks after the account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OwnerChanged {
    /// The CSM before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The CSM now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why, in words.
    #[serde(default)]
    pub reason: String,
    /// The last day of somebody who covers, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// What may hold of an account beside its stage; several can.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountFlag {
    /// The term ends soon and is not signed again.
    RenewalWindow,
    /// It accepted or completed an advocacy act.
    Advocate,
    /// Its band is red or its risk high.
    AtRisk,
    /// An incident covers it.
    InIncident,
    /// A person paused outreach.
    Paused,
    /// Its service is about to end: notice was given.
    Leaving,
}

impl AccountFlag {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RenewalWindow => "renewal_window",
            Self::Advocate => "advocate",
            Self::AtRisk => "at_risk",
            Self::InIncident => "in_incident",
            Self::Paused => "paused",
            Self::Leaving => "leaving",
        }
    }
}

/// A flag with why it is set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlagSet {
    /// Which.
    pub flag: AccountFlag,
    /// Why, in words.
    pub reason: String,
}

/// The flags of an account are others than before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlagsChanged {
    /// All that hold.
    pub flags: Vec<FlagSet>,
    /// Which came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<AccountFlag>,
    /// Which went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<AccountFlag>,
}

/// Who decides at a customer, where each stands, and who is not known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StakeholdersMapped {
    /// The people, by influence.
    pub people: Vec<Stakeholder>,
    /// Roles that nobody is known to have, in words.
    pub gaps: Vec<String>,
}

/// One of the customer's people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Stakeholder {
    /// As a pseudonym.
    pub contact: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// `high`, `medium` or `low`, by role.
    pub influence: String,
    /// `supporter`, `neutral`, `critic` or `unknown`, by their own answers.
    pub stance: String,
    /// Why, in words.
    pub reason: String,
    /// Events behind the stance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A proposal waits for a person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposalFiled {
    /// Its id.
    pub proposal: String,
    /// Version of the draft, from 1.
    pub version: u32,
    /// Value at stake times urgency; higher first.
    pub rank: i64,
    /// When a decision is expected.
    pub due: Time,
    /// Undecided by then means: not sent.
    pub expires: Time,
    /// The CSM whose queue it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A person decided.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposalDecided {
    /// The proposal.
    pub proposal: String,
    /// The version decided on.
    pub version: u32,
    /// Approved or rejected.
    pub verdict: Verdict,
    /// The decider, `person/jo`.
    pub by: String,
    /// The text was changed before approval.
    pub edited: bool,
    /// Approved: signed after this instant, if all still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Time>,
    /// Rejected: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Where the decision stands in the log.
    pub decision: Position,
    /// SHA-256 of the exact bytes approved, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_hash: Option<String>,
    /// What the proposal rested on, `alert:<id>`: whoever asked for it learns what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_key: Option<String>,
}

/// Why the gate did not take a decision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusedReason {
    /// The proposal was already decided, void or expired.
    NotOpen,
    /// It was about another version or other text.
    WrongVersion,
    /// It came after the proposal had expired.
    Expired,
    /// An approval without the bytes it approves.
    NoBytes,
    /// This decider may not decide here.
    NotPermitted,
}

impl RefusedReason {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::WrongVersion => "wrong_version",
            Self::Expired => "expired",
            Self::NoBytes => "no_bytes",
            Self::NotPermitted => "not_permitted",
        }
    }
}

/// A recorded decision does not count.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRefused {
    /// The proposal.
    pub proposal: String,
    /// Where the decision stands in the log.
    pub decision: Position,
    /// Why.
    pub reason: RefusedReason,
    /// Who decided.
    pub by: String,
}

/// An approval was undone within its hold; the proposal waits again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposalReopened {
    /// The proposal.
    pub proposal: String,
    /// Who undid it.
    pub by: String,
}

/// Why an unsent proposal is void.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    /// The account ended.
    AccountChurned,
    /// The recipient left.
    ContactLeft,
    /// The recipient does not want it.
    ConsentRevoked,
    /// The health band it rests on moved.
    BandChanged,
    /// The alert it rests on closed.
    AlertClosed,
    /// An incident covers the account.
    Incident,
    /// A P1 ticket opened.
    TicketP1,
    /// The contract was renewed.
    Renewed,
    /// Another CSM looks after the account.
    OwnerChanged,
    /// A later proposal took its place.
    Superseded,
    /// A condition that every offer stands on fails.
    OffersClosed,
}

impl VoidReason {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountChurned => "account_churned",
            Self::ContactLeft => "contact_left",
            Self::ConsentRevoked => "consent_revoked",
            Self::BandChanged => "band_changed",
            Self::AlertClosed => "alert_closed",
            Self::Incident => "incident",
            Self::TicketP1 => "ticket_p1",
            Self::Renewed => "renewed",
            Self::OwnerChanged => "owner_changed",
            Self::Superseded => "superseded",
            Self::OffersClosed => "offers_closed",
        }
    }
}

/// The facts moved: the proposal, or its unsent approval, is void.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposalVoided {
    /// The proposal.
    pub proposal: String,
    /// Which fact moved.
    pub reason: VoidReason,
    /// Where that fact stands in the log.
    pub event: Position,
}

/// Why a proposal expired.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredReason {
    /// Nobody decided in time.
    #[default]
    Undecided,
    /// More cards were open than its CSM can look at, and it had the lowest rank.
    Crowded,
}

impl ExpiredReason {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Crowded => "crowded",
        }
    }
}

/// Nobody decided: not sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposalExpired {
    /// The proposal.
    pub proposal: String,
    /// When.
    pub expired_at: Time,
    /// Why.
    #[serde(default)]
    pub reason: ExpiredReason,
}

/// Hold over, everything still stands: the courier may send these bytes until `not_after`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalSigned {
    /// The proposal.
    pub proposal: String,
    /// The decision whose bytes are meant.
    pub decision: Position,
    /// SHA-256 of them, in hex.
    pub bytes_hash: String,
    /// Afterwards the gate must judge again.
    pub not_after: Time,
    /// The clock `not_after` counts in.
    pub clock: ClockMode,
    /// The play it comes from.
    pub play: String,
    /// The recipient, as a pseudonym.
    pub contact: String,
    /// How it is sent.
    pub channel: String,
}
