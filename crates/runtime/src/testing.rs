//! A tiny agent that does as it is told, and a log to tell it through.

use std::{collections::BTreeMap, path::Path, time::Duration};

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus::{Bus, MemoryBus, Message, Stored};
use bus_schema::{
    Batch, Data, Entity, Envelope, Event, Header, Kind, Partition, Partitions, Position, Time,
    batch::{HEADER_INDEX, HEADER_TURN},
    data::{
        action::ClockMode,
        facts::{ClockResumed, ClockTicked, FoldStarted, TaskCreated, TurnReleased},
        people::{PlaybookPublished, PolicyPublished},
        usage::UserLoggedIn,
        words::Label,
    },
    subject::{Stream, log_in},
};
use serde::{Deserialize, Serialize};

use crate::{
    fold::{Indexed, Place, Said},
    runtime::{Config, Member, Runtime},
};

/// Does what the user's name says, and says `fold.started` with its count.
pub(crate) struct Puppet;

/// What it keeps.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Done {
    count: u32,
    fired: Vec<(String, Time, u32)>,
    heard: u32,
    plays: u32,
}

/// Its rules.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// Counts in steps of this.
    step: u32,
    #[serde(skip)]
    plays: BTreeMap<String, u32>,
}

impl Agent for Puppet {
    const NAME: &'static str = "puppet";
    const READS: &'static [Kind] = &[Kind::UserLoggedIn];
    const EMITS: &'static [Kind] = &[Kind::FoldStarted, Kind::TouchpointRequested, Kind::TaskCreated];
    const FOLD_VERSION: u32 = 1;
    const DEFAULT_POLICY: &'static str = "step = 1";
    type Policy = Rules;
    type State = Done;

    fn policy(text: &str) -> Result<Rules, PolicyError> {
        agent::policy::parse(text)
    }

    fn adopt(policy: &mut Rules, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        if text == "broken" {
            return Err(PolicyError::value("text", "broken"));
        }
        policy.plays.insert(name.into(), version);
        Ok(())
    }

    fn step(turn: &Turn<'_>, policy: &Rules, state: &mut Done, input: Input<'_>, effects: &mut Effects) {
        state.plays = policy.plays.values().sum();
        match input {
            Input::Event(event) => {
                state.count += policy.step;
                let Data::UserLoggedIn(data) = &event.data else { panic!("not read: {}", event.kind()) };
                obey(turn, &data.user, effects);
            }
            Input::Timer(name) => {
                state.fired.push((name.into(), turn.now, turn.ordinal));
                match name {
                    "panic" => panic!("a timer panicked"),
                    "again" => effects.set_timer("again", Time(0)),
                    "touch" => effects.emit(touch()),
                    "chain" => effects.set_timer("chained", turn.now),
                    "stop" => effects.cancel_timer("victim"),
                    _ => {}
                }
            }
        }
        effects.emit(Data::FoldStarted(FoldStarted { agent: Self::NAME.into(), version: state.count }));
    }
}

fn obey(turn: &Turn<'_>, command: &str, effects: &mut Effects) {
    match command.split_once(' ').unwrap_or((command, "")) {
        ("panic", _) => panic!("told to"),
        ("flood", _) => (0..256).for_each(|n| effects.cancel_timer(format!("t{n}"))),
        ("big", _) => (0..130).for_each(|_| effects.emit(task(&"x".repeat(4096)))),
        ("forbid", _) => effects.emit(Data::TurnReleased(TurnReleased { agent: "x".into(), by: "x".into() })),
        ("touch", _) => effects.emit(touch()),
        ("after", rest) => {
            let (ms, name) = rest.split_once(' ').unwrap();
            effects.set_timer(name, turn.now.plus_ms(ms.parse().unwrap()));
        }
        ("to", entity) => effects.emit_to(Entity::parse(entity).unwrap(), task("elsewhere")),
        _ => {}
    }
}

/// Hears what the puppet says, in whatever partition.
pub(crate) struct Listener;

impl Agent for Listener {
    const NAME: &'static str = "listener";
    const READS: &'static [Kind] = &[Kind::FoldStarted, Kind::TouchpointRequested];
    const EMITS: &'static [Kind] = &[Kind::TaskCreated];
    const FOLD_VERSION: u32 = 1;
    const DEFAULT_POLICY: &'static str = "step = 1";
    type Policy = Rules;
    type State = Done;

    fn policy(text: &str) -> Result<Rules, PolicyError> {
        agent::policy::parse(text)
    }

    fn step(_: &Turn<'_>, _: &Rules, state: &mut Done, _: Input<'_>, effects: &mut Effects) {
        state.heard += 1;
        effects.emit(task("heard"));
    }
}

fn task(title: &str) -> Data {
    Data::TaskCreated(TaskCreated {
        task: "t".into(),
        play: None,
        title: title.into(),
        assignee: None,
        due_on: Time(0).day(),
        why: "told".into(),
        events: Vec::new(),
    })
}

