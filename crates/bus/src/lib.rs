//! The bus: `JetStream` and its memory twin.
//!
//! The only crate that names async-nats. It knows streams, subjects, readers and the one way to append to the log
//! ([`Chain`]); it deliberately knows nothing of agents, states or what an event means. Invariant: a subject of
//! the log grows only through a chain, and a chain never says a turn twice.

mod bus;
pub mod chain;
mod error;
mod failpoint;
mod hash;
mod keys;
pub mod memory;
mod message;
pub mod nats;
mod pattern;
mod reader;
mod role;
pub mod server;
mod streams;

pub use crate::{
    bus::Bus,
    chain::{Chain, ChainError, Packed},
    error::{BusError, Doubt, PublishError},
    failpoint::failpoint,
    hash::{MessageHash, message_hash},
    keys::{BusKeys, KeyError},
    memory::MemoryBus,
    message::{CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Headers, Message, Stored, StreamState},
    nats::{Connect, NatsBus},
    pattern::matches,
    reader::Reader,
    role::Role,
    streams::{LogInfo, Provisioning},
};
