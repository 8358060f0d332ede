//! The data folder: made, locked, and the small secrets in it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use rand::RngCore as _;

use crate::error::Error;

/// A data folder that this process alone uses.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held for as long as the folder is used.
    _lock: Arc<File>,
}

impl Folder {
    /// Makes the folder where it is missing, and locks it.
    ///
    /// # Errors
    /// A folder that cannot be written, or that another process uses.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Data { path: path.into(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        let path = path.canonicalize().map_err(fail)?;
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = lock.read_to_string(&mut text);
                return Err(Error::InUse { path, pid: text.trim().parse().unwrap_or(0) });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        lock.set_len(0).and_then(|()| lock.rewind()).map_err(fail)?;
        write!(lock, "{}", std::process::id()).map_err(fail)?;
        Ok(Self { path, _lock: Arc::new(lock) })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A key of 32 random bytes, made when it is first asked for.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that is no key.
    pub(crate) fn key(&self, name: &str) -> Result<[u8; 32], Error> {
        let path = self.path.join("keys").join(name);
        let text = self.secret(&path, || {
            let mut bytes = [0; 32];
            rand::rng().fill_bytes(&mut bytes);
            HEXLOWER.encode(&bytes)
        })?;
        let bytes = HEXLOWER.decode(text.trim().as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| Error::File {
            path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, "not 64 hexadecimal digits"),
        })
    }

    /// A word that is hard to guess, made when it is first asked for.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub(crate) fn word(&self, name: &str) -> Result<String, Error> {
        let path = self.path.join("keys").join(name);
        self.secret(&path, random_word).map(|text| text.trim().to_owned())
    }

    /// Writes a file only its owner can read, in one step.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        let fail = |source| Error::Data { path: path.clone(), source };
        let partial = self.path.join(format!("{name}.partial"));
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&partial).map_err(fail)?;
        file.write_all(text.as_bytes()).map_err(fail)?;
        std::fs::rename(&partial, &path).map_err(fail)
    }

    /// Removes a file; one that is not there is no matter.
    pub(crate) fn remove(&self, name: &str) {
        let _ = std::fs::remove_file(self.path.join(name));
    }

    fn secret(&self, path: &Path, make: impl FnOnce() -> String) -> Result<String, Error> {
        let fail = |source| Error::File { path: path.into(), source };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let folder = self.path.join("keys");
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fail)?;
                let text = make();
                let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(fail)?;
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
                Ok(text)
            }
            Err(error) => Err(fail(error)),
        }
    }
}

/// 26 random letters and digits.
pub(crate) fn random_word() -> String {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_user_and_keeps_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let folder = Folder::open(&path).unwrap();
        assert!(matches!(Folder::open(&path), Err(Error::InUse { pid, .. }) if pid == std::process::id()));
        let (key, word) = (folder.key("tenant.key").unwrap(), folder.word("write.key").unwrap());
        drop(folder);
        let again = Folder::open(&path).unwrap();
        assert_eq!((again.key("tenant.key").unwrap(), again.word("write.key").unwrap()), (key, word));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = Folder::open(&file.join("data")).unwrap_err().to_string();
        assert!(error.contains("file/data") && error.contains("--data"), "{error}");
    }
}
