//! The health agent: how an account is doing, in one number that can be taken apart down to the events behind it.
//!
//! It reads inputs and the facts of router and supervisor, never those of churn, renewal or expansion, so that no
//! fact comes back to its cause. Invariants: the score is 0 to 10,000; the parts of a change add up to it; losing a
//! source never lifts a score.

mod band;
mod divergence;
mod explain;
mod metrics;
mod model;
mod moment;
mod on_commercial;
mod on_outcome;
mod on_override;
mod on_relation;
mod on_router;
mod on_support;
mod on_usage;
mod play;
mod policy;
mod scoring;
mod state;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::PROFILE_KINDS};
use bus_schema::{Data, Event, Kind};

use crate::{
    metrics::View,
    moment::Moment,
    scoring::{DAILY, DWELL},
    state::{Account, GoalState},
};
pub use crate::{policy::Policy, state::State};

/// The health agent.
#[derive(Debug)]
pub struct Health;

/// What it reads beside what the profile needs.
const OWN_KINDS: &[Kind] = &[
    Kind::UserLoggedIn,
    Kind::SessionEnded,
    Kind::UsageRecorded,
    Kind::UsageAggregated,
    Kind::FeatureActivated,
    Kind::PageViewed,
    Kind::ApiCalled,
    Kind::UserInvited,
    Kind::UserActivated,
    Kind::TicketOpened,
    Kind::TicketReplied,
    Kind::TicketUpdated,
    Kind::TicketResolved,
    Kind::TicketReopened,
    Kind::CsatResponded,
    Kind::ConversationRecorded,
    Kind::FeedbackSubmitted,
    Kind::NpsResponded,
    Kind::SurveyResponded,
    Kind::PublicReviewPosted,
    Kind::KickoffHeld,
    Kind::MeetingHeld,
    Kind::MeetingMissed,
    Kind::ReviewHeld,
    Kind::OutreachDelivered,
    Kind::OutreachClicked,
    Kind::OutreachReplied,
    Kind::GoalSet,
    Kind::GoalAchieved,
    Kind::GoalMissed,
    Kind::RoiReported,
    Kind::OutcomeDocumented,
    Kind::OverrideSet,
    Kind::SourceStalled,
    Kind::SourceResumed,
];

const READS: [Kind; PROFILE_KINDS.len() + OWN_KINDS.len()] = agent::profile::with_profile(OWN_KINDS);

impl Agent for Health {
    const NAME: &'static str = "health";
    const READS: &'static [Kind] = &READS;
    const EMITS: &'static [Kind] = &[
        Kind::HealthScored,
        Kind::HealthBandChanged,
        Kind::HealthDivergenceFound,
        Kind::TouchpointRequested,
        Kind::TaskCreated,
    ];
    const FOLD_VERSION: u32 = 1;
    const DEFAULT_POLICY: &'static str = include_str!("../policy.toml");

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        if turn.entity.account_id().is_none() {
            return;
        }
        let account = state.account.get_or_insert_default();
        match input {
            Input::Event(event) => take(turn, policy, account, event, effects),
            Input::Timer(DAILY) => daily(turn, policy, account, effects),
            Input::Timer(DWELL) => {
                account.dwelling = false;
                scoring::catch_up(turn, policy, account);
                scoring::conclude(turn, policy, account, false, effects);
            }
            Input::Timer(_) => {}
        }
    }
}

fn take(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    // Use of today counts from tomorrow on; what comes late counts with the next daily score.
    let moves = account.track.said.is_some() && !event.header.late && !counts_tomorrow(&event.data);
    if moves {
        scoring::catch_up(turn, policy, account);
    }
    let moment = Moment::of(event, turn, policy, account);
    fold(policy, account, &moment, event);
    account.profile.fold(event);
    after_profile(account, &moment, &event.data);
    if account.profile.ended() {
        scoring::rest(account, effects);
        return;
    }
    if moves {
        if let Data::UsageAggregated(_) = event.data {
            on_usage::measure(account, policy, turn.now);
        }
        scoring::conclude(turn, policy, account, false, effects);
    }
    if !account.scheduled {
        scoring::schedule(turn, account, effects);
    }
}

/// The daily turn: measures use over the complete days, scores, forgets what no window reaches.
fn daily(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    account.scheduled = false;
    if account.profile.ended() {
        return;
    }
    let today = account.profile.day_of(turn.now, &policy.zone);
    scoring::catch_up(turn, policy, account);
    account.support.forget(today);
    account.sources.forget(today);
    on_usage::measure(account, policy, turn.now);
    let scored = scoring::conclude(turn, policy, account, true, effects);
    if let Some(found) = divergence::found(&View::new(account, policy, turn.now), &scored) {
        account.diverged_on = Some(today);
        effects.emit(found);
    }
    play::goals_task(turn, policy, account, today, effects);
    scoring::schedule(turn, account, effects);
}

