//! An ordered map of bytes with atomic batches, in one folder.

use std::{
    any::Any,
    io,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Change, Disk, MemoryDisk, StoreError, quarantine};

/// Memory one ledger uses for pages; what is needed often, its keeper has in memory itself.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// How long an open waits for another process that has the folder, and how often it looks.
const IN_USE_PATIENCE: Duration = Duration::from_secs(3);
const IN_USE_RETRY: Duration = Duration::from_millis(20);
/// Between two tries to open a ledger again whose write failed.
const REOPEN_EVERY: Duration = Duration::from_secs(2);
/// Says whose the ledger is. Sorts behind every key of a keeper, which begin below.
const IDENTITY_KEY: &[u8] = b"\xffidentity";

/// A key and its value.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// A ledger in a folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    rows: Kept,
    path: PathBuf,
}

/// Where the rows are.
#[derive(Clone, Debug)]
enum Kept {
    Sled(Arc<Handle>),
    Memory(MemoryDisk),
}

/// An open sled, which can be closed and opened again under those who share it.
#[derive(Debug)]
struct Handle {
    db: RwLock<Option<sled::Db>>,
    identity: String,
    cache_bytes: u64,
    /// When a write failed, or opening it again did. sled takes nothing more then, however much room there is.
    failed: Mutex<Option<Instant>>,
    /// How often it was opened again.
    opened_again: AtomicU64,
}

/// Changes that are written together or not at all.
#[derive(Default)]
pub struct Writes {
    rows: Vec<Change>,
}

/// Why a ledger is not used as it is.
pub(super) enum Unusable {
    /// Moving it aside and beginning afresh helps.
    Damaged(String),
    /// It does not.
    Refused(StoreError),
}

impl Ledger {
    /// Opens the ledger in `dir` of a disk that belongs to `identity`, or begins it.
    ///
    /// A ledger that is damaged or belongs to something else is moved below `quarantine` first; an empty one says that
    /// its keeper has to rebuild. Blocks; a damaged ledger may leave a thread behind.
    ///
    /// # Errors
    /// Another process has it open, or the folder cannot be used.
    pub fn open(disk: &Disk, dir: &Path, quarantine: &Path, identity: &str) -> Result<Self, StoreError> {
        let (ledger, ()) = Self::open_with(disk, dir, quarantine, identity, CACHE_BYTES, |_| Ok(()))?;
        Ok(ledger)
    }

    /// As [`Self::open`], with so much memory for pages, and reads it under the same capture.
    pub(super) fn open_with<T: Default + Send>(
        disk: &Disk,
        dir: &Path,
        quarantine: &Path,
        identity: &str,
        cache_bytes: u64,
        read: impl Fn(&Self) -> Result<T, Unusable> + Send + Sync,
    ) -> Result<(Self, T), StoreError> {
        let opened = match disk {
            Disk::Machine => captured(|| open_once(dir, identity, cache_bytes, &read)),
            Disk::Memory(disk) => open_memory(disk, dir, identity, &read),
        };
        match opened {
            Ok(opened) => Ok(opened),
            Err(Unusable::Refused(error)) => Err(error),
            Err(Unusable::Damaged(reason)) => {
                let nothing = |_: &Self| Ok(T::default());
                let again = match disk {
                    Disk::Machine => {
                        quarantine::set_aside(dir, quarantine, &reason)?;
                        captured(|| open_once(dir, identity, cache_bytes, nothing))
                    }
                    Disk::Memory(disk) => {
                        disk.set_aside(dir, quarantine);
                        open_memory(disk, dir, identity, nothing)
                    }
                };
                again.map_err(|unusable| match unusable {
                    Unusable::Refused(error) => error,
                    Unusable::Damaged(problem) => StoreError::Broken { path: dir.into(), problem },
                })
            }
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// The store does not work.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.rows {
            Kept::Sled(handle) => {
                self.guarded(handle, "read", |db| db.get(key).map(|found| found.map(|value| value.to_vec())))
            }
            Kept::Memory(disk) => Ok(disk.get(&self.path, key)),
        }
    }

