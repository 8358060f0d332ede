//! The folds of one agent in a ledger: the partition is the key's prefix, a checkpoint is one batch.
//!
//! sled survives a killed process, but with damaged files it may open and silently miss the end of what was written, or
//! single pages of it. Each partition therefore carries the number and the sum of its rows: what does not add up is
//! rebuilt.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus_schema::{Entity, Partition};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Disk, Ledger, StoreError, Sum, Writes,
    ledger::{KeyValue, Unusable},
    sum::hash,
};
use crate::fold::{Changes, Meta, Row, RowKey};

const META: u8 = 0;
const STATE: u8 = 1;
const TIMER: u8 = 2;
const SKIPPED: u8 = 3;
const RULE: u8 = 4;

/// The states of an agent on disk. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct States {
    ledger: Ledger,
    /// What the ledger holds, so that a checkpoint need not read what it replaces.
    held: Arc<Mutex<BTreeMap<Partition, Held>>>,
}

/// What the ledger holds of one partition: the sum of its rows, and of each row the hash that is in the sum.
#[derive(Debug, Default)]
struct Held {
    sum: Sum,
    /// By the beginning of the key's hash: that of two keys being the same would cost a refold.
    rows: HashMap<u64, u128>,
}

/// What a start finds of one partition: its rows, or why they cannot be used.
pub(crate) type Loaded = BTreeMap<Partition, Result<(Meta, Vec<Row>), String>>;

impl States {
    /// Opens the states of `agent` for the log `log` below `data`, and reads the partitions.
    ///
    /// # Errors
    /// Another process has them open, or the folder cannot be used.
    pub(crate) fn open(
        disk: &Disk,
        data: &Path,
        agent: &str,
        log: &str,
        partitions: &[Partition],
    ) -> Result<(Self, Loaded), StoreError> {
        let (dir, quarantine) = (data.join("state").join(agent), data.join("quarantine"));
        let identity = format!("states 1 of {agent} for log {log}");
        let read = |ledger: &Ledger| read_all(ledger, partitions);
        let (ledger, found) = Ledger::open_with(disk, &dir, &quarantine, &identity, read)?;
        let (mut loaded, mut held) = (Loaded::new(), BTreeMap::new());
        for (partition, read) in found {
            loaded.insert(
                partition,
                read.map(|(meta, rows, holds)| {
                    held.insert(partition, holds);
                    (meta, rows)
                }),
            );
        }
        Ok((Self { ledger, held: Arc::new(Mutex::new(held)) }, loaded))
    }

    /// What the last checkpoint of a partition wrote. Blocks.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn load(&self, partition: Partition) -> Result<Option<(Meta, Vec<Row>)>, String> {
        let rows = self.ledger.scan(&[partition.0]).map_err(|error| error.to_string())?;
        if rows.is_empty() {
            return Ok(None);
        }
        read_partition(rows).map(|(meta, rows, _)| Some((meta, rows)))
    }

    /// The disk they are on.
    pub(crate) fn disk(&self) -> Disk {
        self.ledger.disk()
    }

    /// Writes a checkpoint of one partition. Blocks.
    ///
    /// # Errors
    /// The store does not work. The checkpoint before stands.
    pub(crate) fn save(&self, partition: Partition, changes: Changes) -> Result<(), StoreError> {
        // Taken out until the write is done: after one that failed, what the ledger holds is read again.
        let known = self.held().remove(&partition);
        let mut held = known.map_or_else(|| self.read_held(partition), Ok)?;
        let mut writes = Writes::new();
        for (key, value) in changes.rows {
            let key = encode_key(partition, &key);
            if let Some(value) = value {
                held.put(&key, &value);
                writes.put(key, value);
            } else {
                held.remove(&key);
                writes.remove(key);
            }
        }
        writes.put([partition.0, META], self.encode(&(&changes.meta, held.sum))?);
        self.ledger.write(writes)?;
        self.held().insert(partition, held);
        Ok(())
    }

    /// Forgets a partition. Blocks.
    ///
    /// # Errors
    /// The store does not work.
    pub(crate) fn wipe(&self, partition: Partition) -> Result<(), StoreError> {
        let mut writes = Writes::new();
        self.held().remove(&partition);
        for (key, _) in self.ledger.scan(&[partition.0])? {
            writes.remove(key);
        }
        self.ledger.write(writes)
    }

    fn read_held(&self, partition: Partition) -> Result<Held, StoreError> {
        let mut held = Held::default();
        for (key, value) in self.ledger.scan(&[partition.0])? {
            if key.get(1) != Some(&META) {
                held.put(&key, &value);
            }
        }
        Ok(held)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Partition, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encode<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(value).map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: postcard::Error) -> StoreError {
        StoreError::Encode { path: self.ledger.path().into(), source }
    }
}

