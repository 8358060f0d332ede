//! What is stored and received, thing by thing.

use bus::Stored;
use bus_schema::{
    Event, Kind, Position, Time,
    batch::{self, BatchError},
    subject::Stream,
};
use serde_json::{Map, Value};

use crate::observe::Accepted;

/// One thing that happened, for the invariants to look at before it is folded.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A message was stored.
    Message(Stream, &'a Stored),
    /// An event inside of it.
    Event(&'a Happened),
    /// The mail server took a message.
    Mail(&'a Accepted),
}

/// An event of a stored message.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The stream.
    pub stream: Stream,
    /// Where it stands there.
    pub at: Position,
    /// Its subject.
    pub subject: String,
    /// The broker's time of the message.
    pub stored: Time,
    /// The event.
    pub event: Event,
    /// Its personal part.
    pub personal: Map<String, Value>,
}

/// Kinds whose data the checks read. Of all others the index is enough.
const READ: [Kind; 19] = [
    Kind::OutreachProposed,
    Kind::TouchpointHeld,
    Kind::ProposalFiled,
    Kind::ProposalDecided,
    Kind::ProposalVoided,
    Kind::ProposalExpired,
    Kind::ProposalReopened,
    Kind::DecisionRefused,
    Kind::ApprovalSigned,
    Kind::DecisionRecorded,
    Kind::DecisionUndone,
    Kind::StopSet,
    Kind::PolicyPublished,
    Kind::DeliveryApproved,
    Kind::DeliveryIntended,
    Kind::DeliverySent,
    Kind::DeliveryFailed,
    Kind::DeliveryUnknown,
    Kind::DeliveryWithdrawn,
];

/// The events of a message that matter to the checks. On `cs.log.<p>.in` that is each one, for its id.
///
/// # Errors
/// The message is not packed as it should be.
pub fn events(stream: Stream, message: &Stored) -> Result<Vec<Happened>, BatchError> {
    let index = batch::decode_index(message.headers.index().ok_or(BatchError::Index)?)?;
    let mut found = Vec::new();
    for (number, entry) in (0_u16..).zip(&index) {
        if !READ.iter().any(|kind| kind.code() == entry.kind) {
            continue;
        }
        let at = usize::from(number);
        let envelope = batch::envelope(&message.body, &index, at)?;
        let event = envelope.event().map_err(|source| BatchError::Event { index: at, source })?;
        found.push(Happened {
            stream,
            at: Position { seq: message.seq, index: number },
            subject: message.subject.clone(),
            stored: message.time,
            event,
            personal: envelope.open_personal(),
        });
    }
    Ok(found)
}

/// Source and id of every event of a message.
///
/// # Errors
/// The message is not packed as it should be.
pub fn ids(message: &Stored) -> Result<Vec<(String, String)>, BatchError> {
    let index = batch::decode_index(message.headers.index().ok_or(BatchError::Index)?)?;
    (0..index.len())
        .map(|at| batch::envelope(&message.body, &index, at).map(|envelope| (envelope.source, envelope.id)))
        .collect()
}

/// Log times of the events of a message, in order.
///
/// # Errors
/// The message is not packed as it should be.
pub fn log_times(message: &Stored) -> Result<Vec<Time>, BatchError> {
    let index = batch::decode_index(message.headers.index().ok_or(BatchError::Index)?)?;
    (0..index.len())
        .map(|at| batch::envelope(&message.body, &index, at).map(|envelope| envelope.logtime.unwrap_or_default()))
        .collect()
}
