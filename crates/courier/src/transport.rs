//! By which way a message leaves, and how certain its fate is.

use std::fmt;

use bus_schema::data::action::ClockMode;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::{
    compose::Address,
    config::{Config, Smtp},
    eml, smtp,
};

/// A message that is about to leave.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The proposal it was.
    pub proposal: String,
    /// Envelope sender.
    pub from: Address,
    /// Recipient.
    pub to: Address,
    /// The bytes that were approved.
    pub bytes: Vec<u8>,
}

/// A way of the caller's by which messages leave. It must say exactly whether the other side can have one.
pub trait Outlet: Send + Sync {
    /// One attempt, which is over at `until`.
    fn send<'a>(&'a self, letter: &'a Letter, until: Instant) -> BoxFuture<'a, Attempt>;
}

impl fmt::Debug for dyn Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outlet")
    }
}

/// What one attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// It was taken.
    Sent(String),
    /// It was certainly not taken.
    Refused {
        /// What the other side said, or what stood in the way.
        text: String,
        /// Whether it may be different later.
        later: bool,
    },
    /// Nobody can say.
    Doubt(&'static str),
}

/// The ways a message may leave.
pub(crate) enum Transport<'a> {
    /// A way of the caller's.
    Outlet(&'a dyn Outlet),
    /// A mail server.
    Smtp(&'a Smtp),
    /// A file in the outbox.
    Eml,
}

impl<'a> Transport<'a> {
    /// A log on event time never reaches anybody: a demo's customer may have a real address.
    pub(crate) fn choose(config: &'a Config, clock: ClockMode) -> Self {
        if let Some(outlet) = &config.outlet {
            return Self::Outlet(&**outlet);
        }
        match (clock, &config.smtp) {
            (ClockMode::Live, Some(smtp)) => Self::Smtp(smtp),
            (ClockMode::Event, _) | (ClockMode::Live, None) => Self::Eml,
        }
    }

    /// One attempt, which is over at `until`.
    pub(crate) async fn send(&self, config: &Config, letter: &Letter, until: Instant) -> Attempt {
        match self {
            Self::Outlet(outlet) => outlet.send(letter, until).await,
            Self::Smtp(server) => smtp::send(server, letter, until).await,
            Self::Eml => eml::write(&config.outbox, letter).await,
        }
    }
}
