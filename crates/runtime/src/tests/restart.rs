use std::{collections::BTreeMap, path::Path, time::Duration};

use bus::{Bus, Message};
use bus_schema::{Event, Partition, subject::Stream};

use crate::{
    Config, Runtime,
    testing::{accounts, config, memory, playbook, policies, policy, released, start, tick, told, whole_log, write},
};

const P0: Partition = Partition(0);
const P1: Partition = Partition(1);

/// Everything a partition can meet, some messages with more than one event.
pub(super) fn story(partition: Partition) -> Vec<Vec<Event>> {
    let names: Vec<_> = accounts(partition).take(5).collect();
    let elsewhere = accounts(if partition == P0 { P1 } else { P0 }).next().unwrap();
    let to = format!("to {elsewhere}");
    let commands = ["count", "after 30 chain", "touch", &to, "after 15 touch", "panic"];
    let mut story = vec![policies(), vec![playbook("save", 2, "good")]];
    for n in 0..40_usize {
        let time = i64::try_from(n).unwrap() * 10;
        story.push(match n {
            10 => vec![policy("puppet", 2, "step = 3")],
            25 => vec![released(&names[4], time), released(&names[0], time)],
            n if n % 4 == 3 => vec![tick(time)],
            n => vec![told(&names[n % 5], time, commands[n % 6]), told(&names[1], time, "count")],
        });
    }
    story
}

/// Writes the story into both partitions; answers the last positions.
pub(super) async fn tell(bus: &Bus, from: usize, until: usize) -> BTreeMap<Partition, u64> {
    let mut written = BTreeMap::new();
    for partition in [P0, P1] {
        for events in story(partition).iter().take(until).skip(from) {
            written.insert(partition, write(bus, partition, events).await);
        }
    }
    written
}

pub(super) async fn equal(runtime: &Runtime) {
    let verified = runtime.verify().await.unwrap();
    assert_eq!(verified.len(), 4);
    for one in verified {
        assert!(one.equal && one.position > 0, "{one:?}");
    }
}

/// Ends a runtime as a killed process would end: no checkpoint, no farewell.
pub(super) fn kill(runtime: Runtime) {
    drop(runtime);
}

fn eager(data: &Path) -> Config {
    Config { checkpoint_events: 7, checkpoint_every: Duration::from_millis(20), ..config(data) }
}

/// The facts in the log by their ids, in order; ids would repeat if something had been said twice.
async fn fact_ids(bus: &Bus) -> Vec<String> {
    let mut ids = Vec::new();
    for (_, subject, body) in whole_log(bus).await {
        if bus_schema::subject::log_writer(&subject) != Some("in") {
            let events: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
            ids.extend(events.iter().map(|event| format!("{subject} {}", event["id"])));
        }
    }
    ids
}

pub(super) async fn nothing_twice(bus: &Bus) -> usize {
    let ids = fact_ids(bus).await;
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    ids.len()
}

#[tokio::test]
async fn a_stopped_process_goes_on_where_it_was() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let written = tell(&bus, 0, 20).await;
    let runtime = start(config(dir.path()), &bus).await;
    runtime.idle(&written).await.unwrap();
    let before = runtime.digest(None).await.unwrap();
    runtime.stop().await;
    let runtime = start(config(dir.path()), &bus).await;
    let turns: u64 = runtime.status().await.folds.iter().map(|fold| fold.turns).sum();
    assert_eq!((runtime.digest(None).await.unwrap(), turns), (before, 0), "nothing is folded again");
    let written = tell(&bus, 20, 100).await;
    runtime.idle(&written).await.unwrap();
    equal(&runtime).await;
    nothing_twice(&bus).await;
    runtime.stop().await;
}

#[tokio::test]
async fn a_process_killed_at_any_moment_says_nothing_twice_and_nothing_less() {
    let (whole_dir, (_, whole)) = (tempfile::tempdir().unwrap(), memory());
    let written = tell(&whole, 0, 100).await;
    let runtime = start(config(whole_dir.path()), &whole).await;
    runtime.idle(&written).await.unwrap();
    let expected = runtime.digest(None).await.unwrap().len();
    let said = nothing_twice(&whole).await;
    runtime.stop().await;
    for pieces in [2, 3, 7, 13] {
        let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
        for piece in 0..pieces {
            let written = tell(&bus, piece * 42 / pieces, (piece + 1) * 42 / pieces).await;
            let runtime = start(eager(dir.path()), &bus).await;
            if piece % 2 == 0 {
                runtime.idle(&written).await.unwrap();
            } else {
                // Killed in the middle, wherever that is.
                runtime.wait_applied(&written).await.unwrap();
            }
            kill(runtime);
        }
        let runtime = start(eager(dir.path()), &bus).await;
        let state = bus.state(Stream::Log).await.unwrap();
        assert!(state.last_seq > 0);
        runtime.idle(&last_positions(&bus).await).await.unwrap();
        equal(&runtime).await;
        assert_eq!(runtime.digest(None).await.unwrap().len(), expected);
        // Facts interleave differently, so they are compared by number.
        assert_eq!(nothing_twice(&bus).await, said, "in {pieces} pieces");
        runtime.stop().await;
    }
}

