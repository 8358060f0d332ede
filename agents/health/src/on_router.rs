//! What the router tells of the world around an account: incidents, and producers that went silent.

use bus_schema::{
    data::facts::{IncidentCovers, SourceResumed, SourceStalled},
    time::HOUR_MS,
};

use crate::{
    metrics::Source,
    moment::Moment,
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

/// A producer went silent: what it feeds stands still.
pub(crate) fn stalled(account: &mut Account, data: &SourceStalled) {
    account.sources.stalled(&data.source, Some(data.since));
}

/// A producer speaks again. The days of its silence are no days without use, so they are cut out.
pub(crate) fn resumed(account: &mut Account, moment: &Moment<'_>, data: &SourceResumed, policy: &Policy) {
    account.sources.stalled(&data.source, None);
    if account.sources.feeds(&data.source, Source::Usage) {
        let from = account.profile.day_of(data.stalled_at, &policy.zone);
        account.sources.cut_from(short(&data.source), from);
        account.sources.cut_to(short(&data.source), moment.day);
    }
}
