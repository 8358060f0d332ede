//! Events that cannot be used: kept with the reason, listed, and sent through again.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use bus::{Bus, HEADER_CONTENT_TYPE, Message, Stored};
use bus_schema::{
    Batch, Entity, Partitions, binary,
    envelope::STRUCTURED,
    subject::{self, Stream},
};

use super::{PART, open::patiently};
use crate::{HEADER_OWN, SupervisionError};

/// Header: why, in one word.
pub const HEADER_DEAD_CODE: &str = "Ms-Dead-Code";
/// Header: why, in a sentence with the cure.
pub const HEADER_DEAD_REASON: &str = "Ms-Dead-Reason";
/// Header: where it came in, `<IN sequence>.<event index>`. A letter that a crash repeats has the same.
pub const HEADER_DEAD_FROM: &str = "Ms-Dead-From";
/// Header: the message on `IN` it was in.
const HEADER_SEQ: &str = "Ms-Dead-Seq";
/// Header: the event's source, where it could be read.
const HEADER_SOURCE: &str = "Ms-Dead-Source";
/// Header: the event's id, where it could be read.
const HEADER_ID: &str = "Ms-Dead-Id";
/// Recognised by the server within its window, so that a repeat is not even stored.
const HEADER_MSG_ID: &str = "Nats-Msg-Id";
/// Why an event waits for the account of its user.
pub(super) const NO_ACCOUNT: &str = "no_account_for_user";

const WAIT: Duration = Duration::from_millis(300);
/// Reads that may come back empty before the end.
const TRIES_MAX: u32 = 20;

/// Why and where from an event is dead.
pub(super) struct Cause<'a> {
    pub(super) code: &'a str,
    pub(super) text: String,
    pub(super) seq: u64,
    pub(super) index: u16,
    pub(super) source: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

/// Where the events of a user wait whose account nobody knows.
pub(super) fn waiting_subject(user: &str) -> String {
    format!("cs.dead.user.{}", bus_schema::entity::token(user))
}

/// The user of such a subject.
pub(super) fn waiting_user(subject: &str) -> Option<String> {
    bus_schema::entity::from_token(subject.strip_prefix("cs.dead.user.")?)
}

/// The letter of an event. Headers of binary mode stay, since they are half of the event.
pub(super) fn letter(subject: String, body: Vec<u8>, stored: &Stored, single: bool, cause: &Cause<'_>) -> Message {
    let from = format!("{}.{}", cause.seq, cause.index);
    let mut message = Message::new(subject, body)
        .with_header(HEADER_DEAD_CODE, cause.code)
        .with_header(HEADER_DEAD_REASON, one_line(&cause.text))
        .with_header(HEADER_MSG_ID, format!("dead/{from}"))
        .with_header(HEADER_SEQ, cause.seq.to_string())
        .with_header(HEADER_DEAD_FROM, from);
    for (name, value) in [(HEADER_SOURCE, cause.source), (HEADER_ID, cause.id)] {
        if let Some(value) = value {
            message = message.with_header(name, one_line(value));
        }
    }
    if !single {
        return message.with_header(HEADER_CONTENT_TYPE, STRUCTURED);
    }
    for (name, value) in &stored.headers.0 {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("ce-") || lower == "content-type" {
            message = message.with_header(name, value.clone());
        }
    }
    message
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

/// Which dead letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeadWhich {
    /// All of them.
    All,
    /// By sequence on `DEAD`.
    These(Vec<u64>),
}

/// What became of a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replayed {
    /// Sent through again.
    pub replayed: u64,
    /// Not there any more, or nobody can tell which partition they belong to.
    pub missing: u64,
}

/// Sends dead letters through the router again, with their own ids. A letter that a crash repeated goes once.
pub(super) async fn replay(bus: &Bus, partitions: Partitions, which: DeadWhich) -> Result<Replayed, SupervisionError> {
    let mut done = Replayed::default();
    let mut seen = BTreeSet::new();
    match which {
        DeadWhich::These(seqs) => {
            for seq in seqs {
                let found = bus.get(Stream::Dead, seq).await.map_err(|source| SupervisionError::read(PART, source))?;
                done.count(again(bus, partitions, found.as_ref(), &mut seen).await?);
            }
        }
        DeadWhich::All => {
            let mut letters = Letters::all(bus, "dead-replay").await?;
            while let Some(stored) = letters.next().await? {
                done.count(again(bus, partitions, Some(&stored), &mut seen).await?);
            }
        }
    }
    Ok(done)
}

