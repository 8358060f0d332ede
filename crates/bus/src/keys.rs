//! The keys of the roles: one nkey each, in files only their owner can read.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use nkeys::KeyPair;

use crate::Role;

/// The nkeys of the roles, from `<dir>/<role>.nk`.
#[derive(Clone)]
pub struct BusKeys {
    dir: PathBuf,
    keys: BTreeMap<Role, Key>,
}

#[derive(Clone)]
struct Key {
    seed: String,
    public: String,
}

/// Keys that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file or folder cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds no user seed.
    #[error("{} holds no nkey user seed (a line that begins with SU); restore it, or remove it to have one made", .0.display())]
    Seed(PathBuf),
    /// A key was not found.
    #[error("there is no key for role {role}: expected {}", path.display())]
    Missing {
        /// The role.
        role: Role,
        /// Where it should be.
        path: PathBuf,
    },
    /// A key cannot be made.
    #[error("cannot make an nkey: {0}")]
    Make(String),
}

impl BusKeys {
    /// Loads the keys of all roles and makes those that are missing; the folder gets mode 0700, files 0600.
    ///
    /// # Errors
    /// A folder or file that cannot be read, written or understood.
    pub fn load_or_create(dir: &Path) -> Result<Self, KeyError> {
        create_private_dir(dir).map_err(|source| KeyError::File { action: "create", path: dir.into(), source })?;
        let mut found = Self::load(dir)?;
        for role in Role::ALL {
            if found.keys.contains_key(&role) {
                continue;
            }
            let pair = KeyPair::new_user();
            let seed = pair.seed().map_err(|e| KeyError::Make(e.to_string()))?;
            let path = key_path(dir, role);
            write_private(&path, &seed).map_err(|source| KeyError::File { action: "write", path, source })?;
            found.keys.insert(role, Key { seed, public: pair.public_key() });
        }
        Ok(found)
    }

    /// Loads the keys that are there; a part of the system that runs apart has only its own.
    ///
    /// # Errors
    /// A file that cannot be read or holds no seed.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        let mut keys = BTreeMap::new();
        for role in Role::ALL {
            let path = key_path(dir, role);
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(KeyError::File { action: "read", path, source }),
            };
            let seed = text.trim().to_owned();
            let pair = KeyPair::from_seed(&seed).map_err(|_| KeyError::Seed(path.clone()))?;
            let public = pair.public_key();
            if !public.starts_with('U') {
                return Err(KeyError::Seed(path));
            }
            keys.insert(role, Key { seed, public });
        }
        Ok(Self { dir: dir.into(), keys })
    }

    /// The secret seed of a role.
    ///
    /// # Errors
    /// The role's key was not found; names the file.
    pub fn seed(&self, role: Role) -> Result<&str, KeyError> {
        self.keys.get(&role).map(|key| key.seed.as_str()).ok_or_else(|| self.missing(role))
    }

    /// The public key of a role: what the server's configuration names.
    ///
    /// # Errors
    /// The role's key was not found; names the file.
    pub fn public(&self, role: Role) -> Result<&str, KeyError> {
        self.keys.get(&role).map(|key| key.public.as_str()).ok_or_else(|| self.missing(role))
    }

    fn missing(&self, role: Role) -> KeyError {
        KeyError::Missing { role, path: key_path(&self.dir, role) }
    }
}

impl fmt::Debug for BusKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusKeys").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn key_path(dir: &Path, role: Role) -> PathBuf {
    dir.join(format!("{role}.nk"))
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes beside and renames, so that a crash never leaves half a key.
fn write_private(path: &Path, seed: &str) -> io::Result<()> {
    let beside = path.with_extension("nk.part");
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    io::Write::write_all(&mut file, format!("{seed}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let keys = BusKeys::load_or_create(&dir.path().join("keys")).unwrap();
        let again = BusKeys::load_or_create(&dir.path().join("keys")).unwrap();
        for role in Role::ALL {
            assert_eq!(keys.seed(role).unwrap(), again.seed(role).unwrap());
            assert!(keys.public(role).unwrap().starts_with('U'));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(dir.path().join("keys")), 0o700);
            assert_eq!(mode(dir.path().join("keys/health.nk")), 0o600);
        }
        let shown = format!("{keys:?}");
        assert!(!shown.contains(keys.seed(Role::Admin).unwrap()), "{shown}");
    }

    #[test]
    fn a_damaged_or_missing_key_names_its_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("courier.nk"), "not a seed").unwrap();
        let error = BusKeys::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("courier.nk"), "{error}");
        fs::remove_file(dir.path().join("courier.nk")).unwrap();
        let error = BusKeys::load(dir.path()).unwrap().seed(Role::Courier).unwrap_err().to_string();
        assert!(error.contains("courier.nk"), "{error}");
    }
}
