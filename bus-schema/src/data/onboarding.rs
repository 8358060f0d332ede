//! Onboarding and projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day,
    data::words::{Label, List, closed},
};

/// A step of the checklist was done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingStepCompleted {
    /// The step.
    pub step: Label,
}

/// A training was completed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TrainingCompleted {
    /// The course.
    pub course: Label,
    /// How many took it.
    pub users: u64,
}

/// An integration went live.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IntegrationDeployed {
    /// The integration.
    pub integration: Label,
}

/// The kick-off was held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KickoffHeld {
    /// Who took part, as pseudonyms.
    pub participants: List<Label>,
}

closed! {
    /// How a project stands.
    ProjectState {
        OnTrack "on_track",
        Delayed "delayed",
        Stopped "stopped",
        Done "done",
    }
}

/// A customer's project moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProjectUpdated {
    /// The project.
    pub project: Label,
    /// How it stands.
    pub state: ProjectState,
    /// When it is due.
    pub due_on: Day,
    /// When it was due before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_due_on: Option<Day>,
}
