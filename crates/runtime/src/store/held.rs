//! What a ledger holds of one partition: pieces in the order they were written, of each row the latest.
//!
//! A checkpoint adds pieces and never touches one that is there, so that it costs what changed and not what there is.
//! What is outdated goes away from the oldest piece on: its rows that are still the latest are written again behind the
//! newest. Oldest first, because a row that went away must be known as long as an older piece may have it.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher as _, RandomState},
};

use super::{
    Sum,
    entries::{Entries, Entry, Iter},
    sum::hash,
};

/// About how many bytes of rows make a piece. sled writes a leaf of up to sixteen pieces again and again, and keeps some
/// five hundred leaves in memory whatever it is told.
const PIECE_BYTES: usize = 2 * 1024;
/// Outdated bytes that are no matter, however few there are of the others.
const SLACK_BYTES: u64 = 64 * 1024;
/// Bytes that a checkpoint clears away for each that it writes, and at least: a bound on how long it takes.
const CLEARED_FOR_EACH: usize = 4;
const CLEARED_MIN: usize = 128 * 1024;

/// What the ledger holds of one partition.
#[derive(Debug, Default)]
pub(super) struct Held {
    pieces: BTreeMap<u32, Piece>,
    /// By hash of the key, where the latest of a row is. Keys that have the same hash are found by [`Held::rows`].
    latest: HashMap<u64, Latest>,
    hasher: RandomState,
    /// Of all pieces, and of the latest rows alone.
    bytes: u64,
    latest_bytes: u64,
    /// Rows that did not go away.
    rows: u64,
    sum: Sum,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    bytes: u32,
    hash: u128,
}

#[derive(Clone, Copy, Debug)]
struct Latest {
    piece: u32,
    /// Zero where the row went away.
    bytes: u32,
}

impl Held {
    /// Number and sum of the pieces.
    pub(super) const fn sum(&self) -> Sum {
        self.sum
    }

    /// How many rows there are.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds rows in new pieces; tells each with its number.
    pub(super) fn add(&mut self, rows: &Entries, mut write: impl FnMut(u32, &[u8])) {
        for piece in rows.pieces(PIECE_BYTES) {
            // At ten pieces a second the numbers last for thirteen years between two refolds.
            let number = self.next();
            write(number, piece);
            self.put(number, piece);
        }
    }

    /// Takes in a piece that is newer than all before. False where its rows cannot be read.
    pub(super) fn put(&mut self, number: u32, piece: &[u8]) -> bool {
        let mut rows = Iter::new(piece);
        for entry in rows.by_ref() {
            let bytes = entry.value.map_or(0, |_| length(entry.packed));
            let before = self.latest.insert(self.hasher.hash_one(entry.key), Latest { piece: number, bytes });
            self.forget(before);
            self.latest_bytes += u64::from(bytes);
            self.rows += u64::from(bytes > 0);
        }
        let (bytes, hash) = (length(piece), hash(&number.to_be_bytes(), piece));
        self.pieces.insert(number, Piece { bytes, hash });
        self.bytes += u64::from(bytes);
        self.sum.turn(hash, true);
        rows.is_done()
    }

    /// The oldest piece where it should go: it is one of before `before`, and a checkpoint that wrote and cleared so many
    /// bytes, of which it has to write `kept` again, may go on with it.
    pub(super) fn oldest(&self, before: u32, written: usize, cleared: usize, kept: &Entries) -> Option<u32> {
        let outdated = self.bytes + kept.bytes() as u64 > 2 * self.latest_bytes + SLACK_BYTES;
        let most = CLEARED_MIN.max(written.saturating_mul(CLEARED_FOR_EACH));
        let (number, _) = self.pieces.first_key_value()?;
        (outdated && cleared < most && *number < before).then_some(*number)
    }

    /// Number of the next piece.
    pub(super) fn next(&self) -> u32 {
        self.pieces.last_key_value().map_or(0, |(last, _)| last.wrapping_add(1))
    }

    /// Takes out the oldest piece, which reads so; its rows that are the latest go to `kept`. False where it is another.
    pub(super) fn take_oldest(&mut self, piece: &[u8], kept: &mut Entries) -> bool {
        let Some((number, known)) = self.pieces.pop_first() else { return false };
        if known.hash != hash(&number.to_be_bytes(), piece) {
            return false;
        }
        self.bytes -= u64::from(known.bytes);
        self.sum.turn(known.hash, false);
        for entry in Iter::new(piece) {
            let key = self.hasher.hash_one(entry.key);
            if self.latest.get(&key).is_none_or(|latest| latest.piece != number) {
                continue;
            }
            if entry.value.is_some() {
                kept.push(&entry);
            } else {
                self.latest.remove(&key);
            }
        }
        true
    }

