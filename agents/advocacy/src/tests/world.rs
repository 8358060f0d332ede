//! Accounts and segments of a virtual log.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{Data, Entity, Event, Header, Kind, Position, Time, data::action::ClockMode};
use serde_json::{Value, json};

use crate::{Advocacy, Policy, State};

/// What an agent hears and says in it.
pub(super) struct World {
    pub(super) policy: Policy,
    pub(super) states: BTreeMap<Entity, State>,
    timers: BTreeSet<(Time, Entity, String)>,
    pub(super) now: Time,
    seq: u64,
    /// Facts, with the turn they were said in.
    pub(super) said: Vec<(u64, Time, Entity, Data)>,
    /// Inputs, with their turn.
    pub(super) heard: Vec<(u64, Time, Entity, Data)>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            policy: Policy::read(Advocacy::DEFAULT_POLICY).unwrap(),
            states: BTreeMap::new(),
            timers: BTreeSet::new(),
            now: Time::parse("2026-01-05T09:00:00Z").unwrap(),
            seq: 0,
            said: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn turn(&mut self, entity: &Entity, input: Input<'_>) {
        self.seq += 1;
        if let Input::Event(event) = input {
            self.heard.push((self.seq, self.now, entity.clone(), event.data.clone()));
        }
        let turn = Turn {
            entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: Advocacy::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        let state = self.states.entry(entity.clone()).or_default();
        Advocacy::step(&turn, &self.policy, state, input, &mut effects);
        assert!(effects.list().len() <= 256);
        let mut back = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Advocacy::EMITS.contains(&fact.data.kind()));
                    if Advocacy::READS.contains(&fact.data.kind()) {
                        back.push((fact.entity.clone(), fact.data.clone()));
                    }
                    self.said.push((self.seq, self.now, fact.entity, fact.data));
                }
                Effect::SetTimer { name, due } => {
                    self.timers.retain(|(_, of, set)| of != entity || *set != name);
                    self.timers.insert((due, entity.clone(), name));
                }
                Effect::CancelTimer { name } => self.timers.retain(|(_, of, set)| of != entity || *set != name),
            }
        }
        for (entity, data) in back {
            self.take(&entity, data, None);
        }
    }

    fn take(&mut self, entity: &Entity, data: Data, contact: Option<&str>) {
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: entity.clone(),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact: contact.map(str::to_owned),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(entity, Input::Event(&Event { header, data }));
    }

    pub(super) fn hear(&mut self, account: u8, contact: &str, kind: &str, data: &Value) {
        let data = Data::from_json(Kind::from_name(kind).unwrap(), &data.to_string()).unwrap();
        self.take(&Entity::account(format!("a{account}")), data, Some(contact));
    }

    pub(super) fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some((due, entity, name)) = self.timers.first().cloned().filter(|(due, ..)| *due <= until) {
            self.timers.remove(&(due, entity.clone(), name.clone()));
            self.now = self.now.max(due);
            self.turn(&entity, Input::Timer(&name));
        }
        self.now = until;
    }

    /// Keeps and reads every state.
    pub(super) fn restart(&mut self) {
        for state in self.states.values_mut() {
            *state = postcard::from_bytes(&postcard::to_stdvec(state).unwrap()).unwrap();
        }
    }
}

/// A promoter's account without trouble, as far as events can make one.
pub(super) fn ready(world: &mut World, account: u8) {
    let money = json!({ "minor": 2_400_000, "currency": "USD" });
    for (contact, kind, data) in [
        ("c_0", "account.created", json!({ "kind": "customer", "started_on": "2024-01-05" })),
        ("c_0", "contact.added", json!({ "contact": "c_0", "roles": ["champion"] })),
        ("c_1", "contact.added", json!({ "contact": "c_1", "roles": ["sponsor"] })),
        ("c_2", "contact.added", json!({ "contact": "c_2", "roles": ["user"] })),
        ("c_0", "outcome.documented", json!({ "value": money, "period": "x", "attested_by": "customer" })),
        (
            "c_0",
            "health.scored",
            json!({ "model": "m", "model_version": 1, "policy_version": 1, "machine": 8_500, "final_score": 8_500, "band": "yellow", "coverage_bp": 9_000, "freshness_bp": 9_000, "confidence_bp": 8_000, "daily": true }),
        ),
        ("c_0", "nps.responded", json!({ "survey": "s", "type": "relationship", "score": 10 })),
    ] {
        world.hear(account, contact, kind, &data);
    }
}
