//! The agent's types behind one interface: policy, states, and the step.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::Entity;

/// Longest piece of a panic's message that is repeated.
const PANIC_CHARS_MAX: usize = 200;

/// What the shell needs of an agent, whatever its types.
pub(super) trait Machine: Send {
    /// Puts a policy into force; without playbooks until they are adopted again.
    fn set_policy(&mut self, text: &str) -> Result<(), PolicyError>;
    /// Takes a playbook into the rules in force.
    fn adopt(&mut self, name: &str, version: u32, text: &str) -> Result<(), PolicyError>;
    /// Whether a policy is in force.
    fn has_policy(&self) -> bool;
    /// One step on the entity's state; says what the panic said, where there was one. With care, the state of before is
    /// kept, which costs more than most steps.
    fn step(&mut self, turn: &Turn<'_>, input: Input<'_>, care: Care, effects: &mut Effects) -> Result<(), String>;
    /// Puts the entity's state back to before the last step. False where it was not kept: the state is spoiled.
    fn undo(&mut self, entity: &Entity) -> Result<bool, postcard::Error>;
    /// The state as bytes; `None` where there is none.
    fn encode(&self, entity: &Entity) -> Result<Option<Vec<u8>>, postcard::Error>;
    /// Takes a state from bytes.
    fn decode(&mut self, entity: Entity, bytes: &[u8]) -> Result<(), postcard::Error>;
    /// Every entity in order, with its state as bytes.
    fn each(&self, visit: &mut dyn FnMut(&Entity, &[u8]));
    /// The state for people.
    fn json(&self, entity: &Entity) -> Option<serde_json::Value>;
    /// How many entities it knows.
    fn len(&self) -> usize;
}

/// Whether a step keeps the state of before, for a turn that fails. That it broke a bound is known only afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Care {
    /// It does.
    Taken,
    /// It does not: turns fail so rarely that folding a stretch again with care costs less.
    None,
}

/// What the last step found.
#[derive(Clone, Copy)]
enum Before {
    /// No state of the entity.
    Nothing,
    /// The state that is kept as bytes.
    Kept,
    /// A state that is not kept.
    Gone,
}

/// The policy and states of an agent.
pub(super) struct Typed<A: Agent> {
    policy: Option<A::Policy>,
    states: BTreeMap<Entity, Box<A::State>>,
    before: Before,
    kept: Vec<u8>,
}

impl<A: Agent> Default for Typed<A> {
    fn default() -> Self {
        Self { policy: None, states: BTreeMap::new(), before: Before::Nothing, kept: Vec::new() }
    }
}

impl<A: Agent> Machine for Typed<A> {
    fn set_policy(&mut self, text: &str) -> Result<(), PolicyError> {
        self.policy = Some(A::policy(text)?);
        Ok(())
    }

    fn adopt(&mut self, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        self.policy.as_mut().map_or(Ok(()), |policy| A::adopt(policy, name, version, text))
    }

    fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    fn step(&mut self, turn: &Turn<'_>, input: Input<'_>, care: Care, effects: &mut Effects) -> Result<(), String> {
        let Some(policy) = &self.policy else { return Err("no policy".into()) };
        let state = match self.states.get_mut(turn.entity) {
            Some(state) if care == Care::Taken => {
                let mut kept = std::mem::take(&mut self.kept);
                kept.clear();
                self.kept = postcard::to_extend(state, kept).map_err(|e| format!("its state has no bytes: {e}"))?;
                self.before = Before::Kept;
                state
            }
            Some(state) => {
                self.before = Before::Gone;
                state
            }
            None => {
                self.before = Before::Nothing;
                self.states.entry(turn.entity.clone()).or_default()
            }
        };
        catch_unwind(AssertUnwindSafe(|| A::step(turn, policy, &mut *state, input, effects)))
            .map_err(|panic| message(&*panic))
    }

    fn undo(&mut self, entity: &Entity) -> Result<bool, postcard::Error> {
        match self.before {
            Before::Nothing => {
                self.states.remove(entity);
            }
            Before::Kept => {
                self.states.insert(entity.clone(), Box::new(postcard::from_bytes(&self.kept)?));
            }
            Before::Gone => return Ok(false),
        }
        Ok(true)
    }

    fn encode(&self, entity: &Entity) -> Result<Option<Vec<u8>>, postcard::Error> {
        self.states.get(entity).map(|state| postcard::to_stdvec(&**state)).transpose()
    }

    fn decode(&mut self, entity: Entity, bytes: &[u8]) -> Result<(), postcard::Error> {
        let (state, rest) = postcard::take_from_bytes(bytes)?;
        if !rest.is_empty() {
            return Err(postcard::Error::DeserializeBadEncoding);
        }
        self.states.insert(entity, Box::new(state));
        Ok(())
    }

    fn each(&self, visit: &mut dyn FnMut(&Entity, &[u8])) {
        let mut bytes = Vec::new();
        for (entity, state) in &self.states {
            bytes.clear();
            // A state that has no bytes fails the next turn and every checkpoint; here it counts as empty.
            bytes = postcard::to_extend(state, bytes).unwrap_or_default();
            visit(entity, &bytes);
        }
    }

    fn json(&self, entity: &Entity) -> Option<serde_json::Value> {
        self.states.get(entity).and_then(|state| serde_json::to_value(state).ok())
    }

    fn len(&self) -> usize {
        self.states.len()
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text: String = text.unwrap_or("without a message").chars().take(PANIC_CHARS_MAX).collect();
    format!("the step panicked: {text}")
}
