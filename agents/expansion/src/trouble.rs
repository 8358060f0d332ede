//! What stands against an offer: tickets, escalations, invoices, incidents, unhappy answers.

use std::collections::BTreeMap;

use bus_schema::{
    Data, Day, Event, Position, Time,
    data::{
        facts::SlaClock,
        support::{Priority, TicketState},
    },
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

/// Entries kept of one sort.
const KEPT_MAX: usize = 50;

/// What stands against an offer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// Open escalations.
    pub(crate) escalations: BTreeMap<String, Position>,
    /// Open tickets of the two highest ranks.
    pub(crate) tickets: BTreeMap<String, Ticket>,
    /// Open invoices: when due, where that is known.
    pub(crate) invoices: BTreeMap<String, (Option<Day>, Position)>,
    /// Unhappy answers by contact.
    pub(crate) detractors: BTreeMap<u32, (Day, Position)>,
    /// When the last incident ended.
    pub(crate) incident_over: Option<(Time, Position)>,
    /// The event of the open incident.
    pub(crate) incident: Option<Position>,
}

/// An open ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) p1: bool,
    /// Of the second rank: its promised resolution is over.
    pub(crate) late: bool,
    pub(crate) open: bool,
    pub(crate) event: Position,
}

impl Trouble {
    /// Folds an event; kinds that are no trouble are passed over.
    pub(crate) fn fold(&mut self, event: &Event, day: Day, cause: Position) {
        self.support(event, cause);
        self.money(event, day, cause);
        self.voice(event, day, cause);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only support is looked at here")]
    fn support(&mut self, event: &Event, cause: Position) {
        match &event.data {
            Data::EscalationRaised(data) => keep(&mut self.escalations, &data.escalation, cause),
            Data::EscalationResolved(data) => {
                self.escalations.remove(&data.escalation);
            }
            Data::TicketOpened(data) => {
                self.rank(&data.ticket, &data.priority, cause);
                self.reopen(&data.ticket);
            }
            Data::TicketUpdated(data) => {
                if let Some(priority) = &data.priority {
                    self.rank(&data.ticket, priority, cause);
                }
                if matches!(data.state, Some(TicketState::Open | TicketState::PendingUs)) {
                    self.reopen(&data.ticket);
                }
            }
            Data::TicketResolved(data) => {
                if let Some(ticket) = self.tickets.get_mut(data.ticket.as_str()) {
                    ticket.open = false;
                }
            }
            Data::TicketReopened(data) => self.reopen(&data.ticket),
            Data::SlaBreached(data) if data.clock == SlaClock::Resolution => {
                if let Some(ticket) = self.tickets.get_mut(&data.ticket) {
                    (ticket.late, ticket.event) = (true, cause);
                }
            }
            _ => {}
        }
    }

    fn rank(&mut self, ticket: &str, priority: &Priority, cause: Position) {
        let p1 = match priority {
            Priority::P1 => true,
            Priority::P2 => false,
            Priority::P3 | Priority::P4 | Priority::Other(_) => {
                self.tickets.remove(ticket);
                return;
            }
        };
        if self.tickets.len() >= KEPT_MAX && !self.tickets.contains_key(ticket) {
            // Those that are resolved may go: only a ticket that is opened again would be missed.
            let over = self.tickets.iter().find(|(_, ticket)| !ticket.open).or_else(|| self.tickets.iter().next());
            let over = over.map(|(id, _)| id.clone());
            over.map(|id| self.tickets.remove(&id));
        }
        let known = self.tickets.entry(ticket.to_owned());
        let known = known.or_insert(Ticket { p1, late: false, open: true, event: cause });
        (known.p1, known.event) = (p1, cause);
    }

    fn reopen(&mut self, ticket: &str) {
        if let Some(ticket) = self.tickets.get_mut(ticket) {
            ticket.open = true;
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only invoices are looked at here")]
    fn money(&mut self, event: &Event, day: Day, cause: Position) {
        match &event.data {
            Data::InvoiceIssued(data) => keep(&mut self.invoices, &data.invoice, (Some(data.due_on), cause)),
            Data::InvoiceOverdue(data) => self.owe(&data.invoice, day, Some(data.days_late.unwrap_or(1)), cause),
            Data::InvoicePaymentFailed(data) => self.owe(&data.invoice, day, data.days_late, cause),
            Data::InvoicePaid(data) => {
                self.invoices.remove(data.invoice.as_str());
            }
            _ => {}
        }
    }

    fn owe(&mut self, invoice: &str, day: Day, days_late: Option<u32>, cause: Position) {
        let known = self.invoices.get(invoice).and_then(|(due, _)| *due);
        let late = days_late.and_then(|late| i32::try_from(late).ok());
        let due = late.map(|late| day.plus(late.saturating_neg())).or(known);
        keep(&mut self.invoices, invoice, (due, cause));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only incidents and answers are looked at here")]
    fn voice(&mut self, event: &Event, day: Day, cause: Position) {
        match &event.data {
            Data::IncidentCovers(data) if data.opened => self.incident = Some(cause),
            Data::IncidentCovers(_) => self.incident_over = Some((event.header.time, cause)),
            Data::NpsResponded(data) => {
                let Some(contact) = &event.header.contact else { return };
                let key = fnv1a(contact.as_bytes());
                if data.score > 6 {
                    self.detractors.remove(&key);
                } else if self.detractors.len() < KEPT_MAX || self.detractors.contains_key(&key) {
                    self.detractors.insert(key, (day, cause));
                }
            }
            Data::LoopClosed(data) => {
                self.detractors.remove(&fnv1a(data.contact.as_bytes()));
            }
            _ => {}
        }
    }

    /// The invoice that is overdue longest: its id, the days, and the event.
    pub(crate) fn overdue(&self, today: Day) -> Option<(&str, i32, Position)> {
        let late = self.invoices.iter().filter_map(|(id, (due, event))| {
            let due = (*due)?;
            Some((id.as_str(), today.0 - due.0, *event))
        });
        late.filter(|(_, days, _)| *days > 0).max_by_key(|(_, days, _)| *days)
    }
}

fn keep<V>(map: &mut BTreeMap<String, V>, id: &str, value: V) {
    if map.len() >= KEPT_MAX && !map.contains_key(id) {
        map.pop_first();
    }
    map.insert(id.to_owned(), value);
}
