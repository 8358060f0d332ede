//! The escalation agent: the clocks of support, tickets that need more than support, and many tickets that are one issue.
//!
//! An account keeps its tickets, clocks, escalations and what it saw of the help; it tells the group of an issue
//! (product area and category) what it saw, and the group tells back when it opened as a pattern. No account looks into
//! another. It deliberately never touches health or risk: others read its facts, it reads none of theirs.
//!
//! Invariant: each clock is warned of once at each edge, one escalation is open for an account and cause, and the value
//! of an account alone never escalates anything.

mod clocks;
mod escalate;
mod help;
mod issue;
mod month;
mod notice;
mod on_event;
pub mod pattern;
pub mod policy;
mod report;
mod severity;
pub mod spike;
pub mod state;
pub mod ticket;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::with_profile};
use bus_schema::Kind;

pub use crate::{policy::Policy, state::State};

/// The keeper of support.
#[derive(Clone, Copy, Debug)]
pub struct Escalation;

/// What is read beside the profile.
const OWN: &[Kind] = &[
    Kind::TicketOpened,
    Kind::TicketReplied,
    Kind::TicketUpdated,
    Kind::TicketEscalated,
    Kind::TicketResolved,
    Kind::TicketReopened,
    Kind::ChatHandedOff,
    Kind::ConversationRecorded,
    Kind::CsatResponded,
    Kind::FeedbackSubmitted,
    Kind::FeedbackStatusChanged,
    Kind::HelpSearched,
    Kind::HelpViewed,
    Kind::HelpAnswered,
    // What people say.
    Kind::TaskCompleted,
    Kind::ProposalDecided,
    // Between an account and the group of an issue.
    Kind::PatternSighted,
    Kind::PatternCovers,
    Kind::PatternSummed,
];

impl Agent for Escalation {
    const NAME: &'static str = "escalation";
    const READS: &'static [Kind] = &with_profile::<{ agent::profile::PROFILE_KINDS.len() + OWN.len() }>(OWN);
    const EMITS: &'static [Kind] = &[
        Kind::SlaWarned,
        Kind::SlaBreached,
        Kind::EscalationRaised,
        Kind::EscalationUpdated,
        Kind::EscalationResolved,
        Kind::PatternSighted,
        Kind::PatternCovers,
        Kind::PatternOpened,
        Kind::PatternUpdated,
        Kind::PatternClosed,
        Kind::PatternSummed,
        Kind::ProductReported,
        Kind::KnowledgeGapFound,
        Kind::SupportReviewed,
        Kind::ToneChanged,
        Kind::HandoffMade,
        Kind::TaskCreated,
        Kind::TouchpointRequested,
    ];
    const FOLD_VERSION: u32 = 1;
    const DEFAULT_POLICY: &'static str = include_str!("../policy.toml");

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        if matches!(state, State::Empty) {
            *state = State::of(turn.entity);
        }
        match (state, input) {
            (State::Account(account), Input::Event(event)) => on_event::fold(turn, policy, account, event, effects),
            (State::Account(account), Input::Timer(name)) => on_event::timer(turn, policy, account, name, effects),
            (State::Pattern(pattern), Input::Event(event)) => pattern.fold(turn, policy, event, effects),
            (State::Pattern(pattern), Input::Timer(name)) => pattern.timer(turn, policy, name, effects),
            (State::Empty, _) => {}
        }
    }
}

/// Ids of one turn: each effect has its own ordinal.
fn next_id(turn: &Turn<'_>, effects: &Effects) -> String {
    turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
