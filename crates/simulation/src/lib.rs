//! The whole system on one thread, in virtual time, from one seed, with everything that can go wrong.
//!
//! A [`Plan`] says what happens: events, decisions, and faults. [`run`] plays it against the real agents, runtime,
//! router, gate, publisher and courier over the memory twins of bus, stores and mail server. The same plan gives the
//! same bytes. It deliberately does not see what only real processes show: fsync, TLS, a client that reconnects, and how
//! an operating system schedules threads.

mod caps;
pub mod check;
pub mod coverage;
pub mod dice;
pub mod generate;
pub mod history;
pub mod invariants;
pub mod observe;
pub mod plan;
pub mod planted;
mod recall;
pub mod reference;
pub mod runs;
mod scripts;
pub mod seeds;
pub mod shrink;
pub mod twist;
mod world;

pub use crate::{
    observe::{Moment, Run},
    plan::Plan,
    planted::Planted,
    world::{run, run_observed},
};
