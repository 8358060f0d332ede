//! The names of the catalogue: metrics, and the sources their events come from.

use serde::{Deserialize, Serialize};

use super::{Outcome, View};
use crate::policy::Policy;

/// A metric of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Metric {
    FeatureAdoption,
    UserEngagement,
    UsageTrend,
    TicketVolume,
    Sentiment,
    ResolutionSatisfaction,
    CsmEngagement,
    ExecutiveRelationship,
    ResponseToOutreach,
    GoalsAchieved,
    Roi,
    ExpansionHistory,
    ActiveRatio,
    LoginFrequency,
    SessionLength,
    ApiUsage,
    TicketTrend,
    TimeToResolve,
    EscalationRate,
    SelfService,
    ReviewParticipation,
    AdvocacyActivity,
    Community,
    KpiAchievement,
    TimeToValue,
    UseCaseExpansion,
    Milestones,
    PaymentHistory,
    RenewalStanding,
    Competition,
    Budget,
    ExpansionPipeline,
    Orders,
    RevenueGrowth,
    Fulfilment,
    Rating,
    Listings,
    PlatformUse,
    SupportPerOrder,
}

/// Where a metric's events come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Usage,
    Features,
    Support,
    Help,
    Relationship,
    Community,
    Outcomes,
    Commercial,
    Billing,
    Pipeline,
    Sales,
}

impl Source {
    /// The name in policy and facts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Features => "features",
            Self::Support => "support",
            Self::Help => "help",
            Self::Relationship => "relationship",
            Self::Community => "community",
            Self::Outcomes => "outcomes",
            Self::Commercial => "commercial",
            Self::Billing => "billing",
            Self::Pipeline => "pipeline",
            Self::Sales => "sales",
        }
    }
}

