//! A ticket: what it is about, who wrote, and the stretches of time on which its resolution clock ran.

use std::collections::VecDeque;

use agent::hours::{Calendar, Counting};
use bus_schema::{
    Position, Time,
    data::{
        support::{Priority, TicketOpened},
        words::Reading,
    },
};
use serde::{Deserialize, Serialize};

/// Tickets kept of an account.
pub const TICKETS_MAX: usize = 200;
/// Stretches of a clock kept; the earliest two become one beyond that.
const STRETCHES_MAX: usize = 16;
/// Texts of a customer kept.
const TEXTS_MAX: usize = 6;
/// Events cited.
const CITED_MAX: usize = 6;

/// How urgent a ticket counts as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the priorities of the desk; what it does not name counts as p3")]
pub enum Rank {
    P1,
    P2,
    #[default]
    P3,
    P4,
}

impl Rank {
    /// The rank of a priority; one that nobody knows is p3.
    pub const fn of(priority: &Priority) -> Self {
        match priority {
            Priority::P1 => Self::P1,
            Priority::P2 => Self::P2,
            Priority::P3 | Priority::Other(_) => Self::P3,
            Priority::P4 => Self::P4,
        }
    }

    /// The name in facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
        }
    }

    /// Points in a report, 1 to 4.
    pub const fn weight(self) -> u8 {
        match self {
            Self::P1 => 4,
            Self::P2 => 3,
            Self::P3 => 2,
            Self::P4 => 1,
        }
    }
}

/// What was said of a clock so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Edge {
    /// Nothing.
    #[default]
    Calm,
    /// The first warning.
    Warned,
    /// Near its end.
    Urgent,
    /// It ran out.
    Breached,
}

/// A ticket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was said of the ticket")]
pub struct Ticket {
    /// When it was opened.
    pub opened_at: Time,
    /// How urgent.
    pub rank: Rank,
    /// Category, as the desk says.
    pub category: String,
    /// Product area; `general` where nobody says.
    pub area: String,
    /// By which way it came.
    pub channel: String,
    /// Who asked.
    pub contact: String,
    /// Who works on it.
    pub assignee: Option<String>,
    /// The first reply by a person.
    pub replied_at: Option<Time>,
    /// Replies by persons.
    pub replies: u32,
    /// How often it was opened again.
    pub reopened: u8,
    /// It is resolved since.
    pub resolved_at: Option<Time>,
    /// It ended without an answer.
    pub no_answer: bool,
    /// The customer is waited for.
    pub pending: bool,
    /// Stretches on which the resolution clock ran; the last one may still run.
    pub ran: Vec<(Time, Option<Time>)>,
    /// How the customer's texts sound.
    pub texts: VecDeque<i32>,
    /// The customer asks for a manager or threatens to leave.
    pub asks: bool,
    /// An executive or sponsor takes part.
    pub executive: bool,
    /// The desk escalated it.
    pub desk: bool,
    /// What was said of the first response.
    pub first_edge: Edge,
    /// What was said of the resolution.
    pub resolution_edge: Edge,
    /// The latest events.
    pub cited: VecDeque<Position>,
}

impl Ticket {
    /// A ticket as it was opened.
    pub(crate) fn new(data: &TicketOpened, at: Time, cause: Position) -> Self {
        let area = data.product_area.as_ref().or(data.reading.product_area.as_ref());
        let mut ticket = Self {
            opened_at: at,
            rank: Rank::of(&data.priority),
            category: data.category.to_string(),
            area: area.map_or_else(|| "general".to_owned(), ToString::to_string),
            channel: data.channel.to_string(),
            contact: data.contact.to_string(),
            assignee: None,
            replied_at: None,
            replies: 0,
            reopened: 0,
            resolved_at: None,
            no_answer: false,
            pending: false,
            ran: vec![(at, None)],
            texts: VecDeque::new(),
            asks: false,
            executive: false,
            desk: false,
            first_edge: Edge::Calm,
            resolution_edge: Edge::Calm,
            cited: VecDeque::new(),
        };
        ticket.cite(cause);
        ticket.read(&data.reading);
        ticket
    }

    pub(crate) fn cite(&mut self, cause: Position) {
        if self.cited.contains(&cause) {
            return;
        }
        self.cited.push_back(cause);
        if self.cited.len() > CITED_MAX {
            self.cited.pop_front();
        }
    }

    /// The latest events, latest first.
    pub fn events(&self) -> Vec<Position> {
        self.cited.iter().rev().copied().collect()
    }

    /// A text of the customer.
    pub(crate) fn read(&mut self, reading: &Reading) {
        if let Some(sentiment) = reading.sentiment_bp {
            self.texts.push_back(sentiment.bp());
            if self.texts.len() > TEXTS_MAX {
                self.texts.pop_front();
            }
        }
        let said = |flag: Option<bool>| flag == Some(true);
        self.asks |= said(reading.asks_for_manager) || said(reading.threatens_to_leave);
    }

    /// The group of the issue, `exports/bug`.
    pub fn group(&self) -> String {
        format!("{}/{}", self.area, self.category)
    }

    /// Whether it is not resolved.
    pub const fn open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// The resolution clock rests, or runs again.
    pub(crate) fn run(&mut self, runs: bool, at: Time) {
        let running = self.ran.last().is_some_and(|(_, end)| end.is_none());
        if runs && !running {
            self.ran.push((at, None));
        } else if !runs
            && running
            && let Some((start, end)) = self.ran.last_mut()
        {
            *end = Some(at.max(*start));
        }
        if self.ran.len() > STRETCHES_MAX {
            let first = self.ran.remove(0);
            if let Some(second) = self.ran.first_mut() {
                second.0 = first.0;
            }
        }
    }

    /// Time on the resolution clock.
    pub fn resolution_ms(&self, calendar: &Calendar, counting: Counting, now: Time) -> i64 {
        self.ran.iter().map(|(start, end)| calendar.between(counting, *start, end.unwrap_or(now).min(now))).sum()
    }

    /// When the stretch that runs began.
    pub fn running_since(&self) -> Option<Time> {
        self.ran.last().filter(|(_, end)| end.is_none()).map(|(start, _)| *start)
    }

    /// Time on the first-response clock: to the first reply by a person, or the end.
    pub fn first_ms(&self, calendar: &Calendar, counting: Counting, now: Time) -> i64 {
        calendar.between(counting, self.opened_at, self.answered_at().unwrap_or(now).min(now))
    }

    /// When the first response stopped being waited for.
    pub fn answered_at(&self) -> Option<Time> {
        self.replied_at.or(self.resolved_at)
    }

    /// Whether the last three texts of the customer are as bad as this, and got worse.
    pub fn tone_falls(&self, at_most_bp: i32) -> bool {
        let last: Vec<i32> = self.texts.iter().rev().take(3).copied().collect();
        let sum: i64 = last.iter().map(|bp| i64::from(*bp)).sum();
        last.len() == 3 && sum / 3 <= i64::from(at_most_bp) && last.first() < last.last()
    }
}
