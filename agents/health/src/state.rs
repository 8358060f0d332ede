//! What the fold keeps of an account: counts by day and the latest of each kind, never the events themselves.
//!
//! Everything is bounded, so that an account takes about a kilobyte however long it lives.

mod calls;
mod commercial;
mod features;
mod outcomes;
mod relation;
mod score;
mod sources;
mod support;
mod tally;
mod use_measured;

use std::collections::BTreeMap;

use agent::{AccountProfile, Usage};
use bus_schema::{Day, entity::fnv1a};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    calls::Calls,
    commercial::Commercial,
    features::Features,
    outcomes::{Goal, GoalState, Outcomes, Worth},
    relation::{Message, Relation},
    score::{BandState, Known, Override, Pending, Said, Track},
    sources::Sources,
    support::{Support, Text, Ticket},
    tally::Tally,
    use_measured::{Adoption, Engagement, Measured, Trend, UseMeasured},
};
use crate::metrics::Metric;

/// The health agent's state of one entity. Only accounts have any.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) account: Option<Box<Account>>,
}

/// What is kept of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) profile: AccountProfile,
    pub(crate) usage: Usage,
    pub(crate) calls: Calls,
    pub(crate) features: Features,
    pub(crate) measured: UseMeasured,
    pub(crate) support: Support,
    pub(crate) relation: Relation,
    pub(crate) outcomes: Outcomes,
    pub(crate) commercial: Commercial,
    pub(crate) sources: Sources,
    pub(crate) by_hand: Option<Override>,
    pub(crate) known: BTreeMap<Metric, Known>,
    pub(crate) track: Track,
    pub(crate) band: BandState,
    /// Day of the last touch asked for, by play.
    pub(crate) played: BTreeMap<String, Day>,
    /// Whether the daily timer is set.
    pub(crate) scheduled: bool,
    /// The timer at the end of a dwell is set.
    pub(crate) dwelling: bool,
    /// The CSM was asked to agree on goals.
    pub(crate) goals_asked: bool,
    /// Day of the last divergence said.
    pub(crate) diverged_on: Option<Day>,
}

/// A short name for an id of other systems, to keep state small.
pub(crate) fn short(id: &str) -> u32 {
    fnv1a(id.as_bytes())
}
