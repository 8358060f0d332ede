//! Every scenario, by what it breaks.

mod bus_away;
mod calm;
mod events;
mod full_disk;
mod killed;
mod mail;
mod older_copy;
mod people;
mod power;
mod scarce;
mod stores;
mod stuck;
mod twins;
mod waiting;

use crate::Scenario;

/// All of them, in the order in which they are played.
pub fn all() -> Vec<Scenario> {
    [
        calm::ALL,
        waiting::ALL,
        killed::ALL,
        stores::ALL,
        mail::ALL,
        events::ALL,
        people::ALL,
        twins::ALL,
        bus_away::ALL,
        older_copy::ALL,
        stuck::ALL,
        full_disk::ALL,
        power::ALL,
        scarce::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}
