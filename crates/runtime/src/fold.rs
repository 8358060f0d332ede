//! A fold: one agent's states of one partition, and what happens to them with each message.
//!
//! [`Fold`] knows turns, timers, rules, bounds and skipped entities; the agent's types are behind [`Machine`], so that
//! all this is compiled once. It deliberately does no I/O and reads no clock: messages go in, what is to be said comes
//! out. Invariant: two folds that took the same messages have the same digest and said the same, byte for byte.

mod apply;
mod cells;
mod facts;
mod indexed;
mod machine;
mod rules;
mod save;
#[cfg(test)]
mod tests;
mod timers;
mod turn;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use agent::Agent;
use bus::{MessageHash, Packed, Stored};
use bus_schema::{Entity, Kind, Partition, Partitions, Position, Time, TurnId, data::action::ClockMode};

pub(crate) use indexed::Indexed;
pub(crate) use machine::Care;
use machine::{Machine, Typed};
use rules::Rules;
#[cfg(test)]
pub(crate) use save::STATE;
pub(crate) use save::{Changes, Meta};
use timers::Timers;

/// An agent, described for the shell.
#[derive(Clone, Copy)]
pub struct AgentFold {
    name: &'static str,
    version: u32,
    reads: &'static [Kind],
    emits: &'static [Kind],
    machine: fn() -> Box<dyn Machine>,
}

impl std::fmt::Debug for AgentFold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentFold").field("name", &self.name).field("version", &self.version).finish_non_exhaustive()
    }
}

impl AgentFold {
    /// The description of an agent.
    pub fn of<A: Agent>() -> Self {
        Self {
            name: A::NAME,
            version: A::FOLD_VERSION,
            reads: A::READS,
            emits: A::EMITS,
            machine: || Box::new(Typed::<A>::default()),
        }
    }

    /// The agent's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version of its fold.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

/// Where a fold stands: one partition of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) log: Arc<str>,
    pub(crate) partitions: Partitions,
    pub(crate) partition: Partition,
}

/// What a turn said on one subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The turn.
    pub turn: TurnId,
    /// The partition it lives in.
    pub to: Partition,
    /// The facts, packed.
    pub events: Vec<Packed>,
}

/// Why a fold cannot go on. Each but the last is a bug or a broken installation, never bad data of a customer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Halt {
    /// An event came before any policy.
    #[error(
        "{agent} has no policy in partition {partition}, but {kind} at {position} needs one; publish the policies of all agents before the first event, into every partition"
    )]
    NoPolicy {
        /// The agent.
        agent: &'static str,
        /// The partition.
        partition: Partition,
        /// The event.
        position: Position,
        /// Its kind.
        kind: Kind,
    },
    /// The agent said a kind that is not among its `EMITS`.
    #[error("{agent} said {kind} in turn {turn}, which is not among its EMITS; this is a bug of the agent")]
    Emits {
        /// The agent.
        agent: &'static str,
        /// The kind.
        kind: Kind,
        /// The turn.
        turn: TurnId,
    },
    /// The supervisor's facts stay in the partition of the turn: its subject there has one writer.
    #[error("{agent} in partition {from} said {kind} about {entity}, which lives in partition {to}; it may not")]
    Elsewhere {
        /// The agent.
        agent: &'static str,
        /// The kind.
        kind: Kind,
        /// The fact's entity.
        entity: Entity,
        /// Partition of the turn.
        from: Partition,
        /// Partition of the entity.
        to: Partition,
    },
    /// A turn failed in a message that was applied without care. Whoever did so goes back and applies it with care.
    #[error("{agent}: turn {turn} failed, and the state of before was not kept")]
    Spoiled {
        /// The agent.
        agent: &'static str,
        /// The turn.
        turn: TurnId,
    },
}

/// What a fold counts, for people; not part of its state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) turns: u64,
    pub(crate) facts: u64,
    /// Turns that broke a bound or panicked.
    pub(crate) failed: u64,
    /// Turns not taken because their entity is skipped.
    pub(crate) skipped: u64,
    /// Policies and playbooks that could not be used, and events that could not be read.
    pub(crate) refused: u64,
    pub(crate) last_error: Option<String>,
}

