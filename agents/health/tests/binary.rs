//! The separate binary beside a real nats-server: it folds, speaks, shows itself, and stops when it is told to.

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
        process::{Child, Command, ExitStatus, Stdio},
        time::Duration,
    };

    use agent::Agent as _;
    use bus::{Bus, Message, Role};
    use bus_schema::{
        Batch, Data, Entity, Envelope, Event, Header, Kind, Partitions, Time, batch::HEADER_INDEX, subject,
    };
    use health::Health;
    use testkit::nats::{TestServer, free_ports};
    use tokio::time::{Instant, sleep};

    const ACCOUNT: &str = "account/acme";
    const PATIENCE: Duration = Duration::from_secs(30);

    struct Process {
        child: Child,
        port: u16,
    }

    impl Process {
        fn start(server: &TestServer, port: u16) -> Self {
            let child = Command::new(env!("CARGO_BIN_EXE_mainstay-health"))
                .env("MAINSTAY_DATA", server.data())
                .env("MAINSTAY_NATS_URL", server.url())
                .env("MAINSTAY_AGENT", format!("127.0.0.1:{port}"))
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            Self { child, port }
        }

        /// The whole answer; nothing while nobody answers.
        fn get(&self, path: &str) -> Option<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            Some(answer)
        }

        /// Asks until the answer is the wanted one.
        async fn until(&self, path: &str, wanted: impl Fn(&str) -> bool) -> String {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let answer = self.get(path).unwrap_or_default();
                if wanted(&answer) {
                    return answer;
                }
                assert!(Instant::now() < deadline, "{path} answers {answer:?}");
                sleep(Duration::from_millis(20)).await;
            }
        }

        /// Sends SIGTERM and waits for the end.
        async fn terminate(mut self) -> ExitStatus {
            let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
            assert!(told.success());
            let deadline = Instant::now() + PATIENCE;
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                assert!(Instant::now() < deadline, "it does not end");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }

    fn event(at: &str, kind: Kind, data: &str) -> Event {
        let time = Time::parse(at).unwrap();
        let header = Header {
            source: "test".into(),
            id: format!("{kind}@{at}"),
            entity: Entity::parse(ACCOUNT).unwrap(),
            time,
            logtime: time,
            actor: None,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        Event { header, data: Data::from_json(kind, data).unwrap() }
    }

    async fn write(bus: &Bus, events: &[Event]) {
        let partition = Partitions::default().of(&Entity::parse(ACCOUNT).unwrap());
        let mut batch = Batch::new();
        for event in events {
            let json = serde_json::to_vec(&Envelope::of(event, None)).unwrap();
            batch.push_raw(event.kind(), event.header.entity.hash(), &json);
        }
        let (body, index) = batch.finish();
        let message = Message::new(subject::log_in(partition), body).with_header(HEADER_INDEX, index);
        bus.publish(message, None).await.unwrap();
    }

    /// What health said of the account last, once it did.
    async fn said(bus: &Bus, after: u64) -> (u64, String) {
        let partition = Partitions::default().of(&Entity::parse(ACCOUNT).unwrap());
        let subject = subject::log_fact(partition, Health::NAME, partition);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = bus.last(subject::Stream::Log, &subject).await.unwrap().filter(|stored| stored.seq > after);
            if let Some(stored) = last {
                return (stored.seq, String::from_utf8(stored.body.to_vec()).unwrap());
            }
            assert!(Instant::now() < deadline, "health says nothing");
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn tick(at: &str) -> Event {
        event(at, Kind::ClockTicked, r#"{"mode":"live"}"#)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_binary_folds_speaks_and_goes_on_after_a_restart() {
        let server = TestServer::start().await.unwrap();
        let bus = server.bus(Role::Router).await.unwrap();
        let [port] = free_ports().unwrap();
        let policy = serde_json::json!({ "name": "health", "version": 1, "text": Health::DEFAULT_POLICY }).to_string();
        let used = r#"{"day":"2026-01-05","active_users":80,"quantity":400}"#;
        // Too young to tell its segment of itself: that would be said in another partition.
        let created = r#"{"kind":"customer","started_on":"2026-01-01","licensed_seats":100}"#;
        write(
            &bus,
            &[
                event("2026-01-05T08:00:00Z", Kind::PolicyPublished, &policy),
                event("2026-01-05T09:00:00Z", Kind::AccountCreated, created),
                event("2026-01-05T10:00:00Z", Kind::UsageAggregated, used),
                tick("2026-01-06T23:59:00Z"),
            ],
        )
        .await;

        let process = Process::start(&server, port);
        let (first, body) = said(&bus, 0).await;
        assert!(body.contains("health.scored"), "{body}");
        process.until("/readyz", |answer| answer.starts_with("HTTP/1.1 200")).await;
        let shown = process.until("/metrics", |answer| answer.contains("mainstay_facts_total")).await;
        assert!(shown.contains("agent=\"health\""), "{shown}");
        let status = process.terminate().await;
        assert!(status.success(), "{status}");

        write(&bus, &[tick("2026-01-07T23:59:00Z")]).await;
        let process = Process::start(&server, port);
        let (_, body) = said(&bus, first).await;
        assert!(body.contains("health.scored"), "{body}");
        // Created, used and the first day's timers were folded before: only what came since makes turns.
        let shown = process.until("/status", |answer| answer.contains("\"turns\":1")).await;
        assert!(!shown.contains("\"rebuilds\":1"), "{shown}");
        assert!(process.terminate().await.success());
    }

    #[test]
    fn without_its_key_it_ends_and_names_the_file() {
        let data = std::env::temp_dir().join(format!("mainstay-health-{}", std::process::id()));
        let [port, nobody] = free_ports().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_mainstay-health"))
            .env("MAINSTAY_DATA", &data)
            .env("MAINSTAY_NATS_URL", format!("nats://127.0.0.1:{nobody}"))
            .env("MAINSTAY_AGENT", format!("127.0.0.1:{port}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("health.nk"), "{said}");
    }
}
