//! By which way a message leaves, and how certain its fate is.

use tokio::time::Instant;

use bus_schema::data::action::ClockMode;

use crate::{
    compose::Address,
    config::{Config, Smtp},
    eml, smtp,
};

/// A message that is about to leave.
pub(crate) struct Letter {
    pub(crate) proposal: String,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) bytes: Vec<u8>,
}

/// What one attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Attempt {
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
    /// A mail server.
    Smtp(&'a Smtp),
    /// A file in the outbox.
    Eml,
}

impl<'a> Transport<'a> {
    /// A log on event time never reaches anybody: a demo's customer may have a real address.
    pub(crate) fn choose(config: &'a Config, clock: ClockMode) -> Self {
        match (clock, &config.smtp) {
            (ClockMode::Live, Some(smtp)) => Self::Smtp(smtp),
            (ClockMode::Event, _) | (ClockMode::Live, None) => Self::Eml,
        }
    }

    /// One attempt, which is over at `until`.
    pub(crate) async fn send(&self, config: &Config, letter: &Letter, until: Instant) -> Attempt {
        match self {
            Self::Smtp(server) => smtp::send(server, letter, until).await,
            Self::Eml => eml::write(&config.outbox, letter).await,
        }
    }
}
