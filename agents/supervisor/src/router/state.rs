//! What the router remembers of one partition: a fold of its log.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{
    Data, Event, Partition, Partitions, Time,
    data::{facts::ClockMode, words::Label},
};
use serde::{Deserialize, Serialize};

use super::{
    ids::{IDS_MAX, Ids},
    pulse::{Beat, Pulse, Pulses},
};

/// The router's state of one partition.
#[derive(Clone, Debug)]
pub struct RouterState {
    pub(super) partition: Partition,
    pub(super) partitions: Partitions,
    meta: Meta,
    ids: Ids,
    /// Account by user.
    members: BTreeMap<String, String>,
    /// Users who are the same person.
    merged: BTreeMap<String, BTreeSet<String>>,
    places: BTreeMap<String, Place>,
    pub(super) pulses: Pulses,
    changes: Vec<Change>,
}

/// Time, as the partition counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Meta {
    last: Time,
    clock: ClockMode,
    /// Anything was appended yet.
    begun: bool,
}

/// Most areas that are remembered of an account.
const AREAS_MAX: usize = 64;

/// What is known of an account: where it stands, as the supervisor said last, and what an incident may cover it by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) stage: Option<String>,
    pub(super) segment: Option<String>,
    /// Features it used and areas it wrote about.
    areas: BTreeSet<String>,
    /// Its time zone.
    zone: Option<String>,
}

impl Place {
    /// Whether it uses a product area, or a feature of it: `exports` is an area of `exports.csv`.
    pub(super) fn uses(&self, area: &str) -> bool {
        let within = |used: &String| used.strip_prefix(area).is_some_and(|rest| rest.starts_with(['.', '/', ':']));
        self.areas.contains(area) || self.areas.iter().any(within)
    }

    /// Whether it is in a region: a time zone such as `Europe/Berlin`, or the beginning of one.
    pub(super) fn lies_in(&self, region: &str) -> bool {
        let zone = self.zone.as_deref().and_then(|zone| zone.strip_prefix(region));
        zone.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// One change of the state since it was last kept. Kept in their order, the last one of a thing stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Change {
    /// An id was remembered: at this time, or for ever.
    Id(u128, Option<Time>),
    /// An id was forgotten.
    Forgotten(u128),
    /// A user belongs to an account.
    Member(String, String),
    /// Two users are one person.
    Merged(String, String),
    /// An account's stage and segment.
    Place(String, Option<String>, Option<String>),
    /// An account uses a feature or an area.
    Area(String, String),
    /// An account's time zone.
    Zone(String, String),
    /// A source was heard, or an hour of it is over.
    Source(String, Box<Pulse>),
    /// Time was told.
    Beat(Beat),
}

impl RouterState {
    /// Of a partition of which nothing is known yet.
    pub const fn new(partition: Partition, partitions: Partitions) -> Self {
        Self {
            partition,
            partitions,
            meta: Meta { last: Time(0), clock: ClockMode::Live, begun: false },
            ids: Ids { known: BTreeSet::new(), order: std::collections::VecDeque::new() },
            members: BTreeMap::new(),
            merged: BTreeMap::new(),
            places: BTreeMap::new(),
            pulses: Pulses::new(),
            changes: Vec::new(),
        }
    }

    /// Folds an event of `cs.log.<p>.in`, stored at this time of the broker. Folding one again changes nothing.
    pub fn fold(&mut self, event: &Event, stored: Time) {
        let header = &event.header;
        self.meta.last = self.meta.last.max(header.logtime);
        self.meta.begun = true;
        match &event.data {
            Data::ClockTicked(data) => self.meta.clock = data.mode,
            Data::ClockResumed(_) => self.meta.clock = ClockMode::Live,
            // The other kinds say nothing about the clock.
            _ => {}
        }
        // Not when the log stored it: what waited on IN is stored there later than it came, and a rebuild would forget
        // by other times than those it was routed by. A day of event time may pass in a moment and is no measure.
        let at = match self.meta.clock {
            ClockMode::Live => header.logtime,
            ClockMode::Event => stored,
        };
        let id = agent::digest::number(&[&header.source, &header.id]);
        // First, because what was kept may still hold an id that was forgotten and that comes again here.
        self.changes.extend(self.ids.forget(at, usize::MAX).into_iter().map(Change::Forgotten));
        let new = if header.source.starts_with("import/") {
            let new = self.ids.keep(id);
            new.then(|| self.changes.push(Change::Id(id, None)))
        } else {
            let new = self.ids.remember(id, at);
            new.then(|| self.changes.push(Change::Id(id, Some(at))))
        };
        if new.is_some() {
            self.pulses.fold(event);
        }
        self.changes.extend(self.ids.forget(at, IDS_MAX).into_iter().map(Change::Forgotten));
        match &event.data {
            Data::MembershipRecorded(data) => {
                self.apply(Change::Member(data.user.to_string(), data.account.to_string()));
            }
            Data::IdentityMerged(data) => {
                self.apply(Change::Merged(data.user.to_string(), data.previous.to_string()));
            }
            Data::UsageRecorded(data) => self.used(event, Some(&data.feature)),
            Data::UsageAggregated(data) => self.used(event, data.feature.as_ref()),
            Data::TicketOpened(data) => self.used(event, data.product_area.as_ref()),
            Data::FeedbackSubmitted(data) => self.used(event, Some(&data.product_area)),
            Data::AccountCreated(data) => self.in_zone(event, data.time_zone.as_ref()),
            Data::AccountUpdated(data) => self.in_zone(event, data.time_zone.as_ref()),
            // The other kinds say nothing about routing.
            _ => {}
        }
    }

