//! What becomes of an event on its way into the log: appended with its log time, dropped as a repeat, sent on to
//! another partition, or refused.
//!
//! [`RouterState`] is one partition's, and a fold of the log: it can be rebuilt from there and is never the truth. The
//! router deliberately reads no clock: the broker's time of the message comes in as an argument.
//!
//! Invariants: log time never goes back; an event is appended once per (`source`, `id`) within the window that is
//! remembered, and once for ever where it was imported; an event about an entity is appended in that entity's partition
//! only.

mod ids;
mod incident;
mod pulse;
mod state;
#[cfg(test)]
mod tests;

use bus_schema::{
    Data, Entity, Event, Kind, Origin, Partition, Time,
    data::{contact::MembershipRecorded, facts::ClockMode, words::Label},
    time::{DAY_MS, HOUR_MS},
};

pub use pulse::{Beat, Pulse, sources_changed};
pub use state::{Change, RouterState};

/// Source of ticks.
pub const CLOCK: &str = "clock";
/// Source of what the router itself has to say.
pub const ROUTER: &str = "router";
/// An event that came so much after its time is late: folded, but no touch is made of it.
pub const LATE_MS: i64 = 7 * DAY_MS;
/// A step of log time that stops a partition until a person accepts it.
pub const STEP_MS_MAX: i64 = HOUR_MS;
/// The same for the first message after a start: the machine may have been off, but hardly for longer.
pub const IDLE_MS_MAX: i64 = 400 * DAY_MS;

/// Who handed an event in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    /// A gateway, an import, a producer on the bus.
    Outside,
    /// The router, and this message proves it.
    Router,
}

/// What is known about time when a message is routed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The broker's time of the message.
    pub broker: Time,
    /// The first message of this partition since the process started.
    pub first: bool,
    /// A person accepted the step of time.
    pub accepted: bool,
}

/// What becomes of an event.
#[derive(Clone, PartialEq, Debug)]
pub enum Route {
    /// It goes into this partition's log, stamped; before that, others are sent on because of it.
    Append {
        /// The event with log time, stage and segment.
        event: Box<Event>,
        /// What has to be sent on first.
        sends: Vec<Onward>,
    },
    /// It is in the log already.
    Repeat,
    /// It belongs to another partition.
    Forward(Box<Onward>),
    /// It is no event of this log: others come of it.
    Spread(Vec<Onward>),
    /// Nobody knows yet to which account the user belongs: kept until somebody says so.
    Waiting {
        /// The user, as a pseudonym.
        user: String,
    },
    /// It cannot be used.
    Dead(DeadReason),
    /// Time makes a step that no clock should make: the partition stops before this event.
    Stop {
        /// Log time so far.
        last: Time,
        /// Where this message would take it.
        next: Time,
    },
}

/// An event on its way to a partition.
#[derive(Clone, PartialEq, Debug)]
pub struct Onward {
    /// Where to.
    pub to: Partition,
    /// The event; not stamped.
    pub event: Event,
}

/// Why an event that passed the door cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeadReason {
    /// It came to a partition that is not its entity's.
    #[error(
        "{entity} belongs to partition {home}, the event came in at {found}; compute the partition as bus-schema says"
    )]
    WrongPartition {
        /// What it is about.
        entity: String,
        /// Where it belongs.
        home: Partition,
        /// Where it came in.
        found: Partition,
    },
    /// A tick of the wall clock on a log that counts in event time, or the other way round.
    #[error("a tick of the {tick} clock on a log that counts in {log} time")]
    WrongClock {
        /// The tick's clock.
        tick: &'static str,
        /// The log's.
        log: &'static str,
    },
}

impl DeadReason {
    /// One word for counters and lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongPartition { .. } => "wrong_partition",
            Self::WrongClock { .. } => "wrong_clock",
        }
    }
}

impl RouterState {
    /// Decides what becomes of an event that passed the door. Changes nothing: what is appended is folded afterwards.
    pub fn decide(&self, event: &Event, sender: Sender, moment: Moment) -> Route {
        let spread = self.spread(event, sender).or_else(|| self.spread_source(event, sender));
        if let Some(route) = spread.or_else(|| self.elsewhere(event, sender)) {
            return route;
        }
        if self.knows(&event.header.source, &event.header.id) || self.says_nothing_new(event) {
            return Route::Repeat;
        }
        if let Data::ClockTicked(tick) = &event.data
            && tick.mode != self.clock()
            && (self.clock() == ClockMode::Event || !self.is_empty())
        {
            let (tick, log) = (clock_name(tick.mode), clock_name(self.clock()));
            return Route::Dead(DeadReason::WrongClock { tick, log });
        }
        let logtime = self.logtime(event, moment.broker);
        if self.steps_too_far(event, logtime, moment) {
            return Route::Stop { last: self.last(), next: logtime };
        }
        let mut event = event.clone();
        event.header.logtime = logtime;
        event.header.late = logtime.since_ms(event.header.time) > LATE_MS;
        if let Some(place) = event.header.entity.account_id().and_then(|id| self.place(id)) {
            (event.header.stage, event.header.segment) = (place.stage.clone(), place.segment.clone());
        }
        let sends = self.sends(&event);
        Route::Append { event: Box::new(event), sends }
    }

