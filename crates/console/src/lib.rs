//! The console: pages, read views and the API.
//!
//! A person reads what the agents found and decides; the decision is one event on the proposal's subject. The console
//! deliberately sends nothing itself and folds nothing: its views are a projection of the log that can be deleted.
//! Invariants: GET changes nothing; a decision binds the exact bytes its person saw; everything a page says of a
//! customer is quoted as data.

mod api;
mod app;
mod assets;
mod config;
mod control;
mod decide;
pub mod draft;
mod fault;
mod letter;
mod live;
mod markup;
mod ops;
mod pages;
mod routes;
mod secure;
mod session;
mod stop;
mod views;

pub use crate::{
    app::{Console, ConsoleError, Parts},
    config::{ConsoleConfig, Readiness, Sender},
    control::{
        AgentStatus, Answer, BusStatus, ControlError, DeadSelection, Difference, Digest, NoControl, Rebuilt, Replayed,
        StreamStatus, SystemControl, SystemStatus, Verification,
    },
    session::Sessions,
    stop::{Link, StopKey, StopKeyError},
    views::{Views, ViewsError},
};
