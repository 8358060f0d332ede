//! The shell that runs folds: read, step, say, checkpoint.
//!
//! The only crate that names sled. One order of things holds everywhere and is written once, in `partition`: apply a
//! message, append what it caused, and only after the acknowledgement remember that it was applied. It deliberately
//! knows nothing of what an event means. Invariant: the store is a cache; losing it costs a refold and says nothing twice.

mod binary;
mod error;
mod fold;
pub mod http;
mod partition;
mod refold;
mod runtime;
mod start;
mod status;
pub mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use crate::{
    binary::main,
    error::RuntimeError,
    fold::{AgentFold, Halt, Said},
    refold::Refold,
    runtime::{Config, Digest, Member, Runtime},
    status::{FoldStatus, Status},
    verify::Verified,
};
