//! What is kept of an account's voices, and of a segment's accounts together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{AccountProfile, Effects, Turn};
use bus_schema::{
    Day, Entity, Position, Time,
    data::facts::{Band, Tier},
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    advocates::Person,
    closed_loop::OpenLoop,
    loyalty::Loyalty,
    policy::{Counted, Policy},
    segment::Segment,
    survey::Surveys,
    voice::Voice,
};

/// People kept.
pub(crate) const PEOPLE_MAX: usize = 100;

/// One entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Empty,
    /// An account.
    Account(Box<Account>),
    /// All accounts of a segment.
    Segment(Box<Segment>),
}

impl State {
    /// What an entity is kept as.
    pub(crate) fn of(entity: &Entity) -> Self {
        match entity {
            Entity::Account(_) => Self::Account(Box::default()),
            Entity::Segment(..) => Self::Segment(Box::default()),
            Entity::Pattern(..) | Entity::Csm(_) | Entity::User(_) => Self::Empty,
        }
    }
}

/// An event and when it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// Where it stands in the log.
    pub event: Position,
}

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// The daily look is set.
    pub running: bool,
    /// The customer's people by pseudonym.
    pub(crate) people: BTreeMap<String, Person>,
    /// Days on which somebody of the account was asked to speak for us.
    pub(crate) asks: VecDeque<Day>,
    /// Value that a person stands for, the latest last.
    pub(crate) attested: VecDeque<Mark>,
    /// Band, final score and event of the latest health score.
    pub(crate) health: Option<(Band, u16, Position)>,
    /// Tier and event of the latest forecast.
    pub(crate) risk: Option<(Tier, Position)>,
    /// Open escalations.
    pub(crate) escalations: BTreeMap<String, Position>,
    /// When the last escalation ended.
    pub(crate) escalation_over: Option<Time>,
    /// Loops that are open, by contact.
    pub(crate) loops: BTreeMap<String, OpenLoop>,
    pub(crate) surveys: Surveys,
    pub(crate) loyalty: Loyalty,
    pub(crate) voice: Voice,
    /// What is counted for a thank-you.
    pub(crate) counts: BTreeMap<Counted, u32>,
    /// Thanks that were said.
    pub(crate) recognised: BTreeSet<String>,
    /// The last day on which it was active.
    pub(crate) active: Option<Day>,
}

impl Account {
    /// Today where the account is.
    pub(crate) fn today(&self, policy: &Policy, now: Time) -> Day {
        self.profile.day_of(now, &policy.calendar.zone)
    }

    /// Its segment's name.
    pub(crate) fn segment(&self) -> &str {
        self.profile.segment.as_deref().unwrap_or("smb")
    }

    /// One of the customer's people; none where there are too many.
    pub(crate) fn person(&mut self, contact: &str) -> Option<&mut Person> {
        if !self.people.contains_key(contact) && self.people.len() >= PEOPLE_MAX {
            return None;
        }
        Some(self.people.entry(contact.to_owned()).or_default())
    }

    /// Attested value since a day.
    pub(crate) fn attested_since(&self, from: Day) -> Vec<Mark> {
        self.attested.iter().filter(|mark| mark.at.day() >= from).copied().collect()
    }
}

/// An id that no other effect of this turn has.
pub(crate) fn id(turn: &Turn<'_>, effects: &Effects) -> String {
    turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX))
}

/// A day so many business days from now.
pub(crate) fn business_day(policy: &Policy, now: Time, days: i64) -> Day {
    let due = policy.calendar.after(agent::hours::Counting::Workdays, now, days * DAY_MS);
    due.plus_ms(-1).day_in(&policy.calendar.zone)
}

/// The month a day lies in, `2026-01`.
pub(crate) fn month(day: Day) -> String {
    day.civil().strftime("%Y-%m").to_string()
}

/// `1 day`, `3 days`.
pub(crate) fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// A reason with a capital letter.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}
