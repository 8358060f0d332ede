//! Timers, ordered by (due, entity, name).
//!
//! Almost every account has one, so entity and name are one text that both orders share. The text sorts as the pair does.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
};

use agent::TimerName;
use bus_schema::{Entity, Time};

/// The timers of a fold. One due time per entity and name.
#[derive(Default)]
pub(super) struct Timers {
    order: BTreeSet<(Time, Arc<str>)>,
    due: HashMap<Arc<str>, Time>,
    dirty: BTreeSet<Arc<str>>,
}

impl Timers {
    pub(super) fn set(&mut self, entity: &Entity, name: &str, due: Time) {
        self.put(key(entity, name).into(), due);
    }

    /// Takes a timer from how [`Self::dirty`] told it. False where it cannot be read.
    pub(super) fn restore(&mut self, key: &str, due: Time) -> bool {
        let known = parts(key).is_some();
        if known {
            self.put(key.into(), due);
        }
        known
    }

    fn put(&mut self, key: Arc<str>, due: Time) {
        let was = self.due.insert(Arc::clone(&key), due);
        if was == Some(due) {
            return;
        }
        if let Some(was) = was {
            self.order.remove(&(was, Arc::clone(&key)));
        }
        self.order.insert((due, Arc::clone(&key)));
        self.dirty.insert(key);
    }

    pub(super) fn cancel(&mut self, entity: &Entity, name: &str) {
        if let Some((key, due)) = self.due.remove_entry(key(entity, name).as_str()) {
            self.order.remove(&(due, Arc::clone(&key)));
            self.dirty.insert(key);
        }
    }

    /// Due at or before `until`, in order, without those of skipped entities.
    pub(super) fn due(&self, until: Time, skipped: &BTreeSet<Entity>) -> Vec<(Time, Entity, TimerName)> {
        let due = self.order.iter().take_while(|(due, _)| *due <= until);
        let due = due.filter_map(|(due, key)| parts(key).map(|(entity, name)| (*due, entity, name.to_owned())));
        due.filter(|(_, entity, _)| !skipped.contains(entity)).collect()
    }

    /// When a timer is due, where it is set.
    pub(super) fn get(&self, entity: &Entity, name: &str) -> Option<Time> {
        self.due.get(key(entity, name).as_str()).copied()
    }

    pub(super) fn next(&self, skipped: &BTreeSet<Entity>) -> Option<Time> {
        let fires = |key: &str| skipped.is_empty() || parts(key).is_some_and(|(entity, _)| !skipped.contains(&entity));
        self.order.iter().find(|(_, key)| fires(key)).map(|(due, _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Every timer by entity and name.
    pub(super) fn list(&self) -> Vec<(&str, Time)> {
        let mut list: Vec<_> = self.due.iter().map(|(key, due)| (&**key, *due)).collect();
        list.sort_unstable();
        list
    }

    /// Those that differ from the last checkpoint, with their due time where they are still set.
    pub(super) fn dirty(&self) -> impl Iterator<Item = (&str, Option<Time>)> {
        self.dirty.iter().map(|key| (&**key, self.due.get(key).copied()))
    }

    pub(super) fn clean(&mut self) {
        self.dirty.clear();
    }
}

/// Entity and name as a text that sorts as they do: no id has the zero byte.
fn key(entity: &Entity, name: &str) -> String {
    let mut key = String::with_capacity(48);
    let written = match entity {
        Entity::Account(id) => write!(key, "0{id}\0{name}"),
        Entity::Segment(kind, segment) => write!(key, "1{kind}\0{segment}\0{name}"),
        Entity::Pattern(area, category) => write!(key, "2{area}\0{category}\0{name}"),
        Entity::Csm(id) => write!(key, "3{id}\0{name}"),
        Entity::User(id) => write!(key, "4{id}\0{name}"),
    };
    // A string takes everything.
    written.ok();
    key
}

/// Entity and name of a key.
fn parts(key: &str) -> Option<(Entity, &str)> {
    let (kind, rest) = key.split_at_checked(1)?;
    let (id, rest) = rest.split_once('\0')?;
    let two = |entity: fn(String, String) -> Entity| {
        let (other, name) = rest.split_once('\0')?;
        Some((entity(id.to_owned(), other.to_owned()), name))
    };
    match kind {
        "0" => Some((Entity::Account(id.to_owned()), rest)),
        "1" => two(Entity::Segment),
        "2" => two(Entity::Pattern),
        "3" => Some((Entity::Csm(id.to_owned()), rest)),
        "4" => Some((Entity::User(id.to_owned()), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_sort_by_entity_and_name_and_come_back_whole() {
        let entities = ["csm/a", "account/ab", "account/a", "account/a/b", "account/a-b", "user/x", "pattern/p/q"];
        let segments = ["segment/a/z", "segment/a-b/c", "segment/a/y"];
        let mut pairs: Vec<(Entity, &str)> = Vec::new();
        for entity in entities.iter().chain(&segments) {
            pairs.extend(["daily", "", "hold/1"].map(|name| (Entity::parse(entity).unwrap(), name)));
        }
        let mut keys: Vec<String> = pairs.iter().map(|(entity, name)| key(entity, name)).collect();
        pairs.sort();
        keys.sort();
        let back: Vec<_> = keys.iter().map(|key| parts(key).unwrap()).collect();
        assert_eq!(back, pairs);
        assert_eq!((parts(""), parts("0a"), parts("1a\0b"), parts("9a\0b")), (None, None, None, None));
    }
}
