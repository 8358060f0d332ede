//! Messages as files, for local use and for logs on event time.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::transport::{Attempt, Letter};

/// Writes `<outbox>/<proposal>.eml`: the whole message, or no file of that name.
pub(crate) async fn write(outbox: &Path, letter: &Letter) -> Attempt {
    let folder = outbox.to_path_buf();
    let (proposal, bytes) = (letter.proposal.clone(), letter.bytes.clone());
    match tokio::task::spawn_blocking(move || store(&folder, &proposal, &bytes)).await {
        Ok(Ok(())) => Attempt::Sent("written to the outbox".into()),
        Ok(Err(error)) => Attempt::Refused {
            text: format!("cannot write to {}: {error}; make the folder writable", outbox.display()),
            later: true,
        },
        Err(_) => Attempt::Doubt("the task that writes the file ended early"),
    }
}

fn store(folder: &Path, proposal: &str, bytes: &[u8]) -> io::Result<()> {
    // The name comes from the bus; it must stay in the folder.
    if !is_file_name(proposal) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the proposal id is no file name"));
    }
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{proposal}.part"));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(format!("{proposal}.eml")))
}

/// Whether a proposal's id can name a file, and no other place.
pub(crate) fn is_file_name(proposal: &str) -> bool {
    !proposal.is_empty() && proposal.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
