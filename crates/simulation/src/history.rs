//! What a history shows, in order: folded from the streams and the mail server, and nothing else.
//!
//! It deliberately asks no process what it believes: what the product keeps could be wrong in the same way twice.

mod happened;
mod proposal;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use bus::{MessageHash, Stored};
use bus_schema::{
    Data, Event, Position, Time, TurnId,
    data::{
        action::{DeliveryApproved, FailureReason},
        facts::{HeldReason, MessageClass},
        people::Verdict,
    },
    subject::{self, Stop, Stream},
};
use serde_json::Value;

pub use self::{
    happened::{Happened, Seen, events, ids, log_times},
    proposal::{Card, Decision, Delivery, DeliveryStep, Stage},
};
use crate::{caps::Caps, observe::Accepted, recall};

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
        // A mail that its courier gave up on counts from there: nobody of ours hears when a slow server takes it after all.
        let given_up = self.delivery(&mail.proposal).iter().find_map(|delivery| match delivery.step {
            DeliveryStep::Unknown => Some(delivery.stored),
            DeliveryStep::Approved(..)
            | DeliveryStep::Intended
            | DeliveryStep::Sent
            | DeliveryStep::Failed(_)
            | DeliveryStep::Withdrawn => None,
        });
        self.mails.push((mail.to.clone(), class, given_up.map_or(self.now, |at| at.min(self.now))));
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
                if let Ok(policy) = recall::policy::<engagement::Engagement>(text) {
                    self.caps.widen(&policy.contact);
                }
            }
            "supervisor" => {
                if let Some(hold_ms) = hold_ms(text) {
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

/// How long a gate with this policy holds an approval, if it can use it.
#[derive(Clone, Copy)]
struct Hold(Option<i64>);

fn hold_ms(text: &str) -> Option<i64> {
    let read = || {
        recall::policy::<supervisor::Supervisor>(text).ok()?;
        let table = text.parse::<toml::Table>().ok()?;
        Some(table.get("gate")?.get("hold_seconds")?.as_integer()? * bus_schema::time::SECOND_MS)
    };
    let Ok(Hold(found)) = recall::once(text, || Ok::<_, Infallible>(Hold(read())));
    found
}
