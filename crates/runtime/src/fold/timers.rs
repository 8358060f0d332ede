//! Timers, ordered by (due, entity, name).

use std::collections::{BTreeMap, BTreeSet};

use agent::TimerName;
use bus_schema::{Entity, Time};

/// The timers of a fold. One due time per entity and name.
#[derive(Default)]
pub(super) struct Timers {
    order: BTreeSet<(Time, Entity, TimerName)>,
    due: BTreeMap<(Entity, TimerName), Time>,
    dirty: BTreeSet<(Entity, TimerName)>,
}

impl Timers {
    pub(super) fn set(&mut self, entity: &Entity, name: TimerName, due: Time) {
        let key = (entity.clone(), name);
        let was = self.due.insert(key.clone(), due);
        if was == Some(due) {
            return;
        }
        let (entity, name) = key.clone();
        if let Some(was) = was {
            self.order.remove(&(was, entity.clone(), name.clone()));
        }
        self.order.insert((due, entity, name));
        self.dirty.insert(key);
    }

    pub(super) fn cancel(&mut self, entity: &Entity, name: &str) {
        let key = (entity.clone(), name.to_owned());
        if let Some(due) = self.due.remove(&key) {
            self.order.remove(&(due, key.0.clone(), key.1.clone()));
            self.dirty.insert(key);
        }
    }

    /// Due at or before `until`, in order, without those of skipped entities.
    pub(super) fn due(&self, until: Time, skipped: &BTreeSet<Entity>) -> Vec<(Time, Entity, TimerName)> {
        let due = self.order.iter().take_while(|(due, ..)| *due <= until);
        due.filter(|(_, entity, _)| !skipped.contains(entity)).cloned().collect()
    }

    /// When a timer is due, where it is set.
    pub(super) fn get(&self, entity: &Entity, name: &str) -> Option<Time> {
        self.due.get(&(entity.clone(), name.to_owned())).copied()
    }

    pub(super) fn next(&self, skipped: &BTreeSet<Entity>) -> Option<Time> {
        self.order.iter().find(|(_, entity, _)| !skipped.contains(entity)).map(|(due, ..)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Every timer by entity and name.
    pub(super) fn list(&self) -> Vec<(&Entity, &str, Time)> {
        self.due.iter().map(|((entity, name), due)| (entity, name.as_str(), *due)).collect()
    }

    /// Those that differ from the last checkpoint, with their due time where they are still set.
    pub(super) fn dirty(&self) -> impl Iterator<Item = (&(Entity, TimerName), Option<Time>)> {
        self.dirty.iter().map(|key| (key, self.due.get(key).copied()))
    }

    pub(super) fn clean(&mut self) {
        self.dirty.clear();
    }
}