    /// Where an event goes that is not for this partition's log.
    fn elsewhere(&self, event: &Event, sender: Sender) -> Option<Route> {
        let entity = &event.header.entity;
        // Ticks and what the router derives live in every partition.
        if event.kind().origin() == Origin::Router {
            return None;
        }
        let home = self.partitions.of(entity);
        match entity {
            Entity::User(user) => {
                let about_users = matches!(event.kind(), Kind::MembershipRecorded | Kind::IdentityMerged);
                // A merge is told to the homes of both users.
                if about_users && (home == self.partition || sender == Sender::Router) {
                    return None;
                }
                if home != self.partition {
                    return Some(Route::Forward(Box::new(Onward { to: home, event: event.clone() })));
                }
                let Some(account) = self.account_of(user) else { return Some(Route::Waiting { user: user.clone() }) };
                Some(Route::Forward(Box::new(self.to_account(event, user, account))))
            }
            Entity::Account(_) | Entity::Segment(..) | Entity::Pattern(..) | Entity::Csm(_) => (home != self.partition)
                .then(|| {
                    let (entity, found) = (entity.to_string(), self.partition);
                    Route::Dead(DeadReason::WrongPartition { entity, home, found })
                }),
        }
    }

    /// A user's event as one of their account, with the same id.
    pub fn to_account(&self, event: &Event, user: &str, account: &str) -> Onward {
        let mut event = event.clone();
        event.header.contact.get_or_insert_with(|| user.to_owned());
        event.header.entity = Entity::account(account);
        Onward { to: self.partitions.of(&event.header.entity), event }
    }

    /// The router's own word about a membership that is known already: so two merged users do not tell each other for
    /// ever.
    fn says_nothing_new(&self, event: &Event) -> bool {
        let Data::MembershipRecorded(data) = &event.data else { return false };
        event.header.source == ROUTER && self.account_of(&data.user) == Some(data.account.as_str())
    }

    /// Log time of an event: never before the last one.
    fn logtime(&self, event: &Event, broker: Time) -> Time {
        let header = &event.header;
        let counts =
            header.source == CLOCK || header.source.starts_with("import/") || header.source.starts_with("demo/");
        let resumed = event.kind() == Kind::ClockResumed;
        let ticks_event_time = matches!(&event.data, Data::ClockTicked(tick) if tick.mode == ClockMode::Event);
        let next = match self.clock() {
            ClockMode::Event if !resumed => {
                // Event time ends where the present begins: a row from the future cannot freeze the log.
                if counts { header.time.min(broker) } else { self.last() }
            }
            ClockMode::Live if ticks_event_time => header.time.min(broker),
            ClockMode::Event | ClockMode::Live => broker,
        };
        next.max(self.last())
    }

    fn steps_too_far(&self, event: &Event, next: Time, moment: Moment) -> bool {
        let live = self.clock() == ClockMode::Live && event.kind() != Kind::ClockResumed;
        let step = next.since_ms(self.last());
        let most = if moment.first { IDLE_MS_MAX } else { STEP_MS_MAX };
        live && !self.is_empty() && !moment.accepted && step > most
    }

    /// What has to be told to other partitions when an event about users is appended. Sent before the append, so that a
    /// crash in between sends it again, with the same ids.
    fn sends(&self, event: &Event) -> Vec<Onward> {
        match &event.data {
            Data::MembershipRecorded(data) => {
                self.merged_with(&data.user).filter_map(|other| self.membership(event, other, &data.account)).collect()
            }
            Data::IdentityMerged(data) => {
                let mut sends = Vec::new();
                let other_home = self.partitions.of(&Entity::User(data.previous.to_string()));
                if self.partitions.of(&event.header.entity) == self.partition && other_home != self.partition {
                    sends.push(Onward { to: other_home, event: unstamped(event) });
                }
                for (known, other) in [(&data.user, &data.previous), (&data.previous, &data.user)] {
                    let account = self.account_of(known).and_then(|account| Label::new(account).ok());
                    sends.extend(account.and_then(|account| self.membership(event, other, &account)));
                }
                sends
            }
            Data::IncidentOpened(_) | Data::IncidentResolved(_) => self.scope(event),
            // The other kinds concern nobody else.
            _ => Vec::new(),
        }
    }

    /// The router's word that a user belongs to an account, because of an event about another user who is the same.
    fn membership(&self, cause: &Event, user: &str, account: &Label) -> Option<Onward> {
        if self.account_of(user) == Some(account.as_str()) {
            return None;
        }
        let entity = Entity::User(user.to_owned());
        let to = self.partitions.of(&entity);
        let mut event = unstamped(cause);
        event.header.id = format!("member/{}", agent::digest::id(&[&cause.header.source, &cause.header.id, user]));
        event.header.causation = Some(cause.header.id.clone());
        event.header.source = ROUTER.into();
        event.header.contact = Some(user.to_owned());
        event.header.entity = entity;
        event.data =
            Data::MembershipRecorded(MembershipRecorded { user: Label::new(user).ok()?, account: account.clone() });
        Some(Onward { to, event })
    }
}

fn unstamped(event: &Event) -> Event {
    let mut event = event.clone();
    let header = &mut event.header;
    (header.logtime, header.late, header.stage, header.segment) = (Time(0), false, None, None);
    event
}

const fn clock_name(mode: ClockMode) -> &'static str {
    match mode {
        ClockMode::Live => "live",
        ClockMode::Event => "event",
    }
}
