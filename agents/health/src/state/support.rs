//! Tickets, answers to support, and how the customer's words sound.

use std::collections::{BTreeMap, VecDeque};

use agent::Trail;
use bus_schema::{Day, Position, Time, time::HOUR_MS};
use serde::{Deserialize, Serialize};

use super::Tally;
use crate::policy::ResolutionRule;

/// Tickets kept at most: open ones, and resolved ones that could be reopened.
const TICKETS_MAX: usize = 64;
/// Texts kept at most, the latest.
const TEXTS_MAX: usize = 40;

/// What support tells.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Support {
    pub(crate) tickets: BTreeMap<u32, Ticket>,
    pub(crate) opened: Tally,
    pub(crate) reopened: Tally,
    pub(crate) resolved: Tally,
    pub(crate) resolved_in_time: Tally,
    pub(crate) answers: Answers,
    pub(crate) texts: VecDeque<Text>,
    pub(crate) opened_trail: Trail,
    pub(crate) resolved_trail: Trail,
}

/// Answers to "how was it".
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) all: Tally,
    pub(crate) good: Tally,
}

/// A text of the customer, as far as a fold may know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) at: Time,
    pub(crate) tone_bp: i32,
    pub(crate) cause: Position,
}

/// A ticket, with the clock of its resolution.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// 1 to 4.
    pub(crate) priority: u8,
    pub(crate) opened: Time,
    /// Since when it waits for the customer.
    pub(crate) waiting_since: Option<Time>,
    /// How long it waited for the customer, or lay resolved before it was reopened.
    pub(crate) waited_ms: i64,
    /// When it was resolved, the day it was counted under, and whether in time.
    pub(crate) resolved: Option<(Time, Day, bool)>,
    pub(crate) cause: Position,
}

impl Support {
    /// Keeps a ticket; beyond the bound the one opened first among the resolved goes, else the first of all.
    pub(crate) fn keep(&mut self, id: u32, ticket: Ticket) {
        self.tickets.insert(id, ticket);
        if self.tickets.len() > TICKETS_MAX {
            let oldest = self.tickets.iter().min_by_key(|(_, own)| (own.resolved.is_none(), own.opened));
            let oldest = oldest.map(|(id, _)| *id);
            oldest.and_then(|id| self.tickets.remove(&id));
        }
    }

    /// Forgets tickets nobody closed and resolved ones that nobody will reopen.
    pub(crate) fn forget(&mut self, today: Day) {
        self.tickets.retain(|_, ticket| {
            let (last, days) = ticket.resolved.map_or((ticket.opened, 180), |(at, _, _)| (at, 30));
            last.day() >= today.plus(-days)
        });
    }

    /// Takes in a text.
    pub(crate) fn hear(&mut self, text: Text) {
        self.texts.push_back(text);
        if self.texts.len() > TEXTS_MAX {
            self.texts.pop_front();
        }
    }

    /// Open tickets of the highest priority.
    pub(crate) fn open_p1(&self) -> i64 {
        count(self.tickets.values().filter(|ticket| ticket.resolved.is_none() && ticket.priority == 1))
    }

    /// Open tickets.
    pub(crate) fn open(&self) -> i64 {
        count(self.tickets.values().filter(|ticket| ticket.resolved.is_none()))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

impl Ticket {
    /// Whether it is resolved within the promise when it is resolved at this instant.
    pub(crate) fn in_time(&self, at: Time, rule: ResolutionRule) -> bool {
        let waiting = self.waiting_since.map_or(0, |since| at.since_ms(since).max(0));
        let weekend = if rule.weekends { 0 } else { weekend_ms(self.opened, at) };
        let elapsed = at.since_ms(self.opened) - self.waited_ms - waiting - weekend;
        elapsed <= rule.hours * HOUR_MS
    }
}

/// How much of the time between two instants falls on Saturdays and Sundays (in UTC).
fn weekend_ms(from: Time, to: Time) -> i64 {
    let (first, last) = (from.day().0, to.day().0);
    // A clock this long is over by any promise: the bound keeps the loop short.
    let days = (first..=last).take(400);
    days.filter(|day| (day + 3).rem_euclid(7) >= 5)
        .map(|day| {
            let (start, end) = (Day(day).start(), Day(day + 1).start());
            end.min(to).since_ms(start.max(from)).max(0)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_do_not_count_where_the_promise_leaves_them_out() {
        let time = |text: &str| Time::parse(text).unwrap();
        // 2026-01-02 is a Friday.
        let ticket = Ticket {
            priority: 3,
            opened: time("2026-01-02T16:00:00Z"),
            waiting_since: None,
            waited_ms: 0,
            resolved: None,
            cause: Position::default(),
        };
        let working = ResolutionRule { hours: 24, weekends: false };
        let always = ResolutionRule { hours: 24, weekends: true };
        assert!(ticket.in_time(time("2026-01-05T16:00:00Z"), working));
        assert!(!ticket.in_time(time("2026-01-05T16:00:01Z"), working));
        assert!(!ticket.in_time(time("2026-01-05T16:00:00Z"), always));
        let waited = Ticket { waited_ms: 2 * HOUR_MS, ..ticket };
        assert!(waited.in_time(time("2026-01-05T18:00:00Z"), working));
    }
}
