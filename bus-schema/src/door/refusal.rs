//! Why an event did not pass: each reason names the place and the cure.

use std::fmt;

use super::{ATTRIBUTE_BYTES_MAX, DEPTH_MAX};
use crate::{Kind, Time, entity::EntityError};

/// An event that did not pass, as far as it could be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Its source, where that could be read.
    pub source: Option<String>,
    /// Its id, where that could be read.
    pub id: Option<String>,
}

/// What is wrong with an event.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Too many bytes.
    #[error("the event has {bytes} bytes, {most} are the most: send less in one event")]
    Large {
        /// How many.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// Nested too deep.
    #[error("the event is nested deeper than {DEPTH_MAX} levels: send flat fields")]
    Deep,
    /// No JSON object, or a name in it twice.
    #[error("the event is no JSON object: {problem}")]
    Json {
        /// What and where.
        problem: String,
    },
    /// A required attribute is not there.
    #[error("the attribute `{name}` is missing: {cure}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// An attribute cannot be used.
    #[error("the attribute `{name}` {problem}")]
    Attribute {
        /// Its name.
        name: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A kind that is none of ours.
    #[error("the type `{0}` is unknown: the kinds that can be sent are listed in bus-schema/asyncapi.json")]
    Kind(String),
    /// A kind that producers do not write.
    #[error("the kind `{0}` is not taken from outside: it is written by Mainstay itself")]
    Origin(Kind),
    /// The subject is no entity.
    #[error("the attribute `subject`: {0}")]
    Entity(EntityError),
    /// Event time too far ahead.
    #[error(
        "the event is from the future: its time {time} is more than a day after it came in at {received}; set the producer's clock"
    )]
    Future {
        /// Event time.
        time: Time,
        /// When it came in.
        received: Time,
    },
    /// A field of the data.
    #[error("data of `{kind}`: `{field}` {problem}")]
    Field {
        /// The kind.
        kind: Kind,
        /// The field.
        field: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// The data as a whole.
    #[error("data of `{kind}`: {problem}")]
    Data {
        /// The kind.
        kind: Kind,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

impl Reason {
    /// One word for counters and lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Large { .. } => "too_large",
            Self::Deep => "too_deep",
            Self::Json { .. } => "malformed_json",
            Self::Missing { .. } => "missing_attribute",
            Self::Attribute { .. } => "bad_attribute",
            Self::Kind(_) => "unknown_kind",
            Self::Origin(_) => "kind_not_taken",
            Self::Entity(_) => "bad_subject",
            Self::Future { .. } => "from_the_future",
            Self::Field { .. } | Self::Data { .. } => "bad_data",
        }
    }

    pub(super) fn json(error: &serde_json::Error) -> Self {
        Self::Json { problem: cut(&error.to_string()) }
    }

    pub(super) fn attribute(name: &str, problem: impl Into<String>) -> Self {
        Self::Attribute { name: cut(name), problem: problem.into() }
    }

    pub(super) fn text(name: &str) -> Self {
        Self::attribute(name, format!("must be text of 1 to {ATTRIBUTE_BYTES_MAX} bytes without control characters"))
    }

    pub(super) fn field(kind: Kind, field: &str, problem: impl Into<String>) -> Self {
        Self::Field { kind, field: cut(field), problem: problem.into() }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, source: None, id: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl std::error::Error for Refusal {}

/// Foreign text for a report: short, and on one line.
pub(super) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
