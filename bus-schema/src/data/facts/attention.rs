//! Facts about a CSM's attention: which proposals are shown as cards, which wait, which are dropped.
//!
//! An account offers a card to the queue of its CSM, `csm/<id>`; the queue answers to the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Time};

/// A proposal asks for a place among the cards of a CSM.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CardOffered {
    /// The account.
    pub account: String,
    /// The proposal.
    pub proposal: String,
    /// Its place: value at stake times urgency, times how recently the risk rose.
    pub rank: i64,
    /// Whether it may pass the daily limit.
    pub critical: bool,
    /// Cards of one bulk are one card, whatever their accounts: `incident:<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<String>,
    /// It was shown before and was taken back by the person who decided: it counts on no day.
    pub again: bool,
    /// Why it has this rank, in words.
    pub reason: String,
}

/// Why a card is no longer in a queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardEnd {
    /// A person decided.
    Decided,
    /// The proposal is void, expired, or was sent.
    Over,
    /// Another CSM looks after the account.
    Moved,
}

impl CardEnd {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Over => "over",
            Self::Moved => "moved",
        }
    }
}

/// A proposal needs no place any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CardClosed {
    /// The account.
    pub account: String,
    /// The proposal.
    pub proposal: String,
    /// Why.
    pub reason: CardEnd,
}

/// A proposal is shown to a CSM.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CardShown {
    /// The proposal.
    pub proposal: String,
    /// The CSM.
    pub csm: String,
    /// Its rank.
    pub rank: i64,
    /// The working day whose attention it takes.
    pub day: Day,
    /// Which of that day's cards it is; 0 where it joined a card that was shown, and where it was shown before.
    pub place: u32,
    /// The proposal whose card it joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<String>,
    /// Why now, in words.
    pub reason: String,
}

/// More cards are open than a CSM can look at: this one, of the lowest rank, is not sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CardDropped {
    /// The proposal.
    pub proposal: String,
    /// The CSM.
    pub csm: String,
    /// Its rank.
    pub rank: i64,
    /// When.
    pub at: Time,
    /// Why, in words, with the numbers.
    pub reason: String,
}
