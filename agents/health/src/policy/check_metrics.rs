//! Ranges of the catalogue's numbers. Each refusal names the field and what would be right.

use agent::PolicyError;

use super::{
    catalogue::MetricRules,
    check::{line, within},
    rules::Curve,
};

pub(super) fn metrics(rules: &MetricRules) -> Result<(), PolicyError> {
    curves(rules)?;
    let lives = [
        ("feature_adoption", rules.feature_adoption.life_days),
        ("user_engagement", rules.user_engagement.life_days),
        ("usage_trend", rules.usage_trend.life_days),
        ("ticket_volume", rules.ticket_volume.life_days),
        ("sentiment", rules.sentiment.life_days),
        ("resolution_satisfaction", rules.resolution_satisfaction.life_days),
        ("csm_engagement", rules.csm_engagement.life_days),
        ("executive_relationship", rules.executive_relationship.life_days),
        ("response_to_outreach", rules.response_to_outreach.life_days),
        ("goals_achieved", rules.goals_achieved.life_days),
        ("roi", rules.roi.life_days),
    ];
    for (name, days) in lives.into_iter().chain(more_lives(rules)) {
        within(&format!("metric.{name}.life_days"), days, 1, 730)?;
    }
    let points = [
        ("usage_trend.noise_points_min", rules.usage_trend.noise_points_min),
        ("ticket_volume.p1_costs", rules.ticket_volume.p1_costs),
        ("ticket_volume.reopened_costs", rules.ticket_volume.reopened_costs),
        ("csm_engagement.missed_costs", rules.csm_engagement.missed_costs),
        ("csm_engagement.missed_costs_max", rules.csm_engagement.missed_costs_max),
        ("executive_relationship.left_points", rules.executive_relationship.left_points),
        ("executive_relationship.none_points", rules.executive_relationship.none_points),
        ("roi.unnumbered_points", rules.roi.unnumbered_points),
    ];
    for (name, points) in points.into_iter().chain(more_points(rules)) {
        within(&format!("metric.{name}"), points, 0, 100)?;
    }
    within("metric.user_engagement.active_tenths", rules.user_engagement.active_tenths, 0, 10)?;
    within("metric.resolution_satisfaction.satisfied_tenths", rules.resolution_satisfaction.satisfied_tenths, 0, 10)?;
    within("metric.resolution_satisfaction.prior_bp", rules.resolution_satisfaction.prior_bp, 0, 10_000)?;
    within("metric.resolution_satisfaction.prior_weight", rules.resolution_satisfaction.prior_weight, 0, 1_000)?;
    within("metric.response_to_outreach.prior_bp", rules.response_to_outreach.prior_bp, 0, 10_000)?;
    within("metric.response_to_outreach.prior_weight", rules.response_to_outreach.prior_weight, 0, 1_000)?;
    within("metric.ticket_volume.users_min", rules.ticket_volume.users_min, 1, 1_000_000)?;
    within("metric.sentiment.half_life_days", rules.sentiment.half_life_days, 1, 365)?;
    within("metric.roi.days_per_point", rules.roi.days_per_point, 1, 365)?;
    more(rules)
}

fn curves(rules: &MetricRules) -> Result<(), PolicyError> {
    let curves = [
        ("feature_adoption.points", &rules.feature_adoption.points),
        ("user_engagement.active", &rules.user_engagement.active),
        ("user_engagement.weekly", &rules.user_engagement.weekly),
        ("usage_trend.points", &rules.usage_trend.points),
        ("ticket_volume.points", &rules.ticket_volume.points),
        ("sentiment.points", &rules.sentiment.points),
        ("resolution_satisfaction.satisfied", &rules.resolution_satisfaction.satisfied),
        ("resolution_satisfaction.in_time", &rules.resolution_satisfaction.in_time),
        ("csm_engagement.points", &rules.csm_engagement.points),
        ("executive_relationship.points", &rules.executive_relationship.points),
        ("response_to_outreach.points", &rules.response_to_outreach.points),
        ("goals_achieved.points", &rules.goals_achieved.points),
        ("roi.points", &rules.roi.points),
        ("expansion_history.points", &rules.expansion_history.points),
    ];
    curves.into_iter().chain(more_curves(rules)).try_for_each(|(name, curve)| line(&format!("metric.{name}"), curve))
}

