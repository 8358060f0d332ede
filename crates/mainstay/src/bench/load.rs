//! What the bench sends: a day of use of many accounts, packed as the gateway packs it.

use std::{collections::BTreeMap, ops::Range};

use bus::{Bus, Message};
use bus_schema::{
    Batch, Entity, Kind, Partition, Partitions, Time,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_INDEX},
    data::facts::ClockMode,
    envelope, subject,
    time::{DAY_MS, HOUR_MS},
};
use supervision::Clock;

use crate::{
    error::{Error, chain},
    system::{bus_error, wall},
};

/// Messages in flight while events are fed.
const IN_FLIGHT: usize = 64;
/// Events made at once where they are made while others are worked off.
const CHUNK: u32 = 50_000;
/// Hours of the day that is lived through: one more than a day has, so that every account has its daily look.
const HOURS: u32 = 25;

/// One event, serialised, with what packing needs to know of it.
#[derive(Debug)]
pub(crate) struct Sample {
    partition: Partition,
    kind: Kind,
    hash: u32,
    /// The event as CloudEvents JSON.
    pub(crate) json: Vec<u8>,
}

/// A made-up company's use: ten people of each account, and a ticket now and then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    accounts: u32,
    partitions: Partitions,
    start: Time,
}

impl Load {
    /// Use of so many accounts, which begins the day before yesterday.
    pub(crate) fn new(accounts: u32) -> Self {
        let start = Time(wall().0.div_euclid(DAY_MS) * DAY_MS - 2 * DAY_MS);
        Self { accounts: accounts.max(1), partitions: Partitions::default(), start }
    }

    /// How many people of an account so many events come from.
    pub(crate) const fn users(&self, events: u32) -> u32 {
        let passes = events.div_ceil(self.accounts);
        if passes < 10 { passes } else { 10 }
    }

    /// Events by their numbers, all of one hour of the day.
    pub(crate) fn samples(&self, numbers: Range<u32>, hour: u32) -> Vec<Sample> {
        numbers.map(|n| self.sample(n, hour)).collect()
    }

