//! What is said after an account has left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{
    account::ChurnReason,
    words::{List, Reading},
};

/// Somebody who left told why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExitInterviewHeld {
    /// Why.
    pub reasons: List<ChurnReason>,
    /// Whether they would come back.
    pub would_return: bool,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}
