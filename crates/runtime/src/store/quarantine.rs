//! Moving a store aside.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::StoreError;

/// Moves the folder below `quarantine`, as `<name>-<seconds since 1970>`, so that it can be looked at.
pub(super) fn set_aside(dir: &Path, quarantine: &Path, reason: &str) -> Result<(), StoreError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let make = |source| StoreError::Folder { action: "create", path: quarantine.into(), source };
    fs::create_dir_all(quarantine).map_err(make)?;
    // Two in one second get a number.
    let free = (0_u32..).map(|n| if n == 0 { format!("{name}-{now}") } else { format!("{name}-{now}-{n}") });
    let mut free = free.map(|name| quarantine.join(name)).filter(|path| !path.exists());
    let Some(to) = free.next() else { return Ok(()) };
    fs::rename(dir, &to).map_err(|source| StoreError::Folder { action: "set aside", path: dir.into(), source })?;
    metrics::counter!("mainstay_state_rebuilds_total", "store" => name.clone()).increment(1);
    tracing::error!(store = name, store.moved_to = %to.display(), reason, "a store was set aside and is rebuilt from the log");
    Ok(())
}
