//! What the router remembers, as rows: a cache of the log, checked against it before it is used.
//!
//! The ids of appended events are most of it. They come in order and are forgotten in order, so they are kept many to a
//! row, and a row goes when the last of its ids is forgotten.

use std::collections::VecDeque;

use bus_schema::{Partition, Time, data::facts::ClockMode};
use runtime::store::{Ledger, StoreError, Sum, Writes};
use serde::{Deserialize, Serialize};
use supervisor::router::{Change, RouterState};

/// Key of the position; keys of a partition begin with its number, which is below.
const POSITION: &[u8] = b"\xfeposition";
const META: u8 = 0;
/// Rows of ids that will be forgotten, and of those that are kept for ever; numbered in the order they were written.
const IDS: u8 = b'i';
const IDS_FOR_EVER: u8 = b'k';
/// Ids of one row: 3 KB.
const IDS_PER_ROW: usize = 128;
/// Bytes of an id in its row: the id, and when it was remembered.
const ID_BYTES: usize = 24;

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
    /// What all other rows amount to.
    pub(super) sum: Sum,
}

type Meta = (Time, ClockMode, bool);

/// The rows of ids that a partition has.
#[derive(Clone, Debug, Default)]
pub(super) struct IdRows {
    /// Number of each row that will go, with the time of its latest id, oldest first.
    there: VecDeque<(u64, Time)>,
    /// Number of the next row.
    next: u64,
}

/// The position kept, where the rows are those that were written with it; none in an empty ledger.
pub(super) fn read(
    ledger: &Ledger,
    partitions: impl Iterator<Item = Partition>,
) -> Result<Option<Position>, StoreError> {
    let Some(position) = position(ledger)? else { return Ok(None) };
    let mut rows = Vec::new();
    for p in partitions {
        rows.extend(ledger.scan(&[p.0])?);
    }
    if Sum::of(&rows) == position.sum {
        return Ok(Some(position));
    }
    tracing::error!(
        store.rows = rows.len(),
        store.rows_written = position.sum.rows(),
        "what the router remembers is damaged, reading the log again"
    );
    Ok(None)
}

