//! Facts any agent may write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Position, data::Kind};

/// Work for a person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskCreated {
    /// Its id.
    pub task: String,
    /// The play it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub play: Option<String>,
    /// What to do.
    pub title: String,
    /// Whom, a role or CSM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// By when.
    pub due_on: Day,
    /// One sentence.
    pub why: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A turn broke a bound: the entity is skipped by this fold until it is released.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TurnFailed {
    /// The agent.
    pub agent: String,
    /// The event.
    pub position: Position,
    /// Its kind.
    pub kind: Kind,
    /// Which bound, with its number.
    pub reason: String,
}

/// A skipped entity is folded again from here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TurnReleased {
    /// The agent.
    pub agent: String,
    /// Who released it.
    pub by: String,
}

/// Another version of a fold speaks from here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoldStarted {
    /// The agent.
    pub agent: String,
    /// Its fold version.
    pub version: u32,
}

/// Work passes from one team to another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HandoffMade {
    /// The team that gives: `sales`, `success`, `product`, …
    pub from: String,
    /// The team that takes.
    pub to: String,
    /// What it is about: `kick_off`, `bug`, `feature_request`, …
    pub subject: String,
    /// What the taker must know.
    pub context: Vec<String>,
    /// The task made of it.
    pub task: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}