impl Replayed {
    fn count(&mut self, sent: bool) {
        if sent {
            self.replayed += 1;
        } else {
            self.missing += 1;
        }
    }
}

async fn again(
    bus: &Bus,
    partitions: Partitions,
    stored: Option<&Stored>,
    seen: &mut BTreeSet<String>,
) -> Result<bool, SupervisionError> {
    let Some(stored) = stored else { return Ok(false) };
    if let Some(from) = stored.headers.get(HEADER_DEAD_FROM)
        && !seen.insert(from.to_owned())
    {
        return Ok(true);
    }
    let Ok(json) = binary::structured(&stored.headers.0, &stored.body) else { return Ok(false) };
    let Some(entity) = addressed(&json) else { return Ok(false) };
    let mut batch = Batch::new();
    batch.push_code(0, entity.hash(), &json);
    let (body, _) = batch.finish();
    let mut message = Message::new(subject::in_batch(partitions.of(&entity)), body)
        .with_header(HEADER_CONTENT_TYPE, bus::CONTENT_TYPE_BATCH);
    if let Some(own) = stored.headers.get(HEADER_OWN) {
        message = message.with_header(HEADER_OWN, own);
    }
    bus.publish(message, None).await.map_err(|source| SupervisionError::publish(PART, source))?;
    Ok(true)
}

/// Letters of `DEAD` in order.
pub(super) struct Letters {
    reader: bus::Reader,
    read: VecDeque<Stored>,
    /// The last sequence wanted; there may be no message at it any more.
    end: u64,
    /// How many messages there are at most.
    left: u64,
    at: u64,
}

impl Letters {
    /// All that are there now.
    pub(super) async fn all(bus: &Bus, durable: &str) -> Result<Self, SupervisionError> {
        let state = patiently(|| bus.state(Stream::Dead)).await?;
        Self::open(bus, durable, &[], state.last_seq, state.messages).await
    }

    /// Those of one subject.
    pub(super) async fn of(bus: &Bus, durable: &str, subject: &str) -> Result<Self, SupervisionError> {
        let last = patiently(|| bus.last(Stream::Dead, subject)).await?;
        let (end, left) = last.map_or((0, 0), |stored| (stored.seq, u64::MAX));
        Self::open(bus, durable, &[subject.to_owned()], end, left).await
    }

    async fn open(bus: &Bus, durable: &str, filters: &[String], end: u64, left: u64) -> Result<Self, SupervisionError> {
        let reader = patiently(|| bus.reader(Stream::Dead, durable, filters, 1)).await?;
        Ok(Self { reader, read: VecDeque::new(), end, left, at: 0 })
    }

    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    pub(super) async fn next(&mut self) -> Result<Option<Stored>, SupervisionError> {
        let mut tries = 0;
        while self.read.is_empty() && self.at < self.end && self.left > 0 {
            let batch = match self.reader.next(256, WAIT).await {
                Err(error) if error.is_transient() => {
                    tokio::time::sleep(WAIT).await;
                    continue;
                }
                batch => batch,
            };
            self.read = batch.map_err(|source| SupervisionError::read(PART, source))?.into();
            let Some(last) = self.read.back() else {
                tries += 1;
                if tries == TRIES_MAX {
                    return Err(SupervisionError::Unrest { why: "DEAD could not be read to its end".into() });
                }
                continue;
            };
            self.at = last.seq;
            self.left = self.left.saturating_sub(u64::try_from(self.read.len()).unwrap_or(u64::MAX));
        }
        Ok(self.read.pop_front())
    }
}

/// What an event is about, as far as that can be read.
fn addressed(json: &[u8]) -> Option<Entity> {
    #[derive(serde::Deserialize)]
    struct About {
        subject: String,
    }
    let about: About = serde_json::from_slice(json).ok()?;
    Entity::parse(&about.subject).ok()
}
