//! The shell of the supervisor: what moves messages between the streams.
//!
//! Copies of what people say and of what became of actions, the publisher of signed approvals, the clock, the install of
//! the first rules, and how to go on where the end of a stream is lost. It decides nothing: the folds do. Invariant: each
//! subject it writes has one input stream, and whatever it repeats after a crash is recognised.

mod clock;
mod copies;
mod error;
mod install;
mod position_file;
pub mod process;
mod publisher;
mod router;
mod shortened;

pub use crate::{
    clock::{Clock, EventTime, Incoming, Pace, Quiesce, run_clock},
    copies::{Copied, Copies},
    error::SupervisionError,
    install::{InForce, Published, Rule, RuleKind, in_force, publish, publish_first},
    publisher::{AddressHash, Publisher, PublisherConfig},
    router::{
        DeadWhich, HEADER_DEAD_CODE, HEADER_DEAD_FROM, HEADER_DEAD_REASON, Replayed, Router, RouterConfig,
        RouterHandle, RouterStats, StoppedPartition,
    },
    shortened::{Shortened, shortened},
};

/// Header of our own messages on `IN`: `clock` (ticks, and imported events beside them) or `forward` (an event sent on
/// to its account's partition, pseudonyms in place).
pub const HEADER_OWN: &str = "Ms-Own";
