//! Signs in support: escalations, and more tickets than usual.

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{Data, Day, Event, Position, Time, time::DAY_MS};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// Days whose tickets are kept: 28, and the 84 before that are usual.
const DAYS: i32 = 112;
/// Tickets kept.
const TICKETS_MAX: usize = 400;
/// Escalations kept.
const ESCALATIONS_MAX: usize = 50;
/// Days with fewer than two open escalations that end the sign.
const CALM_DAYS: i32 = 14;

/// What an account asks of support.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Support {
    open: BTreeMap<String, Mark>,
    raised: VecDeque<Mark>,
    pressed: Option<Mark>,
    calm: Option<Time>,
    tickets: VecDeque<Day>,
    first_ticket: Option<Day>,
    latest: VecDeque<Position>,
}

impl Support {
    /// Folds an event of support.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only support is folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position, day: Day) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        match &event.data {
            Data::EscalationRaised(data) => {
                if self.open.len() < ESCALATIONS_MAX {
                    self.open.insert(data.escalation.clone(), mark);
                }
                keep(&mut self.raised, mark, ESCALATIONS_MAX);
                let month = self.raised.iter().filter(|raised| mark.at.since_ms(raised.at) < 30 * DAY_MS).count();
                if self.open.len() >= 2 || month >= 3 {
                    self.pressed = self.pressed.or(Some(mark));
                }
            }
            Data::EscalationResolved(data) => {
                self.open.remove(&data.escalation);
            }
            Data::TicketOpened(_) => {
                self.first_ticket = Some(self.first_ticket.map_or(day, |first| first.min(day)));
                keep(&mut self.tickets, day, TICKETS_MAX);
                keep(&mut self.latest, cause, agent::usage::CITED_MAX);
                return false;
            }
            _ => return false,
        }
        true
    }

    /// The daily look.
    pub fn look(&mut self, look: &Look<'_>) {
        self.tickets.retain(|day| *day >= look.today.plus(-DAYS));
        if self.pressed.is_none() || self.open.len() >= 2 {
            self.calm = None;
            return;
        }
        let calm = *self.calm.get_or_insert(look.now);
        if look.days_since(calm) >= CALM_DAYS {
            (self.pressed, self.calm) = (None, None);
        }
    }

    /// The signs that hold.
    pub fn signals(&self, look: &Look<'_>, found: &mut Vec<Signal>) {
        if let Some(mark) = self.pressed {
            let month = self.raised.iter().filter(|raised| look.days_since(raised.at) < 30).count();
            let reason = format!("{} escalations open, {month} raised in 30 days", self.open.len());
            let events = self.raised.iter().rev().take(agent::usage::CITED_MAX).map(|mark| mark.event).collect();
            found.push(look.sign(Sign::Escalations, Some(mark.at), reason, events));
        }
        let month = look.today.plus(-28);
        let known = self.first_ticket.is_some_and(|first| first <= look.today.plus(-DAYS));
        let count = |from: Day, to: Day| {
            let days = self.tickets.iter().filter(|day| (from..to).contains(day));
            i64::try_from(days.count()).unwrap_or(i64::MAX)
        };
        let (recent, earlier) = (count(month, look.today), count(look.today.plus(-DAYS), month));
        if known && recent * 3 >= 2 * earlier && recent * 3 >= earlier + 12 {
            let reason = format!("{recent} tickets in 28 days, {} in 28 days are usual", earlier / 3);
            let events = self.latest.iter().rev().copied().collect();
            found.push(look.sign(Sign::TicketsRising, None, reason, events));
        }
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T, max: usize) {
    list.push_back(item);
    if list.len() > max {
        list.pop_front();
    }
}
