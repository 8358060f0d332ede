//! What makes a policy valid.

use std::collections::BTreeSet;

use agent::PolicyError;
use bus_schema::data::advocacy::AdvocacyAct;

use super::rules::{Line, Rules};

pub(super) fn check(rules: &Rules) -> Result<(), PolicyError> {
    check_score(rules)?;
    check_ladder(rules)?;
    check_times(rules)?;
    check_loyalty(rules)?;
    check_targets(rules)?;
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

fn check_score(rules: &Rules) -> Result<(), PolicyError> {
    let score = &rules.score;
    let weights = &score.weights;
    let all = [weights.answer, weights.value, weights.health, weights.tenure, weights.response, weights.past];
    let sum: i64 = all.iter().fold(0, |sum, weight| sum.saturating_add(*weight));
    if sum != 100 || all.iter().any(|weight| *weight < 0) {
        return Err(PolicyError::value("score.weights", format!("add up to {sum}, must be 100, none below 0")));
    }
    if score.promoter_9 > score.promoter_10 {
        return Err(PolicyError::value("score.promoter_9", "must not be above `promoter_10`"));
    }
    line("score.value", &score.value)?;
    line("score.tenure", &score.tenure)?;
    line("score.past", &score.past)?;
    between(&[
        ("score.promoter_10", score.promoter_10.into(), 0, 100),
        ("score.response_prior_bp", score.response_prior_bp, 0, 10_000),
        ("score.declined_points", score.declined_points, 0, 100),
        ("score.declined_days", score.declined_days.into(), 1, 730),
        ("score.changed_points", score.changed_points.into(), 1, 100),
        ("gate.promoter_from", rules.gate.promoter_from.into(), 7, 10),
        ("gate.promoter_days", rules.gate.promoter_days.into(), 1, 365),
        ("gate.outcome_days", rules.gate.outcome_days.into(), 1, 730),
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

fn check_ladder(rules: &Rules) -> Result<(), PolicyError> {
    let mut acts = BTreeSet::new();
    for rung in &rules.ladder {
        let field = format!("ladder.{}", rung.act);
        if matches!(rung.act, AdvocacyAct::Other(_)) {
            return Err(PolicyError::value(field, format!("is none of {}", AdvocacyAct::WORDS.join(", "))));
        }
        if !acts.insert(rung.act.clone()) {
            return Err(PolicyError::value(field, "stands twice"));
        }
        if !(1..=100).contains(&rung.from) {
            return Err(PolicyError::value(field, format!("{} is not between 1 and 100", rung.from)));
        }
    }
    let rising = rules.ladder.windows(2).all(|pair| matches!(pair, [a, b] if a.from <= b.from));
    if rules.ladder.is_empty() || !rising {
        return Err(PolicyError::value("ladder", "needs at least one act, the highest last"));
    }
    Ok(())
}

fn check_times(rules: &Rules) -> Result<(), PolicyError> {
    let (rests, clocks, survey) = (&rules.rests, &rules.closed_loop, &rules.survey);
    let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    between(&[
        ("rests.after_ask_days", rests.after_ask_days.into(), 30, 730),
        ("rests.after_no_days", rests.after_no_days.into(), rests.after_ask_days.into(), 730),
        ("rests.open_days", rests.open_days.into(), 1, rests.after_ask_days.into()),
        ("rests.account_asks", count(rests.account_asks), 1, 10),
        ("rests.account_days", rests.account_days.into(), 1, 365),
        ("rests.reference_uses", count(rests.reference_uses), 1, 12),
        ("rests.reference_days", rests.reference_days.into(), 28, 365),
        ("loop.detractor_to", clocks.detractor_to.into(), 0, 6),
        ("loop.told_hours", clocks.told_hours, 1, 168),
        ("loop.scheduled_hours", clocks.scheduled_hours, clocks.told_hours, 336),
        ("loop.resolved_days", clocks.resolved_days, 1, 60),
        ("loop.documented_days", clocks.documented_days, clocks.resolved_days, 90),
        ("survey.relationship_days", survey.relationship_days.into(), 90, 365),
        ("survey.transactional_of", survey.transactional_of.into(), 1, 100),
        ("survey.contact_days", survey.contact_days.into(), 1, 365),
        ("survey.week_contacts", count(survey.week_contacts), 1, 100),
        ("survey.after_escalation_days", survey.after_escalation_days.into(), 0, 90),
        ("survey.first_days", survey.first_days.into(), 0, 90),
        ("survey.before_decision_days", survey.before_decision_days.into(), 0, 90),
        ("survey.held_days", survey.held_days.into(), 1, 60),
        ("nps.window_days", rules.nps.window_days.into(), 28, 180),
        ("nps.few", rules.nps.few.into(), 1, 100),
    ])
}

fn check_loyalty(rules: &Rules) -> Result<(), PolicyError> {
    let tiers = &rules.loyalty.tiers;
    if tiers.iter().any(|tier| tier.name.is_empty())
        || !tiers.windows(2).all(|pair| matches!(pair, [a, b] if a.from < b.from))
    {
        return Err(PolicyError::value("loyalty.tiers", "each needs a name and more points than the one before"));
    }
    between(&[("loyalty.expires_days", rules.loyalty.expires_days.into(), 30, 3_650)])?;
    let mut names = BTreeSet::new();
    for own in &rules.recognition {
        if own.achievement.is_empty() || own.at == 0 || !names.insert(&own.achievement) {
            let field = format!("recognition.{}", own.achievement);
            return Err(PolicyError::value(field, "needs a name of its own and a count from 1"));
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
        let (low, high) = target.metric.range();
        if !(low..=high).contains(&target.value) {
            return Err(PolicyError::value(field, format!("{} is not between {low} and {high}", target.value)));
        }
        // The metric looks back so long; another period would be another metric.
        let period = target.metric.period();
        if target.period_days != period || target.segment.is_empty() {
            let problem = format!("needs `period_days = {period}` and a `segment` (or \"all\")");
            return Err(PolicyError::value(field, problem));
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
