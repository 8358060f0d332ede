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
/// Resolved tickets whose time is kept.
const TOOK_MAX: usize = 32;
/// Escalations kept at most.
const ESCALATIONS_MAX: usize = 16;

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
    /// How long resolved tickets took, in percent of the promise, by the day they were resolved.
    pub(crate) took: VecDeque<(Day, u16)>,
    pub(crate) escalations: Escalations,
}

/// Escalations as they were told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Escalations {
    /// By escalation: when it was raised, and whether it is open.
    raised: BTreeMap<u32, (Day, bool)>,
    pub(crate) trail: Trail,
}

impl Escalations {
    /// One was raised.
    pub(crate) fn raise(&mut self, id: u32, day: Day) {
        self.raised.insert(id, (day, true));
        if self.raised.len() > ESCALATIONS_MAX {
            let first = self.raised.iter().min_by_key(|(_, (day, open))| (*open, *day)).map(|(id, _)| *id);
            first.and_then(|first| self.raised.remove(&first));
        }
    }

    /// One is over.
    pub(crate) fn end(&mut self, id: u32) {
        if let Some((_, open)) = self.raised.get_mut(&id) {
            *open = false;
        }
    }

    /// Those raised since a day or still open: how many, and how many are open.
    pub(crate) fn since(&self, from: Day) -> (i64, i64) {
        let all = self.raised.values().filter(|(day, open)| *open || *day >= from);
        (count(all.clone()), count(all.filter(|(_, open)| *open)))
    }
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
    /// When it was resolved, the day it was counted under, and how long it took in percent of the promise.
    pub(crate) resolved: Option<(Time, Day, u16)>,
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

    /// A ticket was resolved, after so many percent of what was promised.
    pub(crate) fn resolve(&mut self, day: Day, percent: u16) {
        self.took.push_back((day, percent));
        if self.took.len() > TOOK_MAX {
            self.took.pop_front();
        }
    }

    /// It was reopened.
    pub(crate) fn unresolve(&mut self, day: Day, percent: u16) {
        if let Some(at) = self.took.iter().rposition(|took| *took == (day, percent)) {
            self.took.remove(at);
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
    /// How long it took when it is resolved at this instant, in percent of the promise, rounded up.
    pub(crate) fn took_percent(&self, at: Time, rule: ResolutionRule) -> u16 {
        let waiting = self.waiting_since.map_or(0, |since| at.since_ms(since).max(0));
        let weekend = if rule.weekends { 0 } else { weekend_ms(self.opened, at) };
        let elapsed = at.since_ms(self.opened) - self.waited_ms - waiting - weekend;
        let promised = (rule.hours * HOUR_MS).max(1);
        u16::try_from((elapsed.max(0).saturating_mul(100) + promised - 1) / promised).unwrap_or(u16::MAX)
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
        assert_eq!(ticket.took_percent(time("2026-01-05T16:00:00Z"), working), 100);
        assert_eq!(ticket.took_percent(time("2026-01-05T16:00:01Z"), working), 101);
        assert_eq!(ticket.took_percent(time("2026-01-05T16:00:00Z"), always), 300);
        let waited = Ticket { waited_ms: 2 * HOUR_MS, ..ticket };
        assert_eq!(waited.took_percent(time("2026-01-05T18:00:00Z"), working), 100);
    }
}