async fn last_positions(bus: &Bus) -> BTreeMap<Partition, u64> {
    let mut last = BTreeMap::new();
    for (seq, subject, _) in whole_log(bus).await {
        if let Some(partition) = bus_schema::subject::partition_of(&subject) {
            last.insert(partition, seq);
        }
    }
    last
}

#[tokio::test]
async fn states_of_a_log_that_was_put_back_are_folded_again() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let written = tell(&bus, 0, 30).await;
    let runtime = start(config(dir.path()), &bus).await;
    runtime.idle(&written).await.unwrap();
    runtime.stop().await;
    let info = bus.log_info().await.unwrap();
    for (shorter, what) in [(20, "is not there"), (45, "is not the one")] {
        // The same log, so says its id; but it ends before, or says something else at the position.
        let older: Bus = {
            let (memory, bus) = memory();
            let again = bus::Provisioning { log_id: Some(info.id.clone()), ..Default::default() };
            bus.provision(&again).await.unwrap();
            drop(memory);
            bus
        };
        let copied: Vec<_> = whole_log(&bus).await.into_iter().take(shorter).collect();
        for (seq, ..) in copied {
            let stored = bus.get(Stream::Log, seq).await.unwrap().unwrap();
            let (subject, headers) = (stored.subject, stored.headers);
            older.publish(Message { subject, headers, body: stored.body }, None).await.unwrap();
        }
        while older.state(Stream::Log).await.unwrap().last_seq < bus.state(Stream::Log).await.unwrap().last_seq + 5
            && shorter == 45
        {
            write(&older, P0, &[told(&accounts(P0).next().unwrap(), 999, "count")]).await;
            write(&older, P1, &[told(&accounts(P1).next().unwrap(), 999, "count")]).await;
        }
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let runtime = start(config(copy.path()), &older).await;
        let rebuilds: u64 = runtime.status().await.folds.iter().map(|fold| fold.rebuilds).sum();
        assert!(rebuilds >= 2, "{what}: {rebuilds} folds were begun afresh");
        runtime.idle(&last_positions(&older).await).await.unwrap();
        equal(&runtime).await;
        runtime.stop().await;
    }
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn no_checkpoint_is_ahead_of_what_is_acknowledged() {
    let (dir, (memory, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    let settings = Config { checkpoint_every: Duration::from_millis(5), ..config(dir.path()) };
    let runtime = start(settings.clone(), &bus).await;
    runtime.idle(&BTreeMap::from([(P0, 1)])).await.unwrap();
    // The facts of the next message never arrive, however often they are sent.
    for _ in 0..1000 {
        memory.fail_next("cs.log.00.puppet.00", bus::memory::Fault::LoseMessage);
    }
    let last = write(&bus, P0, &[told(&accounts(P0).next().unwrap(), 1, "count")]).await;
    runtime.wait_applied(&BTreeMap::from([(P0, last)])).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let status = runtime.status().await;
        let fold = status.folds.iter().find(|fold| fold.agent == "puppet" && fold.partition == P0).unwrap();
        assert!(fold.checkpoint < last, "{fold:?}");
        if fold.checkpoint_waits {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "no checkpoint was tried");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    kill(runtime);
}

#[tokio::test]
async fn the_bus_may_go_away_and_come_back() {
    let (dir, (memory, bus)) = (tempfile::tempdir().unwrap(), memory());
    let mut written = tell(&bus, 0, 20).await;
    let runtime = start(eager(dir.path()), &bus).await;
    runtime.wait_applied(&written).await.unwrap();
    memory.set_away(true);
    assert!(!runtime.is_ready(1_000_000));
    memory.set_away(false);
    written.append(&mut tell(&bus, 20, 100).await);
    runtime.idle(&written).await.unwrap();
    equal(&runtime).await;
    nothing_twice(&bus).await;
    runtime.stop().await;
}
