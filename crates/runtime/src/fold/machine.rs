//! The agent's types behind one interface: policy, states, and the step.

use std::{
    any::Any,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::Entity;

use super::cells::Cells;
use crate::store::Entries;

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
    /// Puts the state of the last step back to what it was. False where that was not kept: the state is spoiled.
    fn undo(&mut self) -> bool;
    /// The states that differ from the last checkpoint, as rows of this tag, in order.
    fn changes(&self, tag: u8, rows: &mut Entries) -> Result<(), postcard::Error>;
    /// The changes are written.
    fn saved(&mut self);
    /// Takes a state from bytes.
    fn restore(&mut self, entity: &str, bytes: &[u8]) -> Result<(), postcard::Error>;
    /// Every entity in order, with its state as bytes.
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8]));
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
    /// It changed nothing.
    Unchanged,
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
    states: Cells<A::State>,
    before: Before,
    kept: Vec<u8>,
    /// The entity of the last step.
    entity: String,
}

impl<A: Agent> Default for Typed<A> {
    fn default() -> Self {
        Self {
            policy: None,
            states: Cells::default(),
            before: Before::Unchanged,
            kept: Vec::new(),
            entity: String::new(),
        }
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
        self.before = Before::Unchanged;
        let Some(policy) = &self.policy else { return Err("no policy".into()) };
        self.entity.clear();
        // A string takes everything.
        write!(self.entity, "{}", turn.entity).ok();
        let known = self.states.has(&self.entity);
        let state = self.states.change(&self.entity).map_err(|e| format!("its state cannot be read: {e}"))?;
        self.before = match care {
            _ if !known => Before::Nothing,
            Care::None => Before::Gone,
            Care::Taken => {
                let mut kept = std::mem::take(&mut self.kept);
                kept.clear();
                self.kept = postcard::to_extend(state, kept).map_err(|e| format!("its state has no bytes: {e}"))?;
                Before::Kept
            }
        };
        catch_unwind(AssertUnwindSafe(|| A::step(turn, policy, &mut *state, input, effects)))
            .map_err(|panic| message(&*panic))
    }

    fn undo(&mut self) -> bool {
        match self.before {
            Before::Unchanged => {}
            Before::Nothing => self.states.remove(&self.entity),
            Before::Kept => self.states.put(&self.entity, &self.kept),
            Before::Gone => return false,
        }
        true
    }

    fn changes(&self, tag: u8, rows: &mut Entries) -> Result<(), postcard::Error> {
        self.states.changes(tag, rows)
    }

    fn saved(&mut self) {
        self.states.saved();
    }

    fn restore(&mut self, entity: &str, bytes: &[u8]) -> Result<(), postcard::Error> {
        self.states.restore(entity, bytes)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        self.states.each(visit);
    }

    fn json(&self, entity: &Entity) -> Option<serde_json::Value> {
        self.states.json(&entity.to_string())
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
