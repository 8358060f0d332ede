//! The renewal agent: the way of every contract to its decision, how likely it is renewed, and what all of them come to.
//!
//! An account keeps its term with the steps counted back from the day on which the customer decides; it tells the books
//! of its CSM and its segment what it expects, and a book sums them by month. No account looks into another. It
//! deliberately proposes no price: it does the arithmetic on terms that a person names, and two persons agree to them.
//!
//! Invariant: a step of a term is asked for once, what lies behind when a contract becomes known is not asked for at
//! all, and a term is settled at most once.

mod book;
mod execution;
mod forecast;
mod kit;
mod on_event;
mod plays;
pub mod policy;
pub mod state;
mod terms;
mod timeline;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::with_profile};
use bus_schema::Kind;

pub use crate::{policy::Policy, state::State};

/// The keeper of renewals.
#[derive(Clone, Copy, Debug)]
pub struct Renewal;

/// What is read beside the profile.
const OWN: &[Kind] = &[
    // The way of the renewal itself.
    Kind::RenewalProposalSent,
    Kind::RenewalStageChanged,
    Kind::OutreachReplied,
    Kind::OutreachClicked,
    Kind::MeetingHeld,
    Kind::ReviewHeld,
    // What the account has of it.
    Kind::OutcomeDocumented,
    Kind::RoiReported,
    Kind::GoalAchieved,
    Kind::GoalMissed,
    Kind::UseCaseLive,
    // What people say.
    Kind::TaskCompleted,
    Kind::PlanEdited,
    Kind::ProposalDecided,
    Kind::RenewalCalled,
    Kind::RenewalTermsAsked,
    Kind::RenewalTermsDecided,
    // What others found.
    Kind::ChurnForecasted,
    Kind::HealthBandChanged,
    // Between an account and the books.
    Kind::RenewalBooked,
];

impl Agent for Renewal {
    const NAME: &'static str = "renewal";
    const READS: &'static [Kind] = &with_profile::<{ agent::profile::PROFILE_KINDS.len() + OWN.len() }>(OWN);
    const EMITS: &'static [Kind] = &[
        Kind::RenewalOpened,
        Kind::RenewalStepDue,
        Kind::RenewalForecasted,
        Kind::RenewalOverdue,
        Kind::RenewalLapsed,
        Kind::RenewalSettled,
        Kind::RenewalBooked,
        Kind::RenewalSummed,
        Kind::RenewalMeasured,
        Kind::RenewalKitPrepared,
        Kind::RenewalSheetPrepared,
        Kind::RenewalTermsComputed,
        Kind::RenewalTermsSettled,
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
            (State::Book(book), Input::Event(event)) => book.fold(turn, event, effects),
            (State::Book(book), Input::Timer(_)) => book.daily(turn, policy, effects),
            (State::Empty, _) => {}
        }
    }
}

/// Ids of one turn: each effect has its own ordinal.
fn next_id(turn: &Turn<'_>, effects: &Effects) -> String {
    turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX))
}

/// Spread over the day, so that not all entities look at once.
fn next_daily(turn: &Turn<'_>) -> bus_schema::Time {
    let minutes = i64::from(turn.entity.hash() % 1_440);
    let day = turn.now.0.div_euclid(bus_schema::time::DAY_MS) * bus_schema::time::DAY_MS;
    let today = day + minutes * bus_schema::time::MINUTE_MS;
    bus_schema::Time(if today > turn.now.0 { today } else { today + bus_schema::time::DAY_MS })
}

#[cfg(test)]
mod tests;