/// The message a fold has come to.
#[derive(Clone, Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    /// As a checkpoint remembers it.
    Marked(u64, MessageHash),
    Message(Arc<Stored>),
}

/// One agent's fold of one partition.
pub(crate) struct Fold {
    about: AgentFold,
    place: Place,
    /// By code of kind: whether the fold reads it, for the agent or for itself.
    wanted: Vec<bool>,
    machine: Box<dyn Machine>,
    now: Time,
    /// In which time the log counts: as the last tick or the end of event time said.
    clock: ClockMode,
    seen: Seen,
    rules: Rules,
    timers: Timers,
    skipped: BTreeSet<Entity>,
    dirty: Dirty,
    counts: Counts,
    care: Care,
}

/// What differs from the last checkpoint.
#[derive(Default)]
struct Dirty {
    skipped: BTreeSet<Entity>,
    rules: bool,
}

impl Fold {
    /// An empty fold.
    pub(crate) fn new(about: AgentFold, place: Place) -> Self {
        let own = [Kind::PolicyPublished, Kind::PlaybookPublished, Kind::ClockTicked, Kind::ClockResumed];
        let own = own.iter().chain(&[Kind::TurnFailed, Kind::TurnReleased]);
        let mut wanted = Vec::new();
        for kind in about.reads.iter().chain(own) {
            let code = usize::from(kind.code());
            if wanted.len() <= code {
                wanted.resize(code + 1, false);
            }
            if let Some(wants) = wanted.get_mut(code) {
                *wants = true;
            }
        }
        Self {
            machine: (about.machine)(),
            about,
            place,
            wanted,
            now: Time(0),
            clock: ClockMode::Live,
            seen: Seen::Nothing,
            rules: Rules::default(),
            timers: Timers::default(),
            skipped: BTreeSet::new(),
            dirty: Dirty::default(),
            counts: Counts::default(),
            care: Care::Taken,
        }
    }

    /// The same agent and partition, before the first message.
    pub(crate) fn afresh(&self) -> Self {
        Self::new(self.about, self.place.clone())
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.about.name
    }

    /// The sequence of the last message it took; 0 before the first.
    pub(crate) fn applied(&self) -> u64 {
        match &self.seen {
            Seen::Nothing => 0,
            Seen::Marked(seq, _) => *seq,
            Seen::Message(message) => message.seq,
        }
    }

    /// The hash of the last message it took.
    pub(crate) fn mark(&self) -> Option<(u64, MessageHash)> {
        match &self.seen {
            Seen::Nothing => None,
            Seen::Marked(seq, hash) => Some((*seq, *hash)),
            Seen::Message(message) => Some((message.seq, message.hash())),
        }
    }

    pub(crate) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Goes on counting from here.
    pub(crate) fn set_counts(&mut self, counts: Counts) {
        self.counts = counts;
    }

    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    pub(crate) fn entities(&self) -> usize {
        self.machine.len()
    }

    pub(crate) const fn skipped(&self) -> &BTreeSet<Entity> {
        &self.skipped
    }

    /// When the next timer is due that can fire.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.timers.next(&self.skipped)
    }

    /// What is kept of an entity, for people.
    pub(crate) fn state(&self, entity: &Entity) -> Option<serde_json::Value> {
        self.machine.json(entity)
    }

    /// SHA-256 over states, timers, rules, skipped entities and time, each in order.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digest = save::Digest::new(self.about.name, self.about.version, (self.now, self.clock));
        self.machine.each(&mut |entity, bytes| digest.row(entity, bytes));
        digest.section(&self.timers.list());
        digest.section(&self.rules.texts());
        digest.section(&self.skipped);
        digest.finish()
    }
}

/// Facts of one turn by the partition they live in.
type ByPartition = BTreeMap<Partition, Vec<Packed>>;
