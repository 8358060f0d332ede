//! What leaves the router before anything is appended: dead letters, events for other partitions, and events that
//! waited for the account of their user.

use std::{collections::BTreeMap, time::Duration};

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, Packed, PublishError, Stored};
use bus_schema::{
    Batch, Partition, Partitions,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_INDEX},
    binary,
    door::Door,
    subject::{self, Stream},
};
use futures_util::future::try_join_all;
use supervisor::router::RouterState;

use super::{
    PART,
    dead::{Letters, waiting_subject},
    lane::packed,
    purge,
};
use crate::{HEADER_OWN, SupervisionError};

const RETRY: Duration = Duration::from_millis(250);

/// What one read sends.
#[derive(Default)]
pub(super) struct Outgoing {
    dead: Vec<Message>,
    onward: BTreeMap<Partition, Vec<Packed>>,
    /// Users who wait, and the account that was found.
    found: Vec<(String, String)>,
}

impl Outgoing {
    pub(super) fn dead(&mut self, letter: Message) {
        self.dead.push(letter);
    }

    pub(super) fn onward(&mut self, to: Partition, event: Packed) {
        self.onward.entry(to).or_default().push(event);
    }

    pub(super) fn found(&mut self, user: &str, account: &str) {
        self.found.push((user.to_owned(), account.to_owned()));
    }

    /// Publishes everything and waits for the acknowledgements, however long the bus is away.
    pub(super) async fn send(mut self, post: &Post<'_>) -> Result<(), SupervisionError> {
        // Letters first: what waits for an account may be among them.
        try_join_all(self.dead.drain(..).map(|letter| post.publish(letter))).await?;
        let found = std::mem::take(&mut self.found);
        let mut emptied = Vec::new();
        for (user, account) in found {
            emptied.push((waiting_subject(&user), self.take_up(post, &user, &account).await?));
        }
        let messages: Vec<Message> = self.onward.into_iter().flat_map(|(to, events)| forward(to, events)).collect();
        try_join_all(messages.into_iter().map(|message| post.publish(message))).await?;
        for (subject, below) in emptied {
            let purged = post.bus.purge(Stream::Dead, Some(&subject), below).await;
            // A letter that stays is sent again with the next start, and recognised as a repeat.
            if let Err(error) = purged {
                tracing::warn!(error = &error as &dyn std::error::Error, "letters that were sent on stay on DEAD");
            }
        }
        Ok(())
    }

    /// Takes up the events that wait for a user's account. Answers the sequence below which they lie.
    async fn take_up(&mut self, post: &Post<'_>, user: &str, account: &str) -> Result<u64, SupervisionError> {
        let mut letters = Letters::of(post.bus, "router-waiting", &waiting_subject(user)).await?;
        let router = RouterState::new(Partition(0), post.partitions);
        while let Some(stored) = letters.next().await? {
            let Ok(json) = binary::structured(&stored.headers.0, &stored.body) else { continue };
            // It passed the door once; only one that came from another partition has its pseudonyms.
            let sent_on = stored.headers.get(HEADER_OWN).is_some();
            let door = post.door;
            let admitted = if sent_on { door.readmit(&json, stored.time) } else { door.admit(&json, stored.time) };
            let Ok(admitted) = admitted else { continue };
            let onward = router.to_account(&admitted.event, user, account);
            self.onward(onward.to, packed(&onward.event, &admitted.personal));
        }
        Ok(letters.end() + 1)
    }
}

/// Where to and by which rules things are sent.
pub(super) struct Post<'a> {
    pub(super) bus: &'a Bus,
    pub(super) door: &'a Door,
    pub(super) partitions: Partitions,
    /// Everything on `IN` up to here is routed.
    pub(super) routed: u64,
}

impl Post<'_> {
    async fn publish(&self, message: Message) -> Result<(), SupervisionError> {
        let mut tries = 0_u32;
        loop {
            let Err(error) = self.bus.publish(message.clone(), None).await else { return Ok(()) };
            match &error {
                PublishError::Refused { .. } => return Err(SupervisionError::publish(PART, error)),
                // Routed messages are in the log: they make room before new ones do.
                PublishError::Full => purge::below(self.bus, self.routed).await,
                // Stored twice at worst, which its id tells.
                PublishError::Unknown(_) | PublishError::WrongLast => {}
            }
            if tries.is_multiple_of(20) {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(bus.subject = message.subject, error, "not taken, trying on");
            }
            tries += 1;
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Messages of events for one partition, in order.
fn forward(to: Partition, events: Vec<Packed>) -> Vec<Message> {
    let mut batches: Vec<Batch> = Vec::new();
    for event in events {
        let full = batches.last().is_none_or(|batch| {
            batch.len() >= BATCH_EVENTS_MAX || batch.bytes() + event.json.len() + 2 > BATCH_BYTES_MAX
        });
        if full {
            batches.push(Batch::new());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push_raw(event.kind, event.entity_hash, &event.json);
        }
    }
    let message = |batch: Batch| {
        let (body, index) = batch.finish();
        Message::new(subject::in_batch(to), body)
            .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
            .with_header(HEADER_INDEX, index)
            .with_header(HEADER_OWN, "forward")
    };
    batches.into_iter().map(message).collect()
}

/// The users for whom letters wait.
pub(super) async fn waiting(bus: &Bus) -> Result<std::collections::BTreeSet<String>, SupervisionError> {
    let mut letters = Letters::all(bus, "router-waiting").await?;
    let mut users = std::collections::BTreeSet::new();
    while let Some(Stored { subject, .. }) = letters.next().await? {
        users.extend(super::dead::waiting_user(&subject));
    }
    Ok(users)
}
