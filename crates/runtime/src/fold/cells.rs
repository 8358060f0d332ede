//! The states of a fold: as bytes, and the latest in use as what they are.
//!
//! As bytes a state takes a tenth of its memory. Most accounts have an event now and then: what stays decoded is what
//! was used since the last checkpoint, up to a bound.

use std::collections::{HashMap, VecDeque};

use serde::{Serialize, de::DeserializeOwned};

use crate::store::Entries;

/// States of a fold that are kept decoded at most.
const WARM_MAX: usize = 1_024;

/// The states of a fold by entity.
pub(super) struct Cells<S> {
    all: HashMap<Box<str>, Cell<S>>,
    /// Those that are decoded, the one decoded first in front; and some that went cold another way.
    warm: VecDeque<Box<str>>,
    /// Those that differ from the last checkpoint.
    dirty: Vec<Box<str>>,
}

struct Cell<S> {
    form: Form<S>,
    dirty: bool,
    /// Since it was last looked at whether it should stay decoded.
    used: bool,
}

enum Form<S> {
    Warm(Box<S>),
    Cold(Box<[u8]>),
}

impl<S> Default for Cells<S> {
    fn default() -> Self {
        Self { all: HashMap::new(), warm: VecDeque::new(), dirty: Vec::new() }
    }
}

impl<S: Default + Serialize + DeserializeOwned> Cells<S> {
    /// Whether there is a state.
    pub(super) fn has(&self, entity: &str) -> bool {
        self.all.contains_key(entity)
    }

    /// The state, decoded, to be changed; a fresh one where there is none.
    pub(super) fn change(&mut self, entity: &str) -> Result<&mut S, postcard::Error> {
        self.warm_up(entity)?;
        if !self.has(entity) {
            self.all.insert(entity.into(), Cell::default());
        }
        // Nothing from here on lacks or cools it.
        let cell = self.all.get_mut(entity).ok_or(postcard::Error::WontImplement)?;
        cell.used = true;
        if !std::mem::replace(&mut cell.dirty, true) {
            self.dirty.push(entity.into());
        }
        match &mut cell.form {
            Form::Warm(state) => Ok(state),
            Form::Cold(_) => Err(postcard::Error::WontImplement),
        }
    }

    /// Takes a state from bytes, as it stands on disk.
    ///
    /// # Errors
    /// It cannot be decoded.
    pub(super) fn restore(&mut self, entity: &str, bytes: &[u8]) -> Result<(), postcard::Error> {
        decode::<S>(bytes)?;
        self.put(entity, bytes);
        Ok(())
    }

    /// Puts back what a state was.
    pub(super) fn put(&mut self, entity: &str, bytes: &[u8]) {
        let form = Form::Cold(bytes.into());
        match self.all.get_mut(entity) {
            Some(cell) => cell.form = form,
            None => {
                self.all.insert(entity.into(), Cell { form, dirty: false, used: false });
            }
        }
    }

    pub(super) fn remove(&mut self, entity: &str) {
        self.all.remove(entity);
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What differs from the last checkpoint, as rows, in order.
    pub(super) fn changes(&self, tag: u8, rows: &mut Entries) -> Result<(), postcard::Error> {
        let mut dirty: Vec<&str> = self.dirty.iter().map(|entity| &**entity).collect();
        dirty.sort_unstable();
        // One that was taken back and made again stands there twice.
        dirty.dedup();
        for entity in dirty {
            if let Some(cell) = self.all.get(entity) {
                rows.put(tag, entity.as_bytes(), |bytes| cell.form.write(bytes))?;
            }
        }
        Ok(())
    }

    /// The changes are written. What was not used since the last time goes cold.
    pub(super) fn saved(&mut self) {
        for entity in std::mem::take(&mut self.dirty) {
            if let Some(cell) = self.all.get_mut(&entity) {
                cell.dirty = false;
            }
        }
        let all = &mut self.all;
        self.warm.retain(|entity| all.get_mut(entity).is_some_and(Cell::cools_unless_used));
    }

    /// Every entity in order, with its state as bytes.
    pub(super) fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        let mut cells: Vec<_> = self.all.iter().collect();
        cells.sort_unstable_by_key(|(entity, _)| *entity);
        let mut bytes = Vec::new();
        for (entity, cell) in cells {
            match &cell.form {
                Form::Cold(bytes) => visit(entity, bytes),
                Form::Warm(state) => {
                    bytes.clear();
                    // A state that has no bytes fails the next turn and every checkpoint; here it counts as empty.
                    bytes = postcard::to_extend(&**state, bytes).unwrap_or_default();
                    visit(entity, &bytes);
                }
            }
        }
    }

    /// A state for people.
    pub(super) fn json(&self, entity: &str) -> Option<serde_json::Value> {
        match &self.all.get(entity)?.form {
            Form::Warm(state) => serde_json::to_value(state).ok(),
            Form::Cold(bytes) => serde_json::to_value(decode::<S>(bytes).ok()?).ok(),
        }
    }

    /// Decodes a state that is cold, and lets others go cold where there are too many.
    fn warm_up(&mut self, entity: &str) -> Result<(), postcard::Error> {
        match self.all.get_mut(entity) {
            Some(Cell { form: Form::Warm(_), .. }) => return Ok(()),
            Some(cell) => {
                if let Form::Cold(bytes) = &cell.form {
                    cell.form = Form::Warm(Box::new(decode(bytes)?));
                }
            }
            None => {}
        }
        self.warm.push_back(entity.into());
        let mut looked_at = 0;
        while self.warm.len() > WARM_MAX && looked_at <= 2 * WARM_MAX {
            looked_at += 1;
            let Some(oldest) = self.warm.pop_front() else { break };
            // The one that is wanted came last: it is met only after all others stayed.
            let stays = &*oldest == entity || self.all.get_mut(&oldest).is_some_and(Cell::cools_unless_used);
            if stays {
                self.warm.push_back(oldest);
            }
        }
        Ok(())
    }
}

impl<S: Default> Default for Cell<S> {
    fn default() -> Self {
        Self { form: Form::Warm(Box::default()), dirty: false, used: false }
    }
}

impl<S: Serialize> Cell<S> {
    /// Whether it stays decoded until it is asked again.
    fn cools_unless_used(&mut self) -> bool {
        if std::mem::take(&mut self.used) {
            return matches!(self.form, Form::Warm(_));
        }
        if let Form::Warm(state) = &self.form {
            match postcard::to_stdvec(&**state) {
                Ok(bytes) => self.form = Form::Cold(bytes.into()),
                // It fails its next turn and the checkpoint.
                Err(_) => return true,
            }
        }
        false
    }
}

impl<S: Serialize> Form<S> {
    fn write(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        match self {
            Self::Warm(state) => postcard::to_extend(&**state, bytes),
            Self::Cold(cold) => {
                bytes.extend_from_slice(cold);
                Ok(bytes)
            }
        }
    }
}

fn decode<S: DeserializeOwned>(bytes: &[u8]) -> Result<S, postcard::Error> {
    let (state, rest) = postcard::take_from_bytes(bytes)?;
    if rest.is_empty() { Ok(state) } else { Err(postcard::Error::DeserializeBadEncoding) }
}
