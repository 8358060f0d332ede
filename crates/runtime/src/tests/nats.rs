//! The same on a real nats-server, as users of its accounts.

use std::{collections::BTreeMap, time::Duration};

use bus::{Bus, Role};
use bus_schema::Partition;
use testkit::nats::TestServer;

use super::restart::{equal, kill, nothing_twice, tell};
use crate::{
    Config, Member, Runtime,
    testing::{Listener, Puppet, config},
};

/// Connections as in a real process: one to read, one for each agent.
async fn connect(server: &TestServer) -> (Bus, Vec<Member>) {
    let puppet = Member::of::<Puppet>(server.bus(Role::Agent("health")).await.unwrap());
    let listener = Member::of::<Listener>(server.bus(Role::Agent("churn")).await.unwrap());
    (server.bus(Role::Router).await.unwrap(), vec![puppet, listener])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_and_a_killed_server_lose_nothing_and_repeat_nothing() {
    let mut server = TestServer::start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let settings = Config { checkpoint_events: 15, checkpoint_every: Duration::from_millis(50), ..config(dir.path()) };
    let (bus, members) = connect(&server).await;
    let runtime = Runtime::start(settings.clone(), bus.clone(), members.clone()).await.unwrap();
    let written = tell(&bus, 0, 14).await;
    runtime.idle(&written).await.unwrap();
    let written = tell(&bus, 14, 28).await;
    runtime.wait_applied(&written).await.unwrap();
    kill(runtime);

    let runtime = Runtime::start(settings.clone(), bus.clone(), members.clone()).await.unwrap();
    runtime.idle(&written).await.unwrap();
    server.restart().await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !bus.is_connected() {
        assert!(tokio::time::Instant::now() < deadline, "the connection does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let written = tell(&bus, 28, 100).await;
    let reached = tokio::time::timeout(Duration::from_mins(1), runtime.idle(&written)).await.unwrap().unwrap();
    equal(&runtime).await;
    nothing_twice(&bus).await;
    let digests = runtime.digest(None).await.unwrap();
    runtime.stop().await;

    let empty = tempfile::tempdir().unwrap();
    let settings = Config { data: empty.path().into(), ..settings };
    let runtime = Runtime::start(settings, bus.clone(), members).await.unwrap();
    let there: BTreeMap<Partition, u64> = reached;
    runtime.idle(&there).await.unwrap();
    assert_eq!(runtime.digest(None).await.unwrap(), digests, "without the folder it folds to the same");
    nothing_twice(&bus).await;
    runtime.stop().await;
}
