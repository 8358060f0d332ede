//! A position kept in a small file. Losing it costs reading again, never a repeat: what follows is idempotent.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::SupervisionError;

/// The file.
#[derive(Debug)]
pub(crate) struct PositionFile {
    path: PathBuf,
}

impl PositionFile {
    /// The file of this name in a folder, which is made.
    pub(crate) fn new(folder: &Path, name: &str) -> Result<Self, SupervisionError> {
        let file = Self { path: folder.join(name) };
        std::fs::create_dir_all(folder).map_err(|source| file.error(source))?;
        Ok(file)
    }

    /// The position; 0 where there is none, or none that can be read.
    pub(crate) fn read(&self) -> u64 {
        std::fs::read_to_string(&self.path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Keeps a position, in one step.
    pub(crate) fn write(&self, seq: u64) -> Result<(), SupervisionError> {
        let partial = self.path.with_extension("partial");
        std::fs::write(&partial, seq.to_string())
            .and_then(|()| std::fs::rename(&partial, &self.path))
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: std::io::Error) -> SupervisionError {
        SupervisionError::File { path: self.path.display().to_string(), source: Arc::new(source) }
    }
}