    /// Whether a key is there.
    ///
    /// # Errors
    /// The store does not work.
    pub fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        match &self.rows {
            Kept::Sled(handle) => self.guarded(handle, "read", |db| db.contains_key(key)),
            Kept::Memory(disk) => Ok(disk.get(&self.path, key).is_some()),
        }
    }

    /// Every key that begins so, in order, with its value.
    ///
    /// # Errors
    /// The store does not work.
    pub fn scan(&self, prefix: &[u8]) -> Result<Vec<KeyValue>, StoreError> {
        match &self.rows {
            Kept::Sled(handle) => {
                let row = |row: sled::Result<(sled::IVec, sled::IVec)>| row.map(|(k, v)| (k.to_vec(), v.to_vec()));
                self.guarded(handle, "read", |db| db.scan_prefix(prefix).map(row).collect())
            }
            Kept::Memory(disk) => Ok(disk.scan(&self.path, prefix)),
        }
    }

    /// Writes all changes or none, and waits until they are on disk. Blocks.
    ///
    /// # Errors
    /// The store does not work; nothing of the batch is there after the next open, or all of it.
    pub fn write(&self, writes: Writes) -> Result<(), StoreError> {
        let handle = match &self.rows {
            Kept::Sled(handle) => handle,
            Kept::Memory(disk) => {
                disk.write(&self.path, writes.rows);
                return Ok(());
            }
        };
        let mut batch = sled::Batch::default();
        for (key, value) in writes.rows {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.guarded(handle, "write", |db| db.apply_batch(batch))?;
        bus::failpoint("k6");
        self.guarded(handle, "flush", |db| db.flush().map(|_| ()))?;
        bus::failpoint("k7");
        Ok(())
    }

    /// Opens a ledger again whose write failed; any other stays as it is. Answers how often that was done: what a keeper
    /// knew of the rows before, it has to read again. Blocks.
    ///
    /// # Errors
    /// It cannot be used yet, or is damaged: then only the next start, which sets it aside, can help.
    pub(crate) fn recover(&self) -> Result<u64, StoreError> {
        let Kept::Sled(handle) = &self.rows else { return Ok(0) };
        if handle.failed().is_none() {
            return Ok(handle.opened_again.load(Ordering::Relaxed));
        }
        // In the order in which everybody takes them.
        let mut db = handle.db.write().unwrap_or_else(PoisonError::into_inner);
        let mut failed = handle.failed();
        let Some(at) = *failed else { return Ok(handle.opened_again.load(Ordering::Relaxed)) };
        if at.elapsed() < REOPEN_EVERY {
            return Err(StoreError::Failed(self.path.clone()));
        }
        let before = db.take();
        let opened = captured(|| {
            // The folder is free when the last handle is gone.
            drop(before);
            open_db(&self.path, &handle.identity, handle.cache_bytes)
        });
        *failed = match &opened {
            Ok(_) | Err(Unusable::Damaged(_)) => None,
            Err(Unusable::Refused(_)) => Some(Instant::now()),
        };
        match opened {
            Ok(opened) => {
                tracing::info!(store = %self.path.display(), "a store whose write failed is open again");
                *db = Some(opened);
                Ok(handle.opened_again.fetch_add(1, Ordering::Relaxed) + 1)
            }
            Err(Unusable::Refused(error)) => Err(error),
            Err(Unusable::Damaged(problem)) => Err(StoreError::Broken { path: self.path.clone(), problem }),
        }
    }

    /// The disk it is on.
    pub fn disk(&self) -> Disk {
        match &self.rows {
            Kept::Sled(_) => Disk::Machine,
            Kept::Memory(disk) => Disk::Memory(disk.clone()),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Damaged pages may be met long after the open, and sled panics over them.
    fn guarded<T>(
        &self,
        handle: &Handle,
        action: &'static str,
        run: impl FnOnce(&sled::Db) -> sled::Result<T>,
    ) -> Result<T, StoreError> {
        let db = handle.db.read().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = &*db else { return Err(StoreError::Failed(self.path.clone())) };
        #[cfg(test)]
        let run = |db: &sled::Db| if full::is(&self.path) { Err(full::error()) } else { run(db) };
        match catch_unwind(AssertUnwindSafe(|| run(db))) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(source)) => {
                handle.failed().get_or_insert_with(Instant::now);
                Err(StoreError::Sled { action, path: self.path.clone(), source })
            }
            Err(panic) => Err(StoreError::Broken { path: self.path.clone(), problem: text(&*panic) }),
        }
    }
}

impl Handle {
    fn failed(&self) -> MutexGuard<'_, Option<Instant>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writes {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value. The key must begin with a byte below 255.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.rows.push((key.into(), Some(value.into())));
    }

    /// Removes a key; one that is not there is no matter.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.rows.push((key.into(), None));
    }

    /// The changes, in order.
    pub(super) fn changes(&self) -> &[Change] {
        &self.rows
    }

    /// How many changes.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl std::fmt::Debug for Writes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writes").field("rows", &self.rows.len()).finish()
    }
}

/// Runs on a thread of its own, so that a panic ends there; what it left half done is never used.
fn captured<T: Send>(run: impl FnOnce() -> Result<T, Unusable> + Send) -> Result<T, Unusable> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("store-open".into()).spawn_scoped(scope, run);
        match thread.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Unusable::Damaged(text(&*panic))),
            Err(source) => {
                let error = StoreError::Folder { action: "start a thread to open", path: PathBuf::new(), source };
                Err(Unusable::Refused(error))
            }
        }
    })
}

