//! The supervisor: where an account stands in its life, and the gate that nothing passes without a person.
//!
//! [`Supervisor`] is the agent: it says stage, segment, owner, plan and people of an account and tells other teams, files
//! proposals, takes decisions, holds approvals, voids them when the facts move, and signs what still stands after the hold. [`router`] decides what
//! becomes of an event on its way into the log. Both are pure; their shell does the sending.
//!
//! Invariant: `approval.signed` is said only for a decision of a permitted person on exactly this version and draft, with
//! the bytes named, whose hold is over, and never after the proposal was rejected, undone, void or expired.

mod departures;
mod flags;
mod gate;
mod habits;
mod handoffs;
mod life;
mod on_decision;
mod on_delivery;
mod on_moved;
mod on_proposed;
mod on_timer;
mod people;
mod plan;
mod policy;
pub mod router;
mod segment;
mod service;
mod setup;
mod stage;
mod state;

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::{Data, Event, Kind};

pub use crate::{policy::Policy, state::State};

/// The supervisor agent.
#[derive(Clone, Copy, Debug)]
pub struct Supervisor;

impl Agent for Supervisor {
    const NAME: &'static str = "supervisor";
    const READS: &'static [Kind] = &[
        Kind::AccountCreated,
        Kind::AccountUpdated,
        Kind::AccountChurned,
        Kind::AccountWonBack,
        Kind::CsmAssigned,
        Kind::PromiseMade,
        Kind::ContactAdded,
        Kind::ContactUpdated,
        Kind::ContactLeft,
        Kind::ContactRoleChanged,
        Kind::ConsentChanged,
        Kind::UserDeactivated,
        Kind::UserLoggedIn,
        Kind::UsageRecorded,
        Kind::UsageAggregated,
        Kind::SeatsMeasured,
        Kind::MilestoneReached,
        Kind::ProjectUpdated,
        Kind::TicketOpened,
        Kind::TicketUpdated,
        Kind::TicketResolved,
        Kind::MeetingHeld,
        Kind::OutreachUnsubscribed,
        Kind::OutreachComplained,
        Kind::OutreachBounced,
        Kind::ContractSigned,
        Kind::ContractAmended,
        Kind::ContractNoticeGiven,
        Kind::ContractAutoRenewDisabled,
        Kind::SubscriptionStarted,
        Kind::SubscriptionChanged,
        Kind::SubscriptionRenewed,
        Kind::SubscriptionCancelled,
        Kind::InvoiceIssued,
        Kind::InvoicePaid,
        Kind::InvoiceOverdue,
        Kind::OpportunityWon,
        Kind::OrgChanged,
        Kind::GoalSet,
        Kind::GoalAchieved,
        Kind::GoalMissed,
        Kind::KpiMeasured,
        Kind::RoiReported,
        Kind::OutcomeDocumented,
        Kind::UseCaseDefined,
        Kind::AdvocacyAccepted,
        Kind::AdvocacyCompleted,
        Kind::IncidentCovers,
        Kind::NpsResponded,
        Kind::PlanEdited,
        Kind::AccountMuted,
        Kind::SegmentPinned,
        Kind::DecisionRecorded,
        Kind::DecisionUndone,
        Kind::DeliveryIntended,
        Kind::DeliverySent,
        Kind::DeliveryFailed,
        Kind::DeliveryUnknown,
        Kind::DeliveryWithdrawn,
        Kind::OnboardingPhaseCompleted,
        Kind::OnboardingCompleted,
        Kind::HealthBandChanged,
        Kind::HealthDivergenceFound,
        Kind::AlertClosed,
        Kind::ChurnForecasted,
        Kind::LossAnalysed,
        Kind::RenewalTermsSettled,
        Kind::CostFound,
        Kind::ExpansionQualified,
        Kind::ExpansionGateFailed,
        Kind::ExpansionGatePassed,
        Kind::OutreachProposed,
        Kind::CardDropped,
    ];
    const EMITS: &'static [Kind] = &[
        Kind::StageChanged,
        Kind::SegmentChanged,
        Kind::OwnerChanged,
        Kind::FlagsChanged,
        Kind::StakeholdersMapped,
        Kind::ServiceChanged,
        Kind::DepartureSuspected,
        Kind::DepartureSettled,
        Kind::PlanChanged,
        Kind::ContactProfiled,
        Kind::SetupChanged,
        Kind::TaskCreated,
        Kind::HandoffMade,
        Kind::ProposalFiled,
        Kind::ProposalDecided,
        Kind::ProposalVoided,
        Kind::ProposalExpired,
        Kind::ProposalReopened,
        Kind::DecisionRefused,
        Kind::ApprovalSigned,
    ];
    const FOLD_VERSION: u32 = 3;
    const DEFAULT_POLICY: &'static str = policy::DEFAULT;

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        if turn.entity.account_id().is_none() {
            return;
        }
        match input {
            Input::Event(event) => {
                state.profile.fold(event);
                on_moved::on_event(turn, policy, state, event, effects);
                life::on_event(turn, policy, state, event, effects);
                service::on_event(turn, policy, state, event, effects);
                departures::on_event(turn, policy, state, event, effects);
                habits::on_event(turn, policy, state, event, effects);
                plan::on_event(turn, state, event, effects);
                setup::on_event(turn, state, event, effects);
                handoffs::on_event(turn, policy, state, event, effects);
                gate_event(turn, policy, state, event, effects);
            }
            Input::Timer(name) => on_timer::on_timer(turn, policy, state, name, effects),
        }
    }
}

/// The policy of a log that a demo made: made-up persons may decide there.
pub fn demo_policy() -> String {
    policy::DEFAULT.replace("simulated_deciders = false", "simulated_deciders = true")
}

fn gate_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    match &event.data {
        Data::OutreachProposed(data) => on_proposed::on_proposed(turn, policy, state, data, effects),
        Data::CardDropped(data) => gate::crowded(turn, state, &data.proposal, effects),
        Data::DecisionRecorded(data) => on_decision::on_recorded(turn, policy, state, event, data, effects),
        Data::DecisionUndone(data) => on_decision::on_undone(turn, policy, state, event, data, effects),
        Data::DeliveryIntended(data) => on_delivery::on_intended(state, &data.proposal, effects),
        Data::DeliverySent(data) => on_delivery::over(state, &data.proposal, state::End::Sent, effects),
        Data::DeliveryUnknown(data) => on_delivery::over(state, &data.proposal, state::End::Unknown, effects),
        Data::DeliveryFailed(data) => on_delivery::on_failed(turn, state, data, effects),
        Data::DeliveryWithdrawn(data) => on_delivery::on_withdrawn(state, event, &data.proposal, effects),
        // The other kinds of READS are about the account, and were folded before.
        _ => {}
    }
}

#[cfg(test)]
mod tests;
