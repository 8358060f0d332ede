//! A log in memory that a made-up company lives through.
//!
//! The product's own router, clock and runtime over the memory twins of bus and disk; which agents play is the caller's
//! choice. Nobody decides on anything and nothing is sent: what the agents say is all that comes out. Invariant: the
//! same world and the same agents give the same facts.

use std::{path::PathBuf, sync::Arc};

use agent::Agent;
use bus::{Bus, BusError, MemoryBus, Packed, Provisioning};
use bus_schema::{Actor, ActorKind, Entity, Event, Kind, Partitions, Time, door::Door, subject::Stream};
use futures_util::future::BoxFuture;
use reader::{DEFAULT_WORDS, LexiconReader, WordsError};
use runtime::{
    Config, Member, Runtime, RuntimeError,
    store::{Disk, MemoryDisk},
};
use supervision::{
    Clock, Copied, Copies, EventTime, Incoming, Quiesce, Router, RouterConfig, RouterHandle, Rule, RuleKind,
    SupervisionError, publish_first,
};
use world::{Happening, World};

/// The key of pseudonyms; nothing of a rehearsal leaves memory.
const TENANT_KEY: [u8; 32] = [7; 32];

/// A rehearsal that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The memory bus refuses.
    #[error("the bus in memory does not answer")]
    Bus(#[from] BusError),
    /// The words the door looks for cannot be read.
    #[error("the words of the door cannot be read")]
    Words(#[from] WordsError),
    /// The router, the clock or the copies stopped.
    #[error("the router in memory stopped")]
    Supervision(#[from] SupervisionError),
    /// The agents stopped.
    #[error("the agents stopped")]
    Runtime(#[from] Box<RuntimeError>),
}

/// An agent that plays, with its rules.
#[derive(Clone, Debug)]
pub struct Role {
    name: &'static str,
    policy: &'static str,
    member: fn(Bus) -> Member,
}

impl Role {
    /// An agent under its default policy.
    pub const fn of<A: Agent>() -> Self {
        Self { name: A::NAME, policy: A::DEFAULT_POLICY, member: Member::of::<A> }
    }
}

/// A log in memory, and who reads it.
#[derive(Debug)]
pub struct Rehearsal {
    streams: MemoryBus,
    partitions: Partitions,
    time: EventTime,
    rest: Arc<Rest>,
    /// The last message of the log that was handed out.
    read: u64,
}

#[derive(Debug)]
struct Rest {
    streams: MemoryBus,
    router: RouterHandle,
    people: Copies,
    runtime: Runtime,
}

impl Rehearsal {
    /// An empty log with the rules of these agents.
    ///
    /// # Errors
    /// A rule that cannot be published, or a part that does not start.
    pub async fn start(
        name: &str,
        partitions: Partitions,
        roles: &[Role],
        begin: Time,
    ) -> Result<Self, RehearsalError> {
        let streams = MemoryBus::new();
        let bus = Bus::from(streams.clone());
        let log_id = Some(format!("rehearsal-{name}"));
        bus.provision(&Provisioning { log_id, partitions, ..Provisioning::default() }).await?;
        let actor = Actor { kind: ActorKind::Install, id: "rehearsal".into() };
        let rule = |role: &Role| Rule { kind: RuleKind::Policy, name: role.name.into(), text: role.policy.into() };
        let first: Vec<Rule> = roles.iter().map(rule).collect();
        let installed = publish_first(&bus, &first, &actor, begin).await?;
        let people = Copies::start(Copied::People, bus.clone(), bus.clone(), partitions).await?;
        people.wait(installed).await?;
        let disk = Disk::Memory(MemoryDisk::new());
        let members = roles.iter().map(|role| (role.member)(bus.clone())).collect();
        let config = Config { disk: disk.clone(), ..Config::new("agents") };
        let runtime = Runtime::start(config, bus.clone(), members).await.map_err(Box::new)?;
        let reader = LexiconReader::new(DEFAULT_WORDS)?;
        let router = RouterConfig {
            bus: bus.clone(),
            partitions,
            door: Door::new(TENANT_KEY).reading(Arc::new(reader)),
            disk,
            state_dir: PathBuf::from("router"),
            quarantine_dir: PathBuf::from("quarantine"),
        };
        let router = Router::open(router).await?.spawn();
        let rest = Arc::new(Rest { streams: streams.clone(), router, people, runtime });
        let time = EventTime::new(Clock::new(bus, partitions), Arc::clone(&rest) as Arc<dyn Quiesce>, None);
        Ok(Self { streams, partitions, time, rest, read: 0 })
    }

    /// Events in order of time, with the time that passes between them.
    ///
    /// # Errors
    /// A part that stopped.
    pub async fn take(&mut self, events: &[Happening]) -> Result<(), RehearsalError> {
        let incoming: Vec<Incoming> = events.iter().map(|event| self.incoming(event)).collect();
        Ok(self.time.advance(&incoming).await?)
    }

    /// Time passes without events.
    ///
    /// # Errors
    /// A part that stopped.
    pub async fn pass(&mut self, until: Time) -> Result<(), RehearsalError> {
        Ok(self.time.finish(until).await?)
    }

    /// What the log has got since it was asked last, of these kinds.
    pub fn said(&mut self, kinds: &[Kind]) -> Vec<Event> {
        let messages = self.streams.messages(Stream::Log, self.read + 1);
        let mut out = Vec::new();
        for message in &messages {
            self.read = self.read.max(message.seq);
            // What this build wrote it can unpack.
            for packed in Packed::unpack(message).unwrap_or_default() {
                if kinds.contains(&packed.kind) {
                    out.extend(Event::read(&packed.json).ok());
                }
            }
        }
        out
    }

    /// How many messages went to the dead letters: of a world that passes the door, none.
    pub fn dead(&self) -> u64 {
        self.streams.end(Stream::Dead)
    }

    /// Ends it; what was not asked for is gone.
    pub async fn end(self) {
        self.rest.router.stop().await;
        self.rest.runtime.stop().await;
        self.rest.people.stop().await;
    }

    fn incoming(&self, event: &Happening) -> Incoming {
        let entity = Entity::account(&event.account);
        Incoming {
            time: event.time,
            partition: self.partitions.of(&entity),
            kind: event.kind,
            entity_hash: entity.hash(),
            json: event.json().to_string().into_bytes(),
        }
    }
}

impl Rest {
    async fn pass(&self) -> Result<(), SupervisionError> {
        self.router.wait_routed(self.streams.end(Stream::In)).await?;
        self.people.wait(self.streams.end(Stream::People)).await?;
        let mut written = self.router.written();
        for (partition, seq) in self.people.written() {
            let known: &mut u64 = written.entry(partition).or_default();
            *known = seq.max(*known);
        }
        let idle = self.runtime.idle(&written).await;
        idle.map(|_| ()).map_err(|error| SupervisionError::Unrest { why: error.to_string() })
    }
}

impl Quiesce for Rest {
    fn wait(&self) -> BoxFuture<'_, Result<(), SupervisionError>> {
        Box::pin(async {
            loop {
                let before = self.streams.end(Stream::In);
                self.pass().await?;
                let applied = self.runtime.positions().into_values().max().unwrap_or(0);
                if before == self.streams.end(Stream::In) && applied >= self.streams.end(Stream::Log) {
                    return Ok(());
                }
            }
        })
    }

    fn next_due(&self) -> Option<(Time, bool)> {
        self.runtime.next_due().into_values().min().map(|due| (due, false))
    }
}

/// Lives through a world from its first day to its last, and hands over what the log gets, day by day.
///
/// # Errors
/// A part that stopped.
pub async fn live(
    rehearsal: &mut Rehearsal,
    world: &mut World,
    days: i32,
    kinds: &[Kind],
    mut each: impl FnMut(i32, Vec<Event>),
) -> Result<(), RehearsalError> {
    let start = world.first().plus(-world::HISTORY_DAYS);
    for n in 0..world::HISTORY_DAYS + days {
        let events = world.day(start.plus(n));
        rehearsal.take(&events).await?;
        each(n, rehearsal.said(kinds));
    }
    rehearsal.pass(start.plus(world::HISTORY_DAYS + days).start()).await?;
    each(world::HISTORY_DAYS + days, rehearsal.said(kinds));
    Ok(())
}
