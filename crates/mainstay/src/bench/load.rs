//! What the bench sends: a day of use of many accounts, packed as the gateway packs it.

use std::collections::BTreeMap;

use bus::{Bus, Headers, Message};
use bus_schema::{
    Batch, Entity, Kind, Partition, Partitions, Time,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_INDEX},
    envelope, subject,
};
use serde_json::json;

/// One event, serialised, with what packing needs to know of it.
pub(crate) struct Sample {
    partition: Partition,
    kind: Kind,
    hash: u32,
    /// The event as CloudEvents JSON.
    pub(crate) json: Vec<u8>,
}

/// The events of a run: use by ten people of each account, and a ticket now and then.
pub(crate) fn samples(accounts: u32, events: u32, start: Time, partitions: Partitions) -> Vec<Sample> {
    (0..events)
        .map(|n| {
            // A multiplier without a common factor spreads neighbours over the accounts.
            let account = n.wrapping_mul(7_919) % accounts.max(1);
            let entity = Entity::account(format!("bench-{account}"));
            let user = format!("user-{}", n / accounts.max(1) % 10);
            let (kind, data) = match n % 20 {
                0 => (
                    Kind::TicketOpened,
                    json!({"ticket": format!("t{n}"), "priority": "p3", "category": "how-to", "channel": "email",
                        "contact": user, "sentiment_bp": 1_000}),
                ),
                1..=6 => (Kind::UserLoggedIn, json!({"user": user})),
                _ => {
                    (Kind::UsageRecorded, json!({"user": user, "feature": format!("feature-{}", n % 7), "quantity": 3}))
                }
            };
            let event = json!({
                "specversion": "1.0", "id": format!("{n:08x}"), "source": "bench", "type": kind.name(),
                "subject": entity.to_string(), "time": start.plus_ms(i64::from(n)), "data": data,
            });
            Sample {
                partition: partitions.of(&entity),
                kind,
                hash: entity.hash(),
                json: event.to_string().into_bytes(),
            }
        })
        .collect()
}

/// The same events as messages for `IN`, packed by partition.
pub(crate) fn packed(samples: &[Sample]) -> Vec<Message> {
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

/// Single messages, one event each, on subjects of a stream of their own.
pub(crate) fn single(samples: &[Sample]) -> impl Iterator<Item = Message> {
    samples.iter().map(|sample| Message {
        subject: subject::dead("bench"),
        headers: Headers::new().with("Content-Type", envelope::STRUCTURED),
        body: sample.json.clone().into(),
    })
}

/// Publishes with a bounded number in flight; the answer of each is waited for.
///
/// # Errors
/// The first publish the bus did not acknowledge.
pub(crate) async fn publish_all(
    bus: &Bus,
    messages: impl Iterator<Item = Message>,
    in_flight: usize,
) -> Result<u64, bus::PublishError> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut done = 0;
    for message in messages {
        while tasks.len() >= in_flight {
            done += settled(tasks.join_next().await)?;
        }
        let bus = bus.clone();
        tasks.spawn(async move { bus.publish(message, None).await });
    }
    while let Some(joined) = tasks.join_next().await {
        done += settled(Some(joined))?;
    }
    Ok(done)
}

type Joined = Result<Result<u64, bus::PublishError>, tokio::task::JoinError>;

fn settled(joined: Option<Joined>) -> Result<u64, bus::PublishError> {
    match joined {
        Some(Ok(Ok(_))) => Ok(1),
        Some(Ok(Err(error))) => Err(error),
        // A task that panicked has published nothing we can count.
        Some(Err(_)) | None => Ok(0),
    }
}
