//! Persons who decide as the console does: by compare-and-set on the proposal's subject, with the final bytes.

use std::{collections::BTreeMap, sync::Arc};

use bus::{Bus, MemoryBus, Message, PublishError};
use bus_schema::{
    Actor, ActorKind, Batch, Data, Entity, Event, Header, Partitions, Time,
    batch::{HEADER_INDEX, decode_index, envelope},
    data::{
        people::{DecisionRecorded, DecisionUndone, RejectReason, Verdict as Recorded},
        words::{Channel, Label},
    },
    envelope::Envelope,
    subject::{self, Stream},
};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{
    cards::{At, Card, Cards},
    shared::Shared,
};
use crate::{
    observe::{Answer, Decided},
    plan::Verdict,
};

/// Tries of one publish whose answer is missing.
const ATTEMPTS: u32 = 3;

/// Somebody before a console.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) shared: Arc<Shared>,
    pub(crate) bus: Bus,
    /// What is there, whatever the page shows.
    pub(crate) streams: MemoryBus,
    /// Addresses by pseudonym.
    pub(crate) addresses: Arc<BTreeMap<String, String>>,
}

/// What somebody wants of a proposal; none takes an approval back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wish(pub(crate) Option<Verdict>);

/// Why nothing was recorded, or nobody knows.
enum Refusal {
    No(String),
    Doubt,
}

/// The last word on a proposal's subject.
struct Last {
    seq: u64,
    id: Option<String>,
    /// Whether it is a decision, which binds everybody unless the gate did not take it.
    decided: bool,
}

impl Person {
    /// Decides on a proposal as the page before them shows it.
    pub(crate) async fn decide(self, view: Cards, proposal: String, wish: Wish) {
        let Some(card) = view.by_proposal.get(&proposal) else { return };
        let id = format!("d-{}", self.shared.word());
        let answer = match self.record(&view, card, &proposal, wish, &id).await {
            Ok(seq) => Answer::Recorded { seq },
            Err(Refusal::No(why)) => Answer::Refused(why),
            Err(Refusal::Doubt) => Answer::Doubt,
        };
        let (at_ms, person) = (self.shared.time.virtual_ms(), self.name.to_owned());
        let (version, draft_hash) = (card.draft.version, card.draft.draft_hash.clone());
        self.shared.note(format!("{person} {:?} on {proposal}: {answer:?}", wish.0));
        self.shared.met(match (&answer, wish.0) {
            (Answer::Recorded { .. }, Some(Verdict::Approve | Verdict::Edit)) => "approvals",
            (Answer::Recorded { .. }, Some(Verdict::Reject)) => "rejections",
            (Answer::Recorded { .. }, None) => "withdrawals",
            (Answer::Refused(_), _) => "decisions_refused",
            (Answer::Doubt, _) => "decisions_in_doubt",
        });
        let decided = Decided { at_ms, person, proposal, verdict: wish.0, version, draft_hash, id, answer };
        self.shared.book().decided.push(decided);
    }

