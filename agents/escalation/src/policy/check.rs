//! What makes a policy valid.

use agent::{PolicyError, hours::Calendar};
use jiff::tz::TimeZone;

use super::rules::{Desk, Rules, Spike};

/// The calendar of the desk.
pub(super) fn calendar(desk: &Desk) -> Result<Calendar, PolicyError> {
    let zone = TimeZone::get(&desk.zone).map_err(|_| {
        PolicyError::value("desk.zone", format!("`{}` is no IANA time zone like Europe/Rome", desk.zone))
    })?;
    let (from_minute, to_minute) = (minute("desk.from", &desk.from)?, minute("desk.to", &desk.to)?);
    if from_minute >= to_minute {
        return Err(PolicyError::value("desk.to", "must be after `desk.from`; \"24:00\" is midnight"));
    }
    let weekend: Vec<u8> = desk.weekend.iter().map(|day| day.number()).collect();
    if (0..7).all(|day| weekend.contains(&day)) {
        return Err(PolicyError::value("desk.weekend", "leaves no working day"));
    }
    Ok(Calendar { zone, from_minute, to_minute, weekend, holidays: desk.holidays.clone() })
}

fn minute(field: &str, text: &str) -> Result<u16, PolicyError> {
    let wrong = || PolicyError::value(field, format!("`{text}` is no time like 09:00"));
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes): (u16, u16) = (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    let all = hours.saturating_mul(60).saturating_add(minutes);
    if minutes < 60 && all <= 1_440 { Ok(all) } else { Err(wrong()) }
}

