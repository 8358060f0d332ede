//! Typed data of every kind.
//!
//! One table makes the closed enums [`Kind`] and [`Data`], their codes and names. A code is never reused: a kind that
//! goes away leaves a hole.

pub mod account;
pub mod action;
pub mod advocacy;
pub mod commercial;
pub mod contact;
pub mod engagement;
pub mod exit;
pub mod facts;
pub mod onboarding;
pub mod people;
pub mod product;
pub mod support;
pub mod survey;
pub mod usage;
pub mod value;
pub mod vendor;
pub mod words;

use serde_json::value::RawValue;

use crate::Origin;

macro_rules! kinds {
    ($( $code:literal $name:literal $variant:ident($data:ty) $origin:expr, [$($personal:literal),*]; )+) => {
        /// A kind of event. Its code stands in the packing index.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[expect(missing_docs, reason = "each variant is named after its kind, which the table documents")]
        pub enum Kind { $( $variant = $code, )+ }

        /// The data of an event, one variant per kind.
        #[derive(Clone, PartialEq, Debug)]
        #[expect(missing_docs, reason = "each variant is named after its kind, which the table documents")]
        #[allow(clippy::large_enum_variant, reason = "a box would stand in every match; whether one stands out changes with the kinds")]
        pub enum Data { $( $variant($data), )+ }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The number in the packing index.
            pub const fn code(self) -> u16 { self as u16 }

            /// The name on the bus, `noun.past_verb`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Who brings it into the log.
            pub const fn origin(self) -> Origin {
                match self { $( Self::$variant => $origin, )+ }
            }

            /// Names of the fields of its data that are personal, beyond those its schema does not know.
            pub const fn personal(self) -> &'static [&'static str] {
                match self { $( Self::$variant => &[$($personal),*], )+ }
            }

            /// The kind of a name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$variant), )+ _ => None }
            }

            /// The kind of a code.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $( $code => Some(Self::$variant), )+ _ => None }
            }

            /// The JSON Schema of its data as folds see it.
            pub(crate) fn data_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self { $( Self::$variant => generator.subschema_for::<$data>(), )+ }
            }
        }

        impl Data {
            /// The kind it belongs to.
            pub const fn kind(&self) -> Kind {
                match self { $( Self::$variant(_) => Kind::$variant, )+ }
            }

            /// Reads the data of a kind; fields it does not know are ignored.
            ///
            /// # Errors
            /// Missing or ill-typed fields.
            pub fn from_json(kind: Kind, json: &str) -> Result<Self, serde_json::Error> {
                match kind { $( Kind::$variant => serde_json::from_str(json).map(Self::$variant), )+ }
            }

            /// The data as raw JSON.
            pub fn to_raw(&self) -> Box<RawValue> {
                let raw = match self { $( Self::$variant(data) => serde_json::value::to_raw_value(data), )+ };
                raw.unwrap_or_else(|_| RawValue::NULL.to_owned())
            }
        }

        /// Written as the data of its kind, without the kind.
        impl serde::Serialize for Data {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                match self { $( Self::$variant(data) => data.serialize(s), )+ }
            }
        }
    };
}

#[allow(clippy::wildcard_imports, reason = "the table names every one; clippy is silent in tests, so no expect")]
use facts::*;

use Origin::{Action, Agent, AnyAgent, Input, People, Router};

