//! Facts.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Log time has moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClockTicked {}
