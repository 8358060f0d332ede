use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use bus::Bus;

use super::restart::{copy_dir, equal, kill, tell};
use crate::{
    Config, Runtime,
    store::{Disk, Ledger, StoreError, Writes, full},
    testing::{config, memory, start, whole_log},
};

/// A log, and the folder of a process that folded it all and stopped.
async fn finished() -> (tempfile::TempDir, Bus, Vec<crate::Digest>) {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let written = tell(&bus, 0, 100).await;
    let runtime = start(config(dir.path()), &bus).await;
    runtime.idle(&written).await.unwrap();
    let digests = runtime.digest(None).await.unwrap();
    runtime.stop().await;
    (dir, bus, digests)
}

/// Starts on a folder, waits until everything is folded, and compares with what it was.
async fn comes_back(data: &Path, bus: &Bus, digests: &[crate::Digest]) -> Runtime {
    let said = whole_log(bus).await;
    let runtime = start(config(data), bus).await;
    let there = digests.iter().map(|digest| (digest.partition, digest.position)).collect();
    runtime.idle(&there).await.unwrap();
    assert_eq!(runtime.digest(None).await.unwrap(), digests);
    assert_eq!(whole_log(bus).await, said, "nothing is said again");
    equal(&runtime).await;
    runtime
}

async fn rebuilds(runtime: &Runtime) -> u64 {
    runtime.status().await.folds.iter().map(|fold| fold.rebuilds).sum()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[tokio::test]
async fn states_that_were_removed_are_built_again() {
    let (dir, bus, digests) = finished().await;
    fs::remove_dir_all(dir.path().join("state/puppet")).unwrap();
    comes_back(dir.path(), &bus, &digests).await.stop().await;
}

#[tokio::test]
async fn states_put_back_from_an_older_copy_catch_up() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let written = tell(&bus, 0, 15).await;
    let runtime = start(config(dir.path()), &bus).await;
    runtime.idle(&written).await.unwrap();
    runtime.stop().await;
    let old = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), old.path());
    let written = tell(&bus, 15, 100).await;
    let runtime = start(config(dir.path()), &bus).await;
    runtime.idle(&written).await.unwrap();
    let digests = runtime.digest(None).await.unwrap();
    runtime.stop().await;
    let runtime = comes_back(old.path(), &bus, &digests).await;
    assert_eq!(rebuilds(&runtime).await, 0);
    runtime.stop().await;
}

#[tokio::test]
async fn states_of_another_agent_or_log_are_set_aside() {
    let (dir, bus, digests) = finished().await;
    let state = dir.path().join("state");
    fs::remove_dir_all(state.join("puppet")).unwrap();
    copy_dir(&state.join("listener"), &state.join("puppet"));
    comes_back(dir.path(), &bus, &digests).await.stop().await;
    let aside: Vec<_> = fs::read_dir(dir.path().join("quarantine")).unwrap().collect();
    assert_eq!(aside.len(), 1);
    let other = finished().await;
    fs::remove_dir_all(&state).unwrap();
    copy_dir(&other.0.path().join("state"), &state);
    comes_back(dir.path(), &bus, &digests).await.stop().await;
}

