//! The advocacy agent: who speaks for us, what an answer asks of us, and what loyalty earns.
//!
//! An unhappy answer comes first: somebody of ours is told at once, and four clocks run until it is closed. Who is happy
//! and has something to tell may be asked, seldom, and for what fits. It deliberately never answers an unhappy contact by
//! itself and never asks where something is open.
//!
//! Invariant: one ask is open per contact, every rest is kept, and the points of an account are never below zero.

mod advocates;
mod closed_loop;
mod loyalty;
mod on_event;
mod plays;
pub mod policy;
mod seen;
pub mod segment;
pub mod state;
mod survey;
mod voice;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::with_profile};
use bus_schema::Kind;

pub use crate::{policy::Policy, state::State};

/// The keeper of those who speak for us.
#[derive(Clone, Copy, Debug)]
pub struct Advocacy;

/// What is read beside the profile.
const OWN: &[Kind] = &[
    // What customers say.
    Kind::SurveySent,
    Kind::NpsResponded,
    Kind::SurveyResponded,
    Kind::CsatResponded,
    Kind::PublicReviewPosted,
    Kind::FeedbackSubmitted,
    Kind::CommunityParticipated,
    Kind::RatingReceived,
    // What they do for us.
    Kind::AdvocacyAsked,
    Kind::AdvocacyAccepted,
    Kind::AdvocacyDeclined,
    Kind::AdvocacyCompleted,
    Kind::ReferralMade,
    Kind::ReferralQualified,
    Kind::ReferralRewarded,
    Kind::PointsEarned,
    Kind::PointsRedeemed,
    Kind::RewardRedeemed,
    // Value that somebody stands for, and how the relation is.
    Kind::RoiReported,
    Kind::OutcomeDocumented,
    Kind::MilestoneReached,
    Kind::OutreachDelivered,
    Kind::OutreachReplied,
    Kind::ConversationRecorded,
    Kind::MeetingScheduled,
    Kind::MeetingHeld,
    Kind::TaskCompleted,
    Kind::PlanEdited,
    Kind::UserLoggedIn,
    Kind::UsageRecorded,
    Kind::OrderPlaced,
    Kind::ListingPublished,
    // What stands against asking.
    Kind::HealthScored,
    Kind::ChurnForecasted,
    Kind::EscalationRaised,
    Kind::EscalationResolved,
    Kind::TicketOpened,
    Kind::TicketResolved,
    // Between an account and its segment.
    Kind::VoiceSampled,
];

impl Agent for Advocacy {
    const NAME: &'static str = "advocacy";
    const READS: &'static [Kind] = &with_profile::<{ agent::profile::PROFILE_KINDS.len() + OWN.len() }>(OWN);
    const EMITS: &'static [Kind] = &[
        Kind::AdvocateIdentified,
        Kind::AdvocateRested,
        Kind::LoyaltyBalanceChanged,
        Kind::ReferralSettled,
        Kind::RedemptionRefused,
        Kind::NpsMeasured,
        Kind::LoopOpened,
        Kind::LoopUpdated,
        Kind::LoopClosed,
        Kind::ThemesMeasured,
        Kind::VoiceSampled,
        Kind::AdvocacyMeasured,
        Kind::SurveyHeld,
        Kind::RecognitionEarned,
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
            (State::Segment(segment), Input::Event(event)) => segment.fold(turn, event, effects),
            (State::Segment(segment), Input::Timer(_)) => segment.daily(turn, policy, effects),
            (State::Empty, _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
