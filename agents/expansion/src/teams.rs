//! Departments of an account and their active users, and who asked for what a higher plan has.

use std::collections::{BTreeMap, BTreeSet};

use agent::Trail;
use bus_schema::{Day, Position, Time, entity::fnv1a};
use serde::{Deserialize, Serialize};

/// Departments kept.
const TEAMS_MAX: usize = 24;
/// People kept of one.
const PEOPLE_MAX: usize = 64;
/// Things asked for that are kept.
const ASKED_MAX: usize = 12;

/// The departments.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Teams {
    teams: BTreeMap<String, Team>,
    asked: BTreeMap<String, BTreeMap<u32, (Day, Position)>>,
}

/// One department, or where no title says one the domain of its addresses.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Team {
    /// Its first active day.
    first: Option<Day>,
    /// Its people, with their last active day.
    people: BTreeMap<u32, Option<Day>>,
    trail: Trail,
}

/// A department with its active people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) people: usize,
    pub(crate) events: Vec<Position>,
}

impl Teams {
    /// A contact is of a department.
    pub(crate) fn member(&mut self, contact: &str, department: &str) {
        let hash = fnv1a(contact.as_bytes());
        let mut last = None;
        for (name, team) in &mut self.teams {
            if name != department {
                last = last.or_else(|| team.people.remove(&hash).flatten());
            }
        }
        if !self.teams.contains_key(department) && self.teams.len() >= TEAMS_MAX {
            return;
        }
        let team = self.teams.entry(department.to_owned()).or_default();
        if team.people.len() < PEOPLE_MAX {
            team.people.entry(hash).or_insert(last);
        }
    }

    /// A user was active.
    pub(crate) fn active(&mut self, user: &str, day: Day, event: Position, at: Time) {
        let hash = fnv1a(user.as_bytes());
        let Some(team) = self.teams.values_mut().find(|team| team.people.contains_key(&hash)) else { return };
        team.first = Some(team.first.map_or(day, |first| first.min(day)));
        let last = team.people.entry(hash).or_default();
        if last.is_none_or(|last| last < day) {
            *last = Some(day);
            team.trail.cite(event, at);
        }
    }

    /// Departments whose first active day lies in the days, at an account that was in use long before.
    pub(crate) fn joined(&self, from: Day, in_use_since: Option<Day>, settled_days: i32) -> Vec<Found> {
        let settled = |first: Day| in_use_since.is_some_and(|since| first.0 - since.0 >= settled_days);
        self.active_since(from, |_, team| team.first.is_some_and(|first| first >= from && settled(first)))
    }

    /// The active people of an audience, as one.
    pub(crate) fn audience(&self, names: &[String], from: Day) -> Option<Found> {
        let wanted: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let found = self.active_since(from, |name, _| wanted.contains(&name.to_lowercase()));
        let people = found.iter().map(|found| found.people).sum();
        let name = found.iter().map(|found| found.name.clone()).collect::<Vec<_>>().join(", ");
        let events = found.into_iter().flat_map(|found| found.events).take(8).collect();
        (people > 0).then_some(Found { name, people, events })
    }

    fn active_since(&self, from: Day, wanted: impl Fn(&String, &Team) -> bool) -> Vec<Found> {
        let active = |team: &Team| team.people.values().filter(|last| last.is_some_and(|last| last >= from)).count();
        self.teams
            .iter()
            .filter(|(name, team)| wanted(name, team))
            .map(|(name, team)| Found { name: name.clone(), people: active(team), events: team.trail.latest() })
            .collect()
    }

    /// Somebody asked for, or tried, what a higher plan has.
    pub(crate) fn ask(&mut self, what: &str, who: &str, day: Day, event: Position) {
        if !self.asked.contains_key(what) && self.asked.len() >= ASKED_MAX {
            return;
        }
        let people = self.asked.entry(what.to_owned()).or_default();
        let hash = fnv1a(who.as_bytes());
        if people.len() < PEOPLE_MAX || people.contains_key(&hash) {
            people.insert(hash, (day, event));
        }
    }

    /// What was asked for by most people since a day.
    pub(crate) fn asked_most(&self, from: Day) -> Option<Found> {
        let found = self.asked.iter().map(|(what, people)| {
            let events: Vec<Position> =
                people.values().filter(|(day, _)| *day >= from).map(|(_, event)| *event).collect();
            Found { name: what.clone(), people: events.len(), events: events.into_iter().take(8).collect() }
        });
        found.filter(|found| found.people > 0).max_by_key(|found| (found.people, std::cmp::Reverse(found.name.clone())))
    }

    /// Forgets what was asked for before a day.
    pub(crate) fn forget(&mut self, before: Day) {
        for people in self.asked.values_mut() {
            people.retain(|_, (day, _)| *day >= before);
        }
        self.asked.retain(|_, people| !people.is_empty());
    }
}
