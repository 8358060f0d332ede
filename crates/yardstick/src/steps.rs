//! Folds: the step of each agent alone, its state as bytes, and all agents in the runtime.

use std::{collections::BTreeMap, hint::black_box, sync::Arc};

use agent::{Agent, Effects, Input, Turn};
use bus::{Bus, MemoryBus, Message};
use bus_schema::{
    Batch, Data, Entity, Event, Position,
    batch::{HEADER_INDEX, HEADER_TURN},
    data::{action::ClockMode, people::PolicyPublished, words::Label},
    subject,
};
use runtime::{Config, Member, Runtime};

use crate::{
    Case,
    world::{self, BATCH, HERE},
};

/// An agent's rules and states, and the events it reads.
struct Folded<A: Agent> {
    policy: Option<A::Policy>,
    states: BTreeMap<Entity, A::State>,
    events: Vec<Event>,
}

impl<A: Agent> Folded<A> {
    fn new() -> Self {
        let mut events = world::events();
        events.retain(|event| A::READS.contains(&event.kind()));
        Self { policy: A::policy(A::DEFAULT_POLICY).ok(), states: BTreeMap::new(), events }
    }

    fn run(&mut self) {
        let Some(policy) = &self.policy else { return };
        for (seq, event) in (1..).zip(&self.events) {
            let entity = &event.header.entity;
            let turn = Turn {
                entity,
                now: event.header.logtime,
                cause: Position { seq, index: 0 },
                ordinal: 0,
                log: "yardstick",
                agent: A::NAME,
                policy_version: 1,
                clock: ClockMode::Live,
            };
            let mut effects = Effects::new(entity.clone());
            if !self.states.contains_key(entity) {
                self.states.insert(entity.clone(), A::State::default());
            }
            if let Some(state) = self.states.get_mut(entity) {
                A::step(&turn, policy, state, Input::Event(event), &mut effects);
            }
            black_box(effects.list().len());
        }
    }
}

/// The step of an agent, by event that it reads.
pub(crate) fn step<A: Agent>(name: &'static str) -> Case {
    let mut folded = Folded::<A>::new();
    Case::new(name, folded.events.len(), move || folded.run())
}

/// An agent's states as bytes, by state.
pub(crate) fn encode<A: Agent>(name: &'static str) -> Case {
    let mut folded = Folded::<A>::new();
    folded.run();
    Case::new(name, folded.states.len(), move || {
        for state in folded.states.values() {
            black_box(postcard::to_stdvec(black_box(state)).is_ok());
        }
    })
}

/// Mean bytes of a state.
pub(crate) fn bytes<A: Agent>() -> (&'static str, usize) {
    let mut folded = Folded::<A>::new();
    folded.run();
    let bytes = folded.states.values().filter_map(|state| postcard::to_stdvec(state).ok());
    (A::NAME, bytes.map(|bytes| bytes.len()).sum::<usize>() / folded.states.len().max(1))
}

/// The runtime with all agents over the memory bus, by event: decoding, steps, facts, chains.
pub(crate) fn fold() -> Case {
    let messages: Vec<Message> = world::events().chunks(BATCH).map(message).collect();
    let units = messages.len() * BATCH;
    let mut system = start();
    Case::new("runtime.fold", units, move || {
        if let Some(System { tokio, bus, runtime, .. }) = &mut system {
            tokio.block_on(async {
                let mut last = 0;
                for message in &messages {
                    last = bus.publish(message.clone(), None).await.unwrap_or(last);
                }
                black_box(runtime.idle(&BTreeMap::from([(HERE, last)])).await.is_ok());
            });
        }
    })
}

/// A running runtime; its folder goes last.
struct System {
    runtime: Arc<Runtime>,
    bus: Bus,
    tokio: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

fn start() -> Option<System> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let dir = tempfile::tempdir().ok()?;
    let bus: Bus = MemoryBus::new().into();
    let members = vec![
        Member::of::<onboarding::Onboarding>(bus.clone()),
        Member::of::<escalation::Escalation>(bus.clone()),
        Member::of::<health::Health>(bus.clone()),
        Member::of::<churn::Churn>(bus.clone()),
        Member::of::<renewal::Renewal>(bus.clone()),
        Member::of::<expansion::Expansion>(bus.clone()),
        Member::of::<advocacy::Advocacy>(bus.clone()),
        Member::of::<engagement::Engagement>(bus.clone()),
        Member::of::<supervisor::Supervisor>(bus.clone()),
    ];
    let config = Config { partitions: Some(vec![HERE]), ..Config::new(dir.path()) };
    let runtime = tokio.block_on(async {
        bus.publish(message(&policies()), None).await.ok()?;
        Runtime::start(config, bus.clone(), members).await.ok()
    })?;
    Some(System { runtime: Arc::new(runtime), bus, tokio, _dir: dir })
}

fn policies() -> Vec<Event> {
    let defaults = [
        (onboarding::Onboarding::NAME, onboarding::Onboarding::DEFAULT_POLICY),
        (escalation::Escalation::NAME, escalation::Escalation::DEFAULT_POLICY),
        (health::Health::NAME, health::Health::DEFAULT_POLICY),
        (churn::Churn::NAME, churn::Churn::DEFAULT_POLICY),
        (renewal::Renewal::NAME, renewal::Renewal::DEFAULT_POLICY),
        (expansion::Expansion::NAME, expansion::Expansion::DEFAULT_POLICY),
        (advocacy::Advocacy::NAME, advocacy::Advocacy::DEFAULT_POLICY),
        (engagement::Engagement::NAME, engagement::Engagement::DEFAULT_POLICY),
        (supervisor::Supervisor::NAME, supervisor::Supervisor::DEFAULT_POLICY),
    ];
    let like = world::events().into_iter().next();
    let policy = |(name, text): (&str, &str)| {
        let (name, text) = (Label::nearest(name), text.to_owned());
        let data = Data::PolicyPublished(PolicyPublished { name, version: 1, text });
        Some(Event { header: like.as_ref()?.header.clone(), data })
    };
    defaults.into_iter().filter_map(policy).collect()
}

fn message(events: &[Event]) -> Message {
    let mut batch = Batch::new();
    for event in events {
        let packed = world::packed(event);
        batch.push_raw(packed.kind, packed.entity_hash, &packed.json);
    }
    let (body, index) = batch.finish();
    Message::new(subject::log_in(HERE), body).with_header(HEADER_INDEX, index).with_header(HEADER_TURN, "1.0.0")
}
