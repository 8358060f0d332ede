//! The folds of one agent in a ledger: the partition is the key's prefix, a checkpoint is one batch.
//!
//! sled survives a killed process, but with damaged files it may open and silently miss the end of what was written, or
//! single pages of it. Each partition therefore carries the number and the sum of its pieces, and the number of its
//! rows: what does not add up is rebuilt.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus_schema::Partition;
use serde::{Deserialize, Serialize};

use super::{
    Disk, Entries, Ledger, StoreError, Sum, Writes,
    entries::Iter,
    held::Held,
    ledger::{KeyValue, Unusable},
    sum::hash,
};
use crate::fold::{Changes, Meta};

const META: u8 = 0;
const PIECE: u8 = 1;
/// Memory for pages. Nothing is read twice but by sled itself, which reads a page to add to it.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of the hash behind what a partition says of itself.
const SEAL_BYTES: usize = 16;

/// The states of an agent on disk. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct States {
    ledger: Ledger,
    /// What the ledger holds, so that a checkpoint need not read what it replaces; and how often it had been opened
    /// again when that was so.
    held: Arc<Mutex<BTreeMap<Partition, (u64, Held)>>>,
}

/// What a partition says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    meta: Meta,
    pieces: Sum,
    rows: u64,
}

/// What a start finds of one partition: its rows, or why they cannot be used.
pub(crate) type Loaded = BTreeMap<Partition, Result<(Meta, Entries), String>>;

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
        let identity = format!("states 2 of {agent} for log {log}");
        let read = |ledger: &Ledger| read_all(ledger, partitions);
        let (mut ledger, mut found) = Ledger::open_with(disk, &dir, &quarantine, &identity, CACHE_BYTES, read)?;
        if matches!(disk, Disk::Machine) && !found.is_empty() {
            // sled keeps pages that were read once, however many they are. Opened again it has none.
            drop(ledger);
            let (again, stands) = Ledger::open_with(disk, &dir, &quarantine, &identity, CACHE_BYTES, |_| Ok(true))?;
            ledger = again;
            if !stands {
                found.clear();
            }
        }
        let (mut loaded, mut held) = (Loaded::new(), BTreeMap::new());
        for (partition, read) in found {
            loaded.insert(
                partition,
                read.map(|(meta, rows, holds)| {
                    held.insert(partition, (0, holds));
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
    pub(crate) fn load(&self, partition: Partition) -> Result<Option<(Meta, Entries)>, String> {
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

    /// Writes a checkpoint of one partition: what differs from the one at `before`. Blocks.
    ///
    /// # Errors
    /// The store does not work; the checkpoint before stands. Or it has lost that one, and every row is missing.
    pub(crate) fn save(&self, partition: Partition, before: u64, changes: &Changes) -> Result<(), StoreError> {
        let opened_again = self.ledger.recover()?;
        // Taken out until the write is done: after one that failed, what the ledger holds is read again.
        let known = self.held().remove(&partition).filter(|(known_at, _)| *known_at == opened_again);
        let mut held = known.map_or_else(|| self.read_held(partition, before), |(_, held)| Ok(held))?;
        let mut writes = Writes::new();
        let first = held.next();
        held.add(&changes.rows, |number, piece| writes.put(key(partition, number), piece));
        let (mut kept, mut cleared) = (Entries::default(), 0);
        while let Some(number) = held.oldest(first, changes.rows.bytes(), cleared, &kept) {
            let key = key(partition, number);
            let piece = self.ledger.get(&key)?.unwrap_or_default();
            if !held.take_oldest(&piece, &mut kept) {
                let problem = format!("piece {number} of partition {partition} is not what was written");
                return Err(StoreError::Broken { path: self.ledger.path().into(), problem });
            }
            cleared += piece.len();
            writes.remove(key);
        }
        held.add(&kept, |number, piece| writes.put(key(partition, number), piece));
        let about = About { meta: changes.meta.clone(), pieces: held.sum(), rows: held.rows() };
        writes.put(about_key(partition), seal(partition, &about).map_err(|source| self.unreadable(source))?);
        self.ledger.write(writes)?;
        self.held().insert(partition, (opened_again, held));
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

    /// What the ledger holds of a partition, where that is the checkpoint at `before` or one after it that nobody heard
    /// of: what differs from the former covers what differs from the latter.
    fn read_held(&self, partition: Partition, before: u64) -> Result<Held, StoreError> {
        let rows = self.ledger.scan(&[partition.0])?;
        let found = if rows.is_empty() { Some((0, Held::default())) } else { None };
        let found = found.or_else(|| read_partition(rows).ok().map(|(meta, _, held)| (meta.applied, held)));
        match found {
            Some((applied, held)) if applied >= before => Ok(held),
            _ => Err(StoreError::Lost { path: self.ledger.path().into(), checkpoint: before }),
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Partition, (u64, Held)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreadable(&self, source: postcard::Error) -> StoreError {
        StoreError::Encode { path: self.ledger.path().into(), source }
    }
}

/// What is read of one partition: what [`Loaded`] says, and what the ledger holds.
type Read = Result<(Meta, Entries, Held), String>;

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
    let (mut about, mut pieces, mut held) = (None, Vec::with_capacity(rows.len()), Held::default());
    for (key, value) in rows {
        if let Some(number) = piece_number(&key) {
            if !held.put(number, &value) {
                return Err(format!("the rows of its piece {number} cannot be read"));
            }
            pieces.push((number, value));
        } else {
            about = sealed(&key, &value);
        }
    }
    let about: About = about.ok_or("it does not say how far it came")?;
    if held.sum() != about.pieces || held.rows() != about.rows {
        let (found, written) = (held.sum().rows(), about.pieces.rows());
        return Err(format!("its {found} pieces are not the {written} that were written"));
    }
    let mut found = Entries::default();
    for (number, piece) in pieces {
        for entry in Iter::new(&piece).filter(|entry| held.is_latest(number, entry)) {
            found.push(&entry);
        }
    }
    Ok((about.meta, found, held))
}

const fn about_key(partition: Partition) -> [u8; 2] {
    [partition.0, META]
}

fn key(partition: Partition, piece: u32) -> Vec<u8> {
    [&[partition.0, PIECE], piece.to_be_bytes().as_slice()].concat()
}

fn piece_number(key: &[u8]) -> Option<u32> {
    let (&[_, tag], number) = key.split_first_chunk::<2>()?;
    if tag == PIECE { number.try_into().ok().map(u32::from_be_bytes) } else { None }
}

/// What a partition says of itself, with a hash of it.
fn seal(partition: Partition, about: &About) -> Result<Vec<u8>, postcard::Error> {
    let mut bytes = postcard::to_stdvec(about)?;
    let hash = hash(&about_key(partition), &bytes);
    bytes.extend_from_slice(&hash.to_be_bytes());
    Ok(bytes)
}

fn sealed(key: &[u8], value: &[u8]) -> Option<About> {
    let (bytes, found) = value.split_last_chunk::<SEAL_BYTES>()?;
    if hash(key, bytes) == u128::from_be_bytes(*found) { postcard::from_bytes(bytes).ok() } else { None }
}

/// Changes a state together with all sums, as no accident would.
#[cfg(test)]
pub(crate) fn plant(dir: &Path, partition: Partition) {
    let db = sled::open(dir).unwrap();
    let rows = db.scan_prefix([partition.0]).map(Result::unwrap).map(|(k, v)| (k.to_vec(), v.to_vec()));
    let rows: Vec<KeyValue> = rows.collect();
    let (meta, entries, _) = read_partition(rows.clone()).unwrap();
    let (mut planted, mut changed) = (Vec::new(), false);
    for entry in entries.iter() {
        planted.extend_from_slice(entry.packed);
        if !changed && entry.key[0] == crate::fold::STATE {
            *planted.last_mut().unwrap() ^= 1;
            changed = true;
        }
    }
    assert!(changed);
    for (key, _) in rows {
        db.remove(key).unwrap();
    }
    let mut held = Held::default();
    held.put(0, &planted);
    let about = About { meta, pieces: held.sum(), rows: held.rows() };
    db.insert(key(partition, 0), planted).unwrap();
    db.insert(about_key(partition), seal(partition, &about).unwrap()).unwrap();
    db.flush().unwrap();
}

/// Removes a piece and leaves the sum.
#[cfg(test)]
pub(crate) fn lose_piece(dir: &Path, partition: Partition) {
    let db = sled::open(dir).unwrap();
    let (key, _) = db.scan_prefix([partition.0, PIECE]).next().unwrap().unwrap();
    db.remove(key).unwrap();
    db.flush().unwrap();
}
