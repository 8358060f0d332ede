//! A position kept in a small file, with the hash of the message there. Losing it costs reading again, never a repeat:
//! what follows is idempotent.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bus::{Bus, BusError, MessageHash};
use bus_schema::subject::Stream;
use runtime::store::Disk;

use crate::SupervisionError;

/// The file.
#[derive(Debug)]
pub(crate) struct PositionFile {
    disk: Disk,
    path: PathBuf,
}

impl PositionFile {
    /// The file of this name in a folder, which is made.
    pub(crate) fn new(disk: &Disk, folder: &Path, name: &str) -> Result<Self, SupervisionError> {
        let file = Self { disk: disk.clone(), path: folder.join(name) };
        match disk {
            Disk::Machine => std::fs::create_dir_all(folder).map_err(|source| file.error(source))?,
            Disk::Memory(_) => {}
        }
        Ok(file)
    }

    /// The position, if the stream still has the message it names; 0 where there is none, or none that can be read.
    pub(crate) async fn read(&self, bus: &Bus, stream: Stream) -> Result<u64, BusError> {
        let text = match &self.disk {
            Disk::Machine => std::fs::read_to_string(&self.path).ok(),
            Disk::Memory(disk) => disk.file(&self.path).and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        let text = text.unwrap_or_default();
        let Some((seq, hash)) = text.trim().split_once(' ') else { return Ok(0) };
        let Ok(seq) = seq.parse::<u64>() else { return Ok(0) };
        let there = bus.get(stream, seq).await?;
        Ok(if there.is_some_and(|stored| stored.hash().to_string() == hash) { seq } else { 0 })
    }

    /// Keeps a position, in one step.
    pub(crate) fn write(&self, seq: u64, hash: MessageHash) -> Result<(), SupervisionError> {
        let text = format!("{seq} {hash}");
        match &self.disk {
            Disk::Machine => {
                let partial = self.path.with_extension("partial");
                std::fs::write(&partial, text)
                    .and_then(|()| std::fs::rename(&partial, &self.path))
                    .map_err(|source| self.error(source))
            }
            Disk::Memory(disk) => {
                disk.set_file(&self.path, text.into_bytes());
                Ok(())
            }
        }
    }

    fn error(&self, source: std::io::Error) -> SupervisionError {
        SupervisionError::File { path: self.path.display().to_string(), source: Arc::new(source) }
    }
}