impl Metric {
    /// Every metric there is.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 39] = [
        Self::FeatureAdoption,
        Self::UserEngagement,
        Self::UsageTrend,
        Self::TicketVolume,
        Self::Sentiment,
        Self::ResolutionSatisfaction,
        Self::CsmEngagement,
        Self::ExecutiveRelationship,
        Self::ResponseToOutreach,
        Self::GoalsAchieved,
        Self::Roi,
        Self::ExpansionHistory,
        Self::ActiveRatio,
        Self::LoginFrequency,
        Self::SessionLength,
        Self::ApiUsage,
        Self::TicketTrend,
        Self::TimeToResolve,
        Self::EscalationRate,
        Self::SelfService,
        Self::ReviewParticipation,
        Self::AdvocacyActivity,
        Self::Community,
        Self::KpiAchievement,
        Self::TimeToValue,
        Self::UseCaseExpansion,
        Self::Milestones,
        Self::PaymentHistory,
        Self::RenewalStanding,
        Self::Competition,
        Self::Budget,
        Self::ExpansionPipeline,
        Self::Orders,
        Self::RevenueGrowth,
        Self::Fulfilment,
        Self::Rating,
        Self::Listings,
        Self::PlatformUse,
        Self::SupportPerOrder,
    ];

    /// The name in policy and facts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FeatureAdoption => "feature_adoption",
            Self::UserEngagement => "user_engagement",
            Self::UsageTrend => "usage_trend",
            Self::TicketVolume => "ticket_volume",
            Self::Sentiment => "sentiment",
            Self::ResolutionSatisfaction => "resolution_satisfaction",
            Self::CsmEngagement => "csm_engagement",
            Self::ExecutiveRelationship => "executive_relationship",
            Self::ResponseToOutreach => "response_to_outreach",
            Self::GoalsAchieved => "goals_achieved",
            Self::Roi => "roi",
            Self::ExpansionHistory => "expansion_history",
            Self::ActiveRatio => "active_ratio",
            Self::LoginFrequency => "login_frequency",
            Self::SessionLength => "session_length",
            Self::ApiUsage => "api_usage",
            Self::TicketTrend => "ticket_trend",
            Self::TimeToResolve => "time_to_resolve",
            Self::EscalationRate => "escalation_rate",
            Self::SelfService => "self_service",
            Self::ReviewParticipation => "review_participation",
            Self::AdvocacyActivity => "advocacy_activity",
            Self::Community => "community",
            Self::KpiAchievement => "kpi_achievement",
            Self::TimeToValue => "time_to_value",
            Self::UseCaseExpansion => "use_case_expansion",
            Self::Milestones => "milestones",
            Self::PaymentHistory => "payment_history",
            Self::RenewalStanding => "renewal_standing",
            Self::Competition => "competition",
            Self::Budget => "budget",
            Self::ExpansionPipeline => "expansion_pipeline",
            Self::Orders => "orders",
            Self::RevenueGrowth => "revenue_growth",
            Self::Fulfilment => "fulfilment",
            Self::Rating => "rating",
            Self::Listings => "listings",
            Self::PlatformUse => "platform_use",
            Self::SupportPerOrder => "support_per_order",
        }
    }

    /// The source it needs.
    pub(crate) const fn source(self) -> Source {
        match self {
            Self::UserEngagement
            | Self::UsageTrend
            | Self::ActiveRatio
            | Self::LoginFrequency
            | Self::SessionLength
            | Self::ApiUsage
            | Self::PlatformUse => Source::Usage,
            Self::FeatureAdoption => Source::Features,
            Self::TicketVolume
            | Self::Sentiment
            | Self::ResolutionSatisfaction
            | Self::TicketTrend
            | Self::TimeToResolve
            | Self::EscalationRate
            | Self::SupportPerOrder => Source::Support,
            Self::SelfService => Source::Help,
            Self::CsmEngagement
            | Self::ExecutiveRelationship
            | Self::ResponseToOutreach
            | Self::ReviewParticipation
            | Self::AdvocacyActivity => Source::Relationship,
            Self::Community => Source::Community,
            Self::GoalsAchieved
            | Self::Roi
            | Self::KpiAchievement
            | Self::TimeToValue
            | Self::UseCaseExpansion
            | Self::Milestones => Source::Outcomes,
            Self::ExpansionHistory | Self::RenewalStanding => Source::Commercial,
            Self::PaymentHistory => Source::Billing,
            Self::Competition | Self::Budget | Self::ExpansionPipeline => Source::Pipeline,
            Self::Orders | Self::RevenueGrowth | Self::Fulfilment | Self::Rating | Self::Listings => Source::Sales,
        }
    }

    /// Days a measurement stands once it is not renewed; none: for ever.
    pub(crate) const fn life_days(self, policy: &Policy) -> Option<i32> {
        let rules = &policy.metric;
        Some(match self {
            Self::FeatureAdoption => rules.feature_adoption.life_days,
            Self::UserEngagement => rules.user_engagement.life_days,
            Self::UsageTrend => rules.usage_trend.life_days,
            Self::TicketVolume => rules.ticket_volume.life_days,
            Self::Sentiment => rules.sentiment.life_days,
            Self::ResolutionSatisfaction => rules.resolution_satisfaction.life_days,
            Self::CsmEngagement => rules.csm_engagement.life_days,
            Self::ExecutiveRelationship => rules.executive_relationship.life_days,
            Self::ResponseToOutreach => rules.response_to_outreach.life_days,
            Self::GoalsAchieved => rules.goals_achieved.life_days,
            Self::Roi => rules.roi.life_days,
            Self::ActiveRatio => rules.active_ratio.life_days,
            Self::LoginFrequency => rules.login_frequency.life_days,
            Self::SessionLength => rules.session_length.life_days,
            Self::ApiUsage => rules.api_usage.life_days,
            Self::TicketTrend => rules.ticket_trend.life_days,
            Self::TimeToResolve => rules.time_to_resolve.life_days,
            Self::EscalationRate => rules.escalation_rate.life_days,
            Self::SelfService => rules.self_service.life_days,
            Self::ReviewParticipation => rules.review_participation.life_days,
            Self::AdvocacyActivity => rules.advocacy_activity.life_days,
            Self::Community => rules.community.life_days,
            Self::KpiAchievement => rules.kpi_achievement.life_days,
            Self::UseCaseExpansion => rules.use_case_expansion.life_days,
            Self::Milestones => rules.milestones.life_days,
            Self::PaymentHistory => rules.payment_history.life_days,
            Self::Competition => rules.competition.life_days,
            Self::Budget => rules.budget.life_days,
            Self::ExpansionPipeline => rules.expansion_pipeline.life_days,
            Self::Orders => rules.orders.life_days,
            Self::RevenueGrowth => rules.revenue_growth.life_days,
            Self::Fulfilment => rules.fulfilment.life_days,
            Self::Rating => rules.rating.life_days,
            Self::Listings => rules.listings.life_days,
            Self::PlatformUse => rules.platform_use.life_days,
            Self::SupportPerOrder => rules.support_per_order.life_days,
            Self::ExpansionHistory | Self::TimeToValue | Self::RenewalStanding => return None,
        })
    }

    /// Measures it.
    pub(crate) fn measure(self, view: &View<'_>) -> Outcome {
        match self {
            Self::FeatureAdoption => super::feature_adoption::measure(view),
            Self::UserEngagement => super::user_engagement::measure(view),
            Self::UsageTrend => super::usage_trend::measure(view),
            Self::TicketVolume => super::ticket_volume::measure(view),
            Self::Sentiment => super::sentiment::measure(view),
            Self::ResolutionSatisfaction => super::resolution_satisfaction::measure(view),
            Self::CsmEngagement => super::csm_engagement::measure(view),
            Self::ExecutiveRelationship => super::executive_relationship::measure(view),
            Self::ResponseToOutreach => super::response_to_outreach::measure(view),
            Self::GoalsAchieved => super::goals_achieved::measure(view),
            Self::Roi => super::roi::measure(view),
            Self::ExpansionHistory => super::expansion_history::measure(view),
            Self::ActiveRatio => super::active_ratio::measure(view),
            Self::LoginFrequency => super::login_frequency::measure(view),
            Self::SessionLength => super::session_length::measure(view),
            Self::ApiUsage => super::api_usage::measure(view),
            Self::TicketTrend => super::ticket_trend::measure(view),
            Self::TimeToResolve => super::time_to_resolve::measure(view),
            Self::EscalationRate => super::escalation_rate::measure(view),
            Self::SelfService => super::self_service::measure(view),
            Self::ReviewParticipation => super::review_participation::measure(view),
            Self::AdvocacyActivity => super::advocacy_activity::measure(view),
            Self::Community => super::community::measure(view),
            Self::KpiAchievement => super::kpi_achievement::measure(view),
            Self::TimeToValue => super::time_to_value::measure(view),
            Self::UseCaseExpansion => super::use_case_expansion::measure(view),
            Self::Milestones => super::milestones::measure(view),
            Self::PaymentHistory => super::payment_history::measure(view),
            Self::RenewalStanding => super::renewal_standing::measure(view),
            Self::Competition => super::competition::measure(view),
            Self::Budget => super::budget::measure(view),
            Self::ExpansionPipeline => super::expansion_pipeline::measure(view),
            Self::Orders => super::orders::measure(view),
            Self::RevenueGrowth => super::revenue_growth::measure(view),
            Self::Fulfilment => super::fulfilment::measure(view),
            Self::Rating => super::rating::measure(view),
            Self::Listings => super::listings::measure(view),
            Self::PlatformUse => super::platform_use::measure(view),
            Self::SupportPerOrder => super::support_per_order::measure(view),
        }
    }
}
