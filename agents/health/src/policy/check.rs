//! Ranges of the policy's numbers. Each refusal names the field and what would be right.

use agent::PolicyError;

use super::rules::{
    BandRules, Cadence, CadenceRules, Curve, DivergenceRules, IncidentRules, MetricRules, Play, ResolutionRules,
    ScoreRules, TaskRules,
};

fn within<T: PartialOrd + Copy + std::fmt::Display>(field: &str, value: T, low: T, high: T) -> Result<(), PolicyError> {
    if value < low || value > high {
        return Err(PolicyError::value(field, format!("is {value}, must be from {low} to {high}")));
    }
    Ok(())
}

pub(super) fn rules(
    score: &ScoreRules,
    band: &BandRules,
    incident: &IncidentRules,
    cadence: &CadenceRules,
    resolution: &ResolutionRules,
    metric: &MetricRules,
) -> Result<(), PolicyError> {
    within("score.missing_points_max", score.missing_points_max, 0, 100)?;
    within("score.said_from", score.said_from, 1, 10_000)?;
    within("score.override_days_max", score.override_days_max, 1, 365)?;
    bands(band)?;
    within("incident.tail_hours", incident.tail_hours, 0, 24 * 14)?;
    for (name, cadence) in [
        ("strategic", cadence.strategic),
        ("enterprise", cadence.enterprise),
        ("mid_market", cadence.mid_market),
        ("smb", cadence.smb),
        ("vendor", cadence.vendor),
    ] {
        let Cadence { red, yellow, green, onboarding } = cadence;
        for (band, days) in [("red", red), ("yellow", yellow), ("green", green), ("onboarding", onboarding)] {
            within(&format!("cadence_days.{name}.{band}"), days, 1, 365)?;
        }
    }
    for (name, rule) in [("p1", resolution.p1), ("p2", resolution.p2), ("p3", resolution.p3), ("p4", resolution.p4)] {
        within(&format!("resolution.{name}.hours"), rule.hours, 1, 24 * 90)?;
    }
    metrics(metric)
}

fn bands(band: &BandRules) -> Result<(), PolicyError> {
    within("band.green_from", band.green_from, 1, 10_000)?;
    within("band.yellow_from", band.yellow_from, 1, 10_000)?;
    if band.yellow_from >= band.green_from {
        return Err(PolicyError::value("band.yellow_from", format!("must be below green_from, {}", band.green_from)));
    }
    within("band.margin", band.margin, 0, (band.green_from - band.yellow_from).min(10_000 - band.green_from))?;
    within("band.up_hours", band.up_hours, 0, 24 * 30)?;
    within("band.down_hours", band.down_hours, 0, 24 * 30)?;
    within("band.coverage_known_bp", band.coverage_known_bp, 0, 10_000)?;
    within("band.coverage_green_bp", band.coverage_green_bp, band.coverage_known_bp, 10_000)
}

fn metrics(rules: &MetricRules) -> Result<(), PolicyError> {
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
    for (name, days) in lives {
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
    for (name, points) in points {
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
    within("metric.roi.days_per_point", rules.roi.days_per_point, 1, 365)
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
    curves.into_iter().try_for_each(|(name, curve)| line(&format!("metric.{name}"), curve))
}

/// A curve rises or falls, never both: so every metric is monotone.
fn line(field: &str, curve: &Curve) -> Result<(), PolicyError> {
    let points = &curve.0;
    if points.len() < 2 {
        return Err(PolicyError::value(field, "needs at least two points, like [[0, 0], [8000, 100]]"));
    }
    if let Some((_, y)) = points.iter().find(|(_, y)| !(0..=100).contains(y)) {
        return Err(PolicyError::value(field, format!("{y} points are not between 0 and 100")));
    }
    let pairs = || points.iter().zip(points.iter().skip(1));
    if pairs().any(|(a, b)| a.0 >= b.0) {
        return Err(PolicyError::value(field, "the measured values must ascend"));
    }
    if pairs().any(|(a, b)| a.1 < b.1) && pairs().any(|(a, b)| a.1 > b.1) {
        return Err(PolicyError::value(field, "must rise or fall all the way, not both"));
    }
    Ok(())
}

pub(super) fn warnings(divergence: &DivergenceRules, task: &TaskRules) -> Result<(), PolicyError> {
    within("divergence.steady_points_min", divergence.steady_points_min, 0, 100)?;
    within("divergence.tone_bp_max", divergence.tone_bp_max, -10_000, 10_000)?;
    within("divergence.fall_bp_min", divergence.fall_bp_min, 0, 20_000)?;
    within("divergence.again_days", divergence.again_days, 1, 365)?;
    within("task.goals_after_days", task.goals_after_days, 0, 3_650)
}

pub(super) fn plays(plays: &[Play]) -> Result<(), PolicyError> {
    for play in plays {
        let field = |name: &str| format!("play.{}.{name}", play.name);
        if play.name.is_empty() || play.template.is_empty() {
            return Err(PolicyError::value("play", "needs a name and a template"));
        }
        if play.roles.is_empty() {
            return Err(PolicyError::value(field("roles"), "must name at least one role"));
        }
        within(&field("cooldown_days"), play.cooldown_days, 1, 365)?;
    }
    Ok(())
}
