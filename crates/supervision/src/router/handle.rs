//! What others see of a running router.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bus::Bus;
use bus_schema::{Partition, Partitions, Time, data::facts::ClockMode};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::dead::{self, DeadWhich, Replayed};
use crate::SupervisionError;

/// A running router.
#[derive(Debug)]
pub struct RouterHandle {
    pub(super) bus: Bus,
    pub(super) partitions: Partitions,
    pub(super) seen: watch::Receiver<Seen>,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

/// What a router has done since it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RouterStats {
    /// Events appended to the log.
    pub routed: u64,
    /// Events that were in the log already.
    pub repeats: u64,
    /// Events that could not be used.
    pub dead: u64,
    /// Of these, events that wait for the account of their user.
    pub waiting: u64,
    /// Events sent on to another partition.
    pub forwarded: u64,
}

/// A partition that stands still because time made a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoppedPartition {
    /// Log time so far.
    pub last: Time,
    /// Where the next message would take it.
    pub next: Time,
}

/// How far the router is.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) routed: u64,
    pub(super) stats: RouterStats,
    pub(super) log_time: Option<Time>,
    pub(super) mode: Option<ClockMode>,
    pub(super) written: BTreeMap<Partition, u64>,
    pub(super) stopped: BTreeMap<Partition, StoppedPartition>,
    pub(super) failed: Option<SupervisionError>,
    pub(super) ended: bool,
}

/// What a router is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Accept(Partition),
    Stop,
}

impl RouterHandle {
    /// Sequence of `IN` up to which everything is routed and acknowledged.
    pub fn routed(&self) -> u64 {
        self.seen.borrow().routed
    }

    /// Waits until everything on `IN` up to a sequence is routed and acknowledged.
    ///
    /// # Errors
    /// The router ended, or a partition stands still.
    pub async fn wait_routed(&self, seq: u64) -> Result<(), SupervisionError> {
        let mut seen = self.seen.clone();
        let done = |seen: &Seen| seen.routed >= seq || seen.ended || !seen.stopped.is_empty();
        let unrest = |why: &str| SupervisionError::Unrest { why: why.into() };
        let now = seen.wait_for(done).await.map_err(|_| unrest("the router ended"))?;
        if now.routed >= seq {
            return Ok(());
        }
        let stands = || {
            unrest(
                "a partition stands still because its clock made a step: `mainstay clock list` shows it, `mainstay clock accept` lets it go on",
            )
        };
        Err(now.failed.clone().unwrap_or_else(|| if now.ended { unrest("the router ended") } else { stands() }))
    }

    /// What it has done since it started.
    pub fn stats(&self) -> RouterStats {
        self.seen.borrow().stats
    }

    /// The highest log time of all partitions; none of an empty log.
    pub fn log_time(&self) -> Option<Time> {
        self.seen.borrow().log_time
    }

    /// In which time the log counts; none of an empty log.
    pub fn mode(&self) -> Option<ClockMode> {
        self.seen.borrow().mode
    }

    /// Sequence in the log of the last message it appended, by partition.
    pub fn written(&self) -> BTreeMap<Partition, u64> {
        self.seen.borrow().written.clone()
    }

    /// The partitions that stand still because time made a step.
    pub fn stopped(&self) -> BTreeMap<Partition, StoppedPartition> {
        self.seen.borrow().stopped.clone()
    }

    /// Lets a partition that stands still take the step.
    pub fn accept_clock(&self, partition: Partition) {
        // A router that has ended takes no orders.
        let _ = self.orders.send(Order::Accept(partition));
    }

    /// Why it cannot go on, without waiting.
    pub fn failure(&self) -> Option<SupervisionError> {
        self.seen.borrow().failed.clone()
    }

    /// Waits until it cannot go on; answers why. One that was stopped never fails.
    pub async fn failed(&self) -> SupervisionError {
        let mut seen = self.seen.clone();
        loop {
            if let Some(error) = self.failure() {
                return error;
            }
            if seen.changed().await.is_err() {
                return match self.failure() {
                    Some(error) => error,
                    None => std::future::pending().await,
                };
            }
        }
    }

    /// Sends dead letters through again, with their own ids.
    ///
    /// # Errors
    /// The bus cannot be read or written.
    pub async fn replay_dead(&self, which: DeadWhich) -> Result<Replayed, SupervisionError> {
        dead::replay(&self.bus, self.partitions, which).await
    }

    /// Stops after what it has in hand.
    pub async fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that panicked has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for RouterHandle {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// Shared by the task and its handle.
pub(super) type Shared = Arc<watch::Sender<Seen>>;
