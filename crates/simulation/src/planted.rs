//! Bugs that are put in on purpose, to see that they are found.
//!
//! None of them is in a crate of the product: each bends an agent, a wire or a store from outside, at the places that
//! [`crate::twist`] names. An invariant that none of them breaks would be an invariant that checks nothing.

mod agents;
mod courier;
mod wire;

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

pub(crate) use agents::{reset, set_clock};

use crate::{
    invariants::name,
    twist::{True, Twist},
};

/// A planted bug.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Planted {
    /// A checkpoint before its appends are acknowledged.
    CheckpointBeforeAcks,
    /// Not resumed at the applied position + 1.
    ResumePastNext,
    /// Recovery by a read that may be stale.
    StaleRecovery,
    /// The chain is not checked by the bus.
    ChainUnchecked,
    /// A turn is split over two messages.
    TurnSplit,
    /// Events of one partition on several subjects.
    SeveralSubjects,
    /// No compare-and-set on decisions.
    NoCompareAndSet,
    /// Signed before the hold is over.
    SignedBeforeHold,
    /// Stops are read before the intent.
    StopsBeforeIntent,
    /// Sent before the intent is stored.
    SendBeforeIntent,
    /// Tried again after a doubt.
    RetryOnUnknown,
    /// The end of a proposal is ignored.
    ExpiryIgnored,
    /// The end of an approval is ignored.
    ApprovalAgeIgnored,
    /// What is approved is what is there, not what was seen.
    OldVersionApproved,
    /// A replay sends.
    ReplaySends,
    /// The cap is not in the log.
    CapNotInLog,
    /// A wall clock in a fold.
    WallClockInFold,
    /// The policy is not in the log.
    PolicyNotInLog,
    /// A part of the state is not saved.
    StateHalfSaved,
    /// The router does not resume at the next message.
    RouterPastNext,
    /// The router packs an event twice.
    EventDoubled,
    /// A reader goes deaf.
    DeafReader,
    /// Nobody ends an intent whose courier died.
    IntentNeverSettled,
    /// The gate makes no room for a proposal that takes the place of another.
    TwoCards,
    /// An agent says what it may not say.
    SaysTooMuch,
    /// The approved bytes are changed on their way.
    BytesChanged,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::CheckpointBeforeAcks,
        Self::ResumePastNext,
        Self::StaleRecovery,
        Self::ChainUnchecked,
        Self::TurnSplit,
        Self::SeveralSubjects,
        Self::NoCompareAndSet,
        Self::SignedBeforeHold,
        Self::StopsBeforeIntent,
        Self::SendBeforeIntent,
        Self::RetryOnUnknown,
        Self::ExpiryIgnored,
        Self::ApprovalAgeIgnored,
        Self::OldVersionApproved,
        Self::ReplaySends,
        Self::CapNotInLog,
        Self::WallClockInFold,
        Self::PolicyNotInLog,
        Self::StateHalfSaved,
        Self::RouterPastNext,
        Self::EventDoubled,
        Self::DeafReader,
        Self::IntentNeverSettled,
        Self::TwoCards,
        Self::SaysTooMuch,
        Self::BytesChanged,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CheckpointBeforeAcks => "checkpoint-before-acks",
            Self::ResumePastNext => "resume-past-next",
            Self::StaleRecovery => "stale-recovery",
            Self::ChainUnchecked => "chain-unchecked",
            Self::TurnSplit => "turn-split",
            Self::SeveralSubjects => "several-subjects",
            Self::NoCompareAndSet => "no-compare-and-set",
            Self::SignedBeforeHold => "signed-before-hold",
            Self::StopsBeforeIntent => "stops-before-intent",
            Self::SendBeforeIntent => "send-before-intent",
            Self::RetryOnUnknown => "retry-on-unknown",
            Self::ExpiryIgnored => "expiry-ignored",
            Self::ApprovalAgeIgnored => "approval-age-ignored",
            Self::OldVersionApproved => "old-version-approved",
            Self::ReplaySends => "replay-sends",
            Self::CapNotInLog => "cap-not-in-log",
            Self::WallClockInFold => "wall-clock-in-fold",
            Self::PolicyNotInLog => "policy-not-in-log",
            Self::StateHalfSaved => "state-half-saved",
            Self::RouterPastNext => "router-past-next",
            Self::EventDoubled => "event-doubled",
            Self::DeafReader => "deaf-reader",
            Self::IntentNeverSettled => "intent-never-settled",
            Self::TwoCards => "two-cards",
            Self::SaysTooMuch => "says-too-much",
            Self::BytesChanged => "bytes-changed",
        }
    }

    /// The invariants one of which it has to break. Any other that breaks did so by luck, as where a process ends that
    /// the bug confused, and does not count.
    pub const fn breaks(self) -> &'static [&'static str] {
        match self {
            Self::CheckpointBeforeAcks | Self::TurnSplit | Self::SaysTooMuch => &[name::SAID_ONCE],
            Self::ResumePastNext => &[name::SAID_ONCE, name::STATE_IS_THE_FOLD],
            Self::StaleRecovery => &[name::NO_PROCESS_GIVES_UP, name::SAID_ONCE],
            Self::ChainUnchecked | Self::SeveralSubjects => &[name::CHAINS],
            Self::NoCompareAndSet => &[name::ONE_DECISION_WINS],
            Self::SignedBeforeHold => &[name::NOT_AFTER_AN_END],
            Self::StopsBeforeIntent => &[name::STOPS_HOLD],
            Self::SendBeforeIntent => &[name::AT_MOST_ONCE, name::DECIDED_BY_A_PERSON],
            Self::RetryOnUnknown => &[name::AT_MOST_ONCE],
            Self::ExpiryIgnored | Self::ApprovalAgeIgnored => &[name::IN_TIME],
            Self::OldVersionApproved => &[name::WHAT_WAS_SEEN],
            Self::ReplaySends => &[name::REPLAY_SENDS_NOTHING],
            Self::CapNotInLog => &[name::CAPS, name::SAID_ONCE, name::STATE_IS_THE_FOLD],
            Self::WallClockInFold => &[name::SAID_ONCE, name::SAID_AGAIN, name::STATE_IS_THE_FOLD],
            Self::PolicyNotInLog => &[name::SAID_AGAIN, name::SAID_ONCE],
            Self::StateHalfSaved => &[name::STATE_IS_THE_FOLD],
            Self::RouterPastNext => &[name::NOTHING_LOST],
            Self::EventDoubled => &[name::ROUTED_ONCE],
            Self::DeafReader => &[name::SAID_ONCE, name::ALIVE],
            Self::IntentNeverSettled => &[name::EVERY_INTENT_ENDS],
            Self::TwoCards => &[name::ONE_CARD],
            Self::BytesChanged => &[name::THE_APPROVED_BYTES],
        }
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name of no planted bug.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no planted bug `{0}`; `planted --list` shows all of them")]
pub struct NoSuchBug(String);

impl FromStr for Planted {
    type Err = NoSuchBug;
    fn from_str(text: &str) -> Result<Self, NoSuchBug> {
        Self::ALL.into_iter().find(|planted| planted.name() == text).ok_or_else(|| NoSuchBug(text.to_owned()))
    }
}

/// How a planted bug bends the world.
pub(crate) fn twist(planted: Option<Planted>) -> Arc<dyn Twist> {
    let Some(planted) = planted else { return Arc::new(True) };
    match planted {
        Planted::CheckpointBeforeAcks => Arc::new(wire::EarlyAcks),
        Planted::ResumePastNext => Arc::new(wire::PastNext),
        Planted::RouterPastNext => Arc::new(wire::RouterPastNext::default()),
        Planted::StaleRecovery => Arc::new(wire::Stale::default()),
        Planted::ChainUnchecked => Arc::new(wire::Unchecked),
        Planted::TurnSplit => Arc::new(wire::Split),
        Planted::SeveralSubjects => Arc::new(wire::SeveralSubjects),
        Planted::NoCompareAndSet => Arc::new(wire::NoCompareAndSet),
        Planted::EventDoubled => Arc::new(wire::Doubled),
        Planted::DeafReader => Arc::new(wire::Deaf::default()),
        Planted::StopsBeforeIntent => Arc::new(courier::StopsFirst::default()),
        Planted::SendBeforeIntent => Arc::new(courier::SendFirst),
        Planted::RetryOnUnknown => Arc::new(courier::Retry),
        Planted::ApprovalAgeIgnored => Arc::new(courier::Ageless),
        Planted::ReplaySends => Arc::new(courier::ReplaySends),
        Planted::IntentNeverSettled => Arc::new(courier::NeverSettled::default()),
        Planted::BytesChanged => Arc::new(courier::OtherBytes),
        Planted::OldVersionApproved => Arc::new(courier::WhatIsThere),
        Planted::SignedBeforeHold => Arc::new(agents::gate::<agents::Hasty>()),
        Planted::ExpiryIgnored => Arc::new(agents::gate::<agents::Patient>()),
        Planted::CapNotInLog => Arc::new(agents::planner::<agents::Uncounted>()),
        Planted::WallClockInFold => Arc::new(agents::planner::<agents::Clocked>()),
        Planted::PolicyNotInLog => Arc::new(agents::gate::<agents::RulesAside>()),
        Planted::StateHalfSaved => Arc::new(agents::scorer::<agents::HalfSaved>()),
        Planted::TwoCards => Arc::new(agents::two_cards()),
        Planted::SaysTooMuch => Arc::new(agents::scorer::<agents::TooMuch>()),
    }
}

/// A panic while a bug was at its notes ends the history anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
