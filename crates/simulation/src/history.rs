//! What a history shows, in order: folded from the streams and the mail server, and nothing else.
//!
//! It deliberately asks no process what it believes: what the product keeps could be wrong in the same way twice.

use std::collections::{BTreeMap, BTreeSet};

use bus::{MessageHash, Stored};
use bus_schema::{
    ActorKind, Data, Event, Kind, Position, Time, TurnId,
    batch::{self, BatchError},
    data::{
        action::{DeliveryApproved, FailureReason},
        facts::{HeldReason, MessageClass, OutreachProposed},
        people::{DecisionRecorded, Verdict},
    },
    subject::{self, Stop, Stream},
};
use serde_json::{Map, Value};

use crate::{caps::Caps, observe::Accepted};

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

/// The end of a chain.
#[derive(Clone, Debug)]
pub struct Tail {
    /// Its last message.
    pub hash: MessageHash,
    /// The last turn said.
    pub turn: TurnId,
    /// The epoch of its writer.
    pub epoch: u64,
}

/// Everything known so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The highest time of the broker seen.
    pub now: Time,
    /// Proposals by id.
    pub cards: BTreeMap<String, Card>,
    /// Decisions by their place in the log.
    pub decisions: BTreeMap<Position, Decision>,
    /// Decisions that the gate signed.
    pub signed: BTreeSet<(String, Position)>,
    /// Proposals on which a decision stands.
    pub taken: BTreeSet<String>,
    /// What stands on ACTION of each proposal.
    pub deliveries: BTreeMap<String, Vec<Delivery>>,
    /// Stops by their sequence on ACTION.
    pub stops: Vec<(u64, Stop)>,
    /// Chains of the log by subject.
    pub tails: BTreeMap<String, Tail>,
    /// Events routed, with the log time at which they were last.
    pub routed: BTreeMap<(String, String), Time>,
    /// The last log time of each subject of routed events.
    pub log_times: BTreeMap<String, Time>,
    /// Places on IN of events that were put aside.
    pub dead: BTreeSet<String>,
    /// Messages customers got, by proposal.
    pub mailed: BTreeMap<String, u32>,
    /// Messages customers got: to whom, class, when.
    pub mails: Vec<(String, MessageClass, Time)>,
    /// The most messages a contact may get under any policy published so far.
    pub caps: Caps,
    /// The shortest hold of any policy published so far, in milliseconds.
    pub hold_ms: Option<i64>,
    /// How often something that matters happened.
    pub counts: BTreeMap<&'static str, u64>,
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

