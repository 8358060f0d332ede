//! The score itself: what was said, where the band stands, what a person set.

use std::collections::BTreeMap;

use bus_schema::{Day, Position, Time, data::facts::Band};
use serde::{Deserialize, Serialize};

use crate::{metrics::Metric, policy::Segment};

/// The last points of a metric while it was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) points: u8,
    /// From when its life counts.
    pub(crate) as_of: Time,
}

/// The machine's score between two facts, and why it moved.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Track {
    /// When it was computed last.
    pub(crate) at: Time,
    /// 0 to 10,000.
    pub(crate) machine: i32,
    /// Under which policy.
    pub(crate) policy_version: u32,
    /// Moved since the last fact, by cause.
    pub(crate) customer: i32,
    pub(crate) time: i32,
    pub(crate) model: i32,
    pub(crate) said: Option<Said>,
    /// What the model was bound by.
    pub(crate) binding: Binding,
}

/// What a model is bound by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) vendor: bool,
    pub(crate) segment: Segment,
    pub(crate) stage: Option<String>,
}

/// The last fact said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) machine: i32,
    pub(crate) final_score: i32,
    pub(crate) band: Band,
    /// 0 too little known for a band, 1 too little for green, 2 enough.
    pub(crate) coverage_class: u8,
    /// What each metric held, weight times points.
    pub(crate) parts: BTreeMap<Metric, u32>,
}

/// Where the band stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct BandState {
    pub(crate) band: Band,
    pub(crate) pending: Option<Pending>,
}

/// On the way out of a band.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) up: bool,
    pub(crate) since: Time,
}

/// A score set by a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Override {
    pub(crate) score: i32,
    /// The last day it lives.
    pub(crate) until: Day,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) cause: Position,
    /// The person was asked to confirm it.
    pub(crate) asked: bool,
}
