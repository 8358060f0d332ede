//! What makes a policy valid.

use std::collections::BTreeSet;

use agent::PolicyError;

use super::rules::{Line, Rules, Sign};

pub(super) fn check(rules: &Rules) -> Result<(), PolicyError> {
    check_gate(rules)?;
    check_signals(rules)?;
    check_readiness(rules)?;
    check_value(rules)?;
    check_cost(rules)?;
    check_catalogue(rules)?;
    check_targets(rules)?;
    check_strategies(rules)?;
    for play in &rules.plays {
        if play.name.is_empty() || play.template.is_empty() || play.roles.is_empty() || play.version == 0 {
            return Err(PolicyError::value(
                "plays",
                "each needs a name, a version from 1, a template and at least one role",
            ));
        }
    }
    Ok(())
}

fn between(table: &[(&str, i64, i64, i64)]) -> Result<(), PolicyError> {
    for (field, value, low, high) in table {
        if !(low..=high).contains(&value) {
            return Err(PolicyError::value(*field, format!("{value} is not between {low} and {high}")));
        }
    }
    Ok(())
}

fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn check_gate(rules: &Rules) -> Result<(), PolicyError> {
    let gate = &rules.gate;
    between(&[
        ("gate.onboarded_before_days", gate.onboarded_before_days.into(), 1, 365),
        ("gate.onboarded_age_days", gate.onboarded_age_days.into(), gate.onboarded_before_days.into(), 3_650),
        ("gate.value_days", gate.value_days.into(), 1, 365),
        ("gate.coverage_bp", gate.coverage_bp.into(), 1, 10_000),
        ("gate.p90_bp", gate.p90_bp.into(), 1, 10_000),
        ("gate.overdue_days", gate.overdue_days.into(), 0, 365),
        ("gate.incident_rest_days", gate.incident_rest_days.into(), 0, 365),
        ("gate.detractor_days", gate.detractor_days.into(), 1, 365),
        ("gate.declined_days", gate.declined_days.into(), 1, 730),
        ("gate.returned_days", gate.returned_days.into(), 0, 365),
        ("gate.override_days", gate.override_days.into(), 1, 90),
    ])
}

fn check_signals(rules: &Rules) -> Result<(), PolicyError> {
    let signals = &rules.signals;
    between(&[
        ("signals.meter_bp", signals.meter_bp, 1, 20_000),
        ("signals.meter_of_days", signals.meter_of_days.into(), 1, 28),
        ("signals.meter_days", count(signals.meter_days), 1, signals.meter_of_days.into()),
        ("signals.seats_bp", signals.seats_bp, 1, 20_000),
        ("signals.department_users", count(signals.department_users), 1, 64),
        ("signals.department_days", signals.department_days.into(), 1, 90),
        ("signals.settled_days", signals.settled_days.into(), 0, 365),
        ("signals.missed_users", count(signals.missed_users), 1, 32),
        ("signals.missed_days", signals.missed_days.into(), 1, 90),
        ("signals.engaged_trend", signals.engaged_trend.into(), 1, 100),
        ("signals.engaged_adoption", signals.engaged_adoption.into(), 1, 100),
        ("signals.engaged_days", signals.engaged_days.into(), 1, 365),
        ("signals.audience_users", count(signals.audience_users), 1, 64),
        ("limit.within_days", rules.limit.within_days.into(), 1, 90),
        ("limit.pace_days", rules.limit.pace_days.into(), 7, 28),
        ("limit.pace_days_min", rules.limit.pace_days_min.into(), 1, rules.limit.pace_days.into()),
        ("limit.again_days", rules.limit.again_days.into(), 1, 365),
        ("peers.share_bp", rules.peers.share_bp, 1, 10_000),
        ("peers.accounts_min", count(rules.peers.accounts_min), 5, 1_000),
        ("peers.again_days", rules.peers.again_days.into(), 1, 730),
    ])
}

fn check_readiness(rules: &Rules) -> Result<(), PolicyError> {
    let readiness = &rules.readiness;
    let weights = &readiness.weights;
    let all = [weights.pressure, weights.growth, weights.breadth, weights.value, weights.people];
    let sum: u32 = all.iter().map(|weight| u32::from(*weight)).sum();
    if sum != 100 {
        return Err(PolicyError::value("readiness.weights", format!("add up to {sum}, must be 100")));
    }
    // Who only uses a lot is no opportunity: without value, people or pressure nothing qualifies.
    let engagement = u32::from(weights.growth) + u32::from(weights.breadth);
    if engagement >= u32::from(readiness.qualified_from) {
        return Err(PolicyError::value(
            "readiness.qualified_from",
            format!("must be above {engagement}, the weights of `growth` and `breadth`: use alone never qualifies"),
        ));
    }
    line("readiness.pressure", &readiness.pressure)?;
    line("readiness.growth", &readiness.growth)?;
    line("readiness.value", &readiness.value)?;
    between(&[
        ("readiness.growth_volume_min", readiness.growth_volume_min, 1, 100_000),
        ("readiness.value_days", readiness.value_days.into(), 1, 365),
        ("readiness.changed_points", readiness.changed_points.into(), 1, 100),
        ("readiness.qualified_from", readiness.qualified_from.into(), 1, 100),
        ("readiness.qualified_days", readiness.qualified_days.into(), 1, 90),
    ])
}