fn touch() -> Data {
    let json = r#"{"touch":"t","play":"p","play_version":1,"priority":"save","class":"relationship","template":"x",
        "why":"told","cause_key":"k"}"#;
    Data::from_json(Kind::TouchpointRequested, json).unwrap()
}

pub(crate) fn event_of(entity: &str, time: i64, data: Data) -> Event {
    let header = Header {
        source: "test".into(),
        id: format!("{entity}@{time}"),
        entity: Entity::parse(entity).unwrap(),
        time: Time(time),
        logtime: Time(time),
        actor: None,
        contact: None,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    Event { header, data }
}

pub(crate) fn told(entity: &str, time: i64, command: &str) -> Event {
    event_of(entity, time, Data::UserLoggedIn(UserLoggedIn { user: Label::new(command).unwrap() }))
}

pub(crate) fn tick(time: i64) -> Event {
    event_of("account/clock", time, Data::ClockTicked(ClockTicked { mode: ClockMode::Event }))
}

pub(crate) fn resumed(time: i64) -> Event {
    event_of("account/clock", time, Data::ClockResumed(ClockResumed { event_time_until: Time(0) }))
}

pub(crate) fn released(entity: &str, time: i64) -> Event {
    event_of(entity, time, Data::TurnReleased(TurnReleased { agent: "puppet".into(), by: "jo".into() }))
}

pub(crate) fn policy(agent: &str, version: u32, text: &str) -> Event {
    let (name, text) = (Label::new(agent).unwrap(), text.to_owned());
    event_of("account/rules", 0, Data::PolicyPublished(PolicyPublished { name, version, text }))
}

pub(crate) fn playbook(name: &str, version: u32, text: &str) -> Event {
    let (name, text) = (Label::new(name).unwrap(), text.to_owned());
    event_of("account/rules", 0, Data::PlaybookPublished(PlaybookPublished { name, version, text }))
}

/// Both policies, as the first message of a partition.
pub(crate) fn policies() -> Vec<Event> {
    vec![policy("puppet", 1, "step = 1"), policy("listener", 1, "step = 1")]
}

/// A message of these events, as the router writes it.
pub(crate) fn message(partition: Partition, events: &[Event]) -> Message {
    let mut batch = Batch::new();
    for event in events {
        let json = serde_json::to_vec(&Envelope::of(event, None)).unwrap();
        batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    }
    let (body, index) = batch.finish();
    Message::new(log_in(partition), body).with_header(HEADER_INDEX, index).with_header(HEADER_TURN, "1.0.0")
}

/// The same as the log would hold it.
pub(crate) fn stored(seq: u64, events: &[Event]) -> Indexed {
    let Message { subject, headers, body } = message(Partition(0), events);
    Indexed::new(Stored { seq, subject, time: Time(0), headers, body }).map_err(|(_, error)| error).unwrap()
}

pub(crate) fn place() -> Place {
    Place { log: "log".into(), partitions: Partitions::default(), partition: Partition(0) }
}

/// The facts in what was said, in order.
pub(crate) fn facts(said: &[Said]) -> Vec<(Envelope, Event)> {
    let events = said.iter().flat_map(|said| &said.events);
    events
        .map(|packed| {
            let envelope: Envelope = serde_json::from_slice(&packed.json).unwrap();
            let event = envelope.event().unwrap();
            (envelope, event)
        })
        .collect()
}

/// Accounts that live in a partition.
pub(crate) fn accounts(partition: Partition) -> impl Iterator<Item = String> {
    let here = move |entity: &String| Partitions::default().of(&Entity::parse(entity).unwrap()) == partition;
    (0..).map(|n| format!("account/a{n}")).filter(here)
}

pub(crate) fn memory() -> (MemoryBus, Bus) {
    let memory = MemoryBus::with_clock(|| Time(0));
    (memory.clone(), memory.into())
}

pub(crate) async fn write(bus: &Bus, partition: Partition, events: &[Event]) -> u64 {
    bus.publish(message(partition, events), None).await.unwrap()
}

/// Two partitions, both agents, no checkpoint unless asked for.
pub(crate) fn config(data: &Path) -> Config {
    Config {
        partitions: Some(vec![Partition(0), Partition(1)]),
        checkpoint_every: Duration::from_hours(1),
        ..Config::new(data)
    }
}

pub(crate) async fn start(config: Config, bus: &Bus) -> Runtime {
    let members = vec![Member::of::<Puppet>(bus.clone()), Member::of::<Listener>(bus.clone())];
    Runtime::start(config, bus.clone(), members).await.unwrap()
}

/// Everything in the log, by subject and body.
pub(crate) async fn whole_log(bus: &Bus) -> Vec<(u64, String, Vec<u8>)> {
    let mut all = Vec::new();
    for seq in 1..=bus.state(Stream::Log).await.unwrap().last_seq {
        let stored = bus.get(Stream::Log, seq).await.unwrap().unwrap();
        all.push((seq, stored.subject, stored.body.to_vec()));
    }
    all
}

pub(crate) fn position(seq: u64, index: u16) -> Position {
    Position { seq, index }
}
