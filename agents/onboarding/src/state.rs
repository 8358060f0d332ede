//! What is kept of an account while it starts, and of a segment's accounts together.

use std::collections::{BTreeMap, BTreeSet};

use agent::AccountProfile;
use bus_schema::{
    Day, Entity, Position, Time,
    data::facts::{StepState, ValueStep},
};
use serde::{Deserialize, Serialize};

use crate::{policy::Policy, seen::Seen, segment::Segment};

/// One entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Empty,
    /// An account.
    Account(Box<Account>),
    /// All accounts of a segment that start.
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

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// Its start, while there is anything to say of it.
    pub run: Option<Box<Run>>,
    /// It has had its start: the day it began.
    pub had: Option<Day>,
}

/// A start that is under way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Its first day.
    pub started_on: Day,
    /// The event that made it known.
    pub began: Position,
    /// The segment it tells its days to; known from the first daily look on.
    pub segment: Option<String>,
    /// Steps by name: those that are not as the plan has them.
    pub steps: BTreeMap<String, Known>,
    /// What was seen of it.
    pub seen: Seen,
    /// Phases that are done.
    pub phases: BTreeSet<String>,
    /// Days on which it was judged.
    pub judged: BTreeSet<u16>,
    /// Steps of value, with the days they took.
    pub values: BTreeMap<ValueStep, u32>,
    /// The steps that are stuck now.
    pub stalls: BTreeMap<String, Stall>,
    /// How often a step was told of as stuck.
    pub told: BTreeMap<String, u8>,
    /// Tasks of ours that are open, with their step.
    pub tasks: BTreeMap<String, String>,
    /// What is usual in the segment, by step: median days and accounts.
    pub usual: BTreeMap<String, (u32, u32)>,
    /// From this day on.
    pub usual_from: Option<Day>,
    /// Review steps whose check-in was asked for.
    pub ahead: BTreeSet<String>,
    /// It is over: all phases done, or closed.
    pub over: bool,
}

/// What is known of a step beyond the plan.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Known {
    /// How it ended.
    pub ended: Option<Ended>,
    /// A day that was agreed.
    pub due_on: Option<Day>,
    /// Who does it, where a person said so.
    pub owner: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Time,
    /// The event.
    pub event: Position,
    /// By event, by what use shows, by hand, or not needed.
    pub how: StepState,
}

/// A step that is stuck.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stall {
    /// Since when it was told.
    pub at: Time,
    /// 1 or 2.
    pub notice: u8,
}

impl Run {
    pub(crate) fn new(started_on: Day, began: Position) -> Self {
        Self {
            started_on,
            began,
            segment: None,
            steps: BTreeMap::new(),
            seen: Seen::default(),
            phases: BTreeSet::new(),
            judged: BTreeSet::new(),
            values: BTreeMap::new(),
            stalls: BTreeMap::new(),
            told: BTreeMap::new(),
            tasks: BTreeMap::new(),
            usual: BTreeMap::new(),
            usual_from: None,
            ahead: BTreeSet::new(),
            over: false,
        }
    }

    /// How a step ended, where it did.
    pub fn ended(&self, step: &str) -> Option<Ended> {
        self.steps.get(step)?.ended
    }

    /// Whole days from the start to a day.
    pub fn days(&self, today: Day) -> u32 {
        u32::try_from(today.0 - self.started_on.0).unwrap_or(0)
    }

    /// Month of the start.
    pub fn cohort(&self) -> String {
        cohort(self.started_on)
    }
}

/// The month a day lies in, `2026-01`.
pub(crate) fn cohort(day: Day) -> String {
    day.civil().strftime("%Y-%m").to_string()
}

impl Account {
    /// Today where the account is.
    pub(crate) fn today(&self, policy: &Policy, now: Time) -> Day {
        self.profile.day_of(now, &policy.zone)
    }

    /// Its segment's name.
    pub(crate) fn segment(&self) -> &str {
        self.profile.segment.as_deref().unwrap_or("smb")
    }
}