kinds! {
    // Inputs: 1 to 499. From product systems, by way of the door.
    1 "account.created" AccountCreated(account::AccountCreated) Input, ["name"];
    2 "account.updated" AccountUpdated(account::AccountUpdated) Input, ["name"];
    3 "account.churned" AccountChurned(account::AccountChurned) Input, [];
    4 "account.won_back" AccountWonBack(account::AccountWonBack) Input, [];
    5 "csm.assigned" CsmAssigned(account::CsmAssigned) Input, [];
    6 "promise.made" PromiseMade(account::PromiseMade) Input, ["text", "notes"];

    20 "contact.added" ContactAdded(contact::ContactAdded) Input, ["name", "email", "phone", "address", "title"];
    21 "contact.updated" ContactUpdated(contact::ContactUpdated) Input, ["name", "email", "phone", "address", "title"];
    22 "contact.left" ContactLeft(contact::ContactLeft) Input, [];
    23 "contact.role_changed" ContactRoleChanged(contact::ContactRoleChanged) Input, [];
    24 "consent.changed" ConsentChanged(contact::ConsentChanged) Input, ["proof"];
    25 "membership.recorded" MembershipRecorded(contact::MembershipRecorded) Input, [];
    26 "identity.merged" IdentityMerged(contact::IdentityMerged) Input, [];

    40 "user.invited" UserInvited(usage::UserInvited) Input, ["name", "email"];
    41 "user.activated" UserActivated(usage::UserActivated) Input, ["name", "email"];
    42 "user.deactivated" UserDeactivated(usage::UserDeactivated) Input, ["name", "email"];
    43 "user.logged_in" UserLoggedIn(usage::UserLoggedIn) Input, ["ip", "user_agent"];
    44 "session.ended" SessionEnded(usage::SessionEnded) Input, ["ip", "user_agent"];
    45 "usage.recorded" UsageRecorded(usage::UsageRecorded) Input, ["ip", "user_agent"];
    46 "usage.aggregated" UsageAggregated(usage::UsageAggregated) Input, [];
    47 "api.called" ApiCalled(usage::ApiCalled) Input, [];
    48 "feature.activated" FeatureActivated(usage::FeatureActivated) Input, [];
    49 "page.viewed" PageViewed(usage::PageViewed) Input, ["ip", "user_agent", "title", "url", "path", "referrer", "search"];
    50 "plan.usage_measured" PlanUsageMeasured(usage::PlanUsageMeasured) Input, [];
    51 "seats.measured" SeatsMeasured(usage::SeatsMeasured) Input, [];
    52 "milestone.reached" MilestoneReached(usage::MilestoneReached) Input, [];

    80 "onboarding.step_completed" OnboardingStepCompleted(onboarding::OnboardingStepCompleted) Input, [];
    81 "training.completed" TrainingCompleted(onboarding::TrainingCompleted) Input, [];
    82 "integration.deployed" IntegrationDeployed(onboarding::IntegrationDeployed) Input, [];
    83 "kickoff.held" KickoffHeld(onboarding::KickoffHeld) Input, ["notes"];
    84 "project.updated" ProjectUpdated(onboarding::ProjectUpdated) Input, ["notes"];

    100 "ticket.opened" TicketOpened(support::TicketOpened) Input, ["subject", "text", "email", "name"];
    101 "ticket.replied" TicketReplied(support::TicketReplied) Input, ["text"];
    102 "ticket.updated" TicketUpdated(support::TicketUpdated) Input, ["subject", "notes"];
    103 "ticket.escalated" TicketEscalated(support::TicketEscalated) Input, ["notes"];
    104 "ticket.resolved" TicketResolved(support::TicketResolved) Input, ["text"];
    105 "ticket.reopened" TicketReopened(support::TicketReopened) Input, ["text"];
    106 "chat.handed_off" ChatHandedOff(support::ChatHandedOff) Input, ["text"];
    107 "conversation.recorded" ConversationRecorded(support::ConversationRecorded) Input, ["subject", "text"];
    108 "csat.responded" CsatResponded(support::CsatResponded) Input, ["text"];
    109 "feedback.submitted" FeedbackSubmitted(support::FeedbackSubmitted) Input, ["subject", "text"];
    110 "feedback.status_changed" FeedbackStatusChanged(support::FeedbackStatusChanged) Input, ["notes"];

    140 "meeting.scheduled" MeetingScheduled(engagement::MeetingScheduled) Input, ["subject", "notes"];
    141 "meeting.held" MeetingHeld(engagement::MeetingHeld) Input, ["subject", "notes"];
    142 "meeting.missed" MeetingMissed(engagement::MeetingMissed) Input, ["subject", "notes"];
    143 "meeting.cancelled" MeetingCancelled(engagement::MeetingCancelled) Input, ["subject", "notes"];
    144 "review.held" ReviewHeld(engagement::ReviewHeld) Input, ["subject", "notes"];
    150 "outreach.delivered" OutreachDelivered(engagement::OutreachDelivered) Input, ["recipient"];
    151 "outreach.opened" OutreachOpened(engagement::OutreachOpened) Input, ["recipient", "ip", "user_agent"];
    152 "outreach.clicked" OutreachClicked(engagement::OutreachClicked) Input, ["recipient", "ip", "user_agent", "url"];
    153 "outreach.replied" OutreachReplied(engagement::OutreachReplied) Input, ["recipient", "subject", "text"];
    154 "outreach.bounced" OutreachBounced(engagement::OutreachBounced) Input, ["recipient", "text"];
    155 "outreach.unsubscribed" OutreachUnsubscribed(engagement::OutreachUnsubscribed) Input, ["recipient", "ip", "user_agent"];
    156 "outreach.complained" OutreachComplained(engagement::OutreachComplained) Input, ["recipient"];

    180 "contract.signed" ContractSigned(commercial::ContractSigned) Input, ["notes"];
    181 "contract.amended" ContractAmended(commercial::ContractAmended) Input, ["notes"];
    182 "contract.notice_given" ContractNoticeGiven(commercial::ContractNoticeGiven) Input, ["notes", "text"];
    183 "contract.auto_renew_disabled" ContractAutoRenewDisabled(commercial::ContractAutoRenewDisabled) Input, ["notes"];
    190 "subscription.started" SubscriptionStarted(commercial::SubscriptionStarted) Input, [];
    191 "subscription.changed" SubscriptionChanged(commercial::SubscriptionChanged) Input, [];
    192 "subscription.renewed" SubscriptionRenewed(commercial::SubscriptionRenewed) Input, [];
    193 "subscription.cancelled" SubscriptionCancelled(commercial::SubscriptionCancelled) Input, ["notes"];
    200 "invoice.issued" InvoiceIssued(commercial::InvoiceIssued) Input, [];
    201 "invoice.paid" InvoicePaid(commercial::InvoicePaid) Input, [];
    202 "invoice.payment_failed" InvoicePaymentFailed(commercial::InvoicePaymentFailed) Input, [];
    203 "invoice.overdue" InvoiceOverdue(commercial::InvoiceOverdue) Input, [];
    204 "dispute.opened" DisputeOpened(commercial::DisputeOpened) Input, ["text"];
    205 "refund.made" RefundMade(commercial::RefundMade) Input, ["text"];
    210 "renewal.proposal_sent" RenewalProposalSent(commercial::RenewalProposalSent) Input, ["notes"];
    211 "renewal.stage_changed" RenewalStageChanged(commercial::RenewalStageChanged) Input, ["notes"];
    220 "opportunity.created" OpportunityCreated(commercial::OpportunityCreated) Input, ["name", "notes"];
    221 "opportunity.updated" OpportunityUpdated(commercial::OpportunityUpdated) Input, ["name", "notes"];
    222 "opportunity.won" OpportunityWon(commercial::OpportunityWon) Input, ["name", "notes"];
    223 "opportunity.lost" OpportunityLost(commercial::OpportunityLost) Input, ["name", "notes"];
    230 "competitor.mentioned" CompetitorMentioned(commercial::CompetitorMentioned) Input, ["text", "notes"];
    231 "budget.reported" BudgetReported(commercial::BudgetReported) Input, ["text", "notes"];
    232 "org.changed" OrgChanged(commercial::OrgChanged) Input, ["text", "notes"];

    260 "survey.sent" SurveySent(survey::SurveySent) Input, ["recipient"];
    261 "nps.responded" NpsResponded(survey::NpsResponded) Input, ["text"];
    262 "survey.responded" SurveyResponded(survey::SurveyResponded) Input, ["text"];
    263 "public_review.posted" PublicReviewPosted(survey::PublicReviewPosted) Input, ["text", "title", "name", "url"];

    280 "goal.set" GoalSet(value::GoalSet) Input, ["notes"];
    281 "goal.achieved" GoalAchieved(value::GoalAchieved) Input, ["notes"];
    282 "goal.missed" GoalMissed(value::GoalMissed) Input, ["notes"];
    283 "kpi.measured" KpiMeasured(value::KpiMeasured) Input, [];
    284 "roi.reported" RoiReported(value::RoiReported) Input, ["notes", "proof"];
    285 "outcome.documented" OutcomeDocumented(value::OutcomeDocumented) Input, ["notes", "proof", "text"];
    286 "use_case.defined" UseCaseDefined(value::UseCaseDefined) Input, ["notes"];
    287 "use_case.live" UseCaseLive(value::UseCaseLive) Input, ["notes"];

    300 "incident.opened" IncidentOpened(product::IncidentOpened) Input, ["text", "title"];
    301 "incident.resolved" IncidentResolved(product::IncidentResolved) Input, ["text", "title"];
    302 "feature.launched" FeatureLaunched(product::FeatureLaunched) Input, ["text", "title", "url"];
    310 "help.searched" HelpSearched(product::HelpSearched) Input, ["query"];
    311 "help.viewed" HelpViewed(product::HelpViewed) Input, ["ip", "user_agent"];
    312 "help.answered" HelpAnswered(product::HelpAnswered) Input, ["text"];

    340 "advocacy.asked" AdvocacyAsked(advocacy::AdvocacyAsked) Input, ["notes"];
    341 "advocacy.accepted" AdvocacyAccepted(advocacy::AdvocacyAccepted) Input, ["notes", "text"];
    342 "advocacy.declined" AdvocacyDeclined(advocacy::AdvocacyDeclined) Input, ["notes", "text"];
    343 "advocacy.completed" AdvocacyCompleted(advocacy::AdvocacyCompleted) Input, ["notes", "url"];
    350 "referral.made" ReferralMade(advocacy::ReferralMade) Input, ["name", "email"];
    351 "referral.qualified" ReferralQualified(advocacy::ReferralQualified) Input, ["notes"];
    352 "referral.rewarded" ReferralRewarded(advocacy::ReferralRewarded) Input, ["notes"];
    360 "points.earned" PointsEarned(advocacy::PointsEarned) Input, [];
    361 "points.redeemed" PointsRedeemed(advocacy::PointsRedeemed) Input, [];
    362 "reward.redeemed" RewardRedeemed(advocacy::RewardRedeemed) Input, ["address"];
    363 "achievement.unlocked" AchievementUnlocked(advocacy::AchievementUnlocked) Input, [];
    370 "community.participated" CommunityParticipated(advocacy::CommunityParticipated) Input, ["text", "title", "url"];

    400 "listing.published" ListingPublished(vendor::ListingPublished) Input, ["title", "text"];
    401 "listing.delisted" ListingDelisted(vendor::ListingDelisted) Input, ["notes"];
    402 "order.placed" OrderPlaced(vendor::OrderPlaced) Input, ["name", "address", "email", "phone"];
    403 "order.fulfilled" OrderFulfilled(vendor::OrderFulfilled) Input, ["name", "address"];
    404 "order.cancelled" OrderCancelled(vendor::OrderCancelled) Input, ["notes"];
    405 "order.returned" OrderReturned(vendor::OrderReturned) Input, ["notes"];
    406 "rating.received" RatingReceived(vendor::RatingReceived) Input, ["text", "name"];
    407 "payout.made" PayoutMade(vendor::PayoutMade) Input, [];
    408 "sales.summed" SalesSummed(vendor::SalesSummed) Input, [];

    430 "exit_interview.held" ExitInterviewHeld(exit::ExitInterviewHeld) Input, ["notes", "text"];

    // People: 500 to 549. What a person says, signed.
    500 "decision.recorded" DecisionRecorded(people::DecisionRecorded) People, ["message", "recipient", "subject", "body", "note"];
    501 "decision.undone" DecisionUndone(people::DecisionUndone) People, ["note"];
    502 "override.set" OverrideSet(people::OverrideSet) People, ["note"];
    503 "plan.edited" PlanEdited(people::PlanEdited) People, ["note", "title", "text"];
    504 "task.completed" TaskCompleted(people::TaskCompleted) People, ["note"];
    505 "card.snoozed" CardSnoozed(people::CardSnoozed) People, ["note"];
    506 "account.muted" AccountMuted(people::AccountMuted) People, ["note"];
    507 "segment.pinned" SegmentPinned(people::SegmentPinned) People, ["note"];
    508 "policy.published" PolicyPublished(people::PolicyPublished) People, [];
    509 "playbook.published" PlaybookPublished(people::PlaybookPublished) People, [];
    510 "grant.given" GrantGiven(people::GrantGiven) People, ["note"];
    511 "grant.revoked" GrantRevoked(people::GrantRevoked) People, ["note"];
    520 "renewal.called" RenewalCalled(people::RenewalCalled) People, ["note"];
    521 "renewal.terms_asked" RenewalTermsAsked(people::RenewalTermsAsked) People, ["note"];
    522 "renewal.terms_decided" RenewalTermsDecided(people::RenewalTermsDecided) People, ["note"];

    // Actions: 550 to 599. What was approved and what became of it.
    550 "delivery.approved" DeliveryApproved(action::DeliveryApproved) Action, ["message", "recipient"];
    551 "delivery.intended" DeliveryIntended(action::DeliveryIntended) Action, [];
    552 "delivery.sent" DeliverySent(action::DeliverySent) Action, [];
    553 "delivery.failed" DeliveryFailed(action::DeliveryFailed) Action, ["text"];
    554 "delivery.unknown" DeliveryUnknown(action::DeliveryUnknown) Action, [];
    555 "delivery.withdrawn" DeliveryWithdrawn(action::DeliveryWithdrawn) Action, ["note"];
    556 "stop.set" StopSet(action::StopSet) Action, ["note"];

    // Facts: 600 and up. Each has one emitter.
    600 "clock.ticked" ClockTicked(ClockTicked) Router, [];
    601 "clock.resumed" ClockResumed(ClockResumed) Router, [];
    602 "source.stalled" SourceStalled(SourceStalled) Router, [];
    603 "source.resumed" SourceResumed(SourceResumed) Router, [];
    604 "incident.covers" IncidentCovers(IncidentCovers) Router, [];
    620 "stage.changed" StageChanged(StageChanged) Agent("supervisor"), [];
    621 "segment.changed" SegmentChanged(SegmentChanged) Agent("supervisor"), [];
    622 "owner.changed" OwnerChanged(OwnerChanged) Agent("supervisor"), [];
    623 "flags.changed" FlagsChanged(FlagsChanged) Agent("supervisor"), [];
    624 "stakeholders.mapped" StakeholdersMapped(StakeholdersMapped) Agent("supervisor"), [];
    625 "service.changed" ServiceChanged(ServiceChanged) Agent("supervisor"), [];
    626 "departure.suspected" DepartureSuspected(DepartureSuspected) Agent("supervisor"), [];
    627 "departure.settled" DepartureSettled(DepartureSettled) Agent("supervisor"), [];
    628 "plan.changed" PlanChanged(PlanChanged) Agent("supervisor"), [];
    629 "contact.profiled" ContactProfiled(ContactProfiled) Agent("supervisor"), [];
    637 "setup.changed" SetupChanged(SetupChanged) Agent("supervisor"), [];
    630 "proposal.filed" ProposalFiled(ProposalFiled) Agent("supervisor"), [];
    631 "proposal.decided" ProposalDecided(ProposalDecided) Agent("supervisor"), [];
    632 "proposal.voided" ProposalVoided(ProposalVoided) Agent("supervisor"), [];
    633 "proposal.expired" ProposalExpired(ProposalExpired) Agent("supervisor"), [];
    634 "proposal.reopened" ProposalReopened(ProposalReopened) Agent("supervisor"), [];
    635 "decision.refused" DecisionRefused(DecisionRefused) Agent("supervisor"), [];
    636 "approval.signed" ApprovalSigned(ApprovalSigned) Agent("supervisor"), [];
    650 "onboarding.phase_completed" OnboardingPhaseCompleted(PhaseCompleted) Agent("onboarding"), [];
    651 "onboarding.stalled" OnboardingStalled(OnboardingStalled) Agent("onboarding"), [];
    652 "onboarding.resumed" OnboardingResumed(OnboardingResumed) Agent("onboarding"), [];
    653 "onboarding.completed" OnboardingCompleted(OnboardingCompleted) Agent("onboarding"), [];
    654 "onboarding.judged" OnboardingJudged(OnboardingJudged) Agent("onboarding"), [];
    655 "onboarding.planned" OnboardingPlanned(OnboardingPlanned) Agent("onboarding"), [];
    656 "value.reached" ValueReached(ValueReached) Agent("onboarding"), [];
    657 "onboarding.sampled" OnboardingSampled(OnboardingSampled) Agent("onboarding"), [];
    658 "onboarding.baseline" OnboardingBaseline(OnboardingBaseline) Agent("onboarding"), [];
    659 "cohort.measured" CohortMeasured(CohortMeasured) Agent("onboarding"), [];
    670 "health.scored" HealthScored(HealthScored) Agent("health"), [];
    671 "health.band_changed" HealthBandChanged(BandChanged) Agent("health"), [];
    672 "health.divergence_found" HealthDivergenceFound(DivergenceFound) Agent("health"), [];
    673 "segment.baseline" SegmentBaseline(SegmentBaseline) Agent("health"), [];
    674 "model.reviewed" ModelReviewed(ModelReviewed) Agent("health"), [];
    675 "health.sampled" HealthSampled(HealthSampled) Agent("health"), [];
    676 "season.measured" SeasonMeasured(SeasonMeasured) Agent("health"), [];
    677 "health.settled" HealthSettled(HealthSettled) Agent("health"), [];
    690 "churn.forecasted" ChurnForecasted(ChurnForecasted) Agent("churn"), [];
    691 "alert.opened" AlertOpened(AlertOpened) Agent("churn"), [];
    692 "alert.updated" AlertUpdated(AlertUpdated) Agent("churn"), [];
    693 "alert.closed" AlertClosed(AlertClosed) Agent("churn"), [];
    694 "forecast.settled" ForecastSettled(ForecastSettled) Agent("churn"), [];
    695 "loss.analysed" LossAnalysed(LossAnalysed) Agent("churn"), [];
    696 "loss.sampled" LossSampled(LossSampled) Agent("churn"), [];
    697 "prevention.proposed" PreventionProposed(PreventionProposed) Agent("churn"), [];
    698 "save.started" SaveStarted(SaveStarted) Agent("churn"), [];
    699 "save.settled" SaveSettled(SaveSettled) Agent("churn"), [];
    700 "save.sampled" SaveSampled(SaveSampled) Agent("churn"), [];
    701 "save.measured" SaveMeasured(SaveMeasured) Agent("churn"), [];
    710 "expansion.readiness_changed" ExpansionReadinessChanged(ReadinessChanged) Agent("expansion"), [];
    711 "expansion.qualified" ExpansionQualified(ExpansionQualified) Agent("expansion"), [];
    712 "expansion.gate_failed" ExpansionGateFailed(GateFailed) Agent("expansion"), [];
    713 "expansion.attributed" ExpansionAttributed(ExpansionAttributed) Agent("expansion"), [];
    714 "expansion.gate_passed" ExpansionGatePassed(GatePassed) Agent("expansion"), [];
    715 "expansion.answered" ExpansionAnswered(ExpansionAnswered) Agent("expansion"), [];
    716 "limit.warned" LimitWarned(LimitWarned) Agent("expansion"), [];
    717 "cost.found" CostFound(CostFound) Agent("expansion"), [];
    718 "expansion.sampled" ExpansionSampled(ExpansionSampled) Agent("expansion"), [];
    719 "peers.compared" PeersCompared(PeersCompared) Agent("expansion"), [];
    720 "adoption.recommended" AdoptionRecommended(AdoptionRecommended) Agent("expansion"), [];
    721 "expansion.measured" ExpansionMeasured(ExpansionMeasured) Agent("expansion"), [];
    730 "sla.warned" SlaWarned(SlaWarned) Agent("escalation"), [];
    731 "sla.breached" SlaBreached(SlaBreached) Agent("escalation"), [];
    732 "escalation.raised" EscalationRaised(EscalationRaised) Agent("escalation"), [];
    733 "escalation.updated" EscalationUpdated(EscalationUpdated) Agent("escalation"), [];
    734 "escalation.resolved" EscalationResolved(EscalationResolved) Agent("escalation"), [];
    735 "pattern.opened" PatternOpened(PatternOpened) Agent("escalation"), [];
    736 "pattern.updated" PatternUpdated(PatternUpdated) Agent("escalation"), [];
    737 "pattern.closed" PatternClosed(PatternClosed) Agent("escalation"), [];
    738 "knowledge.gap_found" KnowledgeGapFound(GapFound) Agent("escalation"), [];
    739 "pattern.sighted" PatternSighted(PatternSighted) Agent("escalation"), [];
    740 "pattern.covers" PatternCovers(PatternCovers) Agent("escalation"), [];
    741 "pattern.summed" PatternSummed(PatternSummed) Agent("escalation"), [];
    742 "product.reported" ProductReported(ProductReported) Agent("escalation"), [];
    743 "support.reviewed" SupportReviewed(SupportReviewed) Agent("escalation"), [];
    744 "tone.changed" ToneChanged(ToneChanged) Agent("escalation"), [];
    750 "renewal.opened" RenewalOpened(RenewalOpened) Agent("renewal"), [];
    751 "renewal.step_due" RenewalStepDue(RenewalStepDue) Agent("renewal"), [];
    752 "renewal.forecasted" RenewalForecasted(RenewalForecasted) Agent("renewal"), [];
    753 "renewal.lapsed" RenewalLapsed(RenewalLapsed) Agent("renewal"), [];
    754 "renewal.overdue" RenewalOverdue(RenewalOverdue) Agent("renewal"), [];
    755 "renewal.settled" RenewalSettled(RenewalSettled) Agent("renewal"), [];
    756 "renewal.booked" RenewalBooked(RenewalBooked) Agent("renewal"), [];
    757 "renewal.summed" RenewalSummed(RenewalSummed) Agent("renewal"), [];
    758 "renewal.measured" RenewalMeasured(RenewalMeasured) Agent("renewal"), [];
    759 "renewal.kit_prepared" RenewalKitPrepared(RenewalKitPrepared) Agent("renewal"), [];
    760 "renewal.sheet_prepared" RenewalSheetPrepared(RenewalSheetPrepared) Agent("renewal"), [];
    761 "renewal.terms_computed" RenewalTermsComputed(RenewalTermsComputed) Agent("renewal"), [];
    762 "renewal.terms_settled" RenewalTermsSettled(RenewalTermsSettled) Agent("renewal"), [];
    770 "touchpoint.held" TouchpointHeld(TouchpointHeld) Agent("engagement"), [];
    771 "touchpoint.merged" TouchpointMerged(TouchpointMerged) Agent("engagement"), [];
    772 "outreach.proposed" OutreachProposed(OutreachProposed) Agent("engagement"), [];
    773 "budget.reserved" BudgetReserved(BudgetReserved) Agent("engagement"), [];
    774 "budget.released" BudgetReleased(BudgetReleased) Agent("engagement"), [];
    775 "milestone.celebrated" MilestoneCelebrated(MilestoneCelebrated) Agent("engagement"), [];
    776 "review.due" ReviewDue(ReviewDue) Agent("engagement"), [];
    777 "card.offered" CardOffered(CardOffered) Agent("engagement"), [];
    778 "card.closed" CardClosed(CardClosed) Agent("engagement"), [];
    779 "card.shown" CardShown(CardShown) Agent("engagement"), [];
    780 "card.dropped" CardDropped(CardDropped) Agent("engagement"), [];
    781 "review.kit_prepared" ReviewKitPrepared(ReviewKitPrepared) Agent("engagement"), [];
    782 "actions.tracked" ActionsTracked(ActionsTracked) Agent("engagement"), [];
    783 "engagement.sampled" EngagementSampled(EngagementSampled) Agent("engagement"), [];
    784 "engagement.measured" EngagementMeasured(EngagementMeasured) Agent("engagement"), [];
    785 "training.recommended" TrainingRecommended(TrainingRecommended) Agent("engagement"), [];
    786 "vendor.coached" VendorCoached(VendorCoached) Agent("engagement"), [];
    787 "campaign.sampled" CampaignSampled(CampaignSampled) Agent("engagement"), [];
    788 "campaign.measured" CampaignMeasured(CampaignMeasured) Agent("engagement"), [];
    789 "achievement.progressed" AchievementProgressed(AchievementProgressed) Agent("engagement"), [];
    790 "advocate.identified" AdvocateIdentified(AdvocateIdentified) Agent("advocacy"), [];
    791 "advocate.rested" AdvocateRested(AdvocateRested) Agent("advocacy"), [];
    792 "loyalty.balance_changed" LoyaltyBalanceChanged(BalanceChanged) Agent("advocacy"), [];
    793 "referral.settled" ReferralSettled(ReferralSettled) Agent("advocacy"), [];
    794 "redemption.refused" RedemptionRefused(RedemptionRefused) Agent("advocacy"), [];
    795 "nps.measured" NpsMeasured(NpsMeasured) Agent("advocacy"), [];
    796 "loop.opened" LoopOpened(LoopOpened) Agent("advocacy"), [];
    797 "loop.updated" LoopUpdated(LoopUpdated) Agent("advocacy"), [];
    798 "loop.closed" LoopClosed(LoopClosed) Agent("advocacy"), [];
    799 "themes.measured" ThemesMeasured(ThemesMeasured) Agent("advocacy"), [];
    800 "voice.sampled" VoiceSampled(VoiceSampled) Agent("advocacy"), [];
    801 "advocacy.measured" AdvocacyMeasured(AdvocacyMeasured) Agent("advocacy"), [];
    802 "survey.held" SurveyHeld(SurveyHeld) Agent("advocacy"), [];
    803 "recognition.earned" RecognitionEarned(RecognitionEarned) Agent("advocacy"), [];
    810 "touchpoint.requested" TouchpointRequested(TouchpointRequested) AnyAgent, [];
    811 "task.created" TaskCreated(TaskCreated) AnyAgent, [];
    812 "turn.failed" TurnFailed(TurnFailed) AnyAgent, [];
    813 "turn.released" TurnReleased(TurnReleased) AnyAgent, [];
    814 "fold.started" FoldStarted(FoldStarted) AnyAgent, [];
    815 "handoff.made" HandoffMade(HandoffMade) AnyAgent, [];
}