impl Held {
    fn put(&mut self, key: &[u8], value: &[u8]) {
        let hash = hash(key, value);
        self.sum.hash ^= hash;
        match self.rows.insert(short(key), hash) {
            Some(before) => self.sum.hash ^= before,
            None => self.sum.rows = self.sum.rows.wrapping_add(1),
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(before) = self.rows.remove(&short(key)) {
            self.sum.hash ^= before;
            self.sum.rows = self.sum.rows.wrapping_sub(1);
        }
    }
}

fn short(key: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(key).into();
    hash.iter().take(8).fold(0, |short, byte| (short << 8) | u64::from(*byte))
}

/// What is read of one partition: what [`Loaded`] says, and what the ledger holds.
type Read = Result<(Meta, Vec<Row>, Held), String>;

fn read_all(ledger: &Ledger, partitions: &[Partition]) -> Result<BTreeMap<Partition, Read>, Unusable> {
    let mut loaded = BTreeMap::new();
    for partition in partitions {
        let rows = ledger.scan(&[partition.0]).map_err(|error| Unusable::Damaged(error.to_string()))?;
        if !rows.is_empty() {
            loaded.insert(*partition, read_partition(rows));
        }
    }
    Ok(loaded)
}

fn read_partition(rows: Vec<KeyValue>) -> Read {
    let (mut meta, mut found, mut held) = (None, Vec::with_capacity(rows.len()), Held::default());
    for (key, value) in rows {
        if key.get(1) == Some(&META) {
            meta = postcard::from_bytes::<(Meta, Sum)>(&value).ok();
            continue;
        }
        held.put(&key, &value);
        let key = decode_key(&key).ok_or("a row has a key nobody writes")?;
        found.push(Row { key, value });
    }
    let (meta, expected) = meta.ok_or("it does not say how far it came")?;
    if held.sum != expected {
        return Err(format!("its {} rows are not the {} that were written", held.sum.rows, expected.rows));
    }
    Ok((meta, found, held))
}

fn encode_key(partition: Partition, key: &RowKey) -> Vec<u8> {
    let (tag, rest) = match key {
        RowKey::State(entity) => (STATE, entity.to_string().into_bytes()),
        // An entity has no control characters, so the zero byte ends it.
        RowKey::Timer(entity, name) => (TIMER, format!("{entity}\0{name}").into_bytes()),
        RowKey::Skipped(entity) => (SKIPPED, entity.to_string().into_bytes()),
        RowKey::Rule(place) => (RULE, place.to_be_bytes().to_vec()),
    };
    [&[partition.0, tag], rest.as_slice()].concat()
}

fn decode_key(key: &[u8]) -> Option<RowKey> {
    let (&[_, tag], rest) = key.split_first_chunk::<2>()?;
    let text = || std::str::from_utf8(rest).ok();
    match tag {
        STATE => Some(RowKey::State(Entity::parse(text()?).ok()?)),
        TIMER => {
            let (entity, name) = text()?.split_once('\0')?;
            Some(RowKey::Timer(Entity::parse(entity).ok()?, name.to_owned()))
        }
        SKIPPED => Some(RowKey::Skipped(Entity::parse(text()?).ok()?)),
        RULE => Some(RowKey::Rule(u32::from_be_bytes(rest.try_into().ok()?))),
        _ => None,
    }
}

/// Changes a state together with the sum, as no accident would.
#[cfg(test)]
pub(crate) fn plant(dir: &Path, partition: Partition) {
    let db = sled::open(dir).unwrap();
    let (key, value) = db.scan_prefix([partition.0, STATE]).next().unwrap().unwrap();
    let mut planted = value.to_vec();
    planted[0] ^= 1;
    let meta = db.get([partition.0, META]).unwrap().unwrap();
    let (meta, mut sum): (Meta, Sum) = postcard::from_bytes(&meta).unwrap();
    sum.hash ^= hash(&key, &value) ^ hash(&key, &planted);
    db.insert([partition.0, META], postcard::to_stdvec(&(meta, sum)).unwrap()).unwrap();
    db.insert(key, planted).unwrap();
    db.flush().unwrap();
}

/// Removes a state and leaves the sum.
#[cfg(test)]
pub(crate) fn lose_row(dir: &Path, partition: Partition) {
    let db = sled::open(dir).unwrap();
    let (key, _) = db.scan_prefix([partition.0, STATE]).next().unwrap().unwrap();
    db.remove(key).unwrap();
    db.flush().unwrap();
}
