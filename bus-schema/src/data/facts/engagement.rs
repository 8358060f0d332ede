//! Facts of the engagement agent, and the request for a touch that any agent makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Money, Position, Time};

/// What a message is, for the contact budget.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// Needed by the recipient: service notices.
    Transactional,
    /// A person writes to a person.
    Relationship,
    /// An offer.
    Commercial,
    /// A question.
    Survey,
}

impl MessageClass {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::Relationship => "relationship",
            Self::Commercial => "commercial",
            Self::Survey => "survey",
        }
    }
}

/// Who goes first when touches compete, most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Incident notice and security.
    Incident,
    /// An open escalation.
    Escalation,
    /// Save, tier high or critical.
    Save,
    /// A renewal.
    Renewal,
    /// Onboarding.
    Onboarding,
    /// Follow-up on feedback.
    ClosedLoop,
    /// Review cadence.
    Review,
    /// Adoption and feature launch.
    Adoption,
    /// Expansion.
    Expansion,
    /// Advocacy.
    Advocacy,
    /// A survey.
    Survey,
}

impl Priority {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Escalation => "escalation",
            Self::Save => "save",
            Self::Renewal => "renewal",
            Self::Onboarding => "onboarding",
            Self::ClosedLoop => "closed_loop",
            Self::Review => "review",
            Self::Adoption => "adoption",
            Self::Expansion => "expansion",
            Self::Advocacy => "advocacy",
            Self::Survey => "survey",
        }
    }
}

/// One reason, with the events behind it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// A sentence with the number in it.
    pub text: String,
    /// When it was observed.
    pub at: Time,
    /// The events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A fact that a draft tells, with its source.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MergeField {
    /// Its name in the template, `usage.users_now`.
    pub name: String,
    /// Its text.
    pub value: String,
    /// What it comes from, in words.
    pub source: String,
    /// When it was observed.
    pub at: Time,
    /// The events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An agent or its play asks for a touch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointRequested {
    /// Its id.
    pub touch: String,
    /// The play.
    pub play: String,
    /// Its version.
    pub play_version: u32,
    /// Its place in the arbiter's order.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// The message template.
    pub template: String,
    /// Recipient roles, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// One sentence.
    pub why: String,
    /// Why now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Facts the draft may tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<MergeField>,
    /// Value at stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// What it rests on, `band:red` or `alert:<id>`: one open touch per play and key.
    pub cause_key: String,
}

/// Why a touch is not proposed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// No contact with a suitable role.
    NoContact,
    /// The contact has no address.
    NoAddress,
    /// Consent revoked or unsubscribed.
    NoConsent,
    /// The contact's budget is used up.
    BudgetContact,
    /// The account's budget is used up.
    BudgetAccount,
    /// Three personal messages without an answer: rest.
    Unanswered,
    /// An incident covers the account.
    Incident,
    /// A CSM paused outreach.
    Paused,
    /// Notice was given.
    Notice,
    /// A more urgent touch is open.
    Outranked,
    /// Fewer than two fresh facts to tell.
    TooFewFacts,
    /// Too like a recent message.
    ReadsGeneric,
    /// The same touch is already open.
    Duplicate,
    /// Rejected lately.
    Cooldown,
    /// It rests on an event that came late.
    Late,
    /// The template could not be filled.
    TemplateError,
}

impl HeldReason {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoContact => "no_contact",
            Self::NoAddress => "no_address",
            Self::NoConsent => "no_consent",
            Self::BudgetContact => "budget_contact",
            Self::BudgetAccount => "budget_account",
            Self::Unanswered => "unanswered",
            Self::Incident => "incident",
            Self::Paused => "paused",
            Self::Notice => "notice",
            Self::Outranked => "outranked",
            Self::TooFewFacts => "too_few_facts",
            Self::ReadsGeneric => "reads_generic",
            Self::Duplicate => "duplicate",
            Self::Cooldown => "cooldown",
            Self::Late => "late",
            Self::TemplateError => "template_error",
        }
    }
}

/// A touch is not proposed, and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointHeld {
    /// The touch.
    pub touch: String,
    /// The play.
    pub play: String,
    /// Why.
    pub reason: HeldReason,
    /// In words, with the numbers.
    pub detail: String,
    /// When it is looked at again; none means dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck_at: Option<Time>,
}

/// A touch became part of another proposal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointMerged {
    /// The touch.
    pub touch: String,
    /// Its play.
    pub play: String,
    /// The proposal that carries it.
    pub proposal: String,
}

/// Working hours where a reader is: whenever a message is approved, it waits for them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SendHours {
    /// IANA time zone.
    pub zone: String,
    /// First local hour.
    pub from: u8,
    /// Local hour at which the day is over.
    pub to: u8,
    /// Days of the week without messages, Monday is 0.
    pub weekend: Vec<u8>,
    /// Days off in the next weeks.
    pub holidays: Vec<Day>,
}

/// A drafted message asks for a decision. Personal fields are left open in it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachProposed {
    /// Its id.
    pub proposal: String,
    /// Version of the draft, from 1.
    pub version: u32,
    /// The touches it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<String>,
    /// The leading play.
    pub play: String,
    /// Its version.
    pub play_version: u32,
    /// Its place in the order.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// `email`.
    pub channel: String,
    /// The template.
    pub template: String,
    /// Its version.
    pub template_version: u32,
    /// The recipient, as a pseudonym.
    pub contact: String,
    /// The recipient's role.
    pub role: String,
    /// The drafted subject, personal fields left open.
    pub subject: String,
    /// The drafted body, personal fields left open.
    pub body: String,
    /// SHA-256 of subject, line feed and body, in hex.
    pub draft_hash: String,
    /// Hashes of the body's four-word shingles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shingles: Vec<u32>,
    /// The facts it tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<MergeField>,
    /// One sentence.
    pub why: String,
    /// Why now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Value at stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// What happens when nobody acts.
    pub if_nothing: String,
    /// The agent that asked.
    pub agent: String,
    /// What it rests on.
    pub cause_key: String,
    /// Quiet hours: not sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// When it may be sent at all; at any hour where that is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<SendHours>,
    /// Undecided by then means: not sent.
    pub expires: Time,
}

/// A contact's budget is held for a proposal until its outcome.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetReserved {
    /// The proposal.
    pub proposal: String,
    /// The contact.
    pub contact: String,
    /// The class.
    pub class: MessageClass,
}

/// How a reservation ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Sent: the window counts from now.
    Sent,
    /// In doubt: counts as sent.
    Unknown,
    /// Definitely not sent.
    Failed,
    /// A person said no.
    Rejected,
    /// Nobody decided.
    Expired,
    /// The facts moved.
    Voided,
}

impl ReleaseReason {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Voided => "voided",
        }
    }
}

/// A reservation ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetReleased {
    /// The proposal.
    pub proposal: String,
    /// The contact.
    pub contact: String,
    /// How.
    pub reason: ReleaseReason,
}
