//! The catalogue's numbers, one part per metric.

use serde::Deserialize;

use super::{
    more::{
        ActiveRatio, AdvocacyActivity, ApiUsage, Budget, Competition, ExpansionPipeline, Fulfilment, Listings, Orders,
        PaymentHistory, PlatformUse, Rating, RenewalStanding, RevenueGrowth, ReviewParticipation, SelfService,
        SessionLength, SupportPerOrder, TicketTrend, TimeToValue,
    },
    rules::Curve,
};

/// The numbers of every metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricRules {
    pub(crate) feature_adoption: FeatureAdoption,
    pub(crate) user_engagement: UserEngagement,
    pub(crate) usage_trend: UsageTrend,
    pub(crate) ticket_volume: TicketVolume,
    pub(crate) sentiment: SentimentRules,
    pub(crate) resolution_satisfaction: ResolutionSatisfaction,
    pub(crate) csm_engagement: CsmEngagement,
    pub(crate) executive_relationship: ExecutiveRelationship,
    pub(crate) response_to_outreach: ResponseToOutreach,
    pub(crate) goals_achieved: GoalsAchieved,
    pub(crate) roi: Roi,
    pub(crate) expansion_history: ExpansionHistory,
    pub(crate) active_ratio: ActiveRatio,
    pub(crate) login_frequency: Line,
    pub(crate) session_length: SessionLength,
    pub(crate) api_usage: ApiUsage,
    pub(crate) ticket_trend: TicketTrend,
    pub(crate) time_to_resolve: Line,
    pub(crate) escalation_rate: Line,
    pub(crate) self_service: SelfService,
    pub(crate) review_participation: ReviewParticipation,
    pub(crate) advocacy_activity: AdvocacyActivity,
    pub(crate) community: Line,
    pub(crate) kpi_achievement: Line,
    pub(crate) time_to_value: TimeToValue,
    pub(crate) use_case_expansion: Line,
    pub(crate) milestones: Line,
    pub(crate) payment_history: PaymentHistory,
    pub(crate) renewal_standing: RenewalStanding,
    pub(crate) competition: Competition,
    pub(crate) budget: Budget,
    pub(crate) expansion_pipeline: ExpansionPipeline,
    pub(crate) orders: Orders,
    pub(crate) revenue_growth: RevenueGrowth,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) rating: Rating,
    pub(crate) listings: Listings,
    pub(crate) platform_use: PlatformUse,
    pub(crate) support_per_order: SupportPerOrder,
}

/// A metric that has nothing but its line and its life.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) points: Curve,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureAdoption {
    pub(crate) points: Curve,
    pub(crate) life_days: i32,
    pub(crate) core_features_min: usize,
    pub(crate) age_days_min: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEngagement {
    pub(crate) active: Curve,
    pub(crate) weekly: Curve,
    pub(crate) active_tenths: i64,
    pub(crate) life_days: i32,
    pub(crate) age_days_min: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageTrend {
    pub(crate) points: Curve,
    pub(crate) noise_points_min: i64,
    pub(crate) life_days: i32,
    pub(crate) age_days_min: i32,
    pub(crate) volume_min: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketVolume {
    pub(crate) points: Curve,
    pub(crate) users_min: i64,
    pub(crate) p1_costs: i64,
    pub(crate) reopened_costs: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentimentRules {
    pub(crate) points: Curve,
    pub(crate) texts_min: usize,
    pub(crate) half_life_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionSatisfaction {
    pub(crate) satisfied: Curve,
    pub(crate) in_time: Curve,
    pub(crate) satisfied_tenths: i64,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsmEngagement {
    pub(crate) points: Curve,
    pub(crate) missed_costs: i64,
    pub(crate) missed_costs_max: i64,
    pub(crate) missed_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutiveRelationship {
    pub(crate) points: Curve,
    pub(crate) left_points: i64,
    pub(crate) none_points: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponseToOutreach {
    pub(crate) points: Curve,
    pub(crate) messages_min: usize,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalsAchieved {
    pub(crate) points: Curve,
    pub(crate) grace_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roi {
    pub(crate) points: Curve,
    pub(crate) unnumbered_points: i64,
    pub(crate) fresh_days: i32,
    pub(crate) days_per_point: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpansionHistory {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
}
