//! The engagement agent: the one planner of touches.
//!
//! Other agents ask for a touch; this one decides which becomes a proposal, to whom, when and in which words, within
//! what a person and an account may be written. A proposal waits for a human decision elsewhere: nothing here sends.
//! It never sees a name or an address, and knows text of other messages by hashes only.
//!
//! Of what is proposed, a CSM is shown so much a day, the best first.
//!
//! Invariant: in no window does a contact or an account get more messages than its budget, whatever becomes of open
//! proposals and whenever.

pub mod achievements;
pub mod attention;
pub mod blocks;
pub mod budget;
pub mod cadence;
pub mod campaigns;
pub mod causes;
pub mod csm;
pub mod hours;
pub mod kit;
pub mod month;
pub mod on_answer;
pub mod on_event;
pub mod on_outcome;
pub mod planner;
pub mod plays;
pub mod policy;
pub mod recipients;
pub mod segment;
pub mod similar;
pub mod state;
pub mod template;
pub mod triggers;
pub mod unanswered;

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::Kind;

use crate::template::TEMPLATE;
pub use crate::{
    policy::Policy,
    similar::{overlap_bp, shingles},
    state::State,
    template::{Filled, OPEN, Template, TemplateError},
};

/// The channel of proposals.
const CHANNEL: &str = "email";

/// Message templates built in, by name; published once as `template/<name>`.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("advocacy_ask", include_str!("../../../playbooks/templates/advocacy_ask.txt")),
    ("at_risk_checkin", include_str!("../../../playbooks/templates/at_risk_checkin.txt")),
    ("check_in", include_str!("../../../playbooks/templates/check_in.txt")),
    ("digital_check_in", include_str!("../../../playbooks/templates/digital_check_in.txt")),
    ("escalation_status", include_str!("../../../playbooks/templates/escalation_status.txt")),
    ("executive_share", include_str!("../../../playbooks/templates/executive_share.txt")),
    ("expansion_idea", include_str!("../../../playbooks/templates/expansion_idea.txt")),
    ("expansion_limit", include_str!("../../../playbooks/templates/expansion_limit.txt")),
    ("expansion_team", include_str!("../../../playbooks/templates/expansion_team.txt")),
    ("feature_launch", include_str!("../../../playbooks/templates/feature_launch.txt")),
    ("feature_recommendation", include_str!("../../../playbooks/templates/feature_recommendation.txt")),
    ("feedback_answer", include_str!("../../../playbooks/templates/feedback_answer.txt")),
    ("incident_notice", include_str!("../../../playbooks/templates/incident_notice.txt")),
    ("limit_notice", include_str!("../../../playbooks/templates/limit_notice.txt")),
    ("loyalty_tier", include_str!("../../../playbooks/templates/loyalty_tier.txt")),
    ("nps_passive", include_str!("../../../playbooks/templates/nps_passive.txt")),
    ("onboarding_checkin", include_str!("../../../playbooks/templates/onboarding_checkin.txt")),
    ("onboarding_first_login", include_str!("../../../playbooks/templates/onboarding_first_login.txt")),
    ("onboarding_setup_reminder", include_str!("../../../playbooks/templates/onboarding_setup_reminder.txt")),
    ("onboarding_sponsor_note", include_str!("../../../playbooks/templates/onboarding_sponsor_note.txt")),
    ("onboarding_welcome", include_str!("../../../playbooks/templates/onboarding_welcome.txt")),
    ("pattern_notice", include_str!("../../../playbooks/templates/pattern_notice.txt")),
    ("payment_reminder", include_str!("../../../playbooks/templates/payment_reminder.txt")),
    ("recognition", include_str!("../../../playbooks/templates/recognition.txt")),
    ("renewal_next_steps", include_str!("../../../playbooks/templates/renewal_next_steps.txt")),
    ("renewal_review_date", include_str!("../../../playbooks/templates/renewal_review_date.txt")),
    ("renewal_value_review", include_str!("../../../playbooks/templates/renewal_value_review.txt")),
    ("survey_milestone", include_str!("../../../playbooks/templates/survey_milestone.txt")),
    ("survey_relationship", include_str!("../../../playbooks/templates/survey_relationship.txt")),
    ("survey_transactional", include_str!("../../../playbooks/templates/survey_transactional.txt")),
    ("usage_milestone", include_str!("../../../playbooks/templates/usage_milestone.txt")),
    ("usage_drop_checkin", include_str!("../../../playbooks/templates/usage_drop_checkin.txt")),
    ("vendor_anniversary", include_str!("../../../playbooks/templates/vendor_anniversary.txt")),
    ("vendor_coaching", include_str!("../../../playbooks/templates/vendor_coaching.txt")),
    ("win_back", include_str!("../../../playbooks/templates/win_back.txt")),
];

/// The planner.
#[derive(Clone, Copy, Debug)]
pub struct Engagement;

