//! Why the shell cannot start or go on.

use std::sync::Arc;

use bus::{BusError, ChainError};
use bus_schema::Partition;

use crate::{fold::Halt, store::StoreError};

/// What stops the folds of this process.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The bus refuses, or does not answer at start.
    #[error("the bus cannot {action}")]
    Bus {
        /// What was tried.
        action: String,
        /// Why.
        #[source]
        source: BusError,
    },
    /// A store cannot be used.
    #[error("the states of {agent} cannot be opened")]
    Store {
        /// The agent.
        agent: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A fold cannot go on.
    #[error("partition {partition} stopped")]
    Halt {
        /// The partition.
        partition: Partition,
        /// Why.
        #[source]
        source: Halt,
    },
    /// A writer of the log ended: another process took over, or the log was replaced.
    #[error("{agent} in partition {partition} cannot speak")]
    Chain {
        /// The agent.
        agent: &'static str,
        /// The partition.
        partition: Partition,
        /// Why.
        #[source]
        source: ChainError,
    },
    /// A fold missed messages. Nothing it would do from here on could be trusted.
    #[error("{agent} in partition {partition} stands at {applied}, but the log was read on to {read}; start again")]
    Gap {
        /// The agent.
        agent: &'static str,
        /// The partition.
        partition: Partition,
        /// The last message it took.
        applied: u64,
        /// The last message read.
        read: u64,
    },
    /// The agent is not run here.
    #[error("no agent {0} runs in this process")]
    NoAgent(String),
    /// The partition is not run here.
    #[error("partition {0} does not run in this process")]
    NoPartition(Partition),
    /// The partition's worker was stopped.
    #[error("the worker of partition {0} was stopped")]
    Stopped(Partition),
    /// The partition's worker ended before.
    #[error("partition {partition} does not go on")]
    Failed {
        /// The partition.
        partition: Partition,
        /// Why.
        #[source]
        source: Arc<RuntimeError>,
    },
    /// The log ends before a position that was applied.
    #[error("the log of partition {partition} ends at {found}, but {applied} was applied")]
    LogEnds {
        /// The partition.
        partition: Partition,
        /// Its last message.
        found: u64,
        /// The position applied.
        applied: u64,
    },
}
