//! Every scenario, by what it breaks.

mod calm;
mod events;
mod killed;
mod mail;
mod people;
mod stores;
mod twins;
mod waiting;

use crate::Scenario;

/// All of them, in the order in which they are played.
pub fn all() -> Vec<Scenario> {
    [calm::ALL, waiting::ALL, killed::ALL, stores::ALL, mail::ALL, events::ALL, people::ALL, twins::ALL]
        .into_iter()
        .flatten()
        .copied()
        .collect()
}
