use std::{collections::BTreeMap, time::Instant};

use bus_schema::{Entity, Kind, Partition, Time};
use serde_json::json;

use super::restart::nothing_twice;
use crate::{
    RuntimeError,
    testing::{accounts, config, memory, playbook, policies, policy, released, start, tick, told, whole_log, write},
};

const P0: Partition = Partition(0);
const P1: Partition = Partition(1);

fn here(partition: Partition) -> String {
    accounts(partition).next().unwrap()
}

#[tokio::test]
async fn what_one_agent_says_another_hears_in_whatever_partition() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    write(&bus, P1, &policies()).await;
    let runtime = start(config(dir.path()), &bus).await;
    let there = here(P1);
    let last = write(&bus, P0, &[told(&here(P0), 1, "count"), told(&here(P0), 2, &format!("to {there}"))]).await;
    let reached = runtime.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    let log = whole_log(&bus).await;
    let said: Vec<_> = log.iter().skip(3).map(|(_, subject, _)| subject.as_str()).collect();
    assert!(said.contains(&"cs.log.00.puppet.00") && said.contains(&"cs.log.01.puppet.00"), "{said:?}");
    assert!(said.contains(&"cs.log.00.listener.00"), "{said:?}");
    for (partition, last) in reached {
        let own = log.iter().filter(|(_, subject, _)| subject.starts_with(&format!("cs.log.{partition}.")));
        assert_eq!(own.map(|(seq, ..)| *seq).max(), Some(last), "idle means that all there is was applied");
        assert_eq!(runtime.applied(partition), Some(last));
    }
    let heard = runtime.state("listener", &Entity::parse(&here(P0)).unwrap()).await.unwrap().unwrap();
    assert_eq!(heard["heard"], json!(2));
    assert_eq!(runtime.state("puppet", &Entity::parse(&there).unwrap()).await.unwrap(), None);
    runtime.stop().await;
}

#[tokio::test]
async fn status_tells_where_every_fold_is() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    let runtime = start(config(dir.path()), &bus).await;
    let entity = here(P0);
    let log = [told(&entity, 1, "after 100 x"), told(&entity, 2, "panic"), told(&entity, 3, "count")];
    let last = write(&bus, P0, &log).await;
    let reached = runtime.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    let status = runtime.status().await;
    let fold = status.folds.iter().find(|fold| fold.agent == "puppet" && fold.partition == P0).unwrap();
    assert_eq!((fold.applied, fold.lag, fold.timers, fold.next_due), (reached[&P0], 0, 1, None));
    assert_eq!((fold.turns, fold.turns_failed, fold.turns_skipped, fold.rebuilds), (2, 1, 1, 0));
    assert_eq!(fold.skipped, [Entity::parse(&entity).unwrap()]);
    assert!(fold.last_error.as_ref().unwrap().contains("told to"));
    assert!(runtime.is_ready(0) && status.failure.is_none());
    assert_eq!(status.last_in_stream, Some(reached[&P0]));
    runtime.stop().await;
}

#[tokio::test]
async fn a_turn_that_fails_costs_one_way_back_and_nothing_is_said_twice() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    let settings = crate::Config { checkpoint_events: 40, ..config(dir.path()) };
    let runtime = start(settings, &bus).await;
    let names: Vec<_> = accounts(P0).take(3).collect();
    let mut last = 0;
    for n in 0..100_i64 {
        let command = if n % 9 == 8 { "panic" } else { "after 3 touch" };
        let entity = &names[usize::try_from(n).unwrap() % names.len()];
        let events = [told(entity, n, "count"), told(entity, n, command), released(entity, n), tick(n)];
        last = write(&bus, P0, &events).await;
    }
    runtime.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    let status = runtime.status().await;
    let fold = status.folds.iter().find(|fold| fold.agent == "puppet" && fold.partition == P0).unwrap();
    assert_eq!((fold.turns_failed, fold.rebuilds, fold.turns_skipped), (11, 0, 0));
    assert!(fold.turns >= 200, "{}", fold.turns);
    let verified = runtime.verify().await.unwrap();
    assert!(verified.iter().all(|one| one.equal), "{verified:?}");
    nothing_twice(&bus).await;
    runtime.stop().await;
}

#[tokio::test]
async fn a_process_is_ready_when_it_has_folded_what_was_there_at_its_start() {
    let (dir, (memory, bus)) = (tempfile::tempdir().unwrap(), memory());
    let mut last = write(&bus, P0, &policies()).await;
    for n in 0..300 {
        last = write(&bus, P0, &[told(&here(P0), n, "count")]).await;
    }
    let runtime = start(config(dir.path()), &bus).await;
    // Nothing has run since: this test has one thread and did not wait.
    assert!(runtime.applied(P0).unwrap() < last && !runtime.is_ready(1_000_000));
    runtime.wait_applied(&BTreeMap::from([(P0, last)])).await.unwrap();
    assert!(runtime.is_ready(1_000_000));
    memory.set_away(true);
    assert!(!runtime.is_ready(1_000_000));
}

#[tokio::test]
async fn the_earliest_timer_is_known_by_agent() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    for partition in [P0, P1] {
        write(&bus, partition, &policies()).await;
    }
    let runtime = start(config(dir.path()), &bus).await;
    let first = write(&bus, P0, &[told(&here(P0), 1, "after 50 x")]).await;
    let last = write(&bus, P1, &[told(&here(P1), 1, "after 30 y")]).await;
    runtime.idle(&BTreeMap::from([(P0, first), (P1, last)])).await.unwrap();
    assert_eq!(runtime.next_due(), BTreeMap::from([("puppet", Time(31))]));
    let last = write(&bus, P1, &[tick(40)]).await;
    runtime.idle(&BTreeMap::from([(P1, last)])).await.unwrap();
    assert_eq!(runtime.next_due(), BTreeMap::from([("puppet", Time(51))]));
    runtime.stop().await;
}