fn position(ledger: &Ledger) -> Result<Option<Position>, StoreError> {
    Ok(ledger.get(POSITION)?.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
}

/// Writes changes and the position up to which they know the streams.
pub(super) fn write(ledger: &Ledger, mut writes: Writes, position: Position) -> Result<(), StoreError> {
    let before = self::position(ledger)?.map(|position| position.sum).unwrap_or_default();
    let sum = before.after(ledger, &writes)?;
    if let Ok(value) = postcard::to_stdvec(&Position { sum, ..position }) {
        writes.put(POSITION, value);
    }
    ledger.write(writes)
}

/// Takes a partition's rows into its state; answers which rows of ids there are.
pub(super) fn restore(ledger: &Ledger, partition: Partition, state: &mut RouterState) -> Result<IdRows, StoreError> {
    let mut meta: Option<Meta> = None;
    let mut changes = Vec::new();
    let mut rows = IdRows::default();
    for (key, value) in ledger.scan(&[partition.0])? {
        match key.get(1).copied() {
            Some(META) => meta = postcard::from_bytes(&value).ok(),
            Some(tag @ (IDS | IDS_FOR_EVER)) => {
                let number = key.get(2..).and_then(|rest| rest.try_into().ok()).map_or(0, u64::from_be_bytes);
                let ids = read_ids(&value, tag == IDS_FOR_EVER);
                if let (IDS, Some(latest)) = (tag, latest(&ids)) {
                    rows.there.push_back((number, latest));
                }
                rows.next = rows.next.max(number + 1);
                changes.extend(ids);
            }
            _ => changes.extend(postcard::from_bytes::<Change>(&value).ok()),
        }
    }
    if let Some(meta) = meta {
        state.restore(meta, changes);
    }
    Ok(rows)
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
pub(super) fn changed(writes: &mut Writes, partition: Partition, state: &mut RouterState, rows: &mut IdRows) {
    let changes = state.take_changes();
    if changes.is_empty() && state.is_empty() {
        return;
    }
    let (mut ids, mut for_ever) = (Vec::new(), Vec::new());
    for change in changes {
        match &change {
            Change::Id(_, Some(_)) => ids.push(change),
            Change::Id(_, None) => for_ever.push(change),
            // Its row goes when all of its ids are forgotten.
            Change::Forgotten(_) => {}
            Change::Member(..)
            | Change::Merged(..)
            | Change::Place(..)
            | Change::Area(..)
            | Change::Zone(..)
            | Change::Source(..)
            | Change::Beat(_) => {
                if let (Some(key), Ok(value)) = (key(partition, &change), postcard::to_stdvec(&change)) {
                    writes.put(key, value);
                }
            }
        }
    }
    for ids in ids.chunks(IDS_PER_ROW) {
        rows.there.extend(latest(ids).map(|latest| (rows.next, latest)));
        rows.put(writes, partition, IDS, ids);
    }
    for ids in for_ever.chunks(IDS_PER_ROW) {
        rows.put(writes, partition, IDS_FOR_EVER, ids);
    }
    let oldest = state.oldest_id();
    while let Some((number, _)) = rows.there.pop_front_if(|(_, latest)| oldest.is_none_or(|oldest| *latest < oldest)) {
        writes.remove(ids_key(partition, IDS, number));
    }
    if let Ok(meta) = postcard::to_stdvec(&state.meta()) {
        writes.put([partition.0, META], meta);
    }
}

impl IdRows {
    fn put(&mut self, writes: &mut Writes, partition: Partition, tag: u8, ids: &[Change]) {
        let mut value = Vec::with_capacity(ids.len() * ID_BYTES);
        for change in ids {
            if let Change::Id(id, at) = change {
                value.extend(id.to_be_bytes());
                value.extend(at.unwrap_or_default().0.to_be_bytes());
            }
        }
        writes.put(ids_key(partition, tag, self.next), value);
        self.next += 1;
    }
}

fn read_ids(row: &[u8], for_ever: bool) -> Vec<Change> {
    let id = |bytes: &[u8]| {
        let (id, at) = bytes.split_first_chunk::<16>()?;
        let at = Time(i64::from_be_bytes(at.try_into().ok()?));
        Some(Change::Id(u128::from_be_bytes(*id), (!for_ever).then_some(at)))
    };
    row.chunks_exact(ID_BYTES).filter_map(id).collect()
}

/// When the latest of them was remembered.
fn latest(ids: &[Change]) -> Option<Time> {
    ids.iter().filter_map(|change| if let Change::Id(_, at) = change { *at } else { None }).max()
}

fn ids_key(partition: Partition, tag: u8, number: u64) -> Vec<u8> {
    [&[partition.0, tag], number.to_be_bytes().as_slice()].concat()
}

/// The key of what has a row of its own.
fn key(partition: Partition, change: &Change) -> Option<Vec<u8>> {
    let (tag, name) = match change {
        Change::Id(..) | Change::Forgotten(_) => return None,
        Change::Member(user, _) => (b'm', user.as_bytes().to_vec()),
        Change::Merged(user, previous) => (b'g', format!("{user}\n{previous}").into_bytes()),
        Change::Place(account, ..) => (b'p', account.as_bytes().to_vec()),
        Change::Area(account, area) => (b'a', format!("{account}\n{area}").into_bytes()),
        Change::Zone(account, _) => (b'z', account.as_bytes().to_vec()),
        Change::Source(source, _) => (b's', source.as_bytes().to_vec()),
        Change::Beat(_) => (b't', Vec::new()),
    };
    let mut key = vec![partition.0, tag];
    key.extend(name);
    Some(key)
}
