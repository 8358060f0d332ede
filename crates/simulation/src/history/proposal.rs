//! A proposal on its way: the card, the decision on it, and what becomes of its message.

use bus_schema::{
    ActorKind, Position, Time,
    data::{
        action::{DeliveryApproved, FailureReason},
        facts::{MessageClass, OutreachProposed},
        people::{DecisionRecorded, Verdict},
    },
};
use serde_json::Value;

use super::Happened;

/// A proposal as the log tells of it.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its account.
    pub account: String,
    /// The play and what it rests on.
    pub rests_on: (String, String),
    /// The budget it counts in.
    pub class: MessageClass,
    /// Version of the draft that was filed.
    pub version: u32,
    /// Hash of that draft.
    pub draft_hash: String,
    /// When it ends undecided.
    pub expires: Time,
    /// How far it is.
    pub stage: Stage,
}

/// How far a proposal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Drafted, and not filed by the gate.
    Drafted,
    /// Waits for a person.
    Open,
    /// Approved by the decision at this position, held until then.
    Held(Position, Time),
    /// Signed, on the decision at this position.
    Signed(Position),
    /// Over.
    Over,
}

/// A decision as it was copied into the log.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Id of the event.
    pub id: String,
    /// The proposal.
    pub proposal: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The version it names.
    pub version: u32,
    /// The draft it names.
    pub draft_hash: String,
    /// The bytes it names.
    pub bytes_hash: Option<String>,
    /// Whether a person made it.
    pub by_person: bool,
    /// When it was made.
    pub time: Time,
    /// To whom, in plain text.
    pub recipient: String,
}

/// A step of a delivery on ACTION.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its sequence on ACTION.
    pub seq: u64,
    /// The broker's time.
    pub stored: Time,
    /// What it is.
    pub step: DeliveryStep,
}

/// What a step of a delivery says.
#[derive(Clone, Debug)]
pub enum DeliveryStep {
    /// A message may leave.
    Approved(Box<DeliveryApproved>, String),
    /// Somebody is about to send it.
    Intended,
    /// It was sent.
    Sent,
    /// It was not.
    Failed(FailureReason),
    /// Nobody knows.
    Unknown,
    /// It was taken back.
    Withdrawn,
}

impl Card {
    pub(super) fn of(account: String, data: &OutreachProposed) -> Self {
        Self {
            account,
            rests_on: (data.play.clone(), data.cause_key.clone()),
            class: data.class,
            version: data.version,
            draft_hash: data.draft_hash.clone(),
            expires: data.expires,
            stage: Stage::Drafted,
        }
    }
}

impl Decision {
    pub(super) fn of(happened: &Happened, data: &DecisionRecorded) -> Self {
        let header = &happened.event.header;
        let recipient = happened.personal.get("recipient").and_then(Value::as_str).unwrap_or_default();
        Self {
            id: header.id.clone(),
            proposal: data.proposal.to_string(),
            verdict: data.verdict,
            version: data.version,
            draft_hash: data.draft_hash.to_string(),
            bytes_hash: data.bytes_hash.as_ref().map(ToString::to_string),
            by_person: header.actor.as_ref().is_some_and(|actor| actor.kind == ActorKind::Person),
            time: header.time,
            recipient: recipient.to_owned(),
        }
    }
}
