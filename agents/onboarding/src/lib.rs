//! The onboarding agent: from the first day to first value, which step is stuck, and what came of it.
//!
//! A start is a checklist of steps that product events tick off by themselves; nobody has to. What is usual comes from
//! the accounts of the same segment, which tell it to an entity of their own and are told back: no account looks into
//! another. It deliberately never judges health, and where we ourselves are late it asks a person of ours, never the
//! customer.
//!
//! Invariant: at most one stall is open for a step, it is told of at most twice, and what has no data is a
//! gap and never a pass.

mod judge;
mod on_event;
mod plays;
pub mod policy;
pub mod seen;
pub mod segment;
pub mod state;
mod steps;
mod stuck;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::with_profile};
use bus_schema::Kind;

pub use crate::{policy::Policy, state::State};

/// The guide of the first months.
#[derive(Clone, Copy, Debug)]
pub struct Onboarding;

/// What is read beside the profile.
const OWN: &[Kind] = &[
    // Steps.
    Kind::OnboardingStepCompleted,
    Kind::PlanEdited,
    Kind::TaskCompleted,
    Kind::KickoffHeld,
    Kind::MeetingScheduled,
    Kind::MeetingHeld,
    Kind::ReviewHeld,
    Kind::TrainingCompleted,
    Kind::IntegrationDeployed,
    Kind::ProjectUpdated,
    Kind::UseCaseDefined,
    Kind::UseCaseLive,
    Kind::GoalSet,
    Kind::KpiMeasured,
    Kind::OutreachDelivered,
    Kind::ConversationRecorded,
    // Use, and whether those who tell of it still speak.
    Kind::UserInvited,
    Kind::UserActivated,
    Kind::UserLoggedIn,
    Kind::SessionEnded,
    Kind::UsageRecorded,
    Kind::UsageAggregated,
    Kind::FeatureActivated,
    Kind::SourceStalled,
    Kind::SourceResumed,
    // Value.
    Kind::MilestoneReached,
    Kind::OutcomeDocumented,
    Kind::RoiReported,
    Kind::NpsResponded,
    // A vendor's.
    Kind::ListingPublished,
    Kind::OrderPlaced,
    Kind::RatingReceived,
    // Between an account and its segment.
    Kind::OnboardingSampled,
    Kind::OnboardingBaseline,
];

impl Agent for Onboarding {
    const NAME: &'static str = "onboarding";
    const READS: &'static [Kind] = &with_profile::<{ agent::profile::PROFILE_KINDS.len() + OWN.len() }>(OWN);
    const EMITS: &'static [Kind] = &[
        Kind::OnboardingPlanned,
        Kind::OnboardingPhaseCompleted,
        Kind::OnboardingStalled,
        Kind::OnboardingResumed,
        Kind::OnboardingCompleted,
        Kind::OnboardingJudged,
        Kind::ValueReached,
        Kind::OnboardingSampled,
        Kind::OnboardingBaseline,
        Kind::CohortMeasured,
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
            (State::Segment(segment), Input::Event(event)) => segment.fold(turn, event, effects),
            (State::Segment(segment), Input::Timer(_)) => segment.daily(turn, policy, effects),
            (State::Empty, _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