impl Card {
    fn of(account: String, data: &OutreachProposed) -> Self {
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
    fn of(happened: &Happened, data: &DecisionRecorded) -> Self {
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

impl History {
    /// Takes in a stored message; its events come by [`Self::take_event`].
    pub fn take_message(&mut self, stream: Stream, message: &Stored) {
        self.now = self.now.max(message.time);
        match stream {
            Stream::Log => self.take_log(message),
            Stream::Dead => {
                self.dead.extend(message.headers.get("Ms-Dead-From").map(str::to_owned));
            }
            Stream::In | Stream::People | Stream::Action => {}
        }
    }

    fn take_log(&mut self, message: &Stored) {
        if let (Some(turn), Some(epoch)) = (message.headers.turn(), message.headers.epoch()) {
            let tail = Tail { hash: message.hash(), turn, epoch };
            self.tails.insert(message.subject.clone(), tail);
        }
        if subject::log_writer(&message.subject) == Some("in") {
            let times = log_times(message).unwrap_or_default();
            if let Some(last) = times.iter().max() {
                self.log_times.insert(message.subject.clone(), *last);
            }
            self.routed.extend(ids(message).unwrap_or_default().into_iter().zip(times));
        }
    }

    /// Takes in an event.
    pub fn take_event(&mut self, happened: &Happened) {
        match happened.stream {
            Stream::Log => self.take_fact(happened),
            Stream::Action => self.take_action(happened),
            Stream::People => self.take_person(happened),
            Stream::In | Stream::Dead => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "READ names what is folded here")]
    fn take_person(&mut self, happened: &Happened) {
        match &happened.event.data {
            Data::DecisionRecorded(data) => {
                self.taken.insert(data.proposal.to_string());
            }
            Data::DecisionUndone(data) => {
                self.count("undone");
                self.taken.remove(data.proposal.as_str());
            }
            _ => {}
        }
    }

    /// Takes in a message that a customer got.
    pub fn take_mail(&mut self, mail: &Accepted) {
        self.count("sends");
        self.now = self.now.max(mail.time);
        *self.mailed.entry(mail.proposal.clone()).or_default() += 1;
        let class = self.cards.get(&mail.proposal).map_or(MessageClass::Relationship, |card| card.class);
        self.mails.push((mail.to.clone(), class, self.now));
    }

    /// Counts something that matters.
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// The steps of a proposal on ACTION.
    pub fn delivery(&self, proposal: &str) -> &[Delivery] {
        self.deliveries.get(proposal).map_or(&[], Vec::as_slice)
    }

    /// The approval that stands, or stood last, on ACTION of a proposal.
    pub fn approved(&self, proposal: &str) -> Option<(&DeliveryApproved, &str)> {
        self.delivery(proposal).iter().rev().find_map(|delivery| match &delivery.step {
            DeliveryStep::Approved(approved, recipient) => Some((&**approved, recipient.as_str())),
            DeliveryStep::Intended
            | DeliveryStep::Sent
            | DeliveryStep::Failed(_)
            | DeliveryStep::Unknown
            | DeliveryStep::Withdrawn => None,
        })
    }

    /// The last intent on ACTION of a proposal.
    pub fn intended(&self, proposal: &str) -> Option<&Delivery> {
        self.delivery(proposal).iter().rev().find(|delivery| matches!(delivery.step, DeliveryStep::Intended))
    }

    fn stage(&mut self, proposal: &str, stage: Stage) {
        if let Some(card) = self.cards.get_mut(proposal) {
            card.stage = stage;
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "READ names what is folded here")]
    fn take_fact(&mut self, happened: &Happened) {
        let event = &happened.event;
        match &event.data {
            Data::OutreachProposed(data) => {
                let account = event.header.entity.account_id().unwrap_or_default().to_owned();
                self.taken.remove(&data.proposal);
                self.cards.insert(data.proposal.clone(), Card::of(account, data));
            }
            Data::TouchpointHeld(data) => {
                if matches!(data.reason, HeldReason::BudgetContact | HeldReason::BudgetAccount) {
                    self.count("cap_hits");
                }
            }
            Data::DecisionRecorded(data) => {
                self.decisions.insert(happened.at, Decision::of(happened, data));
            }
            Data::PolicyPublished(data) => self.take_policy(&data.name, &data.text),
            Data::DeliverySent(data) => self.stage(&data.proposal, Stage::Over),
            Data::DeliveryUnknown(data) => self.stage(&data.proposal, Stage::Over),
            Data::DeliveryFailed(data) if data.reason != FailureReason::Expired => {
                self.stage(&data.proposal, Stage::Over);
            }
            _ => self.take_gate(event),
        }
    }

    /// What the gate said.
    #[expect(clippy::wildcard_enum_match_arm, reason = "READ names what is folded here")]
    fn take_gate(&mut self, event: &Event) {
        match &event.data {
            Data::ProposalFiled(data) => {
                if let Some(card) = self.cards.get_mut(&data.proposal) {
                    (card.stage, card.expires) = (Stage::Open, card.expires.min(data.expires));
                }
            }
            Data::ProposalDecided(data) if data.verdict == Verdict::Approve => {
                self.count("approvals");
                if data.edited {
                    self.count("edits");
                }
                let hold_until = data.hold_until.unwrap_or_default();
                self.stage(&data.proposal, Stage::Held(data.decision, hold_until));
            }
            Data::ProposalDecided(data) => {
                self.count("rejections");
                self.stage(&data.proposal, Stage::Over);
            }
            Data::ProposalVoided(data) => {
                self.count("voids");
                self.stage(&data.proposal, Stage::Over);
            }
            Data::ProposalExpired(data) => {
                self.count("expiries");
                self.stage(&data.proposal, Stage::Over);
            }
            Data::ProposalReopened(data) => {
                self.count("reopened");
                self.taken.remove(&data.proposal);
                self.stage(&data.proposal, Stage::Open);
            }
            Data::DecisionRefused(data) => {
                self.count("decisions_refused");
                self.taken.remove(&data.proposal);
            }
            Data::ApprovalSigned(data) => {
                self.count("signed");
                self.signed.insert((data.proposal.clone(), data.decision));
                self.stage(&data.proposal, Stage::Signed(data.decision));
            }
            _ => {}
        }
    }

    fn take_policy(&mut self, name: &str, text: &str) {
        match name {
            "engagement" => {
                if let Ok(policy) = <engagement::Engagement as agent::Agent>::policy(text) {
                    self.caps.widen(&policy.contact);
                }
            }
            "supervisor" => {
                let usable = <supervisor::Supervisor as agent::Agent>::policy(text).is_ok();
                let table = text.parse::<toml::Table>().ok().filter(|_| usable);
                let seconds = table.and_then(|table| table.get("gate")?.get("hold_seconds")?.as_integer());
                if let Some(seconds) = seconds {
                    let hold_ms = seconds * bus_schema::time::SECOND_MS;
                    self.hold_ms = Some(self.hold_ms.map_or(hold_ms, |known| known.min(hold_ms)));
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else stands on ACTION")]
    fn take_action(&mut self, happened: &Happened) {
        let (seq, stored) = (happened.at.seq, happened.stored);
        let (proposal, step) = match &happened.event.data {
            Data::StopSet(data) => {
                self.count("stops");
                self.stops.push((seq, data.scope.clone()));
                return;
            }
            Data::DeliveryApproved(data) => {
                let recipient = happened.personal.get("recipient").and_then(Value::as_str).unwrap_or_default();
                (&data.proposal, DeliveryStep::Approved(Box::new(data.clone()), recipient.to_owned()))
            }
            Data::DeliveryIntended(data) => (&data.proposal, DeliveryStep::Intended),
            Data::DeliverySent(data) => (&data.proposal, DeliveryStep::Sent),
            Data::DeliveryFailed(data) => {
                if data.reason == FailureReason::Stopped {
                    self.count("held_by_a_stop");
                }
                (&data.proposal, DeliveryStep::Failed(data.reason))
            }
            Data::DeliveryUnknown(data) => {
                self.count("unknowns");
                (&data.proposal, DeliveryStep::Unknown)
            }
            Data::DeliveryWithdrawn(data) => (&data.proposal, DeliveryStep::Withdrawn),
            _ => return,
        };
        self.deliveries.entry(proposal.to_string()).or_default().push(Delivery { seq, stored, step });
    }
}
