//! Bugs between an approval and a customer.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use bus::{Message, Stored};
use bus_schema::{
    Batch, Data, Envelope, Time,
    batch::{HEADER_INDEX, decode_index, envelope},
    subject::Stream,
    time::DAY_MS,
};
use runtime::AgentFold;
use serde_json::{Map, Value};

use super::locked;
use crate::{
    observe::Who,
    plan::Process,
    twist::{Ack, Parcel, Twist},
};

/// Whether a body tells of this kind.
pub(super) fn says(body: &[u8], kind: &str) -> bool {
    let wanted = format!("\"type\":\"{kind}\"");
    body.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

fn is_courier(who: Who) -> bool {
    who.process == Some(Process::Courier)
}

/// The stops as they were when the approval was taken up.
#[derive(Default)]
pub(super) struct StopsFirst {
    taken_up: Mutex<BTreeMap<Who, u64>>,
}

impl Twist for StopsFirst {
    fn get(&self, who: Who, stream: Stream, found: Option<Stored>) -> Option<Stored> {
        if let Some(stored) = found.as_ref().filter(|stored| says(&stored.body, "delivery.approved"))
            && is_courier(who)
            && stream == Stream::Action
        {
            locked(&self.taken_up).insert(who, stored.seq);
        }
        found
    }

    fn last(&self, who: Who, subject: &str, found: Option<Stored>, _: Option<Stored>) -> Option<Stored> {
        if !subject.starts_with("cs.stop.") {
            return found;
        }
        let taken_up = locked(&self.taken_up).get(&who).copied();
        found.filter(|stop| taken_up.is_none_or(|seq| stop.seq < seq))
    }
}

/// The intent is stored while the mail is on its way.
pub(super) struct SendFirst;

impl Twist for SendFirst {
    fn ack(&self, who: Who, message: &Message) -> Ack {
        let intent = is_courier(who) && says(&message.body, "delivery.intended");
        if intent { Ack::Early(Duration::from_secs(2)) } else { Ack::Stored }
    }
}

/// A doubt is answered by another attempt.
pub(super) struct Retry;

impl Twist for Retry {
    fn attempts_in_doubt(&self) -> u32 {
        2
    }
}

/// Publisher and courier do not look at the end of an approval.
pub(super) struct Ageless;

impl Twist for Ageless {
    fn publisher_time(&self, now: Time) -> Time {
        now.plus_ms(-365 * DAY_MS)
    }

    fn get(&self, who: Who, stream: Stream, found: Option<Stored>) -> Option<Stored> {
        if !is_courier(who) || stream != Stream::Action {
            return found;
        }
        found.map(|stored| {
            changed(&stored, |data, _| {
                if let Data::DeliveryApproved(approved) = data {
                    approved.not_after = approved.not_after.plus_ms(365 * DAY_MS);
                }
            })
        })
    }
}

/// The publisher does not look at what stands on ACTION, nor at the time.
pub(super) struct ReplaySends;

impl Twist for ReplaySends {
    fn publisher_time(&self, now: Time) -> Time {
        now.plus_ms(-365 * DAY_MS)
    }

    fn last(&self, who: Who, subject: &str, found: Option<Stored>, _: Option<Stored>) -> Option<Stored> {
        let publisher = who.process == Some(Process::Router) && subject.starts_with("cs.action.");
        found.filter(|_| !publisher)
    }

    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let approval = who.process == Some(Process::Router) && parcel.message.subject.starts_with("cs.action.");
        vec![Parcel { expect_last: parcel.expect_last.filter(|_| !approval), ..parcel }]
    }
}

/// Only the courier that wrote an intent can read it.
#[derive(Default)]
pub(super) struct NeverSettled {
    own: Mutex<BTreeMap<Who, u32>>,
}

impl Twist for NeverSettled {
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        if is_courier(who) && says(&parcel.message.body, "delivery.intended") {
            *locked(&self.own).entry(who).or_default() += 1;
        }
        vec![parcel]
    }

    fn get(&self, who: Who, _: Stream, found: Option<Stored>) -> Option<Stored> {
        let intent = found.as_ref().is_some_and(|stored| says(&stored.body, "delivery.intended"));
        if !is_courier(who) || !intent {
            return found;
        }
        let mut own = locked(&self.own);
        let left = own.entry(who).or_default();
        let known = *left > 0;
        *left = left.saturating_sub(1);
        found.filter(|_| known)
    }
}

/// The bytes are not those that were approved.
pub(super) struct OtherBytes;

impl Twist for OtherBytes {
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let approval = who.process == Some(Process::Router) && says(&parcel.message.body, "delivery.approved");
        if !approval {
            return vec![parcel];
        }
        let Parcel { message: Message { subject, headers, body }, expect_last } = parcel;
        let stored = Stored { seq: 0, subject, time: Time(0), headers, body };
        let Stored { subject, headers, body, .. } = changed(&stored, |_, personal| {
            personal.insert("message".into(), Value::String("aGVsbG8=".into()));
        });
        vec![Parcel { message: Message { subject, headers, body }, expect_last }]
    }
}

/// A decision names what is there, whatever the person saw.
pub(super) struct WhatIsThere;

impl Twist for WhatIsThere {
    fn agents(&self) -> Vec<AgentFold> {
        super::agents::planner::<super::agents::Redrafts>().agents()
    }

    fn decides_on_what_is_there(&self) -> bool {
        true
    }
}

/// A message of one event with something changed.
fn changed(stored: &Stored, change: impl FnOnce(&mut Data, &mut Map<String, Value>)) -> Stored {
    let read = || -> Option<(Envelope, u32)> {
        let index = decode_index(stored.headers.index()?).ok()?;
        Some((envelope(&stored.body, &index, 0).ok()?, index.first()?.entity))
    };
    let Some((envelope, entity)) = read() else { return stored.clone() };
    let Ok(mut event) = envelope.event() else { return stored.clone() };
    let mut personal = envelope.open_personal();
    change(&mut event.data, &mut personal);
    let json = serde_json::to_vec(&Envelope::of(&event, Some(&personal))).unwrap_or_default();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), entity, &json);
    let (body, index) = batch.finish();
    let headers = stored.headers.clone().with(HEADER_INDEX, index);
    Stored { headers, body: body.into(), ..stored.clone() }
}
