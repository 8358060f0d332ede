//! Facts of the router: time, sources, the scope of incidents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;
pub use crate::data::action::ClockMode;

/// Log time has reached the event's `time`; timers due by then fire.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClockTicked {
    /// Which clock wrote it.
    pub mode: ClockMode,
}

/// The log leaves event time: timers due before this are marked missed and fire no outreach.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClockResumed {
    /// The last instant of event time.
    pub event_time_until: Time,
}

/// A source has been silent far beyond its usual gap.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceStalled {
    /// The source.
    pub source: String,
    /// Its last event.
    pub since: Time,
}

/// A stalled source speaks again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceResumed {
    /// The source.
    pub source: String,
    /// Since when it had been silent.
    pub stalled_at: Time,
}

/// An incident touches this account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IncidentCovers {
    /// The incident.
    pub incident: String,
    /// As reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// False when it is resolved.
    pub opened: bool,
    /// When it opened or was resolved.
    pub at: Time,
}
