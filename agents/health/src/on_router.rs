//! What the router tells of the world around an account: incidents, and producers that went silent.

use bus_schema::{data::facts::IncidentCovers, time::HOUR_MS};

use crate::{
    policy::Policy,
    state::{Account, short},
};

/// An incident began or ended. Its days and a tail after it are cut out of the windows of use.
pub(crate) fn incident(account: &mut Account, data: &IncidentCovers, policy: &Policy) {
    let day = |at| account.profile.day_of(at, &policy.zone);
    let id = short(&data.incident);
    if data.opened {
        let from = day(data.at);
        account.sources.cut_from(id, from);
    } else {
        let to = day(data.at.plus_ms(policy.incident.tail_hours * HOUR_MS));
        account.sources.cut_to(id, to);
    }
}
