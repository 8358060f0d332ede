//! What is kept of an account that may grow, and of a segment's accounts together.

use std::collections::{BTreeMap, VecDeque};

use agent::{AccountProfile, Effects, Turn, Usage};
use bus_schema::{
    Day, Entity, Position, Time,
    data::facts::{Band, Condition, Tier},
};
use serde::{Deserialize, Serialize};

use crate::{
    attribution::Growth, cost::Costs, features::Features, limits::Limits, opportunity::Opportunities, policy::Policy,
    segment::Segment, teams::Teams, trouble::Trouble,
};

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

/// Attested outcomes kept.
const ATTESTED_MAX: usize = 8;

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// The daily look is set.
    pub running: bool,
    pub(crate) usage: Usage,
    pub(crate) limits: Limits,
    pub(crate) teams: Teams,
    pub(crate) features: Features,
    /// Value that a person stands for, the latest last.
    pub(crate) attested: VecDeque<Mark>,
    /// Whether onboarding was completed in full.
    pub(crate) onboarded: Option<(bool, Position)>,
    pub(crate) health: Option<Health>,
    pub(crate) risk: Option<Risk>,
    pub(crate) trouble: Trouble,
    pub(crate) opportunities: Opportunities,
    /// Conditions that a person overrides.
    pub(crate) overrides: BTreeMap<Condition, (Day, Position)>,
    pub(crate) growth: Growth,
    pub(crate) costs: Costs,
    pub(crate) told: Told,
}

/// The latest health score, as far as it matters here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Health {
    pub(crate) band: Band,
    pub(crate) coverage_bp: u16,
    pub(crate) event: Position,
    /// Points of known metrics, with the events behind them.
    pub(crate) adoption: Option<(u8, Vec<Position>)>,
    pub(crate) trend: Option<(u8, Vec<Position>)>,
    pub(crate) people: Option<(u8, Vec<Position>)>,
    /// Since when trend and adoption are both high.
    pub(crate) engaged_since: Option<Day>,
}

/// The latest forecast.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Risk {
    pub(crate) tier: Tier,
    pub(crate) p90_bp: u16,
    pub(crate) event: Position,
}

/// What was said of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    pub(crate) readiness: Option<u8>,
    pub(crate) signals: Vec<String>,
    /// Conditions that failed; none while nothing was said of the gate.
    pub(crate) missing: Option<Vec<Condition>>,
    /// Days in a row on which it was ready.
    pub(crate) days: u16,
    /// The latest of them.
    pub(crate) ready_on: Option<Day>,
    /// Limit notices by meter.
    pub(crate) limits: BTreeMap<String, Day>,
    /// Features recommended.
    pub(crate) recommended: BTreeMap<String, Day>,
    /// The month told to the segment.
    pub(crate) month: Option<i32>,
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

    /// A person stands for value.
    pub(crate) fn attest(&mut self, mark: Mark) {
        self.attested.push_back(mark);
        if self.attested.len() > ATTESTED_MAX {
            self.attested.pop_front();
        }
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

/// The month a day lies in, counted from year 0.
pub(crate) fn month(day: Day) -> i32 {
    let date = day.civil();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
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
