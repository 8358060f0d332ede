//! Where stores are: the machine's disk, or folders in memory.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::StoreError;

/// The one row of a small file.
const FILE: &[u8] = b"file";

/// A change of a row: the key, and its value or none.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// What becomes of changes on their way to a folder in memory.
pub type Tap = Arc<dyn Fn(&Path, Vec<Change>) -> Vec<Change> + Send + Sync>;

/// The rows of one folder.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Where stores are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Disk {
    /// The machine's: sled, which blocks.
    #[default]
    Machine,
    /// Memory: nothing of it is there after the process. It never blocks.
    Memory(MemoryDisk),
}

impl Disk {
    /// Runs what blocks, where it does.
    ///
    /// # Errors
    /// It was given up half way.
    pub async fn run<T: Send + 'static>(&self, run: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
        match self {
            Self::Machine => tokio::task::spawn_blocking(run)
                .await
                .map_err(|error| StoreError::Broken { path: PathBuf::new(), problem: error.to_string() }),
            Self::Memory(_) => Ok(run()),
        }
    }
}

/// Folders in memory, as whoever has several of them keeps them: they can be copied, put back, and damaged.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    folders: Arc<Mutex<BTreeMap<PathBuf, Rows>>>,
    tap: Option<Tap>,
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").finish_non_exhaustive()
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same folders, whose changes go through `tap` first.
    #[must_use]
    pub fn through(&self, tap: Tap) -> Self {
        Self { folders: Arc::clone(&self.folders), tap: Some(tap) }
    }

    /// A copy of everything.
    pub fn image(&self) -> BTreeMap<PathBuf, Rows> {
        self.folders().clone()
    }

    /// Puts a copy in the place of everything.
    pub fn restore(&self, image: BTreeMap<PathBuf, Rows>) {
        *self.folders() = image;
    }

    /// What a small file holds.
    pub fn file(&self, path: &Path) -> Option<Vec<u8>> {
        self.get(path, FILE)
    }

    /// Writes a small file, in one step.
    pub fn set_file(&self, path: &Path, bytes: Vec<u8>) {
        self.write(path, vec![(FILE.to_vec(), Some(bytes))]);
    }

    pub(super) fn get(&self, folder: &Path, key: &[u8]) -> Option<Vec<u8>> {
        self.folders().get(folder)?.get(key).cloned()
    }

    pub(super) fn scan(&self, folder: &Path, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let folders = self.folders();
        let rows = folders.get(folder).into_iter().flat_map(|rows| rows.range(prefix.to_vec()..));
        rows.take_while(|(key, _)| key.starts_with(prefix)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub(super) fn is_empty(&self, folder: &Path) -> bool {
        self.folders().get(folder).is_none_or(BTreeMap::is_empty)
    }

    pub(super) fn write(&self, folder: &Path, changes: Vec<Change>) {
        let changes = match &self.tap {
            Some(tap) => tap(folder, changes),
            None => changes,
        };
        let mut folders = self.folders();
        let rows = folders.entry(folder.to_owned()).or_default();
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
    }

    pub(super) fn set_aside(&self, folder: &Path, quarantine: &Path) {
        let mut folders = self.folders();
        if let Some(rows) = folders.remove(folder) {
            folders.insert(quarantine.join(folder.file_name().unwrap_or_default()), rows);
        }
    }

    /// A panic while the lock was held cannot leave a batch half written: a batch is one call.
    fn folders(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Rows>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
