//! The gateway over real HTTP, with a bus in memory behind it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod edge;
mod limits;
mod mapping;
mod real;
mod sdk;
