//! Every scenario, by what it breaks.

mod calm;

use crate::Scenario;

/// All of them, in the order in which they are played.
pub fn all() -> Vec<Scenario> {
    [calm::ALL].into_iter().flatten().copied().collect()
}
