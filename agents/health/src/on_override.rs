//! A person sets the score by hand, or takes that back.

use bus_schema::{ActorKind, Event, data::people::OverrideSet};

use crate::{
    moment::Moment,
    policy::Policy,
    state::{Account, Override},
};

/// An override, or its end. Only a person has a judgement of their own.
pub(crate) fn set(account: &mut Account, moment: &Moment<'_>, event: &Event, data: &OverrideSet, policy: &Policy) {
    let Some(actor) = &event.header.actor else { return };
    match actor.kind {
        ActorKind::Person | ActorKind::Simulated => {}
        ActorKind::Agent | ActorKind::System | ActorKind::Install => return,
    }
    let latest = moment.day.plus(policy.score.override_days_max);
    account.by_hand = data.score.map(|score| Override {
        score: i32::try_from(score.min(10_000)).unwrap_or(10_000),
        until: data.until.map_or(latest, |until| until.min(latest)),
        by: actor.to_string(),
        reason: data.reason.to_string(),
        cause: moment.cause,
    });
}
