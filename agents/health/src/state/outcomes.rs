//! Goals and the value that customer or CSM stand for.

use std::collections::BTreeMap;

use agent::Trail;
use bus_schema::{Day, Money, Position, Time};
use serde::{Deserialize, Serialize};

/// Goals kept at most; beyond that the one due first goes.
const GOALS_MAX: usize = 32;

/// What outcomes tell.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcomes {
    pub(crate) goals: BTreeMap<u32, Goal>,
    pub(crate) goals_trail: Trail,
    /// A goal was ever set or judged.
    pub(crate) worth: Option<Worth>,
    pub(crate) worth_trail: Trail,
}

/// How a goal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum GoalState {
    Open,
    Achieved,
    Missed,
}

/// A goal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Goal {
    pub(crate) due: Day,
    pub(crate) state: GoalState,
    /// When it was set or judged.
    pub(crate) at: Time,
    pub(crate) cause: Position,
}

/// A value somebody stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Worth {
    pub(crate) value: Money,
    pub(crate) cost: Option<Money>,
    /// Days of its period.
    pub(crate) days: i64,
    pub(crate) at: Time,
}

impl Outcomes {
    /// Keeps a goal.
    pub(crate) fn keep(&mut self, id: u32, goal: Goal) {
        self.goals.insert(id, goal);
        if self.goals.len() > GOALS_MAX {
            let oldest = self.goals.iter().min_by_key(|(_, own)| own.due).map(|(id, _)| *id);
            oldest.and_then(|id| self.goals.remove(&id));
        }
    }

    /// Takes a value in, unless a later one is known.
    pub(crate) fn value(&mut self, worth: Worth) {
        if self.worth.is_none_or(|known| worth.at >= known.at) {
            self.worth = Some(worth);
        }
    }
}
