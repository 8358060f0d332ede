//! The end of two streams is lost on a real server: nothing starts on them until an operator accepts it, then all goes on.

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        time::Duration,
    };

    use bus::{Bus, Message, Packed, Role};
    use bus_schema::{
        Batch, Data, Entity, Envelope, Event, Header, Kind, Partition, Partitions, Time,
        batch::HEADER_INDEX,
        data::{action::ClockMode, people::DecisionUndone, words::Label},
        door::Door,
        subject::{self, Stream},
    };
    use runtime::store::Disk;
    use supervision::{Clock, Copied, Copies, Router, RouterConfig, RouterHandle, SupervisionError, shortened};
    use testkit::nats::TestServer;

    const PARTS: Partitions = Partitions(16);
    const PATIENCE: Duration = Duration::from_mins(1);
    /// The folders of the server's store that are put back.
    const OLDER: [&str; 2] = ["BUS/streams/IN", "OUT/streams/PEOPLE"];

    struct Rig {
        server: TestServer,
        log: Bus,
        out: Bus,
    }

    impl Rig {
        async fn start() -> Self {
            let server = TestServer::start().await.unwrap();
            let (log, out) = (server.bus(Role::Admin).await.unwrap(), server.bus(Role::AdminOut).await.unwrap());
            Self { server, log, out }
        }

        /// Does something to the store while no server runs.
        async fn while_it_is_down(&mut self, run: impl FnOnce(&Path)) {
            self.log.close().await;
            self.out.close().await;
            self.server.stop().await;
            run(self.server.data());
            self.server.restart().await.unwrap();
            self.log = self.server.bus(Role::Admin).await.unwrap();
            self.out = self.server.bus(Role::AdminOut).await.unwrap();
        }

        async fn tick(&self, at: i64) {
            Clock::new(self.log.clone(), PARTS).tick(Time(at), ClockMode::Event).await.unwrap();
        }

        async fn undo(&self, id: &str) -> u64 {
            let proposal = Label::new("p1").unwrap();
            let header = Header {
                source: "console".into(),
                id: id.into(),
                entity: Entity::account("acme"),
                time: Time(1),
                logtime: Time(0),
                actor: None,
                contact: None,
                correlation: None,
                causation: None,
                stage: None,
                segment: None,
                late: false,
            };
            let event = Event { header, data: Data::DecisionUndone(DecisionUndone { proposal }) };
            let mut batch = Batch::new();
            let json = serde_json::to_vec(&Envelope::of(&event, None)).unwrap();
            batch.push_raw(event.kind(), event.header.entity.hash(), &json);
            let (body, index) = batch.finish();
            let message = Message::new(subject::people_proposal(Partition(3), "p1"), body);
            self.out.publish(message.with_header(HEADER_INDEX, index), None).await.unwrap()
        }

        async fn router(&self) -> Result<RouterHandle, SupervisionError> {
            let config = RouterConfig {
                bus: self.log.clone(),
                partitions: PARTS,
                door: Door::new([7; 32]),
                disk: Disk::Machine,
                state_dir: self.server.data().join("router"),
                quarantine_dir: self.server.data().join("quarantine"),
            };
            Ok(Router::open(config).await?.spawn())
        }

        async fn copies(&self) -> Result<Copies, SupervisionError> {
            Copies::start(Copied::People, self.out.clone(), self.log.clone(), PARTS).await
        }

        /// Routes and copies all that is there.
        async fn go_on(&self) {
            let (router, copies) = (self.router().await.unwrap(), self.copies().await.unwrap());
            let ends = (self.end(Stream::In).await, self.end(Stream::People).await);
            tokio::time::timeout(PATIENCE, router.wait_routed(ends.0)).await.expect("routing is slow").unwrap();
            tokio::time::timeout(PATIENCE, copies.wait(ends.1)).await.expect("copying is slow").unwrap();
            router.stop().await;
            copies.stop().await;
        }

        async fn end(&self, stream: Stream) -> u64 {
            let bus = if stream == Stream::In { &self.log } else { &self.out };
            bus.state(stream).await.unwrap().last_seq
        }

        /// What the log holds on subjects, by kind.
        async fn logged(&self, subjects: &str, kind: Kind) -> usize {
            let end = self.log.state(Stream::Log).await.unwrap().last_seq;
            let mut reader = self.log.reader(Stream::Log, "eyes", &[subjects.into()], 1).await.unwrap();
            let (mut found, mut at) = (0, 0);
            while at < end {
                let batch = reader.next(256, Duration::from_millis(200)).await.unwrap();
                let Some(last) = batch.last() else { break };
                at = last.seq;
                let events = batch.iter().flat_map(|stored| Packed::unpack(stored).unwrap());
                found += events.filter(|event| event.kind == kind).count();
            }
            found
        }
    }

    fn store(data: &Path, stream: &str) -> PathBuf {
        data.join("nats").join("jetstream").join(stream)
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
            if entry.is_dir() {
                copy(&entry, &to.join(name));
            } else {
                fs::copy(&entry, to.join(name)).unwrap();
            }
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stream_whose_end_is_lost_goes_on_when_an_operator_accepts_it() {
        let mut rig = Rig::start().await;
        rig.tick(1_772_355_600_000).await;
        rig.undo("one").await;
        rig.while_it_is_down(|data| OLDER.iter().for_each(|name| copy(&store(data, name), &data.join(name)))).await;
        rig.tick(1_772_359_200_000).await;
        for id in ["two", "three", "four"] {
            rig.undo(id).await;
        }
        rig.go_on().await;
        assert_eq!(shortened(&rig.log, &rig.out, PARTS).await.unwrap(), []);
        assert_eq!((rig.end(Stream::In).await, rig.end(Stream::People).await), (32, 4));

        rig.while_it_is_down(|data| {
            for name in OLDER {
                fs::remove_dir_all(store(data, name)).unwrap();
                copy(&data.join(name), &store(data, name));
            }
        })
        .await;
        let refused = [rig.router().await.map(drop), rig.copies().await.map(drop)];
        for (refused, cure) in refused.into_iter().zip(["mainstay bus accept IN", "mainstay bus accept PEOPLE"]) {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(cure), "{error}");
        }
        let short = shortened(&rig.log, &rig.out, PARTS).await.unwrap();
        let told: Vec<_> = short.iter().map(|short| (short.stream, short.found, short.seen)).collect();
        assert_eq!(told, [(Stream::In, 16, 32), (Stream::People, 1, 4)]);

        short[0].accept(&rig.log).await.unwrap();
        short[1].accept(&rig.out).await.unwrap();
        assert_eq!(shortened(&rig.log, &rig.out, PARTS).await.unwrap(), []);
        // Again, as after a command that was cut off.
        short[0].accept(&rig.log).await.unwrap();
        assert_eq!((rig.end(Stream::In).await, rig.end(Stream::People).await), (32, 4));
        rig.tick(1_772_362_800_000).await;
        rig.undo("five").await;
        rig.go_on().await;
        let ticks = rig.logged("cs.log.*.in", Kind::ClockTicked).await;
        let undone = rig.logged("cs.log.03.people", Kind::DecisionUndone).await;
        assert_eq!((ticks, undone), (3 * 16, 5), "each once, the later ones behind the loss");
        let dead = rig.log.state(Stream::Dead).await.unwrap().messages;
        assert_eq!(dead, 0, "what fills a stream is no event");
    }
}
