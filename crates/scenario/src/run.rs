//! Running a scenario: a virtual log, its time, the agent's states and timers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{Agent, Effect, Effects, Fact, Input, Turn};
use bus_schema::{
    Actor, Data, Entity, Event, Header, Kind, Position, Time,
    data::action::ClockMode,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use serde_json::Value;

use crate::{
    expect::{self, Said},
    file::{Fields, Scenario, ScenarioError, Step},
};

/// Timers one step may fire; more is an agent that sets timers in the past for ever.
const TIMERS_MAX: u32 = 100_000;

/// Runs a scenario and compares what was said.
pub(crate) fn run<A: Agent>(scenario: &Scenario) -> Result<(), ScenarioError> {
    let mut world = World::<A>::new(scenario)?;
    world.steps("given", &scenario.given)?;
    world.said.clear();
    world.steps("when", &scenario.when)?;
    let resolve = |list: &[Fields]| list.iter().map(|fields| world.resolved(fields)).collect::<Vec<_>>();
    let entity = &scenario.entity;
    if let Some(kind) = scenario.of.iter().find(|kind| !A::EMITS.iter().any(|said| said.name() == *kind)) {
        return Err(ScenarioError::Of(format!("{} never says `{kind}`", A::NAME)));
    }
    match &scenario.then {
        Some(then) => {
            let about = |said: &&Said| scenario.of.is_empty() || scenario.of.iter().any(|kind| kind == said.kind);
            let said: Vec<&Said> = world.said.iter().filter(about).collect();
            expect::exactly(&resolve(then), &said, entity).map_err(ScenarioError::Facts)?;
        }
        None if scenario.of.is_empty() => {}
        None => {
            return Err(ScenarioError::Of("says of which kinds `then` lists all facts, and there is no `then`".into()));
        }
    }
    if let Some(then) = &scenario.then_some {
        expect::some(&resolve(then), &world.said, entity).map_err(ScenarioError::Facts)?;
    }
    expect::none(&resolve(&scenario.then_none), &world.said, entity).map_err(ScenarioError::Facts)
}

struct World<'a, A: Agent> {
    entity: Entity,
    policy: A::Policy,
    policy_version: u32,
    states: BTreeMap<Entity, A::State>,
    /// By due time, entity and name: the order in which a tick fires them.
    timers: BTreeSet<(Time, Entity, String)>,
    now: Time,
    seq: u64,
    said: Vec<Said>,
    names: BTreeMap<String, Position>,
    /// The latest fact of each kind, so that a step can name what the agent named.
    latest: BTreeMap<&'static str, Fields>,
    clock: ClockMode,
    scenario: &'a Scenario,
}

impl<'a, A: Agent> World<'a, A> {
    fn new(scenario: &'a Scenario) -> Result<Self, ScenarioError> {
        let mut policy = A::policy(&merged(A::DEFAULT_POLICY, &scenario.policy)?)?;
        for rule in &scenario.rules {
            A::adopt(&mut policy, &rule.name, rule.version, &rule.text)?;
        }
        let entity = Entity::parse(&scenario.entity).map_err(|e| ScenarioError::Toml(e.to_string()))?;
        Ok(Self {
            entity,
            policy,
            policy_version: 1,
            states: BTreeMap::new(),
            timers: BTreeSet::new(),
            now: Time(0),
            seq: 0,
            said: Vec::new(),
            names: BTreeMap::new(),
            latest: BTreeMap::new(),
            clock: if scenario.event_time { ClockMode::Event } else { ClockMode::Live },
            scenario,
        })
    }

