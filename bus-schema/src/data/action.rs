//! What was approved for sending and what became of it, copied to the log by the gate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Position, Time,
    data::words::{Channel, Label},
    subject::Stop,
};

/// In which time a log counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// The time of the broker.
    Live,
    /// The time of the events: an import, a demo, a simulation.
    Event,
}

/// The gate let a message go, after decision and hold. The bytes are personal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryApproved {
    /// The proposal.
    pub proposal: Label,
    /// The account's id.
    pub account: Label,
    /// The play it comes from.
    pub play: Label,
    /// By which way it goes out.
    pub channel: Channel,
    /// To whom, as a pseudonym.
    pub contact: Label,
    /// Keyed hash of the address; stops are keyed by it.
    pub address_hmac: Label,
    /// Where the decision stands in the log.
    pub decision: Position,
    /// SHA-256 of the bytes, in hex.
    pub bytes_hash: Label,
    /// When the approval ends.
    pub not_after: Time,
    /// In which time it counts.
    pub clock: ClockMode,
}

/// The courier is about to send.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryIntended {
    /// The proposal.
    pub proposal: Label,
    /// When the attempt is over at the latest.
    pub deadline: Time,
}

/// The message was handed over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliverySent {
    /// The proposal.
    pub proposal: Label,
    /// SHA-256 of what was sent, in hex.
    pub bytes_hash: Label,
    /// What the other side answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// Why a message was certainly not sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// A stop holds it.
    Stopped,
    /// The approval ran out.
    Expired,
    /// The other side refused it.
    Refused,
    /// The bytes are not those that were approved.
    HashMismatch,
    /// This log or this channel may not send.
    NotPermitted,
    /// Something else.
    Other,
}

/// The message was certainly not sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryFailed {
    /// The proposal.
    pub proposal: Label,
    /// Why.
    pub reason: FailureReason,
    /// The stop that held it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_scope: Option<Stop>,
    /// Whether another proposal may try again.
    pub retryable: bool,
}

/// Nobody can say whether the message was sent; it is never tried again by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryUnknown {
    /// The proposal.
    pub proposal: Label,
    /// What was seen last.
    pub reason: String,
}

/// An approval was taken back before it was sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryWithdrawn {
    /// The proposal.
    pub proposal: Label,
}

/// Nothing in this scope is sent from here on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StopSet {
    /// What is stopped.
    pub scope: Stop,
    /// Who said so.
    pub by: Label,
}