const fn more_lives(rules: &MetricRules) -> [(&'static str, i32); 25] {
    [
        ("active_ratio", rules.active_ratio.life_days),
        ("login_frequency", rules.login_frequency.life_days),
        ("session_length", rules.session_length.life_days),
        ("api_usage", rules.api_usage.life_days),
        ("ticket_trend", rules.ticket_trend.life_days),
        ("time_to_resolve", rules.time_to_resolve.life_days),
        ("escalation_rate", rules.escalation_rate.life_days),
        ("self_service", rules.self_service.life_days),
        ("review_participation", rules.review_participation.life_days),
        ("advocacy_activity", rules.advocacy_activity.life_days),
        ("community", rules.community.life_days),
        ("kpi_achievement", rules.kpi_achievement.life_days),
        ("use_case_expansion", rules.use_case_expansion.life_days),
        ("milestones", rules.milestones.life_days),
        ("payment_history", rules.payment_history.life_days),
        ("competition", rules.competition.life_days),
        ("budget", rules.budget.life_days),
        ("expansion_pipeline", rules.expansion_pipeline.life_days),
        ("orders", rules.orders.life_days),
        ("revenue_growth", rules.revenue_growth.life_days),
        ("fulfilment", rules.fulfilment.life_days),
        ("rating", rules.rating.life_days),
        ("listings", rules.listings.life_days),
        ("platform_use", rules.platform_use.life_days),
        ("support_per_order", rules.support_per_order.life_days),
    ]
}

const fn more_points(rules: &MetricRules) -> [(&'static str, i64); 24] {
    [
        ("ticket_trend.few_points_min", rules.ticket_trend.few_points_min),
        ("api_usage.errors_cost", rules.api_usage.errors_cost),
        ("payment_history.failed_costs", rules.payment_history.failed_costs),
        ("payment_history.failed_costs_max", rules.payment_history.failed_costs_max),
        ("payment_history.dispute_costs", rules.payment_history.dispute_costs),
        ("renewal_standing.notice_points", rules.renewal_standing.notice_points),
        ("renewal_standing.switched_off_points", rules.renewal_standing.switched_off_points),
        ("renewal_standing.unproposed_points", rules.renewal_standing.unproposed_points),
        ("renewal_standing.undiscussed_points", rules.renewal_standing.undiscussed_points),
        ("renewal_standing.open_points", rules.renewal_standing.open_points),
        ("renewal_standing.far_points", rules.renewal_standing.far_points),
        ("renewal_standing.signed_points", rules.renewal_standing.signed_points),
        ("competition.evaluation_points", rules.competition.evaluation_points),
        ("competition.mention_points", rules.competition.mention_points),
        ("competition.none_points", rules.competition.none_points),
        ("budget.frozen_points", rules.budget.frozen_points),
        ("budget.concern_points", rules.budget.concern_points),
        ("budget.confirmed_points", rules.budget.confirmed_points),
        ("budget.increased_points", rules.budget.increased_points),
        ("expansion_pipeline.won_points", rules.expansion_pipeline.won_points),
        ("expansion_pipeline.open_points", rules.expansion_pipeline.open_points),
        ("expansion_pipeline.none_points", rules.expansion_pipeline.none_points),
        ("expansion_pipeline.lost_points", rules.expansion_pipeline.lost_points),
        ("orders.noise_points_min", rules.orders.noise_points_min),
    ]
}

const fn more_curves(rules: &MetricRules) -> [(&'static str, &Curve); 23] {
    [
        ("active_ratio.points", &rules.active_ratio.points),
        ("login_frequency.points", &rules.login_frequency.points),
        ("session_length.points", &rules.session_length.points),
        ("api_usage.points", &rules.api_usage.points),
        ("ticket_trend.points", &rules.ticket_trend.points),
        ("time_to_resolve.points", &rules.time_to_resolve.points),
        ("escalation_rate.points", &rules.escalation_rate.points),
        ("self_service.points", &rules.self_service.points),
        ("review_participation.points", &rules.review_participation.points),
        ("advocacy_activity.points", &rules.advocacy_activity.points),
        ("community.points", &rules.community.points),
        ("kpi_achievement.points", &rules.kpi_achievement.points),
        ("use_case_expansion.points", &rules.use_case_expansion.points),
        ("milestones.points", &rules.milestones.points),
        ("payment_history.points", &rules.payment_history.points),
        ("orders.points", &rules.orders.points),
        ("revenue_growth.points", &rules.revenue_growth.points),
        ("fulfilment.points", &rules.fulfilment.points),
        ("rating.points", &rules.rating.points),
        ("listings.points", &rules.listings.points),
        ("platform_use.points", &rules.platform_use.points),
        ("support_per_order.points", &rules.support_per_order.points),
        ("time_to_value.points", &rules.time_to_value.points),
    ]
}

fn more(rules: &MetricRules) -> Result<(), PolicyError> {
    within("metric.active_ratio.age_days_min", rules.active_ratio.age_days_min, 0, 365)?;
    within("metric.session_length.sessions_min", rules.session_length.sessions_min, 1, 10_000)?;
    within("metric.api_usage.errors_bp_max", rules.api_usage.errors_bp_max, 0, 10_000)?;
    within("metric.ticket_trend.few_tickets", rules.ticket_trend.few_tickets, 0, 1_000)?;
    within("metric.ticket_trend.age_days_min", rules.ticket_trend.age_days_min, 28, 365)?;
    within("metric.self_service.sessions_min", rules.self_service.sessions_min, 1, 1_000)?;
    within("metric.review_participation.prior_bp", rules.review_participation.prior_bp, 0, 10_000)?;
    within("metric.review_participation.prior_weight", rules.review_participation.prior_weight, 0, 1_000)?;
    within("metric.advocacy_activity.age_days_min", rules.advocacy_activity.age_days_min, 0, 730)?;
    within("metric.time_to_value.from_days", rules.time_to_value.from_days, 0, 365)?;
    within("metric.renewal_standing.unproposed_days", rules.renewal_standing.unproposed_days, 0, 365)?;
    within("metric.competition.recovers_days", rules.competition.recovers_days, 1, 365)?;
    within("metric.competition.talk_days", rules.competition.talk_days, 1, 365)?;
    within("metric.expansion_pipeline.won_days", rules.expansion_pipeline.won_days, 1, 730)?;
    within("metric.expansion_pipeline.lost_days", rules.expansion_pipeline.lost_days, 1, 730)?;
    within("metric.orders.volume_min", rules.orders.volume_min, 1, 1_000_000)?;
    within("metric.orders.age_days_min", rules.orders.age_days_min, 14, 365)?;
    within("metric.revenue_growth.age_days_min", rules.revenue_growth.age_days_min, 182, 730)?;
    within("metric.fulfilment.prior_bp", rules.fulfilment.prior_bp, 0, 10_000)?;
    within("metric.fulfilment.prior_weight", rules.fulfilment.prior_weight, 0, 1_000)?;
    within("metric.fulfilment.age_days_min", rules.fulfilment.age_days_min, 0, 365)?;
    within("metric.rating.prior_hundredths", rules.rating.prior_hundredths, 100, 500)?;
    within("metric.rating.prior_weight", rules.rating.prior_weight, 0, 1_000)?;
    within("metric.rating.age_days_min", rules.rating.age_days_min, 0, 365)?;
    within("metric.listings.age_days_min", rules.listings.age_days_min, 0, 365)?;
    within("metric.platform_use.age_days_min", rules.platform_use.age_days_min, 0, 365)?;
    within("metric.support_per_order.orders_min", rules.support_per_order.orders_min, 1, 1_000_000)?;
    within("metric.support_per_order.age_days_min", rules.support_per_order.age_days_min, 0, 365)?;
    let standing = &rules.renewal_standing;
    within("metric.renewal_standing.undiscussed_days", standing.undiscussed_days, standing.unproposed_days, 365)?;
    within("metric.renewal_standing.far_days", standing.far_days, standing.undiscussed_days, 730)?;
    let value = &rules.time_to_value;
    within("metric.time_to_value.until_days", value.until_days, value.from_days, 3_650)?;
    let rivals = &rules.competition;
    within("metric.competition.evaluation_points", rivals.evaluation_points, 0, rivals.mention_points)?;
    within("metric.competition.mention_points", rivals.mention_points, 0, rivals.none_points)?;
    let reviews = &rules.review_participation;
    if reviews.roles.is_empty() {
        return Err(PolicyError::value(
            "metric.review_participation.roles",
            "must name who decides, like [\"sponsor\"]",
        ));
    }
    let every = &reviews.every_days;
    for (name, days) in [
        ("strategic", every.strategic),
        ("enterprise", every.enterprise),
        ("mid_market", every.mid_market),
        ("smb", every.smb),
    ] {
        within(&format!("metric.review_participation.every_days.{name}"), days, 0, 365)?;
    }
    Ok(())
}
