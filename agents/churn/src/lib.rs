//! The churn agent: how likely an account gives notice, cancels or ends, and which causes need a person.
//!
//! Signs in the inputs add up as log-odds on a base rate of the segment; a probability and a tier follow, with every
//! part told. It deliberately never reads the health score, which rests on the same events, and it learns nothing by
//! itself: another size of a sign is another policy, published by a person.
//!
//! Invariant: adding a sign never lowers a forecast, and each account has at most one open alert for each cause. A case
//! to be saved is said before anything is done about it.

pub mod alerts;
pub mod campaigns;
pub mod contact;
pub mod forecast;
pub mod ledger;
pub mod loss;
pub mod odds;
mod on_event;
pub mod plays;
pub mod policy;
pub mod rank;
pub mod saves;
pub mod segment;
pub mod signals;
pub mod state;

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::{Entity, Kind};

pub use crate::{policy::Policy, state::State};

/// The forecaster.
#[derive(Clone, Copy, Debug)]
pub struct Churn;

impl Agent for Churn {
    const NAME: &'static str = "churn";
    const READS: &'static [Kind] = &[
        // The profile's.
        Kind::AccountCreated,
        Kind::AccountUpdated,
        Kind::AccountChurned,
        Kind::AccountWonBack,
        Kind::ContactAdded,
        Kind::ContactUpdated,
        Kind::ContactLeft,
        Kind::ContactRoleChanged,
        Kind::ConsentChanged,
        Kind::OutreachUnsubscribed,
        Kind::OutreachComplained,
        Kind::OutreachBounced,
        Kind::CsmAssigned,
        Kind::SeatsMeasured,
        Kind::ContractSigned,
        Kind::ContractAmended,
        Kind::ContractNoticeGiven,
        Kind::ContractAutoRenewDisabled,
        Kind::SubscriptionStarted,
        Kind::SubscriptionChanged,
        Kind::SubscriptionRenewed,
        Kind::SubscriptionCancelled,
        Kind::IncidentCovers,
        Kind::StageChanged,
        Kind::SegmentChanged,
        // Use, and whether those who tell of it still speak.
        Kind::SourceStalled,
        Kind::SourceResumed,
        Kind::UserLoggedIn,
        Kind::SessionEnded,
        Kind::UsageRecorded,
        Kind::UsageAggregated,
        Kind::ApiCalled,
        Kind::FeatureActivated,
        Kind::PageViewed,
        // Money.
        Kind::InvoiceIssued,
        Kind::InvoicePaid,
        Kind::InvoicePaymentFailed,
        Kind::InvoiceOverdue,
        Kind::BudgetReported,
        // People, support, voice, market, plans.
        Kind::OrgChanged,
        Kind::MeetingHeld,
        Kind::MeetingMissed,
        Kind::ReviewHeld,
        Kind::EscalationRaised,
        Kind::EscalationResolved,
        Kind::TicketOpened,
        Kind::OutreachDelivered,
        Kind::OutreachReplied,
        Kind::OutreachClicked,
        Kind::NpsResponded,
        Kind::CompetitorMentioned,
        Kind::RenewalStageChanged,
        Kind::ProjectUpdated,
        Kind::PlanUsageMeasured,
        Kind::OpportunityCreated,
        Kind::OpportunityUpdated,
        Kind::OpportunityWon,
        Kind::OpportunityLost,
        Kind::OutcomeDocumented,
        // What people made of an alert, and what of it reached the customer.
        Kind::ProposalDecided,
        Kind::DeliverySent,
        Kind::TaskCompleted,
        Kind::ExitInterviewHeld,
        // What accounts say to the sums of their segment.
        Kind::SaveSampled,
        Kind::LossSampled,
    ];
    const EMITS: &'static [Kind] = &[
        Kind::ChurnForecasted,
        Kind::AlertOpened,
        Kind::AlertUpdated,
        Kind::AlertClosed,
        Kind::ForecastSettled,
        Kind::LossAnalysed,
        Kind::LossSampled,
        Kind::PreventionProposed,
        Kind::SaveStarted,
        Kind::SaveSettled,
        Kind::SaveSampled,
        Kind::SaveMeasured,
        Kind::TaskCreated,
        Kind::TouchpointRequested,
    ];
    const FOLD_VERSION: u32 = 3;
    const DEFAULT_POLICY: &'static str = include_str!("../policy.toml");

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        match (turn.entity, input) {
            (Entity::Account(_), Input::Event(event)) => on_event::fold(turn, policy, state, event, effects),
            (Entity::Account(_), Input::Timer(forecast::DAILY)) => forecast::daily(turn, policy, state, effects),
            (Entity::Account(_), Input::Timer(loss::TIMER)) => loss::win_back(turn, policy, state, effects),
            (Entity::Account(_), Input::Timer(loss::MAIL_TIMER)) => loss::win_back_mail(turn, policy, state, effects),
            (Entity::Account(_), Input::Timer(name)) if name.starts_with(saves::TIMER) => {
                saves::judge(turn, policy, state, effects);
            }
            (Entity::Account(_), Input::Timer(_)) => forecast::forecast(turn, policy, state, false, effects),
            (Entity::Segment(name, _), Input::Event(event)) if name == segment::NAME => {
                segment::fold(turn, policy, state.sums.get_or_insert_default(), event, effects);
            }
            (Entity::Segment(..) | Entity::Pattern(..) | Entity::Csm(_) | Entity::User(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
