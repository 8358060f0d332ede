//! What the fold keeps of an account: counts by day and the latest of each kind, never the events themselves.
//!
//! Everything is bounded, so that an account takes about a kilobyte however long it lives.

mod calls;
mod commercial;
mod features;
mod help;
mod market;
mod outcomes;
mod past;
mod relation;
mod ring;
mod sales;
mod score;
mod sessions;
mod sources;
mod support;
mod tally;
mod use_measured;

use std::collections::BTreeMap;

use agent::{AccountProfile, Usage};
use bus_schema::{Day, Entity, entity::fnv1a};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    calls::Calls,
    commercial::Commercial,
    features::Features,
    help::Help,
    market::{Billing, Pipeline, Prospect, Purse, Renewal, RenewalStep},
    outcomes::{Goal, GoalState, Outcomes, Worth},
    past::{Past, Snapshot},
    relation::{Message, Relation},
    ring::{Marks, week},
    sales::Sales,
    score::{BandState, Binding, Known, Override, Pending, Said, Track},
    sessions::Sessions,
    sources::Sources,
    support::{Support, Text, Ticket},
    tally::Tally,
    use_measured::{Adoption, Api, Engagement, Measured, Part, Trend, UseMeasured},
};
use crate::{metrics::Metric, review::Review, segment::Segment};

/// The health agent's state of one entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Empty,
    /// An account.
    Account(Box<Account>),
    /// All accounts of a kind and segment: what is usual there.
    Segment(Box<Segment>),
    /// All accounts of a kind: how the models did.
    Review(Box<Review>),
}

impl State {
    /// What an entity is kept as.
    pub(crate) fn of(entity: &Entity) -> Self {
        match entity {
            Entity::Account(_) => Self::Account(Box::default()),
            Entity::Segment(_, segment) if segment == EVERY_SEGMENT => Self::Review(Box::default()),
            Entity::Segment(..) => Self::Segment(Box::default()),
            Entity::Pattern(..) | Entity::Csm(_) | Entity::User(_) => Self::Empty,
        }
    }
}

/// The segment that stands for all of a kind.
pub(crate) const EVERY_SEGMENT: &str = "all";

/// What is kept of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    pub(crate) profile: AccountProfile,
    pub(crate) usage: Usage,
    pub(crate) calls: Calls,
    pub(crate) features: Features,
    pub(crate) measured: UseMeasured,
    pub(crate) support: Support,
    pub(crate) relation: Relation,
    pub(crate) outcomes: Outcomes,
    pub(crate) commercial: Commercial,
    pub(crate) sessions: Sessions,
    pub(crate) help: Help,
    pub(crate) billing: Billing,
    pub(crate) renewal: Renewal,
    pub(crate) pipeline: Pipeline,
    /// Of vendors only.
    pub(crate) sales: Option<Box<Sales>>,
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
    /// The stage its model is bound by: as it stood with the last daily turn.
    pub(crate) stage: Option<String>,
    /// What it said to its segment last, and on which day.
    pub(crate) sampled: Option<(Day, Option<i32>)>,
    /// By how much use fell in the middle of its segment: what counts from a day on, and what counted before.
    pub(crate) season: Option<(Day, u16, u16)>,
    /// What the models said in the last months, until it is known what became of the account.
    pub(crate) past: Past,
}

/// A short name for an id of other systems, to keep state small.
pub(crate) fn short(id: &str) -> u32 {
    fnv1a(id.as_bytes())
}
