//! What is kept on disk between two starts: caches of the log, one folder each.
//!
//! [`Ledger`] is a small ordered map with atomic batches; [`States`] keeps the folds of an agent in one. A ledger that
//! cannot be opened, read or believed is moved aside and begun afresh: whoever keeps one can rebuild it from the log.
//! Damaged files make sled panic on open or on the first read, so both happen on a thread of their own, under capture.

mod disk;
mod entries;
mod held;
mod ledger;
mod quarantine;
mod states;
mod sum;

use std::{io, path::PathBuf};

pub use disk::{Change, Disk, MemoryDisk, Rows, Tap};
pub(crate) use entries::{Entries, Entry};
#[cfg(test)]
pub(crate) use ledger::full;
pub use ledger::{KeyValue, Ledger, Writes};
pub(crate) use states::{Loaded, States};
#[cfg(test)]
pub(crate) use states::{lose_piece, plant};
pub use sum::Sum;

/// A store that does not work. Its folder can always be removed: what it held is rebuilt from the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder cannot be made or moved.
    #[error("cannot {action} {}; check the rights and the space of the data folder", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store refused an operation.
    #[error("the store at {} cannot {action}", path.display())]
    Sled {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: sled::Error,
    },
    /// Another process has the store open.
    #[error("the store at {} is in use by another process; stop it, or give this one another data folder", .0.display())]
    InUse(PathBuf),
    /// A write failed; the store is opened again before the next one.
    #[error("the store at {} could not be written; it is opened again in a moment, and works when its disk has room", .0.display())]
    Failed(PathBuf),
    /// What the last checkpoint wrote is not there any more.
    #[error("the store at {} has lost the checkpoint at message {checkpoint}", path.display())]
    Lost {
        /// Where.
        path: PathBuf,
        /// Position of that checkpoint.
        checkpoint: u64,
    },
    /// The store broke down while it worked.
    #[error("the store at {} broke down: {problem}", path.display())]
    Broken {
        /// Where.
        path: PathBuf,
        /// What it said.
        problem: String,
    },
    /// A row cannot be written as bytes.
    #[error("a row for {} has no bytes", path.display())]
    Encode {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: postcard::Error,
    },
}
