//! A short life of one account under some rules: every kind of event, at three ages, with every timer that falls due.

use std::{collections::BTreeMap, sync::OnceLock};

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{Data, Entity, Event, Header, Kind, Position, Time, data::action::ClockMode, time::DAY_MS};
use serde_json::{Value, value::RawValue};

/// One event of each kind, as `{"type": …, "data": …}` on a line.
const EVENTS: &str = include_str!("life.ndjson");
/// Days between two rounds of all events.
const ROUND_DAYS: i64 = 40;
/// Rounds.
const ROUNDS: i64 = 3;
/// Most timers that fire between two events: a timer that always sets itself again must not go on for ever.
const FIRED_MAX: usize = 40;

/// The events that can be read, in the order of their kinds.
fn events() -> &'static [Data] {
    static DATA: OnceLock<Vec<Data>> = OnceLock::new();
    DATA.get_or_init(|| EVENTS.lines().filter_map(data).collect())
}

fn data(line: &str) -> Option<Data> {
    let event: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).ok()?;
    let name: Value = serde_json::from_str(event.get("type")?.get()).ok()?;
    Data::from_json(Kind::from_name(name.as_str()?)?, event.get("data")?.get()).ok()
}

/// Lives it; an overflow, a loop without end or more effects than a turn may have is a panic.
pub(crate) fn live<A: Agent>(policy: &A::Policy) {
    let entity = Entity::account("acme");
    let mut life = Life::<A> { entity, policy, state: A::State::default(), timers: BTreeMap::new(), seq: 0 };
    let begin = Time(1_772_355_600_000);
    for round in 0..ROUNDS {
        let day = begin.plus_ms(round * ROUND_DAYS * DAY_MS);
        for (minute, data) in (0_i64..).zip(events()) {
            let now = day.plus_ms(minute * DAY_MS / 16);
            life.pass(now);
            if A::READS.contains(&data.kind()) {
                let event = event(&life.entity, now, data.clone());
                life.step(now, 0, Input::Event(&event));
            }
        }
    }
}

struct Life<'a, A: Agent> {
    entity: Entity,
    policy: &'a A::Policy,
    state: A::State,
    timers: BTreeMap<String, Time>,
    seq: u64,
}

impl<A: Agent> Life<'_, A> {
    /// Fires what is due.
    fn pass(&mut self, now: Time) {
        for ordinal in (1..).take(FIRED_MAX) {
            let due = self.timers.iter().filter(|(_, due)| **due <= now).min_by_key(|(name, due)| (**due, *name));
            let Some((name, at)) = due.map(|(name, due)| (name.clone(), *due)) else { return };
            self.timers.remove(&name);
            self.step(at, ordinal, Input::Timer(&name));
        }
    }

    fn step(&mut self, now: Time, ordinal: u32, input: Input<'_>) {
        self.seq += 1;
        let turn = Turn {
            entity: &self.entity,
            now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal,
            log: "log",
            agent: A::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(self.entity.clone());
        A::step(&turn, self.policy, &mut self.state, input, &mut effects);
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    let kind = fact.data.kind();
                    assert!(A::EMITS.contains(&kind), "{}: a fact {kind} that is not its own", A::NAME);
                }
                Effect::SetTimer { name, due } => drop(self.timers.insert(name, due)),
                Effect::CancelTimer { name } => drop(self.timers.remove(&name)),
            }
        }
    }
}

fn event(entity: &Entity, now: Time, data: Data) -> Event {
    let header = Header {
        source: "life".into(),
        id: format!("{}-{now}", data.kind()),
        entity: entity.clone(),
        time: now,
        logtime: now,
        actor: None,
        contact: Some("c_ana".into()),
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    Event { header, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_nearly_every_kind_that_agents_read() {
        let lived: Vec<Kind> = events().iter().map(Data::kind).collect();
        let reads = [health::Health::READS, churn::Churn::READS, engagement::Engagement::READS].concat();
        let missed: Vec<&Kind> = reads.iter().filter(|kind| !lived.contains(kind)).collect();
        assert!(missed.len() * 10 < reads.len(), "{missed:?}");
    }

    #[test]
    fn the_default_rules_can_be_lived_under() {
        live::<health::Health>(&health::Health::policy(health::Health::DEFAULT_POLICY).unwrap());
        live::<churn::Churn>(&churn::Churn::policy(churn::Churn::DEFAULT_POLICY).unwrap());
    }
}
