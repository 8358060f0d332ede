//! Accounts.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Day;

/// A new account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountCreated {
    /// When the relation began.
    pub started_on: Day,
}