    async fn record(&self, view: &Cards, card: &Card, proposal: &str, wish: Wish, id: &str) -> Result<u64, Refusal> {
        let now = self.shared.time.now();
        let entity = Entity::account(&card.account);
        let partition = Partitions(self.shared.shape.partitions).of(&entity);
        let subject = subject::people_proposal(partition, proposal);
        let last = self.last(&subject).await?;
        may(view, card, &last, wish, now)?;
        let (data, personal) = match wish.0 {
            None => (Data::DecisionUndone(DecisionUndone { proposal: Label::nearest(proposal) }), Map::new()),
            Some(verdict) => self.decision(card, verdict, now)?,
        };
        let header = Header {
            source: "console".into(),
            id: id.to_owned(),
            entity,
            time: now,
            logtime: Time(0),
            actor: Some(Actor { kind: ActorKind::Person, id: self.name.into() }),
            contact: Some(card.draft.contact.clone()),
            correlation: Some(proposal.to_owned()),
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        let message = packed(subject.clone(), &Event { header, data }, &personal);
        self.publish(&subject, message, last.seq, id).await
    }

    async fn publish(&self, subject: &str, message: Message, expected: u64, id: &str) -> Result<u64, Refusal> {
        for _ in 0..ATTEMPTS {
            match self.bus.publish(message.clone(), Some(expected)).await {
                Ok(seq) => return Ok(seq),
                Err(PublishError::Unknown(_)) => {}
                Err(PublishError::WrongLast) => {
                    let last = self.last(subject).await?;
                    return if last.id.as_deref() == Some(id) {
                        Ok(last.seq)
                    } else {
                        Err(Refusal::No("somebody was first".into()))
                    };
                }
                Err(error @ (PublishError::Full | PublishError::Refused { .. })) => {
                    return Err(Refusal::No(error.to_string()));
                }
            }
        }
        match self.last(subject).await {
            Ok(last) if last.id.as_deref() == Some(id) => Ok(last.seq),
            Ok(_) | Err(_) => Err(Refusal::Doubt),
        }
    }

    async fn last(&self, subject: &str) -> Result<Last, Refusal> {
        let found = self.bus.last(Stream::People, subject).await;
        let found = found.map_err(|_| Refusal::No("the bus does not answer".into()))?;
        Ok(found.map_or(Last { seq: 0, id: None, decided: false }, |stored| {
            let index = stored.headers.index().and_then(|text| decode_index(text).ok()).unwrap_or_default();
            let envelope = envelope(&stored.body, &index, index.len().saturating_sub(1)).ok();
            let decided = envelope.as_ref().is_some_and(|envelope| envelope.kind == "decision.recorded");
            Last { seq: stored.seq, id: envelope.map(|envelope| envelope.id), decided }
        }))
    }

    fn decision(&self, card: &Card, verdict: Verdict, now: Time) -> Result<(Data, Map<String, Value>), Refusal> {
        let draft = &card.draft;
        let mut data = DecisionRecorded {
            proposal: Label::nearest(&draft.proposal),
            verdict: Recorded::Reject,
            version: draft.version,
            draft_hash: Label::nearest(&draft.draft_hash),
            bytes_hash: None,
            recipients_hash: None,
            channel: None,
            edited: false,
            reason: Some(RejectReason::BadTiming),
        };
        if self.shared.twist.decides_on_what_is_there() {
            let mut there = Cards::default();
            there.read(&self.streams);
            if let Some(card) = there.by_proposal.get(&draft.proposal) {
                (data.version, data.draft_hash) = (card.draft.version, Label::nearest(&card.draft.draft_hash));
            }
        }
        let edited = match verdict {
            Verdict::Reject => return Ok((Data::DecisionRecorded(data), Map::new())),
            Verdict::Approve => false,
            Verdict::Edit => true,
        };
        let recipient = self.addresses.get(&draft.contact).ok_or_else(|| Refusal::No("no address is known".into()))?;
        let bytes = letter(card, recipient, edited, now).map_err(|error| Refusal::No(error.to_string()))?;
        data.verdict = Recorded::Approve;
        data.bytes_hash = Some(Label::nearest(&courier::bytes_hash(&bytes)));
        data.recipients_hash = Some(Label::nearest(&HEXLOWER.encode(&Sha256::digest(recipient.as_bytes()))));
        (data.channel, data.edited, data.reason) = (Some(Channel::Email), edited, None);
        let mut personal = Map::new();
        personal.insert("message".into(), BASE64.encode(&bytes).into());
        personal.insert("recipient".into(), recipient.clone().into());
        Ok((Data::DecisionRecorded(data), personal))
    }
}

/// What the console asks before it records anything.
fn may(view: &Cards, card: &Card, last: &Last, wish: Wish, now: Time) -> Result<(), Refusal> {
    let no = |why: &str| Err(Refusal::No(why.to_owned()));
    if wish.0.is_none() {
        return if card.at == At::Held { Ok(()) } else { no("nothing is held") };
    }
    let refused = last.id.as_ref().is_some_and(|id| view.refused.contains(id));
    if last.decided && !refused {
        return no("somebody decided");
    }
    match card.at {
        At::Filed if now < card.expires => Ok(()),
        At::Filed => no("it expired"),
        At::Drafted => no("it is not filed"),
        At::Held | At::Over => no("it is over"),
    }
}

fn letter(card: &Card, recipient: &str, edited: bool, date: Time) -> Result<Vec<u8>, courier::ComposeError> {
    let draft = &card.draft;
    let fill = |text: &str| {
        let filled = [
            ("account.name", card.account.as_str()),
            ("contact.first_name", "Dana"),
            ("contact.name", "Dana Whitfield"),
            ("sender.name", "Ana Silva"),
        ];
        filled.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value).replace(&format!("{{{{ {name} }}}}"), value)
        })
    };
    let sender = courier::Address::parse("ana@vendor.example")?;
    let mut body_text = fill(&draft.body);
    if edited {
        body_text.push_str("\n\nP.S. I am in town next week.");
    }
    courier::compose(&courier::Draft {
        from: courier::Person { name: "Ana Silva".into(), address: sender.clone() },
        reply_to: sender,
        to: courier::Person { name: String::new(), address: courier::Address::parse(recipient)? },
        subject: fill(&draft.subject),
        body_text,
        unsubscribe_url: format!("https://vendor.example/u/{}", draft.proposal),
        message_id: format!("{}@vendor.example", draft.proposal),
        date,
    })
}

/// An event of one as a message.
pub(crate) fn packed(subject: String, event: &Event, personal: &Map<String, Value>) -> Message {
    let json = serde_json::to_vec(&Envelope::of(event, Some(personal))).unwrap_or_default();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    Message::new(subject, body)
        .with_header(bus::HEADER_CONTENT_TYPE, bus::CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index)
}
