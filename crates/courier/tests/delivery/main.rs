//! What the courier does with approvals: on a bus in memory, against a real mail server.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod clocks;
mod desk;
mod faults;
mod real;
mod refusals;
mod stops;
