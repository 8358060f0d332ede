//! The router task: what came in on `IN`, through the door, decided, and into the log.
//!
//! One task reads `IN` in order. Of a read it first publishes what goes elsewhere (dead letters, events for other
//! partitions), then appends, and only when all of it is acknowledged does its position move. So a crash at any moment
//! repeats at most one read: what was appended is recognised by its turn, what was sent by its id.

mod dead;
mod facts;
mod handle;
mod intake;
mod lane;
mod open;
mod outgoing;
mod purge;
mod rows;
#[cfg(test)]
mod tests;
mod work;

use std::{path::PathBuf, time::Duration};

use bus::Bus;
use bus_schema::{Partitions, door::Door};
use runtime::store::Disk;

pub use self::{
    dead::{DeadWhich, HEADER_DEAD_CODE, HEADER_DEAD_FROM, HEADER_DEAD_REASON, Replayed},
    handle::{RouterHandle, RouterStats, StoppedPartition},
    open::Router,
};

const PART: &str = "router";
/// Between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// Between two purges of `IN`.
const PURGE_EVERY: Duration = Duration::from_hours(1);
/// How long routed messages stay on `IN`.
const IN_KEPT_MS: i64 = 7 * bus_schema::time::DAY_MS;

/// What a router needs.
#[derive(Clone, Debug)]
pub struct RouterConfig {
    /// BUS as the router.
    pub bus: Bus,
    /// How many partitions the log has.
    pub partitions: Partitions,
    /// The door, with the tenant key.
    pub door: Door,
    /// The disk both folders are on.
    pub disk: Disk,
    /// Where what the router remembers is kept between two starts. Losing it costs reading the log.
    pub state_dir: PathBuf,
    /// Where a damaged folder is moved.
    pub quarantine_dir: PathBuf,
}
