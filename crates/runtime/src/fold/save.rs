//! A fold as rows: what a checkpoint writes and a start reads, and the digest over all of it.

use std::collections::BTreeMap;

use bus::MessageHash;
use bus_schema::{Entity, Time, data::action::ClockMode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Dirty, Fold, Seen, rules::RuleText};
use crate::store::{Entries, Entry};

/// What a row holds, as the first byte of its key: an entity's state.
pub(crate) const STATE: u8 = 1;
/// When a timer is due.
const TIMER: u8 = 2;
/// An entity that is skipped.
const SKIPPED: u8 = 3;
/// A policy or playbook in force, by its place in the order of adoption.
const RULE: u8 = 4;

/// The one row that says what the others are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub(crate) fold_version: u32,
    /// The last message folded, and its hash.
    pub(crate) applied: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) now: Time,
    pub(crate) clock: ClockMode,
}

/// What differs from the last checkpoint. No two rows have one key.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) rows: Entries,
    pub(crate) meta: Meta,
}

/// A stored fold that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("it was made by fold version {found}, this is {ours}")]
    Version { found: u32, ours: u32 },
    #[error("the row {0} cannot be read")]
    Row(String),
    #[error("its rules are not understood: {0}")]
    Rules(String),
}

impl Fold {
    /// What a checkpoint must write; `None` before the first message.
    pub(crate) fn changes(&self) -> Result<Option<Changes>, postcard::Error> {
        let Some((applied, hash)) = self.mark() else { return Ok(None) };
        let mut rows = Entries::default();
        self.machine.changes(STATE, &mut rows)?;
        for (key, due) in self.timers.dirty() {
            match due {
                Some(due) => rows.put(TIMER, key.as_bytes(), |bytes| postcard::to_extend(&due, bytes))?,
                None => rows.remove(TIMER, key.as_bytes()),
            }
        }
        for entity in &self.dirty.skipped {
            let name = entity.to_string();
            if self.skipped.contains(entity) {
                rows.put(SKIPPED, name.as_bytes(), Ok)?;
            } else {
                rows.remove(SKIPPED, name.as_bytes());
            }
        }
        if self.dirty.rules {
            for (place, rule) in (0_u32..).zip(self.rules.texts()) {
                rows.put(RULE, &place.to_be_bytes(), |bytes| postcard::to_extend(rule, bytes))?;
            }
        }
        let meta = Meta { fold_version: self.about.version, applied, hash: hash.0, now: self.now, clock: self.clock };
        Ok(Some(Changes { rows, meta }))
    }

    /// Tells the fold that its changes are written.
    pub(crate) fn saved(&mut self) {
        self.dirty = Dirty::default();
        self.machine.saved();
        self.timers.clean();
    }

    /// Takes over what a checkpoint wrote. The fold must be empty.
    ///
    /// # Errors
    /// Another fold version, or rows that cannot be read.
    pub(crate) fn load(&mut self, meta: &Meta, rows: &Entries) -> Result<(), LoadError> {
        if meta.fold_version != self.about.version {
            return Err(LoadError::Version { found: meta.fold_version, ours: self.about.version });
        }
        let mut rules = BTreeMap::new();
        for row in rows.iter() {
            self.take_row(&row, &mut rules).ok_or_else(|| {
                let key = String::from_utf8_lossy(row.key);
                LoadError::Row(key.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
            })?;
        }
        // In the order of adoption, which is not the order of writing.
        for rule in rules.into_values() {
            self.rules.publish(&mut *self.machine, rule).map_err(LoadError::Rules)?;
        }
        (self.now, self.clock) = (meta.now, meta.clock);
        self.seen = Seen::Marked(meta.applied, MessageHash(meta.hash));
        self.saved();
        Ok(())
    }
}

impl Fold {
    /// Takes a row over, a rule by its place. `None` where it cannot be read.
    fn take_row(&mut self, row: &Entry<'_>, rules: &mut BTreeMap<u32, RuleText>) -> Option<()> {
        let (tag, rest) = row.key.split_first()?;
        let (value, text) = (row.value?, || std::str::from_utf8(rest).ok());
        match *tag {
            STATE => self.machine.restore(text()?, value).ok()?,
            TIMER => {
                let due = postcard::from_bytes(value).ok()?;
                self.timers.restore(text()?, due).then_some(())?;
            }
            SKIPPED => {
                self.skipped.insert(Entity::parse(text()?).ok()?);
            }
            RULE => {
                let place = u32::from_be_bytes(rest.try_into().ok()?);
                rules.insert(place, postcard::from_bytes(value).ok()?);
            }
            _ => return None,
        }
        Some(())
    }
}

/// A digest over the parts of a fold, each preceded by its length.
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn new(agent: &str, version: u32, time: (Time, ClockMode)) -> Self {
        let mut digest = Self(Sha256::new());
        digest.section(&(agent, version, time));
        digest
    }

    pub(super) fn row(&mut self, key: &str, value: &[u8]) {
        for part in [key.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    pub(super) fn section<T: Serialize>(&mut self, part: &T) {
        // Our own sets and lists always have bytes.
        let bytes = postcard::to_stdvec(part).unwrap_or_default();
        self.row("", &bytes);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
