//! What the console asks of the running system and does not do itself.
//!
//! The `mainstay` command implements [`SystemControl`] over its agents; a console that runs alone has none and says so.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use bus_schema::Time;
use serde::{Deserialize, Serialize};

/// An answer that takes a while.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ControlError>> + Send>>;

/// The operations of a running system.
pub trait SystemControl: Send + Sync + 'static {
    /// How the parts are doing.
    fn status(&self) -> Answer<SystemStatus>;
    /// The digest of every agent's state, with its position.
    fn digest(&self) -> Answer<Vec<Digest>>;
    /// Folds everything again beside the running agents and compares.
    fn verify(&self) -> Answer<Verification>;
    /// Drops an agent's local state and folds it again.
    fn rebuild(&self, agent: String) -> Answer<Rebuilt>;
    /// Sends dead letters through again.
    fn replay_dead(&self, which: DeadSelection) -> Answer<Replayed>;
}

/// An operation that was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no such thing.
    #[error("{message}")]
    NotFound {
        /// What is missing.
        message: String,
        /// What to do.
        cure: String,
    },
    /// It cannot be done now, or not with this input.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do.
        cure: String,
    },
    /// It was tried and failed.
    #[error("{message}")]
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        cure: String,
    },
}

/// How the parts are doing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SystemStatus {
    /// Version of the program.
    pub version: String,
    /// Id of the log.
    pub log_id: String,
    /// `live` or `event`.
    pub clock: String,
    /// The log's own time.
    pub log_time: Option<Time>,
    /// The bus.
    pub bus: BusStatus,
    /// Each agent, in the order of the pipeline.
    pub agents: Vec<AgentStatus>,
}

/// How the bus is doing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BusStatus {
    /// Both connections are up.
    pub connected: bool,
    /// Version of the server.
    pub server: String,
    /// `sync_interval` is `always`.
    pub sync_always: bool,
    /// Why it stores nothing, and what becomes of it or can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// How often it was started again since this process began, because it stored nothing more.
    #[serde(default)]
    pub restarts: u64,
    /// Messages and bytes by stream.
    pub streams: BTreeMap<String, StreamStatus>,
}

/// What a stream holds.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StreamStatus {
    /// Sequence of its last message.
    pub last_seq: u64,
    /// Messages.
    pub messages: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How an agent is doing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Its name.
    pub name: String,
    /// `current`, `behind` or `halted`.
    pub state: String,
    /// The lowest position it has applied in any partition.
    pub applied: u64,
    /// Messages of the log it has not applied.
    pub behind: u64,
    /// Timers it keeps.
    pub timers: u64,
    /// Of these, due by now.
    pub timers_due: u64,
    /// Events, policies and templates of the log it could not use.
    pub unusable: u64,
    /// Entities it skips.
    pub failed: u64,
    /// How often it folded from the start.
    pub rebuilds: u64,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// A digest of one agent's state in one partition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Digest {
    /// The agent.
    pub agent: String,
    /// The partition.
    pub partition: u8,
    /// The position it is of.
    pub applied: u64,
    /// SHA-256, in hex.
    pub digest: String,
}

/// What a verification found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verification {
    /// Whether all digests agree.
    pub equal: bool,
    /// Partitions of agents compared.
    pub compared: u64,
    /// How long it took.
    pub took_ms: u64,
    /// Where they differ.
    pub differences: Vec<Difference>,
}

/// A digest that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The agent.
    pub agent: String,
    /// The partition.
    pub partition: u8,
    /// The running one.
    pub live: String,
    /// The one folded from the log.
    pub refolded: String,
}

/// A rebuild that is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rebuilt {
    /// The agent.
    pub agent: String,
    /// Events folded.
    pub events: u64,
    /// How long it took.
    pub took_ms: u64,
}

/// Which dead letters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadSelection {
    /// All of them.
    All,
    /// By sequence on the stream DEAD.
    Ids(Vec<u64>),
}

/// A replay of dead letters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replayed {
    /// Sent through again.
    pub replayed: u64,
    /// Not there any more.
    pub missing: u64,
}

/// For a console that runs alone: there is no system beside it to ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoControl;

impl NoControl {
    fn no<T: Send + 'static>() -> Answer<T> {
        let error = ControlError::Refused {
            message: "this console runs alone and has no agents to ask".into(),
            cure: "ask the console that `mainstay up` started".into(),
        };
        Box::pin(std::future::ready(Err(error)))
    }
}

impl SystemControl for NoControl {
    fn status(&self) -> Answer<SystemStatus> {
        Self::no()
    }
    fn digest(&self) -> Answer<Vec<Digest>> {
        Self::no()
    }
    fn verify(&self) -> Answer<Verification> {
        Self::no()
    }
    fn rebuild(&self, _: String) -> Answer<Rebuilt> {
        Self::no()
    }
    fn replay_dead(&self, _: DeadSelection) -> Answer<Replayed> {
        Self::no()
    }
}
