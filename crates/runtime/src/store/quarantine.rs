//! Moving a store aside, and not keeping what was set aside for ever.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::StoreError;

/// Most stores that are kept below `quarantine`, of all names together: the newest.
const KEPT_MAX: usize = 20;
/// Longest time that one is kept, in days.
const KEPT_DAYS_MAX: u64 = 30;

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
    // The one that comes is kept whatever the age of the others; they go first, so that there is room for it.
    thin_out(quarantine, now);
    fs::rename(dir, &to).map_err(|source| StoreError::Folder { action: "set aside", path: dir.into(), source })?;
    metrics::counter!("mainstay_state_rebuilds_total", "store" => name.clone()).increment(1);
    tracing::error!(store = name, store.moved_to = %to.display(), reason, "a store was set aside and is rebuilt from the log");
    Ok(())
}

/// Removes what is too old or too much below `quarantine`. What does not look like a store that was set aside stays.
fn thin_out(quarantine: &Path, now: u64) {
    let mut kept: Vec<((u64, u32), PathBuf)> = fs::read_dir(quarantine)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((set_aside_at(&entry.file_name().to_string_lossy())?, entry.path())))
        .collect();
    kept.sort_by(|one, other| other.cmp(one));
    for (place, ((seconds, _), path)) in kept.into_iter().enumerate() {
        let days = now.saturating_sub(seconds) / (24 * 60 * 60);
        if place + 1 < KEPT_MAX && days < KEPT_DAYS_MAX {
            continue;
        }
        match fs::remove_dir_all(&path) {
            Ok(()) => {
                tracing::info!(store.removed = %path.display(), store.days = days, "an old store that was set aside is removed");
            }
            // It only takes room; the next one that is set aside tries again.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, store.path = %path.display(), "cannot remove a store that was set aside");
            }
        }
    }
}

/// When a folder was set aside, as its name says: seconds, and its number among those of one second.
fn set_aside_at(name: &str) -> Option<(u64, u32)> {
    /// Seconds since 1970 have ten digits from 2001 on; a number of one second has fewer.
    const SECONDS_MIN: u64 = 1_000_000_000;
    let (front, last) = name.rsplit_once('-')?;
    let last: u64 = last.parse().ok()?;
    if last >= SECONDS_MIN {
        return (!front.is_empty()).then_some((last, 0));
    }
    let (front, seconds) = front.rsplit_once('-')?;
    let seconds = seconds.parse().ok().filter(|seconds| *seconds >= SECONDS_MIN)?;
    (!front.is_empty()).then_some((seconds, u32::try_from(last).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stores_are_kept_and_nothing_else_is_touched() {
        const DAY: u64 = 24 * 60 * 60;
        let folder = tempfile::tempdir().unwrap();
        let (store, quarantine) = (folder.path().join("health"), folder.path().join("quarantine"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let make = |name: String| fs::create_dir_all(quarantine.join(name).join("db")).unwrap();
        make(format!("churn-{}", now - 31 * DAY));
        make(format!("my-notes-{}", 7));
        make("kept by hand".into());
        fs::write(quarantine.join(format!("file-{}", now - 90 * DAY)), "x").unwrap();
        for n in 0..30 {
            make(format!("health-{}-{n}", now - 60));
        }
        fs::create_dir_all(store.join("db")).unwrap();
        set_aside(&store, &quarantine, "a test").unwrap();
        let mut names: Vec<String> =
            fs::read_dir(&quarantine).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let stores: Vec<&String> = names.iter().filter(|name| name.starts_with("health-")).collect();
        assert_eq!(stores.len(), KEPT_MAX, "{names:?}");
        assert!(stores.contains(&&format!("health-{}-29", now - 60)), "the newest of a second is kept");
        assert!(!stores.contains(&&format!("health-{}-3", now - 60)), "the oldest of a second goes");
        assert!(stores.iter().any(|name| set_aside_at(name).is_some_and(|(at, _)| at >= now)), "{names:?}");
        assert_eq!(names.len() - stores.len(), 3, "what is no store stays, the old store goes: {names:?}");
        assert!(!store.exists());
    }

    #[test]
    fn the_time_of_a_folder_is_in_its_name() {
        assert_eq!(set_aside_at("health-1772366400"), Some((1_772_366_400, 0)));
        assert_eq!(set_aside_at("health-1772366400-12"), Some((1_772_366_400, 12)));
        for name in ["health", "health-7", "-1772366400", "health-1772366400-x", "health-12-3", "1772366400"] {
            assert_eq!(set_aside_at(name), None, "{name}");
        }
    }
}