    fn steps(&mut self, phase: &'static str, steps: &[Step]) -> Result<(), ScenarioError> {
        for (number, step) in steps.iter().enumerate() {
            let error = |problem: String| ScenarioError::Step { phase, number: number + 1, problem };
            let at = self.time(&step.at).map_err(error)?;
            if at < self.now {
                return Err(error(format!("`at` is {at}, before {}: time does not go back", self.now)));
            }
            self.clock = step.clock.unwrap_or(self.clock);
            self.pass_time(at)?;
            self.now = at;
            if let Some(differences) = &step.policy {
                if step.event.is_some() || step.tick {
                    return Err(error("a step that publishes a policy has only `at` and `policy`".into()));
                }
                self.publish(differences)?;
                continue;
            }
            match (&step.event, step.tick) {
                (None, true) => {
                    if !step.fields.is_empty() || !step.data.is_empty() {
                        return Err(error("a tick has only `at`".into()));
                    }
                    self.seq += 1;
                }
                (Some(kind), false) => {
                    let event = self.event(kind, step).map_err(error)?;
                    self.take(&event, step.name.as_deref())?;
                }
                (Some(_), true) | (None, false) => {
                    return Err(error("needs `tick = true`, `event = \"…\"` or `policy = { … }`".into()));
                }
            }
        }
        Ok(())
    }

    /// Fires what is due up to an instant, each timer at its own time.
    fn pass_time(&mut self, until: Time) -> Result<(), ScenarioError> {
        let mut ordinal = 0;
        let mut fired = 0;
        while let Some((due, entity, name)) = self.timers.first().cloned() {
            if due > until {
                break;
            }
            fired += 1;
            if fired > TIMERS_MAX {
                return Err(ScenarioError::Agent(format!("timer `{name}` of {entity} is set in the past for ever")));
            }
            self.timers.remove(&(due, entity.clone(), name.clone()));
            if due > self.now || ordinal == 0 {
                self.now = self.now.max(due);
                self.seq += 1;
                ordinal = 0;
            }
            ordinal += 1;
            let cause = Position { seq: self.seq, index: 0 };
            let facts = self.turn(&entity, cause, ordinal, Input::Timer(&name))?;
            self.come_back(facts)?;
        }
        Ok(())
    }

    /// Another policy comes into force: the scenario's own with some differences.
    fn publish(&mut self, differences: &toml::Table) -> Result<(), ScenarioError> {
        self.seq += 1;
        self.policy = A::policy(&merged(&merged(A::DEFAULT_POLICY, &self.scenario.policy)?, differences)?)?;
        self.policy_version += 1;
        for rule in &self.scenario.rules {
            A::adopt(&mut self.policy, &rule.name, rule.version, &rule.text)?;
        }
        Ok(())
    }

    fn take(&mut self, event: &Event, name: Option<&str>) -> Result<(), ScenarioError> {
        self.seq += 1;
        let cause = Position { seq: self.seq, index: 0 };
        if let Some(name) = name {
            self.names.insert(name.to_owned(), cause);
        }
        if let Data::PolicyPublished(data) = &event.data {
            if data.name == A::NAME {
                (self.policy, self.policy_version) = (A::policy(&data.text)?, data.version);
            }
            return Ok(());
        }
        if let Data::PlaybookPublished(data) = &event.data {
            A::adopt(&mut self.policy, &data.name, data.version, &data.text)?;
            return Ok(());
        }
        let entity = event.header.entity.clone();
        let facts = self.turn(&entity, cause, 0, Input::Event(event))?;
        self.come_back(facts)
    }

    /// Facts of kinds that the agent itself reads come back to it, as they do from the log.
    fn come_back(&mut self, facts: Vec<Fact>) -> Result<(), ScenarioError> {
        let mut waiting: VecDeque<Fact> = facts.into();
        let mut turns = 0;
        while let Some(fact) = waiting.pop_front() {
            turns += 1;
            if turns > TIMERS_MAX {
                return Err(ScenarioError::Agent("it answers its own facts for ever".into()));
            }
            if !A::READS.contains(&fact.data.kind()) {
                continue;
            }
            self.seq += 1;
            let cause = Position { seq: self.seq, index: 0 };
            let header = self.header(A::NAME, &cause.to_string(), fact.entity.clone(), fact.contact.clone());
            let entity = fact.entity.clone();
            let event = Event { header, data: fact.data };
            waiting.extend(self.turn(&entity, cause, 0, Input::Event(&event))?);
        }
        Ok(())
    }

