//! The separate supervisor beside a real nats-server: it waits for its policy, ticks, routes, judges, and stops when it
//! is told to.

#[cfg(test)]
mod tests {
    use std::{
        process::{Child, Command, ExitStatus, Stdio},
        time::Duration,
    };

    use agent::Agent as _;
    use bus::{Bus, Message, Role};
    use bus_schema::{
        Actor, ActorKind, Entity, Partitions, Time,
        subject::{self, Stream},
    };
    use supervision::{Rule, RuleKind, publish_first};
    use supervisor::Supervisor;
    use testkit::nats::{TestServer, free_ports};
    use tokio::time::{Instant, sleep};

    const PATIENCE: Duration = Duration::from_secs(30);
    const KEY: &str = "0101010101010101010101010101010101010101010101010101010101010101";

    struct Process(Child);

    impl Process {
        fn start(server: &TestServer, port: u16) -> Self {
            let child = Command::new(env!("CARGO_BIN_EXE_mainstay-supervisor"))
                .env("MAINSTAY_DATA", server.data())
                .env("MAINSTAY_NATS_URL", server.url())
                .env("MAINSTAY_AGENT", format!("127.0.0.1:{port}"))
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            Self(child)
        }

        /// Sends SIGTERM and waits for the end.
        async fn terminate(mut self) -> ExitStatus {
            let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
            assert!(told.success());
            let deadline = Instant::now() + PATIENCE;
            loop {
                if let Some(status) = self.0.try_wait().unwrap() {
                    return status;
                }
                assert!(Instant::now() < deadline, "it does not end");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }

    /// Waits until the last message of a subject of the log says something.
    async fn said(bus: &Bus, subject: &str, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = bus.last(Stream::Log, subject).await.unwrap();
            let text = last.map(|stored| String::from_utf8_lossy(&stored.body).into_owned()).unwrap_or_default();
            if text.contains(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "{subject} does not say {wanted} but {text}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn keys(server: &TestServer) {
        let folder = server.data().join("keys");
        for name in ["tenant.key", "unsubscribe.key"] {
            std::fs::write(folder.join(name), KEY).unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_binary_ticks_routes_and_judges_once_it_has_its_policy() {
        let server = TestServer::start().await.unwrap();
        keys(&server);
        let (bus, out) = (server.bus(Role::Gateway).await.unwrap(), server.bus(Role::GateOut).await.unwrap());
        let [port] = free_ports().unwrap();
        let process = Process::start(&server, port);
        let acme = Entity::account("acme");
        let p = Partitions::default().of(&acme);
        let created = r#"{"specversion":"1.0","type":"account.created","source":"crm","id":"1","subject":"account/acme","time":"2026-03-01T08:59:00Z","data":{"kind":"customer","started_on":"2025-06-01","licensed_seats":60}}"#;
        bus.publish(Message::new(subject::event(&acme), created), None).await.unwrap();
        let policy =
            Rule { kind: RuleKind::Policy, name: "supervisor".into(), text: Supervisor::DEFAULT_POLICY.into() };
        let actor = Actor { kind: ActorKind::Install, id: "test".into() };
        publish_first(&out, &[policy], &actor, Time(1_772_355_600_000)).await.unwrap();
        said(&bus, &subject::log_in(p), "clock.ticked").await;
        said(&bus, &subject::log_fact(p, "supervisor", p), "mid_market").await;
        let status = process.terminate().await;
        assert!(status.success(), "{status}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_a_key_it_ends_and_names_the_file() {
        let server = TestServer::start().await.unwrap();
        let [port] = free_ports().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_mainstay-supervisor"))
            .env("MAINSTAY_DATA", server.data())
            .env("MAINSTAY_NATS_URL", server.url())
            .env("MAINSTAY_AGENT", format!("127.0.0.1:{port}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("unsubscribe.key"), "{said}");
    }
}
