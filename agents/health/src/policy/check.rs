//! Ranges of the policy's numbers. Each refusal names the field and what would be right.

use agent::PolicyError;

use super::{
    catalogue::MetricRules,
    check_metrics,
    rules::{
        BandRules, BaselineRules, Cadence, CadenceRules, Curve, DivergenceRules, IncidentRules, Play, Quartiles,
        ResolutionRules, ReviewRules, ScoreRules, TaskRules,
    },
};

pub(super) fn within<T: PartialOrd + Copy + std::fmt::Display>(
    field: &str,
    value: T,
    low: T,
    high: T,
) -> Result<(), PolicyError> {
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
    check_metrics::metrics(metric)
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

/// A curve rises or falls, never both: so every metric is monotone.
pub(super) fn line(field: &str, curve: &Curve) -> Result<(), PolicyError> {
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
    within("divergence.few_points_min", divergence.few_points_min, 0, 100)?;
    within("task.goals_after_days", task.goals_after_days, 0, 3_650)
}

pub(super) fn segments(baseline: &BaselineRules, review: &ReviewRules) -> Result<(), PolicyError> {
    within("baseline.accounts_min", baseline.accounts_min, 1, 1_000)?;
    within("baseline.said_from_bp", baseline.said_from_bp, 1, 10_000)?;
    within("baseline.again_days", baseline.again_days, 1, 28)?;
    within("baseline.season_from_bp", baseline.season_from_bp, 1, 10_000)?;
    for (name, usual) in [
        ("usage_trend", baseline.usage_trend),
        ("user_engagement", baseline.user_engagement),
        ("feature_adoption", baseline.feature_adoption),
    ] {
        let Quartiles { p25, p50, p75 } = usual;
        if p25 > p50 || p50 > p75 {
            return Err(PolicyError::value(format!("baseline.{name}"), "p25, p50 and p75 must ascend"));
        }
        within(&format!("baseline.{name}.p25"), p25, 0, 100_000)?;
        within(&format!("baseline.{name}.p75"), p75, 0, 100_000)?;
    }
    within("review.months", review.months, 1, 24)?;
    within("review.outcomes_min", review.outcomes_min, 1, 10_000)?;
    within("review.auc_bp_min", review.auc_bp_min, 5_000, 10_000)
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
