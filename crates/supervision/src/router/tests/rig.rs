//! A memory bus with a clock of its own, a router on it, and eyes.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bus::{Bus, MemoryBus, Message, Packed, Stored};
use bus_schema::{
    Batch, Entity, Envelope, Partition, Partitions, Time,
    door::Door,
    subject::{self, Stream},
};
use tempfile::TempDir;

use crate::{
    HEADER_OWN,
    router::{HEADER_DEAD_CODE, Router, RouterConfig, RouterHandle},
};

/// 2026-03-01T09:00:00Z.
pub(super) const BEGIN: Time = Time(1_772_355_600_000);
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Rig {
    pub(super) memory: MemoryBus,
    pub(super) bus: Bus,
    pub(super) door: Door,
    clock: Arc<AtomicI64>,
    folder: TempDir,
}

impl Rig {
    pub(super) fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(BEGIN.0));
        let ticking = Arc::clone(&clock);
        let memory = MemoryBus::with_clock(move || Time(ticking.load(Ordering::SeqCst)));
        let bus = memory.clone().into();
        Self { memory, bus, door: Door::new([7; 32]), clock, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn now(&self) -> Time {
        Time(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(super) async fn open(&self) -> Result<Router, crate::SupervisionError> {
        self.open_at("state").await
    }

    pub(super) async fn open_at(&self, state: &str) -> Result<Router, crate::SupervisionError> {
        Router::open(RouterConfig {
            bus: self.bus.clone(),
            partitions: Partitions::default(),
            door: self.door.clone(),
            disk: runtime::store::Disk::Machine,
            state_dir: self.folder.path().join(state),
            quarantine_dir: self.folder.path().join("quarantine"),
        })
        .await
    }

    pub(super) async fn start(&self) -> RouterHandle {
        self.open().await.unwrap().spawn()
    }

    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(super) fn lose_state(&self) {
        std::fs::remove_dir_all(self.state_dir()).unwrap();
    }

    /// Puts one event on `IN`, as a gateway does.
    pub(super) async fn put(&self, entity: &str, json: &str) {
        let p = Partitions::default().of(&Entity::parse(entity).unwrap());
        self.batch(p, &[json], None).await;
    }

    /// Puts a batch on `IN`.
    pub(super) async fn batch(&self, p: Partition, events: &[&str], own: Option<&str>) {
        let mut batch = Batch::new();
        for json in events {
            let kind = serde_json::from_str::<Envelope>(json).ok().and_then(|e| e.kind().ok());
            batch.push_code(kind.map_or(0, bus_schema::Kind::code), 0, json.as_bytes());
        }
        let (body, index) = batch.finish();
        let mut message = Message::new(subject::in_batch(p), body).with_header("Ms-Index", index);
        if let Some(own) = own {
            message = message.with_header(HEADER_OWN, own);
        }
        self.bus.publish(message, None).await.unwrap();
    }

    /// Puts a single event on `IN`, as a producer does.
    pub(super) async fn single(&self, entity: &Entity, body: &str, headers: &[(&str, &str)]) {
        let mut message = Message::new(subject::event(entity), body.as_bytes().to_vec());
        for (name, value) in headers {
            message = message.with_header(name, *value);
        }
        self.bus.publish(message, None).await.unwrap();
    }

    /// Waits until everything on `IN` is routed, what the router itself put there included.
    pub(super) async fn rest(&self, router: &RouterHandle) {
        loop {
            let end = self.end(Stream::In).await;
            tokio::time::timeout(PATIENCE, router.wait_routed(end)).await.expect("the router is too slow").unwrap();
            if self.end(Stream::In).await == end {
                return;
            }
        }
    }

    pub(super) async fn end(&self, stream: Stream) -> u64 {
        self.bus.state(stream).await.unwrap().last_seq
    }

    pub(super) async fn all(&self, stream: Stream, filter: &str) -> Vec<Stored> {
        let filter = [filter.to_owned()];
        let mut reader = self.bus.reader(stream, "eyes", &filter, 1).await.unwrap();
        let mut all = Vec::new();
        loop {
            let more = reader.next(1_000, Duration::from_millis(20)).await.unwrap();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    /// The routed events of an entity's partition.
    pub(super) async fn log(&self, entity: &Entity) -> Vec<Envelope> {
        self.log_of(Partitions::default().of(entity)).await
    }

    pub(super) async fn log_of(&self, p: Partition) -> Vec<Envelope> {
        let stored = self.all(Stream::Log, &subject::log_in(p)).await;
        let packed = stored.iter().flat_map(|stored| Packed::unpack(stored).unwrap());
        packed.map(|packed| serde_json::from_slice(&packed.json).unwrap()).collect()
    }

    /// Subject and code of every dead letter.
    pub(super) async fn dead(&self) -> Vec<(String, String)> {
        let stored = self.all(Stream::Dead, "cs.dead.>").await;
        let code = |stored: &Stored| stored.headers.get(HEADER_DEAD_CODE).unwrap().to_owned();
        stored.iter().map(|stored| (stored.subject.clone(), code(stored))).collect()
    }
}

pub(super) fn login(entity: &str, source: &str, id: &str, user: &str) -> String {
    event(entity, source, id, "user.logged_in", &format!(r#"{{"user":"{user}"}}"#))
}

pub(super) fn event(entity: &str, source: &str, id: &str, kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","type":"{kind}","source":"{source}","id":"{id}","subject":"{entity}","time":"2026-03-01T08:59:00Z","data":{data}}}"#
    )
}
