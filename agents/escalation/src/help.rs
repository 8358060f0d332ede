//! Self-service: sessions in the help, which of them made a ticket needless, and what a hand-off carries on.

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{
    Position, Time,
    entity::fnv1a,
    time::{HOUR_MS, MINUTE_MS},
};
use serde::{Deserialize, Serialize};

use crate::{
    month::Months,
    policy::{Help, Metric},
};

/// Contacts whose sessions are kept.
const CONTACTS_MAX: usize = 100;
/// Events cited.
const CITED_MAX: usize = 6;

/// Sessions by contact.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {
    by_contact: BTreeMap<u32, Session>,
}

/// What one contact did, until it is known whether a ticket followed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Session {
    last: Time,
    searches: u32,
    read: u32,
    /// A search that led to no article so far, with its group.
    unread: Option<(Position, String, String)>,
    cited: VecDeque<Position>,
    /// Sessions before this one that ended so, still waiting for a ticket.
    ended: VecDeque<Time>,
}

/// A search that led nowhere.
pub(crate) struct Unread {
    pub(crate) event: Position,
    pub(crate) area: String,
    pub(crate) category: String,
}

/// What a contact looked for before a person took over.
pub(crate) struct Context {
    pub(crate) text: String,
    pub(crate) events: Vec<Position>,
}

impl Sessions {
    /// Something a contact did in the help.
    pub(crate) fn note(&mut self, rule: &Help, contact: &str, at: Time, cause: Position, act: Act) {
        let key = fnv1a(contact.as_bytes());
        if self.by_contact.len() >= CONTACTS_MAX && !self.by_contact.contains_key(&key) {
            return;
        }
        let new =
            || Session { last: at, searches: 0, read: 0, unread: None, cited: VecDeque::new(), ended: VecDeque::new() };
        let session = self.by_contact.entry(key).or_insert_with(new);
        if at.since_ms(session.last) > rule.session_minutes * MINUTE_MS {
            if session.read > 0 {
                session.ended.push_back(session.last);
            }
            (session.searches, session.read) = (0, 0);
            session.cited.clear();
        }
        session.last = session.last.max(at);
        session.cited.push_back(cause);
        if session.cited.len() > CITED_MAX {
            session.cited.pop_front();
        }
        match act {
            Act::Searched(Some((area, category))) => {
                session.searches += 1;
                session.unread = Some((cause, area, category));
            }
            Act::Searched(None) => session.searches += 1,
            Act::Read => {
                session.read += 1;
                session.unread = None;
            }
        }
    }

    /// A contact opened a ticket: its sessions did not help. What they looked for goes with it.
    pub(crate) fn ticket(&mut self, contact: &str) -> Option<Context> {
        let session = self.by_contact.remove(&fnv1a(contact.as_bytes()))?;
        Some(session.context())
    }

    /// What a contact looked for.
    pub(crate) fn context(&self, contact: &str) -> Option<Context> {
        self.by_contact.get(&fnv1a(contact.as_bytes())).map(Session::context)
    }

    /// Sessions whose time for a ticket is over were a success; searches that nobody read on from are told.
    pub(crate) fn settle(&mut self, rule: &Help, now: Time, months: &mut Months) -> (Vec<Unread>, Option<Time>) {
        let (pause, wait) = (rule.session_minutes * MINUTE_MS, rule.ticket_hours * HOUR_MS);
        let mut unread = Vec::new();
        let mut next: Option<Time> = None;
        self.by_contact.retain(|_, session| {
            while session.ended.front().is_some_and(|end| now.since_ms(*end) >= wait) {
                session.ended.pop_front();
                months.share(Metric::SelfService, true);
            }
            let over = now.since_ms(session.last) > pause;
            if over && let Some((event, area, category)) = session.unread.take() {
                unread.push(Unread { event, area, category });
            }
            let judged = now.since_ms(session.last) >= wait;
            if judged && session.read > 0 {
                months.share(Metric::SelfService, true);
            }
            let ended = session.ended.front().map(|end| end.plus_ms(wait));
            let pause_end = session.unread.is_some().then(|| session.last.plus_ms(pause + 1));
            let due = [ended, pause_end, Some(session.last.plus_ms(wait))].into_iter().flatten().min();
            if !judged && let Some(due) = due {
                next = Some(next.map_or(due, |known| known.min(due)));
            }
            !judged
        });
        (unread, next)
    }
}

impl Session {
    fn context(&self) -> Context {
        let text = format!("{} searches and {} articles read before", self.searches, self.read);
        Context { text, events: self.cited.iter().rev().copied().collect() }
    }
}

/// What a contact did.
pub(crate) enum Act {
    /// Searched; where articles were found, with the group they are of.
    Searched(Option<(String, String)>),
    /// Read an article, or said whether it helped.
    Read,
}
