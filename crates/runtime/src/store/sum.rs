//! What rows amount to: sled may open damaged files and silently miss the end of what was written, or single pages of
//! it. What does not add up is not believed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{KeyValue, Ledger, StoreError, Writes};

/// Number and hash of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sum {
    pub(super) rows: u64,
    /// Exclusive or of the hashes of all rows: the order of writing does not matter.
    pub(super) hash: u128,
}

impl Sum {
    /// The sum of rows.
    pub fn of(rows: &[KeyValue]) -> Self {
        let mut sum = Self::default();
        for (key, value) in rows {
            sum.add(key, value);
        }
        sum
    }

    /// The sum after changes to the rows of a ledger that this is the sum of.
    ///
    /// # Errors
    /// The store does not work.
    pub fn after(mut self, ledger: &Ledger, writes: &Writes) -> Result<Self, StoreError> {
        // Of two changes of one row in a batch the last one holds.
        let changes: BTreeMap<_, _> = writes.changes().iter().map(|(key, value)| (key, value)).collect();
        for (key, value) in changes {
            if let Some(before) = ledger.get(key)? {
                self.take(key, &before);
            }
            if let Some(value) = value {
                self.add(key, value);
            }
        }
        Ok(self)
    }

    /// How many rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes a part in by its hash, or out again.
    pub(super) const fn turn(&mut self, hash: u128, taken_in: bool) {
        self.rows = if taken_in { self.rows.wrapping_add(1) } else { self.rows.wrapping_sub(1) };
        self.hash ^= hash;
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.hash ^= hash(key, value);
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.hash ^= hash(key, value);
    }
}

/// The hash of a row.
pub(super) fn hash(key: &[u8], value: &[u8]) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update((key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    let hash: [u8; 32] = hasher.finalize().into();
    hash.iter().take(16).fold(0, |hash, byte| (hash << 8) | u128::from(*byte))
}