fn open_once<T>(
    dir: &Path,
    identity: &str,
    cache_bytes: u64,
    read: impl Fn(&Ledger) -> Result<T, Unusable>,
) -> Result<(Ledger, T), Unusable> {
    let db = open_db(dir, identity, cache_bytes)?;
    // As there.
    let kept = ManuallyDrop::new(db.clone());
    let handle = Handle {
        db: RwLock::new(Some(db)),
        identity: identity.to_owned(),
        cache_bytes,
        failed: Mutex::default(),
        opened_again: AtomicU64::default(),
    };
    let ledger = Ledger { rows: Kept::Sled(Arc::new(handle)), path: dir.into() };
    let found = read(&ledger)?;
    drop(ManuallyDrop::into_inner(kept));
    Ok((ledger, found))
}

fn open_db(dir: &Path, identity: &str, cache_bytes: u64) -> Result<sled::Db, Unusable> {
    let folder = |source| Unusable::Refused(StoreError::Folder { action: "create", path: dir.into(), source });
    std::fs::create_dir_all(dir).map_err(folder)?;
    let config = sled::Config::new().path(dir).cache_capacity(cache_bytes).flush_every_ms(None);
    let db = open_patiently(&config).map_err(|error| unusable(dir, error))?;
    // A panic below must not run sled's own shutdown over pages it cannot read: that could panic again and abort.
    let kept = ManuallyDrop::new(db.clone());
    let claimed = claim(dir, &db, identity);
    if !matches!(claimed, Err(Unusable::Damaged(_))) {
        drop(ManuallyDrop::into_inner(kept));
    }
    claimed.map(|()| db)
}

fn open_memory<T>(
    disk: &MemoryDisk,
    dir: &Path,
    identity: &str,
    read: impl Fn(&Ledger) -> Result<T, Unusable>,
) -> Result<(Ledger, T), Unusable> {
    match disk.get(dir, IDENTITY_KEY) {
        None if disk.is_empty(dir) => disk.write(dir, vec![(IDENTITY_KEY.to_vec(), Some(identity.into()))]),
        found => owned(found.as_deref(), identity)?,
    }
    let ledger = Ledger { rows: Kept::Memory(disk.clone()), path: dir.into() };
    let found = read(&ledger)?;
    Ok((ledger, found))
}

/// Opens; a process that ends may hold the folder a moment longer.
fn open_patiently(config: &sled::Config) -> sled::Result<sled::Db> {
    let deadline = Instant::now() + IN_USE_PATIENCE;
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if in_use(&error) && Instant::now() < deadline => thread::sleep(IN_USE_RETRY),
            opened => return opened,
        }
    }
}

/// Says whose a fresh ledger is, and checks whose another one is.
fn claim(dir: &Path, db: &sled::Db, identity: &str) -> Result<(), Unusable> {
    match db.get(IDENTITY_KEY).map_err(|error| unusable(dir, error))? {
        None if db.is_empty() => {
            let claimed = db.insert(IDENTITY_KEY, identity.as_bytes()).and_then(|_| db.flush());
            claimed.map(|_| ()).map_err(|error| unusable(dir, error))
        }
        found => owned(found.as_deref(), identity),
    }
}

/// A ledger belongs to one keeper and one log; one of another was copied here.
fn owned(found: Option<&[u8]>, identity: &str) -> Result<(), Unusable> {
    match found {
        Some(found) if found == identity.as_bytes() => Ok(()),
        Some(found) => {
            let found = String::from_utf8_lossy(found).into_owned();
            Err(Unusable::Damaged(format!("it belongs to {found}, not to {identity}")))
        }
        None => Err(Unusable::Damaged("it does not say whose it is".into())),
    }
}

fn unusable(dir: &Path, error: sled::Error) -> Unusable {
    match error {
        sled::Error::Io(error) if in_use(&error) => Unusable::Refused(StoreError::InUse(dir.into())),
        sled::Error::Io(source) if refused(source.kind()) => {
            Unusable::Refused(StoreError::Folder { action: "use", path: dir.into(), source })
        }
        error => Unusable::Damaged(error.to_string()),
    }
}

/// sled wraps the failed lock into an error of kind `Other`.
fn in_use(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

const fn refused(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem)
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it panicked without a message").chars().take(300).collect()
}

/// Disks of tests that are full.
#[cfg(test)]
pub(crate) mod full {
    use std::{
        collections::BTreeSet,
        io,
        path::{Path, PathBuf},
        sync::Mutex,
    };

    static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

    /// Nothing can be written below a folder, until there is room again.
    pub(crate) fn fill(folder: &Path) {
        FOLDERS.lock().unwrap().insert(folder.into());
    }

    /// There is room again.
    pub(crate) fn free(folder: &Path) {
        FOLDERS.lock().unwrap().remove(folder);
    }

    pub(super) fn is(path: &Path) -> bool {
        FOLDERS.lock().unwrap().iter().any(|folder| path.starts_with(folder))
    }

    pub(super) fn error() -> sled::Error {
        sled::Error::Io(io::ErrorKind::StorageFull.into())
    }
}
