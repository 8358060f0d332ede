//! Bugs between a process and the bus, or its store.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bus::{Headers, Message, MessageHash, Packed, Stored, message_hash};
use bus_schema::{
    Batch,
    batch::{HEADER_INDEX, HEADER_PREV},
    subject::{Stream, log_writer},
};

use super::locked;
use crate::{
    observe::Who,
    plan::Process,
    twist::{Ack, Parcel, Twist},
};

/// Facts are acknowledged before they are stored.
pub(super) struct EarlyAcks;

impl Twist for EarlyAcks {
    fn ack(&self, who: Who, message: &Message) -> Ack {
        let fact = who.process == Some(Process::Agents) && message.subject.starts_with("cs.log.");
        if fact { Ack::Early(Duration::from_millis(700)) } else { Ack::Stored }
    }
}

/// Agents begin one message too late.
pub(super) struct PastNext;

impl Twist for PastNext {
    fn begins(&self, who: Who, stream: Stream, from_seq: u64) -> u64 {
        let past = who.process == Some(Process::Agents) && stream == Stream::Log && from_seq > 1;
        if past { from_seq + 1 } else { from_seq }
    }
}

/// A router that starts passes over the message after the last it routed. It reads that last one again, which may be
/// appended only in part, so that to begin one message later would lose nothing.
#[derive(Default)]
pub(super) struct RouterPastNext {
    passed_over: Mutex<BTreeMap<Who, u64>>,
}

impl Twist for RouterPastNext {
    fn begins(&self, who: Who, stream: Stream, from_seq: u64) -> u64 {
        if routes(who, stream) && from_seq > 1 {
            locked(&self.passed_over).insert(who, from_seq + 1);
        }
        from_seq
    }

    fn read(&self, who: Who, stream: Stream, mut messages: Vec<Stored>) -> Vec<Stored> {
        if routes(who, stream)
            && let Some(seq) = locked(&self.passed_over).get(&who)
        {
            messages.retain(|stored| stored.seq != *seq);
        }
        messages
    }
}

fn routes(who: Who, stream: Stream) -> bool {
    who.process == Some(Process::Router) && stream == Stream::In
}

/// Every other read of a subject's end is of a follower that is one message behind.
#[derive(Default)]
pub(super) struct Stale {
    reads: AtomicU64,
}

impl Twist for Stale {
    fn last(&self, who: Who, subject: &str, found: Option<Stored>, earlier: Option<Stored>) -> Option<Stored> {
        let writer = who.process == Some(Process::Agents) || who.process == Some(Process::Router);
        let stale = writer && subject.starts_with("cs.log.") && self.reads.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        if stale { earlier } else { found }
    }
}

/// The bus does not look at what a writer of the log expects.
pub(super) struct Unchecked;

impl Twist for Unchecked {
    fn publish(&self, _: Who, parcel: Parcel) -> Vec<Parcel> {
        let chained = parcel.message.subject.starts_with("cs.log.");
        vec![Parcel { expect_last: parcel.expect_last.filter(|_| !chained), ..parcel }]
    }
}

/// What persons say is not compared with what they saw.
pub(super) struct NoCompareAndSet;

impl Twist for NoCompareAndSet {
    fn publish(&self, _: Who, parcel: Parcel) -> Vec<Parcel> {
        let said = parcel.message.subject.starts_with("cs.people.");
        vec![Parcel { expect_last: parcel.expect_last.filter(|_| !said), ..parcel }]
    }
}

/// A message of several facts goes as two.
pub(super) struct Split;

impl Twist for Split {
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let fact = who.process == Some(Process::Agents) && parcel.message.subject.starts_with("cs.log.");
        let halves = if fact { halves(&parcel.message) } else { None };
        match halves {
            None => vec![parcel],
            Some((first, second)) => vec![
                Parcel { message: first, expect_last: parcel.expect_last },
                Parcel { message: second, expect_last: None },
            ],
        }
    }
}

/// The two halves of a message, chained one to the other.
fn halves(message: &Message) -> Option<(Message, Message)> {
    let events = unpacked(message);
    if events.len() < 2 {
        return None;
    }
    let (first, second) = events.split_at(events.len() / 2);
    let first = repack(message, first, None);
    let hash = message_hash(&first.subject, &first.headers, &first.body);
    let second = repack(message, second, Some(hash));
    Some((first, second))
}

/// The events of a message.
fn unpacked(message: &Message) -> Vec<Packed> {
    let Message { subject, headers, body } = message.clone();
    let stored = Stored { seq: 0, subject, time: bus_schema::Time(0), headers, body };
    Packed::unpack(&stored).unwrap_or_default()
}

fn repack(like: &Message, events: &[Packed], prev: Option<MessageHash>) -> Message {
    let mut batch = Batch::new();
    for event in events {
        batch.push_raw(event.kind, event.entity_hash, &event.json);
    }
    let (body, index) = batch.finish();
    let mut headers: Headers = like.headers.clone().with(HEADER_INDEX, index);
    if let Some(prev) = prev {
        headers = headers.with(HEADER_PREV, prev.to_string());
    }
    Message { subject: like.subject.clone(), headers, body: body.into() }
}

/// Ticks go to a subject of their own.
pub(super) struct SeveralSubjects;

impl Twist for SeveralSubjects {
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let Parcel { mut message, expect_last } = parcel;
        let routed = log_writer(&message.subject) == Some("in");
        if who.process != Some(Process::Router) || !routed {
            return vec![Parcel { message, expect_last }];
        }
        if super::courier::says(&message.body, "clock.ticked") {
            message.subject = message.subject.replace(".in", ".tick");
        }
        vec![Parcel { message, expect_last: None }]
    }
}

/// The last event of a message of the router is in it twice.
pub(super) struct Doubled;

impl Twist for Doubled {
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let Parcel { message, expect_last } = parcel;
        let routed = who.process == Some(Process::Router) && log_writer(&message.subject) == Some("in");
        let mut events = if routed { unpacked(&message) } else { Vec::new() };
        let Some(last) = events.last().cloned() else { return vec![Parcel { message, expect_last }] };
        events.push(last);
        vec![Parcel { message: repack(&message, &events, None), expect_last }]
    }
}

/// A reader of the log hands out nothing any more after a while, until its process starts again.
#[derive(Default)]
pub(super) struct Deaf {
    heard: Mutex<BTreeMap<Who, u32>>,
}

impl Twist for Deaf {
    fn read(&self, who: Who, stream: Stream, messages: Vec<Stored>) -> Vec<Stored> {
        if who.process != Some(Process::Agents) || stream != Stream::Log {
            return messages;
        }
        let mut heard = locked(&self.heard);
        let heard = heard.entry(who).or_default();
        *heard += 1;
        if *heard > 200 { Vec::new() } else { messages }
    }
}
