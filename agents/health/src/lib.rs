//! The health agent: how an account is doing, in one number that can be taken apart down to the events behind it.
//!
//! It reads inputs and the facts of router and supervisor, never those of churn, renewal or expansion, so that no
//! fact comes back to its cause. Invariants: the score is 0 to 10,000; the parts of a change add up to it; losing a
//! source never lifts a score.

mod band;
mod divergence;
mod explain;
mod fold;
mod indicators;
mod metrics;
mod model;
mod moment;
mod on_commercial;
mod on_market;
mod on_outcome;
mod on_override;
mod on_relation;
mod on_router;
mod on_sales;
mod on_support;
mod on_usage;
mod play;
mod policy;
mod review;
mod sampling;
mod scoring;
mod segment;
mod settling;
mod shadow;
mod state;
mod use_more;

use agent::{Agent, Effects, Input, PolicyError, Turn, profile::PROFILE_KINDS};
use bus_schema::{Data, Event, Kind};

use crate::{
    metrics::View,
    moment::Moment,
    scoring::{DAILY, DWELL},
    state::Account,
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
    Kind::HelpViewed,
    Kind::HelpAnswered,
    Kind::CommunityParticipated,
    Kind::AdvocacyCompleted,
    Kind::MilestoneReached,
    Kind::KpiMeasured,
    Kind::UseCaseDefined,
    Kind::UseCaseLive,
    Kind::PlanEdited,
    Kind::InvoiceIssued,
    Kind::InvoicePaid,
    Kind::InvoicePaymentFailed,
    Kind::InvoiceOverdue,
    Kind::DisputeOpened,
    Kind::RefundMade,
    Kind::RenewalProposalSent,
    Kind::RenewalStageChanged,
    Kind::OpportunityCreated,
    Kind::OpportunityUpdated,
    Kind::OpportunityWon,
    Kind::OpportunityLost,
    Kind::BudgetReported,
    Kind::CompetitorMentioned,
    Kind::ListingPublished,
    Kind::ListingDelisted,
    Kind::OrderPlaced,
    Kind::OrderFulfilled,
    Kind::OrderCancelled,
    Kind::RatingReceived,
    Kind::SalesSummed,
    Kind::EscalationRaised,
    Kind::EscalationResolved,
    Kind::HealthSampled,
    Kind::HealthSettled,
    Kind::SeasonMeasured,
];

const READS: [Kind; PROFILE_KINDS.len() + OWN_KINDS.len()] = agent::profile::with_profile(OWN_KINDS);

impl Agent for Health {
    const NAME: &'static str = "health";
    const READS: &'static [Kind] = &READS;
    const EMITS: &'static [Kind] = &[
        Kind::HealthScored,
        Kind::HealthBandChanged,
        Kind::HealthDivergenceFound,
        Kind::HealthSampled,
        Kind::HealthSettled,
        Kind::SeasonMeasured,
        Kind::SegmentBaseline,
        Kind::ModelReviewed,
        Kind::TouchpointRequested,
        Kind::TaskCreated,
    ];
    const FOLD_VERSION: u32 = 2;
    const DEFAULT_POLICY: &'static str = include_str!("../policy.toml");

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        if *state == State::Empty {
            *state = State::of(turn.entity);
        }
        match (state, input) {
            (State::Account(account), Input::Event(event)) => take(turn, policy, account, event, effects),
            (State::Account(account), Input::Timer(DAILY)) => daily(turn, policy, account, effects),
            (State::Account(account), Input::Timer(DWELL)) => {
                account.dwelling = false;
                scoring::catch_up(turn, policy, account);
                scoring::conclude(turn, policy, account, false, effects);
            }
            (State::Segment(segment), Input::Event(event)) => segment.fold(turn, event, effects),
            (State::Segment(segment), Input::Timer(_)) => segment.daily(turn, policy, effects),
            (State::Review(review), Input::Event(event)) => review.fold(turn, event, effects),
            (State::Review(review), Input::Timer(_)) => review.monthly(turn, policy, effects),
            (State::Account(_), Input::Timer(_)) | (State::Empty, _) => {}
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
    let was_there = !account.profile.ended();
    fold::fold(policy, account, &moment, event);
    account.profile.fold(event);
    fold::after_profile(account, &moment, &event.data);
    if account.profile.ended() {
        if was_there {
            settling::lost(policy, account, moment.day, effects);
        }
        scoring::rest(account, effects);
        return;
    }
    on_override::question(turn, account, &moment, &event.data, effects);
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
    account.billing.forget(today);
    account.help.settle(turn.now);
    account.stage.clone_from(&account.profile.stage);
    on_usage::measure(account, policy, turn.now);
    use_more::measure_sales(account, policy, turn.now);
    let scored = scoring::conclude(turn, policy, account, true, effects);
    let shadows = shadow::keep(&View::new(account, policy, turn.now));
    shadow::remember_all(account, &shadows);
    settling::monthly(policy, account, (&scored, &shadows), today, effects);
    sampling::tell(turn, policy, account, today, effects);
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
            | Data::OrderPlaced(_)
            | Data::SalesSummed(_)
            | Data::SeasonMeasured(_)
    )
}

#[cfg(test)]
mod tests;