/// Whether an event moves a score only once its day is complete.
const fn counts_tomorrow(data: &Data) -> bool {
    matches!(
        data,
        Data::UserLoggedIn(_)
            | Data::SessionEnded(_)
            | Data::UsageRecorded(_)
            | Data::FeatureActivated(_)
            | Data::PageViewed(_)
            | Data::ApiCalled(_)
    )
}

#[expect(clippy::wildcard_enum_match_arm, reason = "OWN_KINDS names what is folded here; the profile folds the rest")]
fn fold(policy: &Policy, account: &mut Account, moment: &Moment<'_>, event: &Event) {
    match &event.data {
        Data::UserLoggedIn(data) => on_usage::active(account, moment, &data.user),
        Data::SessionEnded(data) => on_usage::active(account, moment, &data.user),
        Data::UsageRecorded(data) => on_usage::recorded(account, moment, data),
        Data::UsageAggregated(data) => on_usage::aggregated(account, moment, data),
        Data::FeatureActivated(data) => on_usage::feature_activated(account, moment, data),
        Data::PageViewed(data) => on_usage::page_viewed(account, moment, data),
        Data::ApiCalled(data) => on_usage::called(account, moment, data),
        Data::UserInvited(_) | Data::UserActivated(_) | Data::SeatsMeasured(_) => on_usage::users_told(account, moment),
        Data::TicketOpened(data) => on_support::opened(account, moment, data),
        Data::TicketReplied(data) => on_support::replied(account, moment, data),
        Data::TicketUpdated(data) => on_support::updated(account, moment, data),
        Data::TicketResolved(data) => on_support::resolved(account, moment, &data.ticket, policy),
        Data::TicketReopened(data) => on_support::reopened(account, moment, &data.ticket),
        Data::CsatResponded(data) => on_support::rated(account, moment, data),
        Data::ConversationRecorded(data) => on_support::conversed(account, moment, data),
        Data::FeedbackSubmitted(data) => on_support::heard(account, moment, &data.reading),
        Data::NpsResponded(data) => on_support::heard(account, moment, &data.reading),
        Data::SurveyResponded(data) => on_support::heard(account, moment, &data.reading),
        Data::PublicReviewPosted(data) => on_support::heard(account, moment, &data.reading),
        Data::ContactLeft(data) => on_relation::left(account, moment, data),
        Data::KickoffHeld(data) => on_relation::met(account, moment, &data.participants),
        Data::MeetingHeld(data) => on_relation::met(account, moment, &data.attended),
        Data::MeetingMissed(_) => on_relation::missed(account, moment),
        Data::ReviewHeld(data) => on_relation::met(account, moment, &data.attended),
        Data::OutreachDelivered(data) => on_relation::delivered(account, moment, data),
        Data::OutreachClicked(data) => on_relation::clicked(account, moment, data),
        Data::OutreachReplied(data) => on_relation::replied(account, moment, data),
        Data::GoalSet(data) => on_outcome::goal(account, moment, &data.goal, Some(data.due_on), GoalState::Open),
        Data::GoalAchieved(data) => on_outcome::goal(account, moment, &data.goal, data.due_on, GoalState::Achieved),
        Data::GoalMissed(data) => on_outcome::goal(account, moment, &data.goal, data.due_on, GoalState::Missed),
        Data::RoiReported(data) => {
            on_outcome::documented(account, moment, (data.value, data.cost), &data.period, &data.attested_by);
        }
        Data::OutcomeDocumented(data) => {
            on_outcome::documented(account, moment, (data.value, data.cost), &data.period, &data.attested_by);
        }
        Data::OverrideSet(data) => on_override::set(account, moment, event, data, policy),
        Data::SourceStalled(data) => on_router::stalled(account, data),
        Data::SourceResumed(data) => on_router::resumed(account, moment, data, policy),
        Data::IncidentCovers(data) => on_router::incident(account, data, policy),
        _ => {}
    }
}

/// What needs the profile as the event left it.
#[expect(clippy::wildcard_enum_match_arm, reason = "few kinds need the profile first")]
fn after_profile(account: &mut Account, moment: &Moment<'_>, data: &Data) {
    match data {
        Data::ContactAdded(data) => on_relation::named(account, moment, &data.contact, &data.roles),
        Data::ContactUpdated(data) => {
            on_relation::named(account, moment, &data.contact, data.roles.as_deref().unwrap_or_default());
        }
        Data::ContactRoleChanged(data) => on_relation::named(account, moment, &data.contact, &data.to),
        Data::ContractSigned(_)
        | Data::ContractAmended(_)
        | Data::SubscriptionStarted(_)
        | Data::SubscriptionChanged(_)
        | Data::SubscriptionRenewed(_)
        | Data::AccountWonBack(_) => on_commercial::revenue(account, moment),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
