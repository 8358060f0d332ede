//! The file behind the views: one writer, some readers, a version.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use tokio::sync::watch;

/// Version of the tables. Raise it with every change to them or to what a projection writes.
const SCHEMA_VERSION: i64 = 5;
const SCHEMA: &str = include_str!("schema.sql");
/// Memory of the writer for pages. Rows of many accounts come mixed: with less, most pages are read and written twice.
const CACHE_KIB: u32 = 32 * 1024;
/// Pages of the write-ahead file before they are copied over; each page that was written often meanwhile is copied once.
const CHECKPOINT_PAGES: u32 = 8_000;
/// Connections kept for reading.
const READERS_MAX: usize = 4;

/// A view that cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The file cannot be opened; deleting it costs a rebuild, never data.
    #[error("cannot open the read views at {path}: make the folder writable, or delete the file to rebuild it")]
    Open {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file of another version cannot be removed.
    #[error("cannot remove the outdated read views at {path}: delete the file")]
    Remove {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A statement failed.
    #[error("the read views cannot be used")]
    Sql(#[from] rusqlite::Error),
    /// A row does not hold what this version writes.
    #[error("a row of the read views cannot be read")]
    Row(#[from] serde_json::Error),
    /// The thread that reads ended.
    #[error("a read of the views was interrupted")]
    Interrupted,
}

/// The views. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    position: watch::Sender<u64>,
}

impl Views {
    /// Opens the views, dropping a file of another version.
    ///
    /// # Errors
    /// A folder that cannot be written, or a file that is no database and cannot be removed.
    pub fn open(path: &Path) -> Result<Self, ViewsError> {
        let writer = match open_version(path) {
            Ok(Some(connection)) => connection,
            Ok(None) => create(path)?,
            Err(e) => {
                tracing::warn!(path = %path.display(), error = %e, "the read views are damaged and are built again");
                create(path)?
            }
        };
        let position = position(&writer, "log")?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: Mutex::new(writer),
                readers: Mutex::default(),
                position: watch::Sender::new(position),
            }),
        })
    }

    /// The position of the log the views have reached: a stream sequence.
    pub fn position(&self) -> u64 {
        *self.inner.position.borrow()
    }

    /// Tells each time the views have moved.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.position.subscribe()
    }

    /// Writes something and a position in one transaction, then tells those who wait. On the caller's thread.
    pub(crate) fn write<T>(
        &self,
        stream: &str,
        seq: u64,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ViewsError>,
    ) -> Result<T, ViewsError> {
        let mut writer = lock(&self.inner.writer);
        let transaction = writer.transaction()?;
        let done = work(&transaction)?;
        set_meta(&transaction, stream, &seq.to_string())?;
        transaction.commit()?;
        drop(writer);
        if stream == "log" {
            self.inner.position.send_replace(seq);
        } else {
            self.inner.position.send_modify(|_| {});
        }
        Ok(done)
    }

    /// The position of a stream, 0 before the first message.
    pub(crate) fn position_of(&self, stream: &str) -> Result<u64, ViewsError> {
        position(&lock(&self.inner.writer), stream)
    }

    /// Hash of the message at the position of a stream, by which another stream is told.
    pub(crate) fn hash_of(&self, stream: &str) -> Result<String, ViewsError> {
        Ok(meta(&lock(&self.inner.writer), &format!("{stream}.hash"))?.unwrap_or_default())
    }

    /// Keeps the hash of the message at the position that is written with it.
    pub(crate) fn set_hash(transaction: &Transaction<'_>, stream: &str, hash: &str) -> Result<(), ViewsError> {
        set_meta(transaction, &format!("{stream}.hash"), hash)
    }

    /// Empties the views and starts from the beginning, where the log is another one than they were made of.
    pub(crate) fn reset(&self) -> Result<(), ViewsError> {
        let mut writer = lock(&self.inner.writer);
        let transaction = writer.transaction()?;
        let tables: Vec<String> = transaction
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for table in tables {
            transaction.execute(&format!("DELETE FROM \"{table}\""), [])?;
        }
        transaction.commit()?;
        drop(writer);
        self.inner.position.send_replace(0);
        Ok(())
    }

    /// Reads on a thread where blocking is allowed.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, ViewsError> {
        let views = self.clone();
        tokio::task::spawn_blocking(move || views.read_here(work)).await.map_err(|_| ViewsError::Interrupted)?
    }

    fn read_here<T>(&self, work: impl FnOnce(&Connection) -> Result<T, ViewsError>) -> Result<T, ViewsError> {
        let kept = lock(&self.inner.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => reader(&self.inner.path)?,
        };
        let done = work(&connection);
        let mut readers = lock(&self.inner.readers);
        if readers.len() < READERS_MAX {
            readers.push(connection);
        }
        drop(readers);
        done
    }
}

/// A panic in one statement must not make all later pages fail: the connection itself is still sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn position(connection: &Connection, stream: &str) -> Result<u64, ViewsError> {
    Ok(meta(connection, stream)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn meta(connection: &Connection, key: &str) -> Result<Option<String>, ViewsError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

fn set_meta(transaction: &Transaction<'_>, key: &str, value: &str) -> Result<(), ViewsError> {
    transaction
        .prepare_cached("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
        .execute(params![key, value])?;
    Ok(())
}

/// The file as it is, where it has this version.
fn open_version(path: &Path) -> Result<Option<Connection>, ViewsError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((version == SCHEMA_VERSION).then_some(connection))
}

fn create(path: &Path) -> Result<Connection, ViewsError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let file = PathBuf::from(file);
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ViewsError::Remove { path: file, source }),
        }
    }
    let connection = connect(path)?;
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, ViewsError> {
    let open = |source| ViewsError::Open { path: path.to_owned(), source };
    let connection = Connection::open(path).map_err(open)?;
    // The log is the truth: a view that lags behind it after a power cut only projects again.
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{CACHE_KIB}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
        ))
        .map_err(open)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn reader(path: &Path) -> Result<Connection, ViewsError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|source| ViewsError::Open { path: path.to_owned(), source })?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_moves_with_the_rows_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.sqlite");
        let views = Views::open(&path).unwrap();
        let account = "INSERT INTO accounts (account) VALUES ('a')";
        views.write("log", 7, |t| Ok(t.execute(account, [])?)).unwrap();
        assert!(views.write("log", 8, |t| Ok(t.execute(account, [])?)).is_err());
        drop(views);
        let views = Views::open(&path).unwrap();
        assert_eq!(views.position(), 7);
    }

    #[test]
    fn another_version_or_garbage_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.sqlite");
        let views = Views::open(&path).unwrap();
        views.write("log", 7, |_| Ok(())).unwrap();
        drop(views);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(Views::open(&path).unwrap().position(), 0);
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("views.sqlite{suffix}")));
        }
        std::fs::write(&path, b"this is no database, and long enough to be looked at as one").unwrap();
        assert_eq!(Views::open(&path).unwrap().position(), 0);
    }

    #[tokio::test]
    async fn a_reset_empties_every_table() {
        let folder = tempfile::tempdir().unwrap();
        let views = Views::open(&folder.path().join("v.sqlite")).unwrap();
        views.write("log", 7, |t| Ok(t.execute("INSERT INTO accounts (account) VALUES ('a')", [])?)).unwrap();
        views.reset().unwrap();
        let count: i64 =
            views.read(|c| Ok(c.query_row("SELECT count(*) FROM accounts", [], |r| r.get(0))?)).await.unwrap();
        assert_eq!((count, views.position()), (0, 0));
    }
}
