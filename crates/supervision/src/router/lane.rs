//! One partition on the router's way: its memory, its chain, how far it is.

use std::collections::{BTreeMap, VecDeque};

use bus::{Chain, Packed};
use bus_schema::{Event, Kind, Partition, Time, TurnId, door::Admitted};
use serde_json::{Map, Value};
use supervisor::router::{Moment, Onward, Route, RouterState, Sender, sources_changed};

use super::rows::IdRows;

/// One partition.
pub(super) struct Lane {
    pub(super) partition: Partition,
    pub(super) state: RouterState,
    pub(super) chain: Chain,
    /// Everything up to this turn is routed.
    pub(super) done: Option<TurnId>,
    /// Nothing was routed since the start.
    pub(super) first: bool,
    /// Where the partition stands still because time made a step.
    pub(super) stopped: Option<Stopped>,
    /// A person accepted the next step.
    pub(super) accepted: bool,
    /// Facts of the supervisor that are not folded yet.
    pub(super) facts: VecDeque<(u64, Event)>,
    /// The last message of the supervisor that was read.
    pub(super) heard: u64,
    /// What is kept of the ids it remembers.
    pub(super) id_rows: IdRows,
}

/// Where and why a partition stands still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stopped {
    pub(super) seq: u64,
    pub(super) last: Time,
    pub(super) next: Time,
}

impl Lane {
    pub(super) const fn new(
        partition: Partition,
        state: RouterState,
        id_rows: IdRows,
        chain: Chain,
        done: Option<TurnId>,
    ) -> Self {
        Self {
            partition,
            state,
            chain,
            done,
            first: true,
            stopped: None,
            accepted: false,
            facts: VecDeque::new(),
            heard: 0,
            id_rows,
        }
    }

    /// Whether this turn was routed before.
    pub(super) fn is_done(&self, turn: TurnId) -> bool {
        self.done.is_some_and(|done| turn <= done)
    }

    /// Decides, and folds what is appended.
    pub(super) fn route(&mut self, admitted: &Admitted, ours: bool, broker: Time) -> Route {
        let moment = Moment { broker, first: self.first, accepted: self.accepted };
        let sender = if ours { Sender::Router } else { Sender::Outside };
        let route = self.state.decide(&admitted.event, sender, moment);
        if let Route::Append { event, .. } = &route {
            self.state.fold(event, broker);
            (self.first, self.accepted) = (false, false);
        }
        route
    }

    /// What is to be told about sources when this event of this partition was appended; `others` are all other lanes.
    pub(super) fn sources_changed(&self, others: &BTreeMap<Partition, Self>, event: &Event) -> Vec<Onward> {
        let is_tick = event.kind() == Kind::ClockTicked && others.keys().all(|other| self.partition < *other);
        if !is_tick {
            return Vec::new();
        }
        let states: Vec<&RouterState> = others.values().chain([self]).map(|lane| &lane.state).collect();
        sources_changed(&states, event)
    }

    /// Folds the facts up to a sequence.
    pub(super) fn fold_facts(&mut self, until: u64) {
        while let Some((_, event)) = self.facts.pop_front_if(|(seq, _)| *seq <= until) {
            self.state.fold_fact(&event);
        }
    }
}

/// An event with its personal fields, ready to be packed.
pub(super) fn packed(event: &Event, personal: &Map<String, Value>) -> Packed {
    let json = event.to_json(Some(personal));
    Packed { kind: event.kind(), entity_hash: event.header.entity.hash(), json }
}