    /// Whether a row of a piece is the latest of its key and did not go away.
    pub(super) fn is_latest(&self, number: u32, entry: &Entry<'_>) -> bool {
        let latest = self.latest.get(&self.hasher.hash_one(entry.key));
        entry.value.is_some() && latest.is_some_and(|latest| latest.piece == number)
    }

    fn forget(&mut self, before: Option<Latest>) {
        if let Some(before) = before {
            self.latest_bytes -= u64::from(before.bytes);
            self.rows -= u64::from(before.bytes > 0);
        }
    }
}

/// A checkpoint is far below four gigabytes.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger of one partition, and what should be in it.
    #[derive(Default)]
    struct World {
        held: Held,
        pieces: BTreeMap<u32, Vec<u8>>,
        rows: BTreeMap<Vec<u8>, Vec<u8>>,
        written: usize,
    }

    impl World {
        fn checkpoint(&mut self, changes: &[(u32, Option<usize>)]) {
            let mut rows = Entries::default();
            for (key, value) in changes {
                let rest = key.to_be_bytes();
                if let Some(bytes) = value {
                    let value = vec![u8::try_from(bytes % 251).unwrap(); *bytes];
                    rows.put(1, &rest, |mut all| {
                        all.extend_from_slice(&value);
                        Ok::<_, ()>(all)
                    })
                    .unwrap();
                    self.rows.insert([&[1], rest.as_slice()].concat(), value);
                } else {
                    rows.remove(1, &rest);
                    self.rows.remove([&[1], rest.as_slice()].concat().as_slice());
                }
            }
            let (first, mut cleared) = (self.held.next(), 0);
            self.add(&rows);
            let mut kept = Entries::default();
            while let Some(number) = self.held.oldest(first, rows.bytes(), cleared, &kept) {
                let piece = self.pieces.remove(&number).unwrap();
                assert!(self.held.take_oldest(&piece, &mut kept));
                cleared += piece.len();
            }
            self.add(&kept);
        }

        fn add(&mut self, rows: &Entries) {
            let Self { held, pieces, written, .. } = self;
            held.add(rows, |number, piece| {
                *written += piece.len();
                assert!(pieces.insert(number, piece.to_vec()).is_none());
            });
        }

        /// Reads it as a start does, and compares.
        fn check(&self) {
            let mut held = Held::default();
            for (number, piece) in &self.pieces {
                assert!(held.put(*number, piece));
            }
            assert_eq!((held.sum(), held.rows()), (self.held.sum(), self.held.rows()));
            assert_eq!((held.bytes, held.latest_bytes), (self.held.bytes, self.held.latest_bytes));
            let mut found = BTreeMap::new();
            for (number, piece) in &self.pieces {
                for entry in Iter::new(piece).filter(|entry| held.is_latest(*number, entry)) {
                    assert!(found.insert(entry.key.to_vec(), entry.value.unwrap().to_vec()).is_none());
                }
            }
            assert_eq!(found, self.rows);
            assert_eq!(held.rows(), found.len() as u64);
        }
    }

    #[test]
    fn every_row_is_the_latest_and_what_is_outdated_goes() {
        let mut world = World::default();
        // Rows that never change again, rows that always do, and rows that come and go.
        world.checkpoint(&(0..400).map(|key| (key, Some(300))).collect::<Vec<_>>());
        let mut wanted = 0;
        for round in 0..2_000_u32 {
            let mut changes: Vec<_> = (0..20).map(|n| (1_000 + (round * 7 + n) % 60, Some(200 + n as usize))).collect();
            changes.push((2_000 + round % 31, (round % 3 > 0).then_some(90)));
            wanted += changes.iter().map(|(_, bytes)| 13 + bytes.unwrap_or(0)).sum::<usize>();
            world.checkpoint(&changes);
            if round % 100 == 0 {
                world.check();
            }
        }
        world.check();
        assert!(world.held.bytes <= 2 * world.held.latest_bytes + SLACK_BYTES, "{:?}", world.held.bytes);
        assert!(world.written < 3 * wanted, "{} for {wanted}", world.written);
    }

    #[test]
    fn a_row_that_went_away_does_not_come_back() {
        let mut world = World::default();
        world.checkpoint(&[(1, Some(100)), (2, Some(100))]);
        world.checkpoint(&[(1, None)]);
        world.check();
        for _ in 0..400 {
            world.checkpoint(&[(3, Some(1_000))]);
        }
        world.check();
        assert!(world.pieces.keys().all(|number| *number > 2), "the first pieces were cleared away");
        world.checkpoint(&[(1, Some(50))]);
        world.check();
    }

    #[test]
    fn a_piece_that_is_another_one_is_not_cleared_away() {
        let mut world = World::default();
        world.checkpoint(&[(1, Some(100))]);
        let mut kept = Entries::default();
        assert!(!world.held.take_oldest(b"another", &mut kept));
        assert_eq!(kept, Entries::default());
    }
}
