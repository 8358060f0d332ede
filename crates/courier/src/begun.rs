//! What this courier has begun to send, remembered beside the bus.
//!
//! `ACTION` is the truth about what was sent, as long as it is the one that was written to. A bus that was replaced by an
//! older copy of its disk has forgotten intents whose mails are out. Invariant: an attempt begins only after a file in
//! the proposal's name is on the disk, and where that file was there before, nobody can say whether a mail is out.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Whether an attempt may begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Begin {
    /// It is the first one.
    First,
    /// One began before, of which the bus says nothing.
    Again,
}

/// Remembers that the attempt on a proposal begins; in a courier without such a folder every attempt is the first.
pub(crate) async fn begin(folder: Option<&Path>, proposal: &str) -> io::Result<Begin> {
    let Some(path) = file(folder, proposal)? else { return Ok(Begin::First) };
    tokio::task::spawn_blocking(move || remember(&path)).await.map_err(io::Error::other)?
}

/// Forgets an attempt that has certainly come to nothing.
pub(crate) async fn forget(folder: Option<&Path>, proposal: &str) {
    let Ok(Some(path)) = file(folder, proposal) else { return };
    if let Err(error) = tokio::fs::remove_file(&path).await {
        // It costs a doubt where the bus is replaced and the same message approved once more.
        tracing::warn!(courier.file = %path.display(), courier.error = %error, "cannot forget an attempt");
    }
}

/// The name comes from the bus; it must stay in the folder.
fn file(folder: Option<&Path>, proposal: &str) -> io::Result<Option<PathBuf>> {
    if !crate::eml::is_file_name(proposal) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the proposal id is no file name"));
    }
    Ok(folder.map(|folder| folder.join(proposal)))
}

fn remember(path: &Path) -> io::Result<Begin> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Begin::Again),
        Err(error) => return Err(error),
    }
    File::open(folder)?.sync_all()?;
    Ok(Begin::First)
}
