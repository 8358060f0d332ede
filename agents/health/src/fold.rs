//! Which part of the state an event moves.

use bus_schema::{Data, Event, data::engagement::MeetingType};

use crate::{
    moment::Moment,
    on_commercial, on_market, on_outcome, on_override, on_relation, on_router, on_sales, on_support, on_usage,
    policy::Policy,
    sampling,
    state::{Account, GoalState, Prospect},
};

#[expect(clippy::wildcard_enum_match_arm, reason = "OWN_KINDS names what is folded here; the profile folds the rest")]
/// Folds what is not of the profile.
pub(crate) fn fold(policy: &Policy, account: &mut Account, moment: &Moment<'_>, event: &Event) {
    match &event.data {
        Data::UserLoggedIn(data) => on_usage::active(account, moment, &data.user),
        Data::SessionEnded(data) => on_usage::session(account, moment, data),
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
        Data::MeetingHeld(data) if data.meeting_type == MeetingType::ReviewExecutive => {
            on_relation::reviewed(account, moment, &data.attended, policy);
        }
        Data::MeetingHeld(data) => on_relation::met(account, moment, &data.attended),
        Data::MeetingMissed(_) => on_relation::missed(account, moment),
        Data::ReviewHeld(data) => on_relation::reviewed(account, moment, &data.attended, policy),
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
        data => beyond(account, moment, data),
    }
}

/// What only the five pillars and the vendors' model look at.
#[expect(clippy::wildcard_enum_match_arm, reason = "OWN_KINDS names what is folded here; the profile folds the rest")]
fn beyond(account: &mut Account, moment: &Moment<'_>, data: &Data) {
    match data {
        Data::HelpViewed(_) | Data::HelpAnswered(_) => on_support::helped(account, moment),
        Data::EscalationRaised(data) => on_support::escalated(account, moment, &data.escalation),
        Data::EscalationResolved(data) => on_support::calmed(account, moment, &data.escalation),
        Data::CommunityParticipated(_) => on_relation::took_part(account, moment),
        Data::AdvocacyCompleted(_) => on_relation::advocated(account, moment),
        Data::MilestoneReached(data) => on_outcome::milestone(account, moment, data),
        Data::KpiMeasured(data) => on_outcome::kpi(account, moment, data),
        Data::UseCaseDefined(data) => on_outcome::use_case(account, moment, &data.use_case, false),
        Data::UseCaseLive(data) => on_outcome::use_case(account, moment, &data.use_case, true),
        Data::PlanEdited(data) => on_outcome::plan(account, moment, data),
        Data::SeasonMeasured(data) => sampling::season(account, data, moment.day),
        data => money(account, moment, data),
    }
}

/// Bills, renewals, opportunities, sales.
#[expect(clippy::wildcard_enum_match_arm, reason = "OWN_KINDS names what is folded here; the profile folds the rest")]
fn money(account: &mut Account, moment: &Moment<'_>, data: &Data) {
    match data {
        Data::InvoiceIssued(data) => on_market::issued(account, moment, data),
        Data::InvoicePaid(data) => on_market::settled(account, moment, &data.invoice),
        Data::InvoicePaymentFailed(data) => on_market::failed(account, moment, data),
        Data::InvoiceOverdue(data) => on_market::overdue(account, moment, data),
        Data::DisputeOpened(data) => on_market::disputed(account, moment, &data.invoice),
        Data::RefundMade(data) => on_market::settled(account, moment, &data.invoice),
        Data::ContractNoticeGiven(_) | Data::SubscriptionCancelled(_) => on_market::withdrawn(account, moment, false),
        Data::ContractAutoRenewDisabled(_) => on_market::withdrawn(account, moment, true),
        Data::ContractSigned(_) | Data::ContractAmended(_) => on_market::contracted(account, moment),
        Data::RenewalProposalSent(_) => on_market::proposed(account, moment),
        Data::RenewalStageChanged(data) => on_market::renewal(account, moment, &data.stage),
        Data::OpportunityCreated(data) => on_market::opportunity(account, moment, &data.opportunity, Prospect::Open),
        Data::OpportunityUpdated(data) => on_market::opportunity(account, moment, &data.opportunity, Prospect::Open),
        Data::OpportunityWon(data) => on_market::opportunity(account, moment, &data.opportunity, Prospect::Won),
        Data::OpportunityLost(data) => on_market::opportunity(account, moment, &data.opportunity, Prospect::Lost),
        Data::BudgetReported(data) => on_market::budget(account, moment, data),
        Data::CompetitorMentioned(data) => on_market::rival(account, moment, data),
        Data::ListingPublished(data) => on_sales::published(account, moment, &data.listing),
        Data::ListingDelisted(data) => on_sales::delisted(account, moment, &data.listing),
        Data::OrderPlaced(data) => on_sales::ordered(account, moment, data),
        Data::OrderFulfilled(data) => on_sales::fulfilled(account, moment, data),
        Data::OrderCancelled(data) => on_sales::called_off(account, moment, data),
        Data::RatingReceived(data) => on_sales::rated(account, moment, data),
        Data::SalesSummed(data) => on_sales::summed(account, moment, data),
        _ => {}
    }
}

/// What needs the profile as the event left it.
#[expect(clippy::wildcard_enum_match_arm, reason = "few kinds need the profile first")]
pub(crate) fn after_profile(account: &mut Account, moment: &Moment<'_>, data: &Data) {
    match data {
        Data::ContactAdded(data) => on_relation::named(account, moment, &data.contact, &data.roles),
        Data::ContactUpdated(data) => {
            on_relation::named(account, moment, &data.contact, data.roles.as_deref().unwrap_or_default());
        }
        Data::ContactRoleChanged(data) => on_relation::named(account, moment, &data.contact, &data.to),
        Data::SegmentChanged(_) => account.season = None,
        Data::ContractSigned(_)
        | Data::ContractAmended(_)
        | Data::SubscriptionStarted(_)
        | Data::SubscriptionChanged(_)
        | Data::SubscriptionRenewed(_)
        | Data::AccountWonBack(_) => on_commercial::revenue(account, moment),
        _ => {}
    }
}
