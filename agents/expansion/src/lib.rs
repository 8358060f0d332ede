//! The expansion agent: which account could use more, whether it may be asked, and what came of it.
//!
//! Ten conditions stand before every offer, and a failing one is named. What shows that an account could use more is
//! looked for in limits, people, requests and use; use alone never qualifies. It deliberately never prices an offer and
//! never hides that a customer pays for too much.
//!
//! Invariant: no offer is asked for and no opportunity qualified while a condition fails; one that a person overrides
//! stays inside our house.

mod attribution;
mod cost;
mod features;
mod gate;
mod limits;
mod on_event;
mod opportunity;
mod plays;
pub mod policy;
mod readiness;
pub mod segment;
mod signals;
pub mod state;
mod teams;
mod trouble;
mod value;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::with_profile};
use bus_schema::Kind;

pub use crate::{policy::Policy, state::State};

/// The finder of growth.
#[derive(Clone, Copy, Debug)]
pub struct Expansion;

/// What is read beside the profile.
const OWN: &[Kind] = &[
    // Limits and use.
    Kind::PlanUsageMeasured,
    Kind::UserActivated,
    Kind::UserLoggedIn,
    Kind::SessionEnded,
    Kind::UsageRecorded,
    Kind::UsageAggregated,
    Kind::FeatureActivated,
    Kind::FeedbackSubmitted,
    Kind::SalesSummed,
    Kind::SourceStalled,
    Kind::SourceResumed,
    // Value that somebody stands for.
    Kind::GoalAchieved,
    Kind::RoiReported,
    Kind::OutcomeDocumented,
    // What stands against an offer.
    Kind::OnboardingCompleted,
    Kind::HealthScored,
    Kind::ChurnForecasted,
    Kind::EscalationRaised,
    Kind::EscalationResolved,
    Kind::SlaBreached,
    Kind::TicketOpened,
    Kind::TicketUpdated,
    Kind::TicketResolved,
    Kind::TicketReopened,
    Kind::InvoiceIssued,
    Kind::InvoicePaymentFailed,
    Kind::InvoiceOverdue,
    Kind::InvoicePaid,
    Kind::NpsResponded,
    Kind::LoopClosed,
    // What became of it.
    Kind::OpportunityCreated,
    Kind::OpportunityUpdated,
    Kind::OpportunityWon,
    Kind::OpportunityLost,
    Kind::PlanEdited,
    Kind::TaskCompleted,
    // Between an account and its segment.
    Kind::ExpansionSampled,
    Kind::PeersCompared,
];

impl Agent for Expansion {
    const NAME: &'static str = "expansion";
    const READS: &'static [Kind] = &with_profile::<{ agent::profile::PROFILE_KINDS.len() + OWN.len() }>(OWN);
    const EMITS: &'static [Kind] = &[
        Kind::ExpansionReadinessChanged,
        Kind::ExpansionQualified,
        Kind::ExpansionGateFailed,
        Kind::ExpansionGatePassed,
        Kind::ExpansionAttributed,
        Kind::ExpansionAnswered,
        Kind::LimitWarned,
        Kind::CostFound,
        Kind::ExpansionSampled,
        Kind::PeersCompared,
        Kind::AdoptionRecommended,
        Kind::ExpansionMeasured,
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
            (State::Account(account), Input::Timer(_)) => on_event::daily(turn, policy, account, effects),
            (State::Segment(segment), Input::Event(event)) => segment.fold(turn, policy, event, effects),
            (State::Segment(segment), Input::Timer(_)) => segment.monthly(turn, policy, effects),
            (State::Empty, _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
