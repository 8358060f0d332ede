//! Touches in both directions, the people who matter, and what became of messages.

use std::collections::{BTreeMap, VecDeque};

use agent::Trail;
use bus_schema::{Day, Position, Time, time::DAY_MS};
use serde::{Deserialize, Serialize};

use super::Marks;

/// Contacts whose last touch is kept, the latest.
const MET_MAX: usize = 32;
/// Missed meetings kept.
const MISSED_MAX: usize = 8;
/// Personal messages kept.
const MESSAGES_MAX: usize = 16;
/// A reply or meeting within so many days of a message answers it.
pub(crate) const ANSWER_DAYS: i64 = 7;

/// What the relation tells.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Relation {
    /// A contact was ever named: the source of contacts is connected.
    pub(crate) contacts_known: bool,
    /// Meetings, replies, messages to us.
    pub(crate) two_way: Trail,
    /// The latest of them.
    pub(crate) touched: Option<Time>,
    /// The latest click in a message: counts where accounts are served digitally first.
    pub(crate) clicked: Option<(Time, Position)>,
    pub(crate) missed: VecDeque<(Day, Position)>,
    /// When a contact last attended, replied or reviewed, else when they were named.
    pub(crate) met: BTreeMap<u32, (Time, Position)>,
    /// The sponsor who left and named nobody.
    pub(crate) sponsor_left: Option<(Day, Position)>,
    /// The champion or admin who did.
    pub(crate) champion_left: Option<(Day, Position)>,
    /// Whom the sponsor named in their place.
    pub(crate) successor: Option<u32>,
    pub(crate) messages: VecDeque<Message>,
    /// Business reviews with somebody who decides.
    pub(crate) reviews: Marks,
    /// Acts of advocacy done.
    pub(crate) acts: Marks,
    /// Posts, answers, events of the community.
    pub(crate) community: Marks,
}

/// A personal message that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u32,
    pub(crate) at: Time,
    pub(crate) answered: bool,
    pub(crate) cause: Position,
}

impl Relation {
    /// A touch in both directions.
    pub(crate) fn touch(&mut self, at: Time, cause: Position) {
        self.two_way.cite(cause, at);
        self.touched = Some(self.touched.map_or(at, |known| known.max(at)));
    }

    /// A contact attended, replied or reviewed.
    pub(crate) fn meet(&mut self, contact: u32, at: Time, cause: Position) {
        let met = self.met.entry(contact).or_insert((at, cause));
        if at > met.0 {
            *met = (at, cause);
        }
        if self.met.len() > MET_MAX {
            let oldest = self.met.iter().min_by_key(|(_, (at, _))| *at).map(|(contact, _)| *contact);
            oldest.and_then(|contact| self.met.remove(&contact));
        }
    }

    /// The customer did not come.
    pub(crate) fn miss(&mut self, day: Day, cause: Position) {
        self.missed.push_back((day, cause));
        if self.missed.len() > MISSED_MAX {
            self.missed.pop_front();
        }
    }

    /// A personal message arrived.
    pub(crate) fn deliver(&mut self, message: Message) {
        if self.messages.iter().any(|known| known.id == message.id) {
            return;
        }
        self.messages.push_back(message);
        if self.messages.len() > MESSAGES_MAX {
            self.messages.pop_front();
        }
    }

    /// One message was answered.
    pub(crate) fn answer(&mut self, id: u32, at: Time) {
        for message in self.messages.iter_mut().filter(|message| message.id == id) {
            message.answered |= at.since_ms(message.at) <= ANSWER_DAYS * DAY_MS;
        }
    }

    /// A meeting answers every message of the days before it.
    pub(crate) fn answer_by_meeting(&mut self, at: Time) {
        for message in &mut self.messages {
            message.answered |= (0..=ANSWER_DAYS * DAY_MS).contains(&at.since_ms(message.at));
        }
    }
}
