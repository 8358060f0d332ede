//! What a history shows of itself.

use std::collections::{BTreeMap, BTreeSet};

use bus::{MemoryBus, Stored};
use bus_schema::{Time, subject::Stream};

use crate::plan::{Process, Step, Verdict};

/// A running process: which it is, and the how manyeth that was started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Who {
    /// Its kind; none for what is outside: producers, persons, the customer.
    pub process: Option<Process>,
    /// Counted from 0 over the whole history.
    pub number: u32,
}

/// An event a producer sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Source of the event.
    pub source: String,
    /// Its id; unique within the source.
    pub id: String,
    /// Its account, without `account/`.
    pub account: String,
    /// Whether the door lets it through.
    pub sound: bool,
    /// Sequence on `IN` with which the bus acknowledged it, once it has.
    pub acknowledged: Option<u64>,
}

/// A message the mail server took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Virtual time.
    pub at_ms: u64,
    /// The broker's time.
    pub time: Time,
    /// Which courier.
    pub by: Who,
    /// The proposal, as the courier named it.
    pub proposal: String,
    /// To whom.
    pub to: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether the courier got the answer.
    pub answered: bool,
}

/// What a person was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is recorded.
    Recorded {
        /// Sequence on PEOPLE.
        seq: u64,
    },
    /// Somebody was first, or the card is not what it was: nothing is recorded.
    Refused(String),
    /// Nobody knows whether it is recorded.
    Doubt,
}

/// What a person did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Virtual time of the answer.
    pub at_ms: u64,
    /// Who.
    pub person: String,
    /// On which proposal.
    pub proposal: String,
    /// What; none for taking an approval back.
    pub verdict: Option<Verdict>,
    /// Version of the draft before their eyes.
    pub version: u32,
    /// Hash of the draft before their eyes.
    pub draft_hash: String,
    /// Id of the event.
    pub id: String,
    /// What they were told.
    pub answer: Answer,
}

/// A stop that was acknowledged to whoever set it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Virtual time of the acknowledgement.
    pub at_ms: u64,
    /// Its subject on ACTION.
    pub subject: String,
    /// Its sequence on ACTION.
    pub seq: u64,
}

/// A fold beside its refold up to the same position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folded {
    /// Whose.
    pub who: Who,
    /// The agent.
    pub agent: &'static str,
    /// Its partition.
    pub partition: u8,
    /// The position both are at.
    pub position: u64,
    /// SHA-256 of the running fold, in hex.
    pub live: String,
    /// SHA-256 of the refold, in hex.
    pub refolded: String,
}

/// How the end went, once every fault was lifted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// A fresh event became a fact within the time.
    Alive {
        /// How long it took.
        after_ms: u64,
    },
    /// It did not.
    Stuck {
        /// What stands still.
        why: String,
    },
}

/// What just happened.
#[derive(Clone, Copy, Debug)]
pub enum Occasion<'a> {
    /// A step of the plan was taken.
    Step(&'a Step),
    /// Virtual time passed between two steps.
    Passed,
    /// All faults were lifted and the system came to rest, or should have.
    End,
}

/// A moment of a history, for whoever checks it as it goes.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Virtual time since the end of the prelude.
    pub at_ms: u64,
    /// The broker's time.
    pub now: Time,
    /// What just happened.
    pub occasion: Occasion<'a>,
    /// The streams themselves, beyond every fault.
    pub bus: &'a MemoryBus,
    /// What producers sent so far.
    pub sent: &'a [Sent],
    /// What the mail server took so far.
    pub mail: &'a [Accepted],
    /// What people did so far.
    pub decided: &'a [Decided],
    /// Stops acknowledged so far.
    pub stopped: &'a [Stopped],
    /// Folds compared so far; they are compared at the end.
    pub folds: &'a [Folded],
}

/// A history after its end.
#[derive(Clone, Debug)]
pub struct Run {
    /// Every message of every stream, at the end. (Nothing is purged within a history.)
    pub streams: BTreeMap<Stream, Vec<Stored>>,
    /// What producers sent.
    pub sent: Vec<Sent>,
    /// What the mail server took.
    pub mail: Vec<Accepted>,
    /// What people did.
    pub decided: Vec<Decided>,
    /// Stops that were acknowledged.
    pub stopped: Vec<Stopped>,
    /// Folds compared with their refolds.
    pub folds: Vec<Folded>,
    /// Whether it lived at its end.
    pub liveness: Liveness,
    /// How often the world met what: kills, approvals, mails, compare-and-sets lost, and so on.
    pub coverage: BTreeMap<&'static str, u64>,
    /// Processes that ended by themselves, and why.
    pub ended: Vec<(Who, String)>,
    /// What happened, readable, in order.
    pub trace: Vec<String>,
    /// SHA-256 over trace, streams and mails, in hex: two runs of one plan have the same.
    pub hash: String,
}

impl Run {
    /// Ids of events, by source, that the bus acknowledged to their producer.
    pub fn acknowledged(&self) -> BTreeSet<(&str, &str)> {
        let acknowledged = self.sent.iter().filter(|sent| sent.acknowledged.is_some());
        acknowledged.map(|sent| (sent.source.as_str(), sent.id.as_str())).collect()
    }
}
