//! Accounts and segments of a virtual log.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{Data, Entity, Event, Header, Kind, Position, Time, data::action::ClockMode};
use serde_json::{Value, json};

use crate::{Expansion, Policy, State};

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
            policy: Policy::read(Expansion::DEFAULT_POLICY).unwrap(),
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
            agent: Expansion::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        let state = self.states.entry(entity.clone()).or_default();
        Expansion::step(&turn, &self.policy, state, input, &mut effects);
        assert!(effects.list().len() <= 256);
        let mut back = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Expansion::EMITS.contains(&fact.data.kind()));
                    if Expansion::READS.contains(&fact.data.kind()) {
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
            self.take(&entity, data);
        }
    }

    fn take(&mut self, entity: &Entity, data: Data) {
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: entity.clone(),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact: Some("c_ann".into()),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(entity, Input::Event(&Event { header, data }));
    }

    pub(super) fn hear(&mut self, account: u8, kind: &str, data: &Value) {
        let data = Data::from_json(Kind::from_name(kind).unwrap(), &data.to_string()).unwrap();
        self.take(&Entity::account(format!("a{account}")), data);
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

/// A health score with the metrics that matter here.
pub(super) fn health(band: &str, coverage_bp: u16) -> Value {
    let metric = |name: &str, points: u8| json!({ "metric": name, "weight_bp": 800, "points": points, "state": "known", "reason": "r", "events_total": 0 });
    json!({
        "model": "m", "model_version": 1, "policy_version": 1, "machine": 8_000, "final_score": 8_000, "band": band,
        "coverage_bp": coverage_bp, "freshness_bp": 9_000, "confidence_bp": 8_000, "daily": true,
        "pillars": [{ "pillar": "usage", "weight_bp": 3_000, "points_bp": 2_000, "metrics": [
            metric("feature_adoption", 80), metric("usage_trend", 96), metric("executive_relationship", 90),
        ] }],
    })
}

/// Makes an account ready for an offer, as far as events can.
pub(super) fn ready(world: &mut World, account: u8) {
    let money = json!({ "minor": 2_400_000, "currency": "USD" });
    for (kind, data) in [
        (
            "account.created",
            json!({ "kind": "customer", "started_on": "2024-01-05", "licensed_seats": 100, "plan": "team", "core_features": ["boards", "reports"] }),
        ),
        (
            "contract.signed",
            json!({ "contract": "k", "arr": money, "term_start": "2025-01-01", "term_end": "2027-01-01", "auto_renew": true, "notice_days": 30 }),
        ),
        ("contact.added", json!({ "contact": "c_ann", "roles": ["champion"] })),
        ("outcome.documented", json!({ "value": money, "period": "x", "attested_by": "customer" })),
        ("health.scored", health("yellow", 9_000)),
        (
            "churn.forecasted",
            json!({ "model": "m", "model_version": 1, "policy_version": 1, "segment": "smb", "p90_bp": 500, "p30_bp": 1, "logodds_bp": 0, "base_p90_bp": 1, "tier": "low", "daily": true }),
        ),
        ("seats.measured", json!({ "assigned": 98, "licensed": 100 })),
    ] {
        world.hear(account, kind, &data);
    }
}