    fn sample(&self, n: u32, hour: u32) -> Sample {
        // A multiplier without a common factor spreads neighbours over the accounts.
        let account = u64::from(n) * 7_919 % u64::from(self.accounts);
        let user = n / self.accounts % 10;
        let (kind, data) = match n % 20 {
            0 => (
                Kind::TicketOpened,
                format!(
                    r#"{{"ticket":"t{n}","priority":"p3","category":"how-to","channel":"email","contact":"user-{user}","sentiment_bp":1000}}"#
                ),
            ),
            1..=6 => (Kind::UserLoggedIn, format!(r#"{{"user":"user-{user}"}}"#)),
            _ => {
                (Kind::UsageRecorded, format!(r#"{{"user":"user-{user}","feature":"feature-{}","quantity":3}}"#, n % 7))
            }
        };
        let time = self.start.plus_ms(i64::from(hour) * HOUR_MS + i64::from(n % 3_600_000));
        self.event(u32::try_from(account).unwrap_or_default(), kind, &format!("{n:08x}"), time, &data)
    }

    /// An event of our choice; `data` is JSON.
    pub(crate) fn event(&self, account: u32, kind: Kind, id: &str, time: Time, data: &str) -> Sample {
        let entity = Entity::account(format!("bench-{account}"));
        let json = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"bench","type":"{}","subject":"{entity}","time":"{time}","data":{data}}}"#,
            kind.name()
        );
        Sample { partition: self.partitions.of(&entity), kind, hash: entity.hash(), json: json.into_bytes() }
    }

    /// Feeds events that live through a day, hour by hour with its ticks; returns when the bus has them all.
    ///
    /// # Errors
    /// The bus does not take them.
    pub(crate) async fn feed_day(&self, bus: &Bus, ticks: &Bus, day: Day) -> Result<(), Error> {
        let clock = Clock::new(ticks.clone(), self.partitions);
        for (hour, messages) in (0..).zip(day.0) {
            let at = self.start.plus_ms(i64::from(hour) * HOUR_MS);
            let ticked = clock.tick(at, ClockMode::Event).await;
            ticked.map_err(|error| Error::Part { part: "clock", what: chain(&error) })?;
            publish_all(bus, messages).await?;
        }
        Ok(())
    }

    /// Feeds events of our choice; returns when the bus has them all.
    ///
    /// # Errors
    /// The bus does not take them.
    pub(crate) async fn feed_samples(&self, bus: &Bus, samples: &[Sample]) -> Result<(), Error> {
        publish_all(bus, packed(samples)).await
    }

    /// So many events as a day's messages.
    pub(crate) fn day(&self, events: u32) -> Day {
        let each = events.div_ceil(HOURS).max(1);
        let hour = |hour: u32| {
            let from = (hour * each).min(events);
            packed(&self.samples(from..(from + each).min(events), hour))
        };
        Day((0..HOURS).map(hour).collect())
    }

    /// Feeds events of one hour, made while they are fed.
    ///
    /// # Errors
    /// The bus does not take them.
    pub(crate) async fn feed(&self, bus: &Bus, numbers: Range<u32>) -> Result<(), Error> {
        let mut from = numbers.start;
        while from < numbers.end {
            let until = from.saturating_add(CHUNK).min(numbers.end);
            publish_all(bus, packed(&self.samples(from..until, 0))).await?;
            from = until;
        }
        Ok(())
    }
}

/// A day of messages, by hour.
#[derive(Debug)]
pub(crate) struct Day(Vec<Vec<Message>>);

impl Day {
    /// Subjects and bodies of all messages, in order.
    pub(crate) fn bodies(&self) -> Vec<bytes::Bytes> {
        self.0.iter().flatten().map(|message| message.body.clone()).collect()
    }
}

/// Events as messages for `IN`, packed by partition.
fn packed(samples: &[Sample]) -> Vec<Message> {
    let mut open: BTreeMap<Partition, Batch> = BTreeMap::new();
    let mut out = Vec::new();
    for sample in samples {
        let batch = open.entry(sample.partition).or_default();
        if batch.len() >= BATCH_EVENTS_MAX || batch.bytes() + sample.json.len() > BATCH_BYTES_MAX {
            out.push(message(sample.partition, std::mem::take(batch)));
        }
        batch.push_raw(sample.kind, sample.hash, &sample.json);
    }
    out.extend(open.into_iter().filter(|(_, batch)| !batch.is_empty()).map(|(p, batch)| message(p, batch)));
    out
}

fn message(partition: Partition, batch: Batch) -> Message {
    let (body, index) = batch.finish();
    Message::new(subject::in_batch(partition), body)
        .with_header("Content-Type", envelope::BATCH)
        .with_header(HEADER_INDEX, index)
}

/// Publishes with a bounded number in flight and waits for the answer of each.
async fn publish_all(bus: &Bus, messages: Vec<Message>) -> Result<(), Error> {
    let mut tasks = tokio::task::JoinSet::new();
    for message in messages {
        while tasks.len() >= IN_FLIGHT {
            settled(tasks.join_next().await)?;
        }
        let bus = bus.clone();
        tasks.spawn(async move { bus.publish(message, None).await });
    }
    while let Some(joined) = tasks.join_next().await {
        settled(Some(joined))?;
    }
    Ok(())
}

type Joined = Result<Result<u64, bus::PublishError>, tokio::task::JoinError>;

fn settled(joined: Option<Joined>) -> Result<(), Error> {
    match joined {
        None | Some(Ok(Ok(_))) => Ok(()),
        Some(Ok(Err(error))) => Err(bus_error("the events cannot be published")(error)),
        Some(Err(error)) => Err(Error::Part { part: "the feed", what: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use bus_schema::Envelope;

    use super::*;

    #[test]
    fn every_event_passes_as_what_it_says_it_is() {
        let load = Load::new(10);
        let mut partitions = std::collections::BTreeSet::new();
        for sample in load.samples(0..40, 3) {
            let envelope: Envelope = serde_json::from_slice(&sample.json).unwrap();
            assert_eq!(envelope.event().unwrap().kind(), sample.kind);
            partitions.insert(sample.partition);
        }
        assert!(partitions.len() > 1);
        assert_eq!((load.users(5), load.users(31), load.users(1_000)), (1, 4, 10));
    }

    #[test]
    fn a_day_holds_every_event_once() {
        let load = Load::new(7);
        let day = load.day(1_000);
        let bodies = day.bodies();
        let ids: Vec<String> = bodies
            .iter()
            .flat_map(|body| serde_json::from_slice::<Vec<Envelope>>(body).unwrap())
            .map(|envelope| envelope.id)
            .collect();
        let different: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!((ids.len(), different.len()), (1_000, 1_000));
    }
}
