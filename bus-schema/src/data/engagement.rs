//! Meetings, reviews, and what became of messages at the customer's side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Time,
    data::words::{Label, List, Reading, TouchClass, closed},
};

closed! {
    /// What a meeting is for.
    MeetingType {
        Kickoff "kickoff",
        ReviewExecutive "review_executive",
        ReviewOperational "review_operational",
        CheckIn "check_in",
    }
}

/// A meeting was agreed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeetingScheduled {
    /// The meeting.
    pub meeting: Label,
    /// What for.
    #[serde(rename = "type")]
    pub meeting_type: MeetingType,
    /// Who is invited, as pseudonyms.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub invited: List<Label>,
    /// When it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
}

/// A meeting was held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeetingHeld {
    /// The meeting.
    pub meeting: Label,
    /// What for.
    #[serde(rename = "type")]
    pub meeting_type: MeetingType,
    /// Who was invited, as pseudonyms.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub invited: List<Label>,
    /// Who came, as pseudonyms.
    pub attended: List<Label>,
}

/// The customer did not come.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeetingMissed {
    /// The meeting.
    pub meeting: Label,
    /// What for.
    #[serde(rename = "type")]
    pub meeting_type: MeetingType,
    /// Who was invited, as pseudonyms.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub invited: List<Label>,
}

/// A meeting was called off.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeetingCancelled {
    /// The meeting.
    pub meeting: Label,
    /// What for.
    #[serde(rename = "type")]
    pub meeting_type: MeetingType,
    /// Who was invited, as pseudonyms.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub invited: List<Label>,
}

/// A business review was held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReviewHeld {
    /// What kind.
    #[serde(rename = "type")]
    pub meeting_type: MeetingType,
    /// Who came, as pseudonyms.
    pub attended: List<Label>,
    /// What was agreed.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub actions: List<Label>,
}

/// A message arrived.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachDelivered {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
}

/// A message was opened. In no score and no forecast: mail clients open by themselves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachOpened {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
}

/// A link in a message was followed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachClicked {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
}

/// A message was answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachReplied {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

closed! {
    /// Whether an address is gone or busy.
    BounceType {
        Hard "hard",
        Soft "soft",
    }
}

/// A message came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachBounced {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
    /// For good or for now.
    pub bounce: BounceType,
}

/// A recipient wants no more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachUnsubscribed {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What they want no more of.
    pub class: TouchClass,
}

/// A recipient reported a message as unwanted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutreachComplained {
    /// The proposal it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Label>,
    /// The message.
    pub message: Label,
    /// What it was for.
    pub class: TouchClass,
}
