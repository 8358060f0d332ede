//! When and where an event stands, as the folds of single kinds need it.

use agent::Turn;
use bus_schema::{Day, Event, Position, Time};

use crate::{policy::Policy, state::Account};

/// The circumstances of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// When it happened.
    pub(crate) at: Time,
    /// The civil day of that where the account is.
    pub(crate) day: Day,
    /// Where it stands in the log.
    pub(crate) cause: Position,
    /// Its producer.
    pub(crate) source: &'a str,
    /// The customer's person it concerns.
    pub(crate) contact: Option<&'a str>,
}

impl<'a> Moment<'a> {
    pub(crate) fn of(event: &'a Event, turn: &Turn<'_>, policy: &Policy, account: &Account) -> Self {
        let header = &event.header;
        Self {
            at: header.time,
            day: account.profile.day_of(header.time, &policy.zone),
            cause: turn.cause,
            source: &header.source,
            contact: header.contact.as_deref(),
        }
    }
}
