//! The bus under test, and small tools of the suite.

use std::time::Duration;

use bus::{Bus, MemoryBus, Packed, Reader, Role, Stored};
use bus_schema::{Kind, TurnId, batch::decode_index, batch::slice, subject::Stream};
use testkit::nats::TestServer;

/// Long enough for a machine under load; every wait ends as soon as its condition holds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A provisioned bus.
pub(crate) struct Bench {
    pub(crate) memory: Option<MemoryBus>,
    pub(crate) server: Option<TestServer>,
}

impl Bench {
    pub(crate) fn memory() -> Self {
        Self { memory: Some(MemoryBus::new()), server: None }
    }

    pub(crate) async fn nats() -> Self {
        let server = TestServer::start().await.unwrap_or_else(|e| panic!("{e}"));
        Self { memory: None, server: Some(server) }
    }

    /// A connection as a role; the memory twin knows no roles.
    pub(crate) async fn bus(&self, role: Role) -> Bus {
        match (&self.memory, &self.server) {
            (Some(memory), _) => memory.clone().into(),
            (None, Some(server)) => server.bus(role).await.unwrap(),
            (None, None) => unreachable!("a bench has one bus"),
        }
    }
}

pub(crate) fn turn(seq: u64) -> TurnId {
    TurnId { seq, index: 0, ordinal: 0 }
}

pub(crate) fn event(n: u64) -> Packed {
    Packed { kind: Kind::ClockTicked, entity_hash: 7, json: format!("{{\"n\":{n}}}").into_bytes() }
}

/// Reads until this many messages are there.
pub(crate) async fn read(reader: &mut Reader, count: usize) -> Vec<Stored> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut found = Vec::new();
    while found.len() < count {
        assert!(tokio::time::Instant::now() < deadline, "{} of {count} messages came", found.len());
        if let Ok(more) = reader.next(count - found.len(), Duration::from_millis(200)).await {
            found.extend(more);
        }
    }
    found
}

/// Every event of a stream, in order, as its number.
pub(crate) async fn said(bus: &Bus, subject: &str) -> Vec<u64> {
    let state = bus.state(Stream::Log).await.unwrap();
    let mut numbers = Vec::new();
    for seq in state.first_seq..=state.last_seq {
        let stored = bus.get(Stream::Log, seq).await.unwrap().unwrap();
        if stored.subject != subject {
            continue;
        }
        let index = decode_index(stored.headers.index().unwrap()).unwrap();
        for at in 0..index.len() {
            let json = std::str::from_utf8(slice(&stored.body, &index, at).unwrap()).unwrap();
            numbers.push(json.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap());
        }
    }
    numbers
}