impl Agent for Engagement {
    const NAME: &'static str = "engagement";
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
        // What is asked for, and what it rests on.
        Kind::TouchpointRequested,
        Kind::AlertClosed,
        Kind::HealthBandChanged,
        Kind::ChurnForecasted,
        Kind::EscalationRaised,
        Kind::EscalationResolved,
        Kind::PatternCovers,
        Kind::OnboardingPlanned,
        Kind::OnboardingResumed,
        Kind::OnboardingCompleted,
        Kind::RenewalSettled,
        Kind::ExpansionGateFailed,
        Kind::ExpansionGatePassed,
        Kind::InvoiceOverdue,
        Kind::InvoicePaid,
        // What became of it.
        Kind::ProposalFiled,
        Kind::OwnerChanged,
        Kind::ProposalDecided,
        Kind::ProposalVoided,
        Kind::ProposalExpired,
        Kind::ProposalReopened,
        Kind::ApprovalSigned,
        Kind::DeliverySent,
        Kind::DeliveryFailed,
        Kind::DeliveryUnknown,
        Kind::DeliveryWithdrawn,
        // What passes beside it.
        Kind::OutreachDelivered,
        Kind::OutreachReplied,
        Kind::ConversationRecorded,
        Kind::MeetingHeld,
        Kind::AccountMuted,
        // What is answered to without being asked.
        Kind::ApiCalled,
        Kind::UserActivated,
        Kind::FeedbackSubmitted,
        Kind::FeatureLaunched,
        Kind::OutcomeDocumented,
        Kind::CompetitorMentioned,
        // When a customer was met, and what there is to tell.
        Kind::MeetingScheduled,
        Kind::MeetingCancelled,
        Kind::MeetingMissed,
        Kind::ReviewHeld,
        Kind::TaskCompleted,
        Kind::GoalSet,
        Kind::GoalAchieved,
        Kind::GoalMissed,
        Kind::KpiMeasured,
        Kind::RoiReported,
        Kind::HealthScored,
        // What counts in a month.
        Kind::CommunityParticipated,
        Kind::FeatureActivated,
        Kind::ContactProfiled,
        Kind::AchievementUnlocked,
        Kind::OrderPlaced,
        Kind::OrderFulfilled,
        Kind::OrderCancelled,
        Kind::RatingReceived,
        // Between an account and its segment.
        Kind::EngagementSampled,
        Kind::CampaignSampled,
        Kind::VendorCoached,
        // Between an account and the queue of its CSM.
        Kind::CardOffered,
        Kind::CardClosed,
        Kind::CardShown,
        Kind::CardDropped,
    ];
    const EMITS: &'static [Kind] = &[
        Kind::TouchpointHeld,
        Kind::TouchpointMerged,
        Kind::OutreachProposed,
        Kind::BudgetReserved,
        Kind::BudgetReleased,
        Kind::CardOffered,
        Kind::CardClosed,
        Kind::CardShown,
        Kind::CardDropped,
        Kind::TouchpointRequested,
        Kind::TaskCreated,
        Kind::MilestoneCelebrated,
        Kind::ReviewDue,
        Kind::ReviewKitPrepared,
        Kind::ActionsTracked,
        Kind::EngagementSampled,
        Kind::EngagementMeasured,
        Kind::TrainingRecommended,
        Kind::VendorCoached,
        Kind::CampaignSampled,
        Kind::CampaignMeasured,
        Kind::AchievementProgressed,
    ];
    const FOLD_VERSION: u32 = 6;
    const DEFAULT_POLICY: &'static str = include_str!("../policy.toml");

    type Policy = Policy;
    type State = State;

    fn policy(text: &str) -> Result<Policy, PolicyError> {
        Policy::read(text)
    }

    fn adopt(policy: &mut Policy, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        let Some(name) = name.strip_prefix(TEMPLATE) else { return Ok(()) };
        let template = Template::read(name, version, text)?;
        policy.templates.insert(name.to_owned(), template);
        Ok(())
    }

    fn step(turn: &Turn<'_>, policy: &Policy, state: &mut State, input: Input<'_>, effects: &mut Effects) {
        if matches!(state, State::Empty) {
            *state = State::of(turn.entity);
        }
        match (state, input) {
            (State::Account(account), Input::Event(event)) => on_event::fold(turn, policy, account, event, effects),
            (State::Account(account), Input::Timer(name)) => on_event::timer(turn, policy, account, name, effects),
            (State::Csm(csm), Input::Event(event)) => csm.fold(turn, policy, event, effects),
            (State::Csm(csm), Input::Timer(_)) => csm.begin(turn, policy, effects),
            (State::Segment(segment), Input::Event(event)) => segment.fold(turn, event, effects),
            (State::Segment(segment), Input::Timer(_)) => segment.measure(turn, policy, effects),
            (State::Empty, _) => {}
        }
    }
}

/// The default policy with one line of it replaced.
#[cfg(test)]
fn tests_policy(line: &str, instead_of: &str) -> String {
    assert!(Engagement::DEFAULT_POLICY.contains(instead_of));
    Engagement::DEFAULT_POLICY.replacen(instead_of, line, 1)
}

#[cfg(test)]
mod tests;
