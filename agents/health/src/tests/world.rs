//! A virtual log of one account: time, timers, facts.

use std::collections::BTreeMap;

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Actor, Data, Entity, Event, Header, Kind, Position, Time,
    data::{
        action::ClockMode,
        facts::{Band, HealthScored, MetricScore},
    },
    time::DAY_MS,
};
use serde_json::Value;

use crate::{Health, Policy, State};

/// The account's world. Day 0 is a Monday.
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) policy_version: u32,
    pub(crate) state: State,
    pub(crate) facts: Vec<(Time, Data)>,
    /// The state is kept and read again after every turn.
    pub(crate) kept: bool,
    entity: Entity,
    timers: BTreeMap<String, Time>,
    now: Time,
    seq: u64,
}

/// 2026-01-05, a Monday, at midnight.
pub(crate) const START: Time = Time(1_767_571_200_000);

/// An instant: whole days and hours after the start.
pub(crate) fn at(day: i64, hour: i64) -> Time {
    START.plus_ms(day * DAY_MS + hour * DAY_MS / 24)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Health::DEFAULT_POLICY)
    }

    pub(crate) fn with(policy: &str) -> Self {
        Self {
            policy: Policy::read(policy).unwrap(),
            policy_version: 1,
            state: State::default(),
            facts: Vec::new(),
            kept: false,
            entity: Entity::account("acme"),
            timers: BTreeMap::new(),
            now: START,
            seq: 0,
        }
    }

    /// Another policy comes into force.
    pub(crate) fn publish(&mut self, policy: &str) {
        self.policy = Policy::read(policy).unwrap();
        self.policy_version += 1;
    }

    /// An event; its data as it stands on the bus.
    pub(crate) fn event(&mut self, at: Time, kind: &str, data: &Value) {
        self.event_of(at, kind, data, None, None);
    }

    pub(crate) fn event_of(&mut self, at: Time, kind: &str, data: &Value, contact: Option<&str>, actor: Option<&str>) {
        self.pass(at);
        let kind = Kind::from_name(kind).unwrap();
        assert!(Health::READS.contains(&kind), "{kind} is not read");
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: self.entity.clone(),
            time: at,
            logtime: at,
            actor: actor.map(|actor| Actor::parse(actor).unwrap()),
            contact: contact.map(str::to_owned),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        let event = Event { header, data: Data::from_json(kind, &data.to_string()).unwrap() };
        self.turn(Input::Event(&event));
    }

    /// Lets time pass; timers fire when they are due.
    pub(crate) fn pass(&mut self, until: Time) {
        while let Some((due, name)) = self.timers.iter().map(|(name, due)| (*due, name.clone())).min() {
            if due > until {
                break;
            }
            self.timers.remove(&name);
            self.now = self.now.max(due);
            self.turn(Input::Timer(&name));
        }
        self.now = self.now.max(until);
    }

    fn turn(&mut self, input: Input<'_>) {
        self.seq += 1;
        let turn = Turn {
            entity: &self.entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: Health::NAME,
            policy_version: self.policy_version,
            clock: ClockMode::Event,
        };
        let mut effects = Effects::new(self.entity.clone());
        Health::step(&turn, &self.policy, &mut self.state, input, &mut effects);
        if self.kept {
            self.state = postcard::from_bytes(&postcard::to_stdvec(&self.state).unwrap()).unwrap();
        }
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Health::EMITS.contains(&fact.data.kind()));
                    self.facts.push((self.now, fact.data));
                }
                Effect::SetTimer { name, due } => {
                    assert!(due > self.now, "{name} is set in the past");
                    self.timers.insert(name, due);
                }
                Effect::CancelTimer { name } => {
                    self.timers.remove(&name);
                }
            }
        }
    }

    /// The latest instant of the log.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// Every score said.
    pub(crate) fn scores(&self) -> impl Iterator<Item = &HealthScored> {
        self.facts
            .iter()
            .filter_map(|(_, data)| if let Data::HealthScored(scored) = data { Some(scored) } else { None })
    }

    /// The last score said.
    pub(crate) fn score(&self) -> &HealthScored {
        self.scores().last().expect("a score was said")
    }

    /// A metric of the last score.
    pub(crate) fn metric(&self, name: &str) -> &MetricScore {
        let metrics = self.score().pillars.iter().flat_map(|pillar| &pillar.metrics);
        metrics.into_iter().find(|metric| metric.metric == name).expect("a metric of the model")
    }

    /// Every band the account came into.
    pub(crate) fn bands(&self) -> Vec<Band> {
        let band = |data: &Data| if let Data::HealthBandChanged(changed) = data { Some(changed.to) } else { None };
        self.facts.iter().filter_map(|(_, data)| band(data)).collect()
    }
}
