//! What a reader of the log sees, and when.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bus::{Reader, Stored};
use bus_schema::{Kind, Position, batch, subject};
use serde::Deserialize;
use tokio::task::JoinHandle;

use super::{super::http::Pace, Wanted};

/// Before the number of an event in its id.
pub(super) const ID: &str = "latency-";
/// Messages read at once.
const MESSAGES_MAX: usize = 256;
const WAIT: Duration = Duration::from_secs(1);

/// What has arrived: times in microseconds from when the event should have been sent.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the log.
    pub(super) logged: Vec<u64>,
    /// The score it moved.
    pub(super) scores: Vec<u64>,
    /// The card it led to.
    pub(super) filed: Vec<u64>,
    /// The same cards: number of the event, and the proposal.
    pub(super) cards: Vec<(usize, String)>,
}

/// What has arrived so far.
#[derive(Clone, Debug)]
pub(super) struct Hops(Arc<Mutex<Found>>);

#[derive(Deserialize)]
struct Outline<'a> {
    id: &'a str,
    subject: &'a str,
    #[serde(default)]
    causationid: Option<&'a str>,
    #[serde(default)]
    data: Option<Proposal>,
}

#[derive(Deserialize)]
struct Proposal {
    #[serde(default)]
    proposal: Option<String>,
}

impl Hops {
    /// Begins to read.
    pub(super) fn follow(mut reader: Reader, pace: Pace) -> (Self, JoinHandle<()>) {
        let hops = Self(Arc::default());
        let to = hops.clone();
        let task = tokio::spawn(async move {
            let mut known = Known::default();
            loop {
                // A reader that cannot go on shows as what did not arrive.
                let Ok(messages) = reader.next(MESSAGES_MAX, WAIT).await else { continue };
                let at = Instant::now();
                for message in messages {
                    known.take(&message, at, pace, &mut to.lock());
                }
            }
        });
        (hops, task)
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether so much has arrived.
    pub(super) fn has(&self, wanted: &Wanted) -> bool {
        let found = self.lock();
        let enough = |found: usize, wanted: u32| found >= wanted as usize;
        enough(found.logged.len(), wanted.events)
            && enough(found.scores.len(), wanted.scores)
            && enough(found.filed.len(), wanted.cards)
    }

    /// What has arrived.
    pub(super) fn found(&self) -> Found {
        std::mem::take(&mut self.lock())
    }
}

/// Which event is where, and which leads to which.
#[derive(Default)]
struct Known {
    at: HashMap<Position, usize>,
    by_account: HashMap<String, usize>,
}

impl Known {
    fn take(&mut self, message: &Stored, at: Instant, pace: Pace, found: &mut Found) {
        let Some(index) = message.headers.index().and_then(|text| batch::decode_index(text).ok()) else { return };
        let routed = subject::log_writer(&message.subject) == Some("in");
        for (place, entry) in index.iter().enumerate() {
            let scored = entry.kind == Kind::HealthScored.code();
            let filed = entry.kind == Kind::ProposalFiled.code();
            if !(routed || scored || filed) {
                continue;
            }
            let Ok(json) = batch::slice(&message.body, &index, place) else { continue };
            let Ok(outline) = serde_json::from_slice::<Outline<'_>>(json) else { continue };
            if routed {
                let Some(n) = outline.id.strip_prefix(ID).and_then(|text| text.parse().ok()) else { continue };
                found.logged.push(pace.since(n, at));
                self.at.insert(Position { seq: message.seq, index: u16::try_from(place).unwrap_or(u16::MAX) }, n);
                if entry.kind == Kind::InvoiceOverdue.code() {
                    self.by_account.insert(outline.subject.to_owned(), n);
                }
            } else if scored {
                let cause = outline.causationid.and_then(|text| text.parse().ok());
                let n = cause.and_then(|position: Position| self.at.get(&position));
                found.scores.extend(n.map(|n| pace.since(*n, at)));
            } else if let Some(n) = self.by_account.get(outline.subject)
                && let Some(proposal) = outline.data.and_then(|data| data.proposal)
            {
                found.filed.push(pace.since(*n, at));
                found.cards.push((*n, proposal));
            }
        }
    }
}