    fn used(&mut self, event: &Event, area: Option<&Label>) {
        let (Some(account), Some(area)) = (event.header.entity.account_id(), area) else { return };
        let known = self.places.get(account).map(|place| &place.areas);
        if known.is_none_or(|areas| areas.len() < AREAS_MAX && !areas.contains(area.as_str())) {
            self.apply(Change::Area(account.to_owned(), area.to_string()));
        }
    }

    fn in_zone(&mut self, event: &Event, zone: Option<&Label>) {
        let (Some(account), Some(zone)) = (event.header.entity.account_id(), zone) else { return };
        if self.places.get(account).and_then(|place| place.zone.as_deref()) != Some(zone.as_str()) {
            self.apply(Change::Zone(account.to_owned(), zone.to_string()));
        }
    }

    /// Folds a fact of `cs.log.<p>.supervisor`.
    pub fn fold_fact(&mut self, event: &Event) {
        let Some(account) = event.header.entity.account_id() else { return };
        let mut place = self.places.get(account).cloned().unwrap_or_default();
        match &event.data {
            Data::StageChanged(data) => place.stage = Some(data.to.clone()),
            Data::SegmentChanged(data) => place.segment = Some(data.to.clone()),
            // The other facts say nothing about stage or segment.
            _ => return,
        }
        self.apply(Change::Place(account.to_owned(), place.stage, place.segment));
    }

    /// Whether an event of this identity was appended.
    pub fn knows(&self, source: &str, id: &str) -> bool {
        self.ids.contains(agent::digest::number(&[source, id]))
    }

    /// The account a user belongs to.
    pub fn account_of(&self, user: &str) -> Option<&str> {
        self.members.get(user).map(String::as_str)
    }

    /// The highest log time so far.
    pub const fn last(&self) -> Time {
        self.meta.last
    }

    /// In which time the partition counts.
    pub const fn clock(&self) -> ClockMode {
        self.meta.clock
    }

    /// Whether nothing was appended yet.
    pub const fn is_empty(&self) -> bool {
        !self.meta.begun
    }

    /// How many ids are remembered.
    pub fn ids(&self) -> usize {
        self.ids.len()
    }

    /// When the oldest id that will be forgotten was remembered.
    pub fn oldest_id(&self) -> Option<Time> {
        self.ids.oldest()
    }

    /// What changed since the last call, to be kept together with [`Self::meta`].
    pub fn take_changes(&mut self) -> Vec<Change> {
        let (sources, beat) = self.pulses.take_changes();
        self.changes.extend(sources.into_iter().map(|(source, pulse)| Change::Source(source, Box::new(pulse))));
        self.changes.extend(beat.map(Change::Beat));
        std::mem::take(&mut self.changes)
    }

    /// Time, as bytes to be kept.
    pub fn meta(&self) -> (Time, ClockMode, bool) {
        (self.meta.last, self.meta.clock, self.meta.begun)
    }

    /// Takes in what was kept: changes in any order, each thing once, of an id that came again each time it came;
    /// nothing of it counts as changed.
    pub fn restore(&mut self, (last, clock, begun): (Time, ClockMode, bool), kept: impl IntoIterator<Item = Change>) {
        self.meta = Meta { last, clock, begun };
        let mut again = BTreeMap::<u128, Time>::new();
        for change in kept {
            match change {
                Change::Id(id, Some(at)) => {
                    if !self.ids.remember(id, at) {
                        let last = again.entry(id).or_insert(at);
                        *last = at.max(*last);
                    }
                }
                Change::Id(id, None) => {
                    self.ids.keep(id);
                }
                Change::Forgotten(_) => {}
                Change::Source(source, pulse) => self.pulses.restore_source(source, *pulse),
                Change::Beat(beat) => self.pulses.restore_beat(beat),
                change @ (Change::Member(..)
                | Change::Merged(..)
                | Change::Place(..)
                | Change::Area(..)
                | Change::Zone(..)) => self.apply(change),
            }
        }
        self.ids.sort(&again);
        self.changes.clear();
    }

    pub(super) fn place(&self, account: &str) -> Option<&Place> {
        self.places.get(account)
    }

    /// Every account something is known of.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.places.iter().map(|(account, place)| (account.as_str(), place))
    }

    pub(super) fn merged_with(&self, user: &str) -> impl Iterator<Item = &str> {
        self.merged.get(user).into_iter().flatten().map(String::as_str)
    }

    fn apply(&mut self, change: Change) {
        match &change {
            Change::Member(user, account) => {
                self.members.insert(user.clone(), account.clone());
            }
            Change::Merged(user, previous) => {
                for (one, other) in [(user, previous), (previous, user)] {
                    self.merged.entry(one.clone()).or_default().insert(other.clone());
                }
            }
            Change::Place(account, stage, segment) => {
                let place = self.places.entry(account.clone()).or_default();
                (place.stage, place.segment) = (stage.clone(), segment.clone());
            }
            Change::Area(account, area) => {
                self.places.entry(account.clone()).or_default().areas.insert(area.clone());
            }
            Change::Zone(account, zone) => {
                self.places.entry(account.clone()).or_default().zone = Some(zone.clone());
            }
            Change::Id(..) | Change::Forgotten(_) | Change::Source(..) | Change::Beat(_) => {}
        }
        self.changes.push(change);
    }
}