/// Waits until the folds of a process look so.
async fn until(runtime: &Runtime, what: &str, is_so: impl Fn(&crate::FoldStatus) -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let folds = runtime.status().await.folds;
        if folds.iter().all(&is_so) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "not {what}: {folds:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a fold complains about its store.
fn troubled(fold: &crate::FoldStatus) -> bool {
    fold.last_error.as_ref().is_some_and(|error| error.contains("the store at"))
}

/// A process whose disk was full while it folded, and has room again; `meanwhile` is done to its folder.
async fn after_a_full_disk(meanwhile: impl FnOnce(&Path)) -> (tempfile::TempDir, Bus, Runtime) {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let state = dir.path().join("state");
    let written = tell(&bus, 0, 40).await;
    let often = Config { checkpoint_every: Duration::from_millis(50), ..config(dir.path()) };
    let runtime = start(often, &bus).await;
    runtime.idle(&written).await.unwrap();
    until(&runtime, "checkpointed", |fold| fold.checkpoint == fold.applied).await;
    full::fill(&state);
    let written = tell(&bus, 40, 80).await;
    runtime.idle(&written).await.unwrap();
    until(&runtime, "said", troubled).await;
    meanwhile(&state);
    full::free(&state);
    until(&runtime, "checkpointed again", |fold| fold.checkpoint == fold.applied && !troubled(fold)).await;
    equal(&runtime).await;
    (dir, bus, runtime)
}

#[tokio::test]
async fn a_store_is_opened_again_when_its_disk_has_room_again() {
    let (dir, bus, runtime) = after_a_full_disk(|_| ()).await;
    assert_eq!(rebuilds(&runtime).await, 0);
    let digests = runtime.digest(None).await.unwrap();
    kill(runtime);
    let runtime = comes_back(dir.path(), &bus, &digests).await;
    assert_eq!(rebuilds(&runtime).await, 0, "what was checkpointed then is there");
    runtime.stop().await;
}

#[tokio::test]
async fn a_store_that_lost_its_rows_on_a_full_disk_is_built_again() {
    let (dir, bus, runtime) = after_a_full_disk(|state| fs::remove_dir_all(state.join("puppet")).unwrap()).await;
    assert_eq!(rebuilds(&runtime).await, 2, "both of its partitions");
    let digests = runtime.digest(None).await.unwrap();
    kill(runtime);
    comes_back(dir.path(), &bus, &digests).await.stop().await;
}

/// Whatever is done to the files: the process comes up, and its states are those of the log.
async fn damaged(damage: impl Fn(&Path, usize)) {
    let (dir, bus, digests) = finished().await;
    for round in 0..12 {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        for file in files(&copy.path().join("state")) {
            damage(&file, round);
        }
        kill(comes_back(copy.path(), &bus, &digests).await);
    }
}

#[tokio::test]
async fn flipped_bits_cost_a_refold() {
    damaged(|file, round| {
        let mut bytes = fs::read(file).unwrap();
        // Sparse enough to look like decay, dense enough to hit something that counts.
        let mut at = round * 37;
        while at < bytes.len() {
            bytes[at] ^= 1 << (round % 8);
            at += 401 + round * 97;
        }
        fs::write(file, bytes).unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_flipped_bit_costs_at_most_a_refold() {
    damaged(|file, round| {
        let mut bytes = fs::read(file).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        if let Some(byte) = bytes.get_mut(used * round / 12) {
            *byte ^= 4;
        }
        fs::write(file, bytes).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_cut_short_costs_a_refold() {
    damaged(|file, round| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() * round / 12]).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_state_changed_behind_our_back_is_found() {
    let (dir, bus, digests) = finished().await;
    // Changed with its sum, as no accident would: only a refold can find it.
    crate::store::plant(&dir.path().join("state/puppet"), digests[0].partition);
    let runtime = start(config(dir.path()), &bus).await;
    let verified = runtime.verify().await.unwrap();
    let different: Vec<_> = verified.iter().filter(|one| !one.equal).collect();
    assert_eq!(different.len(), 1);
    assert_eq!(different.iter().map(|one| (one.agent, one.partition)).next(), Some(("puppet", digests[0].partition)));
    runtime.rebuild("puppet").await.unwrap();
    equal(&runtime).await;
    runtime.stop().await;
}

#[tokio::test]
async fn a_piece_that_went_missing_is_found_by_the_sum() {
    let (dir, bus, digests) = finished().await;
    crate::store::lose_piece(&dir.path().join("state/puppet"), digests[0].partition);
    let runtime = comes_back(dir.path(), &bus, &digests).await;
    assert_eq!(rebuilds(&runtime).await, 1);
    runtime.stop().await;
}

#[test]
fn a_ledger_keeps_what_was_written_and_belongs_to_one_keeper() {
    let dir = tempfile::tempdir().unwrap();
    let (place, aside) = (dir.path().join("router"), dir.path().join("quarantine"));
    let ledger = Ledger::open(&Disk::Machine, &place, &aside, "router of log a").unwrap();
    let mut writes = Writes::new();
    for (key, value) in [("id/1", "a"), ("id/2", "b"), ("last", "9")] {
        writes.put(key, value);
    }
    ledger.write(writes).unwrap();
    let mut writes = Writes::new();
    writes.remove("id/1");
    writes.put("id/3", "c");
    ledger.write(writes).unwrap();
    drop(ledger);
    let ledger = Ledger::open(&Disk::Machine, &place, &aside, "router of log a").unwrap();
    assert_eq!(ledger.scan(b"id/").unwrap(), [(b"id/2".into(), b"b".into()), (b"id/3".into(), b"c".into())]);
    assert_eq!(ledger.get(b"last").unwrap(), Some(b"9".into()));
    assert!(!ledger.contains(b"id/1").unwrap());
    drop(ledger);
    let ledger = Ledger::open(&Disk::Machine, &place, &aside, "router of log b").unwrap();
    assert_eq!(ledger.scan(b"").unwrap().len(), 1, "only whose it is");
    assert_eq!(fs::read_dir(aside).unwrap().count(), 1);
}

#[test]
fn a_folder_in_use_or_without_rights_is_an_error_and_not_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (place, aside) = (dir.path().join("router"), dir.path().join("quarantine"));
    let _held = Ledger::open(&Disk::Machine, &place, &aside, "x").unwrap();
    let error = Ledger::open(&Disk::Machine, &place, &aside, "x").unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    fs::write(dir.path().join("file"), "x").unwrap();
    let error = Ledger::open(&Disk::Machine, &dir.path().join("file/below"), &aside, "x").unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error}");
    assert!(!aside.exists());
}