#[tokio::test]
async fn a_halted_partition_says_why_and_nobody_waits_for_it_for_ever() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let runtime = start(config(dir.path()), &bus).await;
    let last = write(&bus, P0, &[told(&here(P0), 1, "count")]).await;
    let error = runtime.wait_applied(&BTreeMap::from([(P0, last)])).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Failed { partition: P0, .. }), "{error}");
    assert!(matches!(&*runtime.failed().await, RuntimeError::Halt { partition: P0, .. }));
    let failure = runtime.status().await.failure.unwrap();
    assert!(failure.contains("puppet has no policy in partition 00"), "{failure}");
    assert!(!runtime.is_ready(100));
    runtime.stop().await;
}

#[tokio::test]
async fn a_bug_of_an_agent_halts_before_anything_of_its_turn_is_said() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    let runtime = start(config(dir.path()), &bus).await;
    write(&bus, P0, &[told(&here(P0), 1, "forbid")]).await;
    let error = runtime.failed().await;
    assert!(crate::partition::with_causes(&*error).contains(Kind::TurnReleased.name()));
    assert_eq!(whole_log(&bus).await.len(), 2);
}

#[tokio::test]
async fn a_barrier_costs_little() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let all: Vec<_> = (0..16).map(Partition).collect();
    for partition in &all {
        write(&bus, *partition, &policies()).await;
    }
    let settings = crate::Config { partitions: Some(all.clone()), ..config(dir.path()) };
    let runtime = start(settings, &bus).await;
    let rounds = 100_u32;
    let began = Instant::now();
    for round in 0..rounds {
        let mut written = BTreeMap::new();
        for partition in &all {
            let events = [told(&here(*partition), i64::from(round), "count"), tick(i64::from(round))];
            written.insert(*partition, write(&bus, *partition, &events).await);
        }
        runtime.idle(&written).await.unwrap();
    }
    let each = began.elapsed() / rounds;
    println!("a barrier over 16 partitions and 2 agents took {each:?}");
    let turns: u64 = runtime.status().await.folds.iter().map(|fold| fold.turns).sum();
    assert_eq!(turns, 2 * 16 * u64::from(rounds), "every event and what came of it was folded before the next round");
    runtime.stop().await;
}

#[tokio::test]
async fn an_agent_is_built_again_beside_the_others() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    write(&bus, P0, &policies()).await;
    let runtime = start(config(dir.path()), &bus).await;
    let log =
        [playbook("save", 1, "good"), policy("puppet", 2, "step = 2"), told(&here(P0), 1, "after 5 touch"), tick(9)];
    let last = write(&bus, P0, &log).await;
    runtime.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    let (before, said) = (runtime.digest(None).await.unwrap(), whole_log(&bus).await);
    runtime.rebuild("puppet").await.unwrap();
    assert_eq!(runtime.digest(None).await.unwrap(), before);
    runtime.idle(&BTreeMap::new()).await.unwrap();
    assert_eq!(whole_log(&bus).await, said, "what was said is not said again");
    let status = runtime.status().await;
    let rebuilds = |agent| status.folds.iter().find(|fold| fold.agent == agent).unwrap().rebuilds;
    assert_eq!((rebuilds("puppet"), rebuilds("listener")), (1, 0));
    let last = write(&bus, P0, &[told(&here(P0), 20, "count")]).await;
    runtime.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    assert!(whole_log(&bus).await.len() > said.len() + 1, "and it goes on speaking");
    let error = runtime.rebuild("nobody").await.unwrap_err();
    assert!(matches!(error, RuntimeError::NoAgent(name) if name == "nobody"));
    runtime.stop().await;
}

#[tokio::test]
async fn a_second_process_takes_over_and_the_first_ends() {
    let (dirs, (_, bus)) = ((tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()), memory());
    write(&bus, P0, &policies()).await;
    let first = start(config(dirs.0.path()), &bus).await;
    let last = write(&bus, P0, &[told(&here(P0), 1, "count")]).await;
    first.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    let second = start(config(dirs.1.path()), &bus).await;
    let last = write(&bus, P0, &[told(&here(P0), 2, "count")]).await;
    second.idle(&BTreeMap::from([(P0, last)])).await.unwrap();
    write(&bus, P0, &[told(&here(P0), 3, "count")]).await;
    let error = crate::partition::with_causes(&*second_or_first(&first, &second).await);
    assert!(error.contains("taken over"), "{error}");
    assert!(second.failure().is_none());
    let said = whole_log(&bus).await;
    let bodies: std::collections::BTreeSet<_> = said.iter().map(|(_, subject, body)| (subject, body)).collect();
    assert_eq!(bodies.len(), said.len(), "nothing was said twice");
    second.stop().await;
}

/// What stopped the first; it finds out with its next word, at the latest when it checkpoints.
async fn second_or_first(first: &crate::Runtime, second: &crate::Runtime) -> std::sync::Arc<RuntimeError> {
    tokio::select! {
        error = first.failed() => error,
        error = second.failed() => error,
        error = async { first.idle(&BTreeMap::from([(P0, u64::MAX)])).await.unwrap_err() } => error.into(),
    }
}
