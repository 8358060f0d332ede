//! Goals and the value that customer or CSM stand for.

use std::collections::BTreeMap;

use agent::Trail;
use bus_schema::{Day, Money, Position, Time};
use serde::{Deserialize, Serialize};

/// Goals kept at most; beyond that the one due first goes.
const GOALS_MAX: usize = 32;
/// Measures kept at most; beyond that the one read longest ago goes.
const KPIS_MAX: usize = 24;
/// Use cases kept at most.
const CASES_MAX: usize = 32;
/// Items of the plan kept at most; beyond that the one due first goes.
const PLAN_MAX: usize = 32;

/// What outcomes tell.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcomes {
    pub(crate) goals: BTreeMap<u32, Goal>,
    pub(crate) goals_trail: Trail,
    /// A goal was ever set or judged.
    pub(crate) worth: Option<Worth>,
    pub(crate) worth_trail: Trail,
    /// Latest reading of each measure of success: when, and whether it met its target.
    kpis: BTreeMap<u32, (Day, bool)>,
    pub(crate) kpis_trail: Trail,
    /// Use cases, and whether they are live.
    cases: BTreeMap<u32, bool>,
    pub(crate) cases_trail: Trail,
    /// Items of the success plan: when they are due, and when they were done.
    plan: BTreeMap<u32, (Day, Option<Day>)>,
    pub(crate) plan_trail: Trail,
    /// The first value: when, and by which event.
    pub(crate) first_value: Option<(Day, Position)>,
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

    /// A measure was read.
    pub(crate) fn read(&mut self, kpi: u32, day: Day, met: bool) {
        if self.kpis.get(&kpi).is_none_or(|(known, _)| *known <= day) {
            self.kpis.insert(kpi, (day, met));
        }
        if self.kpis.len() > KPIS_MAX {
            let oldest = self.kpis.iter().min_by_key(|(_, (day, _))| *day).map(|(kpi, _)| *kpi);
            oldest.and_then(|kpi| self.kpis.remove(&kpi));
        }
    }

    /// How many measures of the latest days met their target, and of how many.
    pub(crate) fn kpis_since(&self, from: Day) -> (i64, i64) {
        let read = self.kpis.values().filter(|(day, _)| *day >= from);
        (count(read.clone().filter(|(_, met)| *met)), count(read))
    }

    /// A use case was named, or is live.
    pub(crate) fn case(&mut self, case: u32, live: bool) {
        if self.cases.len() < CASES_MAX || self.cases.contains_key(&case) {
            let known = self.cases.entry(case).or_default();
            *known |= live;
        }
    }

    /// Use cases live, of how many.
    pub(crate) fn cases(&self) -> (i64, i64) {
        (count(self.cases.values().filter(|live| **live)), count(self.cases.values()))
    }

    /// An item of the plan has a day, is done, or was dropped.
    pub(crate) fn item(&mut self, item: u32, due: Option<Day>, done: Option<Day>) {
        let known = self.plan.get(&item).copied();
        let Some(due) = due.or(known.map(|(due, _)| due)) else { return };
        let done = done.map(|day| known.and_then(|(_, done)| done).unwrap_or(day));
        self.plan.insert(item, (due, done));
        if self.plan.len() > PLAN_MAX {
            let first = self.plan.iter().min_by_key(|(_, (due, _))| *due).map(|(item, _)| *item);
            first.and_then(|item| self.plan.remove(&item));
        }
    }

    /// An item is not needed any more.
    pub(crate) fn drop_item(&mut self, item: u32) {
        self.plan.remove(&item);
    }

    /// Items done by their day, of those due between two days; one done early counts with its day.
    pub(crate) fn plan_between(&self, from: Day, today: Day) -> (i64, i64) {
        let due = self.plan.values().filter(|(due, _)| *due >= from && *due < today);
        (count(due.clone().filter(|(due, done)| done.is_some_and(|done| done <= *due))), count(due))
    }

    /// The first value there was.
    pub(crate) fn valued(&mut self, day: Day, cause: Position) {
        if self.first_value.is_none_or(|(known, _)| day < known) {
            self.first_value = Some((day, cause));
        }
    }

    /// Takes a value in, unless a later one is known.
    pub(crate) fn value(&mut self, worth: Worth) {
        if self.worth.is_none_or(|known| worth.at >= known.at) {
            self.worth = Some(worth);
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}
