//! A fold as rows: what a checkpoint writes and a start reads, and the digest over all of it.

use agent::TimerName;
use bus::MessageHash;
use bus_schema::{Entity, Time, data::action::ClockMode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Dirty, Fold, Seen, rules::RuleText};

/// What a row holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum RowKey {
    /// An entity's state.
    State(Entity),
    /// When a timer is due.
    Timer(Entity, TimerName),
    /// An entity that is skipped.
    Skipped(Entity),
    /// A policy or playbook in force, by its place in the order of adoption.
    Rule(u32),
}

/// A row of a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    pub(crate) value: Vec<u8>,
}

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

/// What differs from the last checkpoint. A row without a value goes away.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) rows: Vec<(RowKey, Option<Vec<u8>>)>,
    pub(crate) meta: Meta,
}

/// A stored fold that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("it was made by fold version {found}, this is {ours}")]
    Version { found: u32, ours: u32 },
    #[error("the row {0:?} cannot be read")]
    Row(RowKey),
    #[error("its rules are not understood: {0}")]
    Rules(String),
}

impl Fold {
    /// What a checkpoint must write; `None` before the first message.
    pub(crate) fn changes(&self) -> Result<Option<Changes>, postcard::Error> {
        let Some((applied, hash)) = self.mark() else { return Ok(None) };
        let mut rows = Vec::new();
        for entity in &self.dirty.states {
            rows.push((RowKey::State(entity.clone()), self.machine.encode(entity)?));
        }
        for ((entity, name), due) in self.timers.dirty() {
            let value = due.map(|due| postcard::to_stdvec(&due)).transpose()?;
            rows.push((RowKey::Timer(entity.clone(), name.clone()), value));
        }
        for entity in &self.dirty.skipped {
            rows.push((RowKey::Skipped(entity.clone()), self.skipped.contains(entity).then(Vec::new)));
        }
        if self.dirty.rules {
            for (place, rule) in (0..).zip(self.rules.texts()) {
                rows.push((RowKey::Rule(place), Some(postcard::to_stdvec(rule)?)));
            }
        }
        let meta = Meta { fold_version: self.about.version, applied, hash: hash.0, now: self.now, clock: self.clock };
        Ok(Some(Changes { rows, meta }))
    }

    /// Tells the fold that its changes are written.
    pub(crate) fn saved(&mut self) {
        self.dirty = Dirty::default();
        self.timers.clean();
    }

    /// Takes over what a checkpoint wrote. The fold must be empty.
    ///
    /// # Errors
    /// Another fold version, or rows that cannot be read.
    pub(crate) fn load(&mut self, meta: &Meta, rows: Vec<Row>) -> Result<(), LoadError> {
        if meta.fold_version != self.about.version {
            return Err(LoadError::Version { found: meta.fold_version, ours: self.about.version });
        }
        for Row { key, value } in rows {
            let unreadable = |_| LoadError::Row(key.clone());
            match &key {
                RowKey::State(entity) => self.machine.decode(entity.clone(), &value).map_err(unreadable)?,
                RowKey::Timer(entity, name) => {
                    let due = postcard::from_bytes(&value).map_err(unreadable)?;
                    self.timers.set(entity, name.clone(), due);
                }
                RowKey::Skipped(entity) => {
                    self.skipped.insert(entity.clone());
                }
                RowKey::Rule(_) => {
                    let rule: RuleText = postcard::from_bytes(&value).map_err(unreadable)?;
                    self.rules.publish(&mut *self.machine, rule).map_err(LoadError::Rules)?;
                }
            }
        }
        (self.now, self.clock) = (meta.now, meta.clock);
        self.seen = Seen::Marked(meta.applied, MessageHash(meta.hash));
        self.saved();
        Ok(())
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