pub(super) fn check(rules: &Rules) -> Result<(), PolicyError> {
    check_sla(rules)?;
    check_severity(rules)?;
    check_numbers(rules)?;
    check_spike(&rules.spike)?;
    check_targets(rules)?;
    check_taxonomy(rules)?;
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

fn check_sla(rules: &Rules) -> Result<(), PolicyError> {
    let sla = &rules.sla;
    if !sla.policies.contains_key(&sla.policy) {
        let known: Vec<&str> = sla.policies.keys().map(String::as_str).collect();
        return Err(PolicyError::value("sla.policy", format!("`{}` is none of {}", sla.policy, known.join(", "))));
    }
    for (name, all) in &sla.policies {
        for (rank, clocks) in [("p1", &all.p1), ("p2", &all.p2), ("p3", &all.p3), ("p4", &all.p4)] {
            for (clock, span) in [("first_response", &clocks.first_response), ("resolution", &clocks.resolution)] {
                if !(1..=100_000).contains(&span.minutes) {
                    let field = format!("sla.policies.{name}.{rank}.{clock}");
                    return Err(PolicyError::value(field, "`minutes` is from 1 to 100000"));
                }
            }
        }
    }
    if !(1 <= sla.warn_bp && sla.warn_bp < sla.urgent_bp && sla.urgent_bp < 10_000) {
        return Err(PolicyError::value("sla.warn_bp, sla.urgent_bp", "0 < warn < urgent < 10000"));
    }
    Ok(())
}

fn check_severity(rules: &Rules) -> Result<(), PolicyError> {
    let points = &rules.severity;
    let rising = 0 < points.escalated_from
        && points.escalated_from < points.urgent_from
        && points.urgent_from < points.executive_from;
    if !rising {
        return Err(PolicyError::value("severity", "0 < escalated_from < urgent_from < executive_from"));
    }
    if points.high_value >= points.escalated_from {
        return Err(PolicyError::value(
            "severity.high_value",
            "must stay below `escalated_from`: value never escalates",
        ));
    }
    if points.p2 > points.p1 {
        return Err(PolicyError::value("severity.p2", "must not be above `p1`"));
    }
    if points.nearly_breached > points.breached {
        return Err(PolicyError::value("severity.nearly_breached", "must not be above `breached`"));
    }
    if !(-10_000..=0).contains(&points.tone_bp) || !(0..=365).contains(&points.renewal_days) {
        return Err(PolicyError::value("severity", "`tone_bp` is from -10000 to 0, `renewal_days` from 0 to 365"));
    }
    Ok(())
}

fn check_numbers(rules: &Rules) -> Result<(), PolicyError> {
    for (field, value, low, high) in [
        ("take.urgent_minutes", i64::from(rules.take.urgent_minutes), 1, 10_000),
        ("take.business_minutes", i64::from(rules.take.business_minutes), 1, 10_000),
        ("gaps.days", i64::from(rules.gaps.days), 1, 90),
        ("gaps.queries_min", i64::from(rules.gaps.queries_min), 2, 100),
        ("gaps.replies_above", i64::from(rules.gaps.replies_above), 1, 100),
        ("gaps.training_times", rules.gaps.training_times, 1, 100),
        ("gaps.training_tickets_min", i64::try_from(rules.gaps.training_tickets_min).unwrap_or(i64::MAX), 2, 50),
        ("help.session_minutes", rules.help.session_minutes, 1, 1_440),
        ("help.ticket_hours", rules.help.ticket_hours, 1, 168),
        ("notice.prevented_days", rules.notice.prevented_days, 1, 90),
        ("csat.good_bp", rules.csat.good_bp, 1, 10_000),
        ("effort.small_minutes", i64::from(rules.effort.small_minutes), 1, 100_000),
        (
            "effort.medium_minutes",
            i64::from(rules.effort.medium_minutes),
            i64::from(rules.effort.small_minutes) + 1,
            1_000_000,
        ),
    ] {
        if !(low..=high).contains(&value) {
            return Err(PolicyError::value(field, format!("{value} is not between {low} and {high}")));
        }
    }
    Ok(())
}

fn check_spike(spike: &Spike) -> Result<(), PolicyError> {
    for (field, value, low, high) in [
        ("spike.window_hours", spike.window_hours, 1, 168),
        ("spike.history_days", i64::from(spike.history_days), 7, 56),
        ("spike.tickets_min", i64::from(spike.tickets_min), 2, 1_000),
        ("spike.accounts_min", i64::from(spike.accounts_min), 2, 1_000),
        ("spike.short_history_days", i64::from(spike.short_history_days), 1, i64::from(spike.history_days)),
        ("spike.short_tickets_min", i64::from(spike.short_tickets_min), i64::from(spike.tickets_min), 1_000),
        ("spike.short_accounts_min", i64::from(spike.short_accounts_min), i64::from(spike.accounts_min), 1_000),
        ("spike.one_account_tickets_min", i64::from(spike.one_account_tickets_min), 2, 1_000),
        ("spike.one_account_times", i64::from(spike.one_account_times), 2, 100),
        ("spike.day_cut_times", i64::from(spike.day_cut_times), 1, 100),
        ("spike.closes_after_days", i64::from(spike.closes_after_days), 1, 60),
    ] {
        if !(low..=high).contains(&value) {
            return Err(PolicyError::value(field, format!("{value} is not between {low} and {high}")));
        }
    }
    let rising = spike
        .limits
        .windows(2)
        .all(|pair| matches!(pair, [low, high] if low.usual < high.usual && low.tickets < high.tickets));
    if spike.limits.is_empty() || !rising {
        return Err(PolicyError::value("spike.limits", "lines ascend in `usual` and in `tickets`"));
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
        if target.segment.is_empty() {
            return Err(PolicyError::value(field, "`segment` is one of the tenant's, or \"all\""));
        }
        let twice = |other: &&super::Target| other.metric == target.metric && other.segment == target.segment;
        if rules.targets.iter().take(n).any(|other| twice(&other)) {
            return Err(PolicyError::value(field, "stands twice for the same segment"));
        }
    }
    Ok(())
}

fn check_taxonomy(rules: &Rules) -> Result<(), PolicyError> {
    let types = &rules.taxonomy.types;
    let known = |role: &String| rules.team.contains_key(role);
    for of in types {
        let field = || format!("taxonomy.{}", of.issue);
        if of.issue.is_empty() || of.categories.is_empty() || of.immediate.is_empty() || of.systemic.is_empty() {
            return Err(PolicyError::value(field(), "needs an issue, categories, an immediate and a systemic fix"));
        }
        if !known(&of.to) {
            return Err(PolicyError::value(field(), format!("`{}` is nobody of `team`", of.to)));
        }
    }
    if !types.last().is_some_and(|last| last.categories.iter().any(|name| name == "*")) {
        return Err(PolicyError::value(
            "taxonomy.types",
            "the last one must know every category: categories = [\"*\"]",
        ));
    }
    if let Some(role) = rules.take.next.iter().find(|role| !known(role)) {
        return Err(PolicyError::value("take.next", format!("`{role}` is nobody of `team`")));
    }
    if !rules.take.next.iter().any(|role| role == "manager") {
        return Err(PolicyError::value("take.next", "must end with the `manager`"));
    }
    Ok(())
}
