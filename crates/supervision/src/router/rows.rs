//! What the router remembers, as rows: a cache of the log, checked against it before it is used.

use bus_schema::{Partition, Time, data::facts::ClockMode};
use runtime::store::{Ledger, StoreError, Writes};
use serde::{Deserialize, Serialize};
use supervisor::router::{Change, RouterState};

/// Key of the position; keys of a partition begin with its number, which is below.
const POSITION: &[u8] = b"\xfeposition";
const META: u8 = 0;

/// Up to where the rows know the streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Everything up to this message of `IN` is routed and acknowledged.
    pub(super) routed: u64,
    /// Every routed event up to this message of the log is folded.
    pub(super) folded: u64,
    /// Hash of that message: another one there means another log.
    pub(super) hash: [u8; 32],
    /// Every fact of the supervisor up to this message of the log is folded.
    pub(super) heard: u64,
}

type Meta = (Time, ClockMode, bool);

/// The position kept; none in an empty ledger.
pub(super) fn position(ledger: &Ledger) -> Result<Option<Position>, StoreError> {
    Ok(ledger.get(POSITION)?.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
}

/// Takes a partition's rows into its state.
pub(super) fn restore(ledger: &Ledger, partition: Partition, state: &mut RouterState) -> Result<(), StoreError> {
    let mut meta: Option<Meta> = None;
    let mut changes = Vec::new();
    for (key, value) in ledger.scan(&[partition.0])? {
        if key.get(1) == Some(&META) {
            meta = postcard::from_bytes(&value).ok();
        } else if let Ok(change) = postcard::from_bytes(&value) {
            changes.push(change);
        }
    }
    if let Some(meta) = meta {
        state.restore(meta, changes);
    }
    Ok(())
}

/// Removes every row.
pub(super) fn clear(ledger: &Ledger, partitions: impl Iterator<Item = Partition>) -> Result<(), StoreError> {
    let mut writes = Writes::new();
    for p in partitions {
        for (key, _) in ledger.scan(&[p.0])? {
            writes.remove(key);
        }
    }
    writes.remove(POSITION);
    ledger.write(writes)
}

/// Adds what changed in a partition since the last time.
pub(super) fn changed(writes: &mut Writes, partition: Partition, state: &mut RouterState) {
    let changes = state.take_changes();
    if changes.is_empty() && state.is_empty() {
        return;
    }
    for change in changes {
        let key = key(partition, &change);
        match (&change, postcard::to_stdvec(&change)) {
            (Change::Forgotten(_), _) | (_, Err(_)) => writes.remove(key),
            (_, Ok(value)) => writes.put(key, value),
        }
    }
    if let Ok(meta) = postcard::to_stdvec(&state.meta()) {
        writes.put([partition.0, META], meta);
    }
}

/// Adds the position.
pub(super) fn at(writes: &mut Writes, position: Position) {
    if let Ok(value) = postcard::to_stdvec(&position) {
        writes.put(POSITION, value);
    }
}

fn key(partition: Partition, change: &Change) -> Vec<u8> {
    let (tag, name) = match change {
        Change::Id(id, _) | Change::Forgotten(id) => (b'i', id.to_be_bytes().to_vec()),
        Change::Member(user, _) => (b'm', user.as_bytes().to_vec()),
        Change::Merged(user, previous) => (b'g', format!("{user}\n{previous}").into_bytes()),
        Change::Place(account, ..) => (b'p', account.as_bytes().to_vec()),
    };
    let mut key = vec![partition.0, tag];
    key.extend(name);
    key
}
