//! The supervisor's shell on a real nats-server that is killed under it.

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bus::{Bus, Message, Packed, Role};
    use bus_schema::{
        Actor, ActorKind, Batch, Entity, Envelope, Kind, Partitions, Time,
        data::facts::ClockMode,
        door::Door,
        subject::{self, Stream},
    };
    use supervision::{Clock, Copied, Copies, Router, RouterConfig, RouterHandle, Rule, RuleKind, publish_first};
    use testkit::nats::TestServer;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn login(entity: &Entity, id: usize) -> String {
        format!(
            r#"{{"specversion":"1.0","type":"user.logged_in","source":"crm","id":"{id}","subject":"{entity}","time":"2026-03-01T08:59:00Z","data":{{"user":"ana"}}}}"#
        )
    }

    async fn router(server: &TestServer, folder: &std::path::Path) -> RouterHandle {
        let config = RouterConfig {
            bus: server.bus(Role::Router).await.unwrap(),
            partitions: Partitions::default(),
            door: Door::new([1; 32]),
            disk: runtime::store::Disk::Machine,
            state_dir: folder.join("state"),
            quarantine_dir: folder.join("quarantine"),
        };
        Router::open(config).await.unwrap().spawn()
    }

    /// Publishes until it is acknowledged, as a gateway does.
    async fn put(bus: &Bus, message: Message) {
        let begun = Instant::now();
        while bus.publish(message.clone(), None).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "the bus did not come back");
        }
    }

    async fn rest(bus: &Bus, router: &RouterHandle) {
        let end = bus.state(Stream::In).await.unwrap().last_seq;
        tokio::time::timeout(PATIENCE, router.wait_routed(end)).await.expect("the router is too slow").unwrap();
    }

    async fn log(bus: &Bus, subject: String) -> Vec<Envelope> {
        let mut reader = bus.reader(Stream::Log, "eyes", std::slice::from_ref(&subject), 1).await.unwrap();
        let last = bus.last(Stream::Log, &subject).await.unwrap().map_or(0, |stored| stored.seq);
        let mut found = Vec::new();
        let mut at = 0;
        while at < last {
            for stored in reader.next(100, Duration::from_secs(1)).await.unwrap() {
                at = stored.seq;
                let packed = Packed::unpack(&stored).unwrap();
                found.extend(packed.iter().map(|packed| serde_json::from_slice::<Envelope>(&packed.json).unwrap()));
            }
        }
        found
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everything_acknowledged_is_in_the_log_once_though_server_and_router_are_killed() {
        let mut server = TestServer::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let gateway = server.bus(Role::Gateway).await.unwrap();
        let acme = Entity::account("acme & söhne 💡");
        let p = Partitions::default().of(&acme);
        let mut running = router(&server, folder.path()).await;
        for id in 0..120 {
            if id % 2 == 0 {
                // Straight from a producer: the server finds the partition.
                put(&gateway, Message::new(subject::event(&acme), login(&acme, id).into_bytes())).await;
            } else {
                let mut batch = Batch::new();
                batch.push_code(0, 0, login(&acme, id).as_bytes());
                let (body, index) = batch.finish();
                put(&gateway, Message::new(subject::in_batch(p), body).with_header("Ms-Index", index)).await;
            }
            if id == 40 {
                server.restart().await.unwrap();
            }
            if id == 80 {
                drop(running);
                running = router(&server, folder.path()).await;
            }
        }
        let bus = server.bus(Role::Console).await.unwrap();
        rest(&bus, &running).await;
        let ids: Vec<String> = log(&bus, subject::log_in(p)).await.into_iter().map(|envelope| envelope.id).collect();
        let expected: Vec<String> = (0..120).map(|id| id.to_string()).collect();
        assert_eq!(ids, expected);
        assert_eq!(bus.state(Stream::Dead).await.unwrap().last_seq, 0);
        running.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rules_are_copied_to_every_partition_before_the_first_tick_and_once() {
        let server = TestServer::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (out, gate) = (server.bus(Role::GateOut).await.unwrap(), server.bus(Role::Gate).await.unwrap());
        let rule = Rule { kind: RuleKind::Policy, name: "health".into(), text: "x = 1".into() };
        let actor = Actor { kind: ActorKind::Install, id: "0.1.0".into() };
        for _ in 0..2 {
            let seq = publish_first(&out, std::slice::from_ref(&rule), &actor, Time(1_772_355_600_000)).await.unwrap();
            let people = Copies::start(Copied::People, out.clone(), gate.clone(), Partitions::default()).await.unwrap();
            tokio::time::timeout(PATIENCE, people.wait(seq)).await.expect("copying is too slow").unwrap();
            people.stop().await;
        }
        let running = router(&server, folder.path()).await;
        let bus = server.bus(Role::Router).await.unwrap();
        let clock = Clock::new(bus.clone(), Partitions::default());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        clock.tick(Time(i64::try_from(now.as_millis()).unwrap()), ClockMode::Live).await.unwrap();
        rest(&bus, &running).await;
        for p in Partitions::default().all() {
            let people = log(&bus, subject::log_people(p)).await;
            assert_eq!(people.len(), 1, "partition {p}");
            assert_eq!(people[0].kind().unwrap(), Kind::PolicyPublished);
            assert_eq!(people[0].actor.as_deref(), Some("install/0.1.0"));
            let ticks = log(&bus, subject::log_in(p)).await;
            assert_eq!(ticks.iter().map(|tick| tick.kind().unwrap()).collect::<Vec<_>>(), [Kind::ClockTicked]);
        }
        running.stop().await;
    }
}
