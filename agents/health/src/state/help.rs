//! Help that customers find by themselves: sessions with an article, and whether a ticket followed.

use std::collections::VecDeque;

use agent::Trail;
use bus_schema::{Day, Position, Time, time::HOUR_MS};
use serde::{Deserialize, Serialize};

use super::Tally;

/// Sessions whose day is not over.
const OPEN_MAX: usize = 16;
/// Days kept.
const KEEP_DAYS: i32 = 96;
/// Articles within this time of each other are one session.
const GAP_MS: i64 = HOUR_MS / 2;
/// A ticket by the same person within this time: the help did not help.
const SETTLED_MS: i64 = 24 * HOUR_MS;

/// Sessions in the help.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Help {
    /// Whose, when last, and the day it counts under; oldest first.
    open: VecDeque<(u32, Time, Day)>,
    /// Sessions that no ticket followed.
    pub(crate) helped: Tally,
    pub(crate) trail: Trail,
}

impl Help {
    /// Somebody read an article or judged one.
    pub(crate) fn read(&mut self, contact: u32, at: Time, day: Day, cause: Position) {
        self.settle(at);
        self.trail.cite(cause, at);
        let same = |known: &(u32, Time, Day)| known.0 == contact && (0..=GAP_MS).contains(&at.since_ms(known.1));
        match self.open.iter_mut().find(|known| same(known)) {
            Some(known) => known.1 = at,
            None => self.open.push_back((contact, at, day)),
        }
        if self.open.len() > OPEN_MAX {
            self.open.pop_front();
        }
    }

    /// A ticket by the same person: the sessions of the day before found no answer.
    pub(crate) fn asked(&mut self, contact: u32, at: Time) {
        self.settle(at);
        self.open.retain(|(own, _, _)| *own != contact);
    }

    /// Counts the sessions that no ticket can follow any more.
    pub(crate) fn settle(&mut self, now: Time) {
        let over = |last: Time| now.since_ms(last) > SETTLED_MS;
        for (_, _, day) in self.open.iter().filter(|(_, last, _)| over(*last)) {
            self.helped.add(*day, KEEP_DAYS);
        }
        self.open.retain(|(_, last, _)| !over(*last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_counts_a_day_later_unless_a_ticket_follows() {
        let mut help = Help::default();
        let at = |minutes: i64| Time(minutes * 60_000);
        for (contact, minute) in [(1, 0), (1, 20), (1, 60), (2, 60)] {
            help.read(contact, at(minute), Day(0), Position::default());
        }
        assert_eq!(help.open.len(), 3, "twenty minutes are one session, forty are two");
        help.asked(2, at(120));
        help.settle(at(24 * 60));
        assert_eq!(help.helped.within(Day(0), 90), 0);
        help.settle(at(26 * 60));
        assert_eq!(help.helped.within(Day(0), 90), 2);
    }
}