    fn turn(
        &mut self,
        entity: &Entity,
        cause: Position,
        ordinal: u32,
        input: Input<'_>,
    ) -> Result<Vec<Fact>, ScenarioError> {
        let turn = Turn {
            entity,
            now: self.now,
            cause,
            ordinal,
            log: "log",
            agent: A::NAME,
            policy_version: self.policy_version,
            clock: self.clock,
        };
        let mut effects = Effects::new(entity.clone());
        let mut state = self.states.remove(entity).unwrap_or_default();
        A::step(&turn, &self.policy, &mut state, input, &mut effects);
        self.states.insert(entity.clone(), survives::<A>(&state)?);
        let mut facts = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => facts.push(self.say(fact)?),
                Effect::SetTimer { name, due } => {
                    self.cancel(entity, &name);
                    self.timers.insert((due, entity.clone(), name));
                }
                Effect::CancelTimer { name } => self.cancel(entity, &name),
            }
        }
        Ok(facts)
    }

    fn cancel(&mut self, entity: &Entity, name: &str) {
        self.timers.retain(|(_, owner, set)| owner != entity || set != name);
    }

    fn say(&mut self, fact: Fact) -> Result<Fact, ScenarioError> {
        let kind = fact.data.kind();
        if !A::EMITS.contains(&kind) {
            return Err(ScenarioError::Agent(format!("{} says {kind}, which is not in its EMITS", A::NAME)));
        }
        let json = fact.data.to_raw();
        let again = Data::from_json(kind, json.get());
        if again.ok().as_ref() != Some(&fact.data) {
            return Err(ScenarioError::Agent(format!("{kind} does not read back what it wrote: {}", json.get())));
        }
        let data: Fields = serde_json::from_str(json.get()).unwrap_or_default();
        self.latest.insert(kind.name(), data.clone());
        self.said.push(Said {
            kind: kind.name(),
            entity: fact.entity.to_string(),
            contact: fact.contact.clone(),
            at: self.now.to_string(),
            data,
        });
        Ok(fact)
    }

    fn time(&self, text: &str) -> Result<Time, String> {
        let Some(after) = text.strip_prefix('+') else {
            return Time::parse(text).map_err(|_| format!("`{text}` is no time like 2026-01-31T09:00:00Z or +14d"));
        };
        let wrong = || format!("`{text}` is no span like +14d, +2h, +5m or +30s");
        let (number, unit) = after.split_at_checked(after.len().saturating_sub(1)).ok_or_else(wrong)?;
        let unit = match unit {
            "d" => DAY_MS,
            "h" => HOUR_MS,
            "m" => MINUTE_MS,
            "s" => SECOND_MS,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        Ok(self.now.plus_ms(number.saturating_mul(unit)))
    }

    fn header(&self, source: &str, id: &str, entity: Entity, contact: Option<String>) -> Header {
        Header {
            source: source.to_owned(),
            id: id.to_owned(),
            entity,
            time: self.now,
            logtime: self.now,
            actor: None,
            contact,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        }
    }

    fn event(&self, name: &str, step: &Step) -> Result<Event, String> {
        let kind = Kind::from_name(name).ok_or_else(|| format!("`{name}` is no kind of event"))?;
        let rule = matches!(kind, Kind::PolicyPublished | Kind::PlaybookPublished);
        if !rule && !A::READS.contains(&kind) {
            return Err(format!("{} does not read {kind}: it would never see this event", A::NAME));
        }
        let entity = match &step.entity {
            None => self.entity.clone(),
            Some(text) => Entity::parse(text).map_err(|e| e.to_string())?,
        };
        let id = step.id.clone().unwrap_or_else(|| (self.seq + 1).to_string());
        let mut header = self.header(step.source.as_deref().unwrap_or("test"), &id, entity, step.contact.clone());
        if let Some(time) = &step.time {
            header.time = Time::parse(time).map_err(|_| format!("`time` is `{time}`, no RFC 3339 instant"))?;
        }
        header.late = step.late;
        if let Some(actor) = &step.actor {
            header.actor = Some(Actor::parse(actor).ok_or_else(|| format!("`{actor}` is no actor like person/jo"))?);
        }
        Ok(Event { header, data: self.data(kind, step)? })
    }

    fn data(&self, kind: Kind, step: &Step) -> Result<Data, String> {
        let mut fields = self.scenario.defaults.get(kind.name()).cloned().unwrap_or_default();
        fields.extend(step.fields.iter().map(|(k, v)| (k.clone(), v.clone())));
        fields.extend(step.data.clone());
        let mut fields = self.resolved(&fields);
        let named = fields.clone();
        if let Some(contact) = &step.contact {
            // Whoever the step names stands before the default; only its own `data` says otherwise.
            if !step.data.contains_key("contact") {
                fields.insert("contact".into(), Value::from(contact.clone()));
            }
        }
        let data = Data::from_json(kind, &Value::Object(fields).to_string()).map_err(|e| format!("{kind}: {e}"))?;
        let kept: Fields = serde_json::from_str(data.to_raw().get()).unwrap_or_default();
        let empty = |value: &Value| *value == Value::Bool(false) || value.as_array().is_some_and(Vec::is_empty);
        match named.iter().find(|(key, value)| !kept.contains_key(*key) && !empty(value)) {
            Some((unknown, _)) => Err(format!("{kind} has no field `{unknown}`")),
            None => Ok(data),
        }
    }

    /// Fields in which `@name` is the position of the step of that name, and `@said:<kind>.<field>` what the latest fact
    /// of that kind said.
    fn resolved(&self, fields: &Fields) -> Fields {
        fields.iter().map(|(key, value)| (key.clone(), self.resolve(value))).collect()
    }

    /// `outreach.proposed.proposal`, and deeper: `actions.tracked.open.0.task`.
    fn said_last(&self, place: &str) -> Option<Value> {
        let (kind, path) =
            place.match_indices('.').nth(1).and_then(|(at, _)| Some((place.get(..at)?, place.get(at..)?)))?;
        let said = Value::Object(self.latest.get(kind)?.clone());
        said.pointer(&path.replace('.', "/")).cloned()
    }

    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                if let Some(said) = text.strip_prefix("@said:").and_then(|place| self.said_last(place)) {
                    return said;
                }
                let position = text.strip_prefix('@').and_then(|name| self.names.get(name));
                position.map_or_else(|| value.clone(), |position| Value::from(position.to_string()))
            }
            Value::Array(list) => Value::Array(list.iter().map(|value| self.resolve(value)).collect()),
            Value::Object(fields) => Value::Object(self.resolved(fields)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

/// The state as a checkpoint keeps it, so that nothing lives on that would not survive a restart.
fn survives<A: Agent>(state: &A::State) -> Result<A::State, ScenarioError> {
    let lost = |e: postcard::Error| ScenarioError::Agent(format!("the state of {} cannot be kept: {e}", A::NAME));
    let bytes = postcard::to_stdvec(state).map_err(lost)?;
    let read: A::State = postcard::from_bytes(&bytes).map_err(lost)?;
    if postcard::to_stdvec(&read).map_err(lost)? == bytes {
        Ok(read)
    } else {
        Err(ScenarioError::Agent(format!("the state of {} reads back differently", A::NAME)))
    }
}

/// The default policy with some values set otherwise.
fn merged(defaults: &str, differences: &toml::Table) -> Result<String, ScenarioError> {
    let error = |e: toml::de::Error| ScenarioError::Toml(format!("default policy: {e}"));
    let mut policy: toml::Table = defaults.parse().map_err(error)?;
    merge(&mut policy, differences);
    Ok(policy.to_string())
}

/// Puts values in the place of others, table by table.
pub(crate) fn merge(into: &mut toml::Table, differences: &toml::Table) {
    for (key, value) in differences {
        match (into.get_mut(key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(differences)) => merge(into, differences),
            (Some(_) | None, _) => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}
