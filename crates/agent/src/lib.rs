//! What an agent is: a synchronous, infallible fold, state + input → state + effects.
//!
//! The crate deliberately has no clock, no I/O, no randomness, no logging and no floats. What an agent needs to know
//! arrives as an event; what it wants done leaves as an effect.

pub mod arithmetic;
pub mod desk;
pub mod digest;
pub mod effects;
pub mod evidence;
pub mod hours;
pub mod policy;
pub mod profile;
pub mod rates;
pub mod usage;

use bus_schema::{Entity, Event, Kind, Position, Time, data::action::ClockMode};
use serde::{Serialize, de::DeserializeOwned};

pub use crate::{
    effects::{Effect, Effects, Fact, TimerName},
    evidence::Trail,
    policy::PolicyError,
    profile::AccountProfile,
    usage::Usage,
};

/// A member of the team. Nine of them have this one shape.
pub trait Agent: Send + Sync + 'static {
    /// Consumer, subject and metric label.
    const NAME: &'static str;
    /// Kinds it folds; all others are skipped by index, unparsed.
    const READS: &'static [Kind];
    /// Kinds it may say; the runtime refuses any other.
    const EMITS: &'static [Kind];
    /// Another version refolds from the start of the log.
    const FOLD_VERSION: u32;
    /// The commented defaults, published once into every partition.
    const DEFAULT_POLICY: &'static str;

    /// Validated thresholds in force at a position of the log; never part of the state.
    type Policy: Send + Sync + 'static;
    /// What it keeps of one entity.
    type State: Default + Serialize + DeserializeOwned + Send + 'static;

    /// Reads and validates a policy's text.
    ///
    /// # Errors
    /// Names the field that is wrong, and what would be right.
    fn policy(text: &str) -> Result<Self::Policy, PolicyError>;

    /// Takes a playbook or message template into the rules in force. An agent without plays takes none.
    ///
    /// # Errors
    /// The text cannot be used; the rules stay as they were.
    fn adopt(policy: &mut Self::Policy, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        let _ = (policy, name, version, text);
        Ok(())
    }

    /// One turn.
    fn step(turn: &Turn<'_>, policy: &Self::Policy, state: &mut Self::State, input: Input<'_>, effects: &mut Effects);
}

/// The circumstances of a step.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Whose state is folded.
    pub entity: &'a Entity,
    /// The highest log time this fold has seen in its partition.
    pub now: Time,
    /// Where the event stands in the log (for a timer: the tick that fired it).
    pub cause: Position,
    /// 0 for the event itself, then 1, 2, … for the timers a tick fires.
    pub ordinal: u32,
    /// The id of the log.
    pub log: &'a str,
    /// The agent's name.
    pub agent: &'static str,
    /// Version of the policy in force.
    pub policy_version: u32,
    /// In which time the log counts here: as the last tick or the end of event time said.
    pub clock: ClockMode,
}

/// What a step folds.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An event of a kind the agent reads.
    Event(&'a Event),
    /// A timer of this entity that is due.
    Timer(&'a str),
}

impl Turn<'_> {
    /// An id derived from this turn: the same on every replay, different for every `n` and every turn.
    ///
    /// Lower-case base32 of the first 16 bytes of SHA-256(log id, agent, entity, turn, n).
    pub fn id(&self, n: u32) -> String {
        let entity = self.entity.to_string();
        let turn = format!("{}.{}", self.cause, self.ordinal);
        digest::id(&[self.log, self.agent, &entity, &turn, &n.to_string()])
    }
}
