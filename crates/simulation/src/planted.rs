//! Bugs that are put in on purpose, to see that they are found.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::twist::{True, Twist};

/// A planted bug.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Planted {}

/// How a planted bug bends the world.
pub(crate) fn twist(planted: Option<Planted>) -> Arc<dyn Twist> {
    match planted {
        None => Arc::new(True),
        Some(planted) => match planted {},
    }
}