/// A line that rises from point to point and stays between 0 and 100.
fn line(field: &str, line: &Line) -> Result<(), PolicyError> {
    let rising = line.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0 && a.1 <= b.1));
    if line.is_empty() || !rising || line.iter().any(|(_, points)| !(0..=100).contains(points)) {
        return Err(PolicyError::value(field, "is a list of [measured, points] that rises, points from 0 to 100"));
    }
    Ok(())
}

fn check_value(rules: &Rules) -> Result<(), PolicyError> {
    between(&[
        ("value.low_bp", rules.value.low_bp, 0, 10_000),
        ("value.horizon_days", rules.value.horizon_days, 1, 365),
        ("value.headroom_bp", rules.value.headroom_bp, 10_000, 20_000),
        ("value.list_bp", rules.value.list_bp, 0, 10_000),
        ("value.services", rules.value.services.minor, 0, i64::MAX),
        ("handoff.answer_days", rules.handoff.answer_days.into(), 1, 60),
        ("attribution.days", rules.attribution.days.into(), 1, 730),
    ])
}

fn check_cost(rules: &Rules) -> Result<(), PolicyError> {
    let cost = &rules.cost;
    between(&[
        ("cost.seats_bp", cost.seats_bp, 0, 10_000),
        ("cost.seats_days", cost.seats_days.into(), 1, 365),
        ("cost.feature_days", cost.feature_days.into(), 28, 365),
        ("cost.age_days", cost.age_days.into(), cost.feature_days.into(), 3_650),
        ("cost.meter_bp", cost.meter_bp, 0, 10_000),
        ("cost.meter_days", cost.meter_days.into(), 1, 365),
        ("cost.again_days", cost.again_days.into(), 1, 3_650),
    ])
}

fn check_catalogue(rules: &Rules) -> Result<(), PolicyError> {
    let mut names = BTreeSet::new();
    for plan in &rules.plans {
        if plan.name.is_empty() || plan.base < 0 || plan.seat < 0 || !names.insert(&plan.name) {
            let field = format!("plans.{}", plan.name);
            return Err(PolicyError::value(field, "needs a name of its own and prices from 0"));
        }
    }
    let one_currency = rules.plans.windows(2).all(|pair| matches!(pair, [a, b] if a.currency == b.currency));
    if !one_currency {
        return Err(PolicyError::value("plans", "must all have one currency: a step between two is a difference"));
    }
    for product in &rules.products {
        if product.name.is_empty() || product.seat < 0 || product.audience.is_empty() || product.features.is_empty() {
            let field = format!("products.{}", product.name);
            return Err(PolicyError::value(field, "needs a name, an audience, features and a price from 0"));
        }
    }
    for (currency, rate) in &rules.currencies {
        if rate.millionths <= 0 || rate.digits > 4 {
            let field = format!("currencies.{currency}");
            return Err(PolicyError::value(field, "needs a rate above 0 and at most 4 digits"));
        }
    }
    Ok(())
}

fn check_targets(rules: &Rules) -> Result<(), PolicyError> {
    for (n, target) in rules.targets.iter().enumerate() {
        let field = format!("targets.{}", target.metric.name());
        if !(0..=100_000).contains(&target.value) {
            return Err(PolicyError::value(field, format!("{} is not between 0 and 100000", target.value)));
        }
        // What is measured looks back twelve months; another period would be another metric.
        if target.period_days != 365 || target.segment.is_empty() {
            return Err(PolicyError::value(field, "needs `period_days = 365` and a `segment` (or \"all\")"));
        }
        let same = |other: &&super::Target| {
            other.metric == target.metric && other.kind == target.kind && other.segment == target.segment
        };
        if rules.targets.iter().take(n).any(|other| same(&other)) {
            return Err(PolicyError::value(field, "stands twice for the same kind and segment"));
        }
    }
    Ok(())
}

fn check_strategies(rules: &Rules) -> Result<(), PolicyError> {
    let signs = [
        Sign::MeterNearLimit,
        Sign::SeatsNearLimit,
        Sign::DepartmentJoined,
        Sign::FeatureMissed,
        Sign::AudienceFound,
        Sign::HighlyEngaged,
    ];
    for sign in signs {
        let mut own = rules.strategies.iter().filter(|rule| rule.signal == sign);
        let good = own.next().is_some_and(|rule| !rule.tactics.is_empty()) && own.next().is_none();
        if !good {
            let field = format!("strategies.{}", sign.name());
            return Err(PolicyError::value(field, "every signal needs one strategy with at least one tactic"));
        }
    }
    if rules.adoption.tactics.is_empty() {
        return Err(PolicyError::value("adoption.tactics", "needs at least one"));
    }
    Ok(())
}
