//! Support: tickets, chats, conversations, feedback.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day,
    data::words::{Channel, Label, Reading, closed},
};

closed! {
    /// How urgent a ticket is.
    Priority {
        P1 "p1",
        P2 "p2",
        P3 "p3",
        P4 "p4",
    }
}

/// A ticket was opened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketOpened {
    /// The ticket.
    pub ticket: Label,
    /// How urgent.
    pub priority: Priority,
    /// Category, as the desk says.
    pub category: Label,
    /// Area of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_area: Option<Label>,
    /// By which way it came.
    pub channel: Channel,
    /// Who asked, as a pseudonym.
    pub contact: Label,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

closed! {
    /// Who wrote.
    Author {
        Customer "customer",
        Agent "agent",
        Bot "bot",
    }
}

/// Somebody wrote in a ticket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketReplied {
    /// The ticket.
    pub ticket: Label,
    /// Who wrote.
    pub by: Author,
    /// By which way, where it is not the ticket's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

closed! {
    /// Whom an open ticket waits for.
    TicketState {
        Open "open",
        PendingCustomer "pending_customer",
        PendingUs "pending_us",
    }
}

/// A ticket changed; only what changed is there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketUpdated {
    /// The ticket.
    pub ticket: Label,
    /// How urgent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Whom it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<TicketState>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Label>,
}

/// The desk escalated a ticket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketEscalated {
    /// The ticket.
    pub ticket: Label,
    /// To which team or level.
    pub to: Label,
    /// Why.
    pub reason: Label,
}

closed! {
    /// How a ticket ended.
    ResolutionCode {
        Fixed "fixed",
        Workaround "workaround",
        NoAnswer "no_answer",
        Duplicate "duplicate",
        NotABug "not_a_bug",
    }
}

/// A ticket was resolved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketResolved {
    /// The ticket.
    pub ticket: Label,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_code: Option<ResolutionCode>,
}

/// A resolved ticket was opened again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TicketReopened {
    /// The ticket.
    pub ticket: Label,
}

/// A bot gave a chat to a person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChatHandedOff {
    /// The conversation.
    pub conversation: Label,
    /// Who gave it away.
    pub from: Author,
    /// Why.
    pub reason: Label,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

closed! {
    /// Who wrote to whom.
    Direction {
        Inbound "inbound",
        Outbound "outbound",
    }
}

/// A conversation took place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConversationRecorded {
    /// By which way.
    pub channel: Channel,
    /// Who wrote to whom.
    pub direction: Direction,
    /// The ticket it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Label>,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

/// A customer rated how a request was handled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CsatResponded {
    /// The ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Label>,
    /// The answer.
    pub score: u8,
    /// Best answer possible.
    #[serde(default = "default_scale_5")]
    pub scale: u8,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

const fn default_scale_5() -> u8 {
    5
}

closed! {
    /// What kind of feedback.
    FeedbackType {
        FeatureRequest "feature_request",
        Bug "bug",
        Praise "praise",
        Complaint "complaint",
    }
}

/// A customer said what is missing, broken or good.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackSubmitted {
    /// The feedback.
    pub feedback: Label,
    /// What kind.
    #[serde(rename = "type")]
    pub feedback_type: FeedbackType,
    /// Area of the product.
    pub product_area: Label,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

/// What became of feedback.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackStatusChanged {
    /// The feedback.
    pub feedback: Label,
    /// The status.
    pub status: Label,
    /// When it shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_on: Option<Day>,
}
