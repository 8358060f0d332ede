//! Tickets of 28 days against the pace of the 84 before.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, count, percent};

const RECENT_DAYS: i32 = 28;
const BEFORE_DAYS: i32 = 84;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let support = &view.account.support;
    let rules = &view.policy.metric.ticket_trend;
    let age = view.account.profile.age_days(view.today);
    if age < rules.age_days_min {
        return Outcome::Missing(format!("{age} days old, {} are needed", rules.age_days_min));
    }
    if view.account.measured.active == 0 {
        return Outcome::Missing("nobody was active in 28 days: no tickets say nothing".into());
    }
    let recent = support.opened.within(view.today, RECENT_DAYS);
    let before = support.opened.within(view.today, RECENT_DAYS + BEFORE_DAYS) - recent;
    let few = recent <= rules.few_tickets;
    let tickets = count(recent, "ticket", "tickets");
    let (points, value, reason) = match share(recent * 3, before) {
        Some(bp) => {
            let line = rules.points.at(bp);
            let points = if few { line.max(rules.few_points_min) } else { line };
            let change = percent(bp) - 100;
            (points, Some((bp, "bp")), format!("{tickets} in 28 days, {change:+} % against the 84 before"))
        }
        None if few => {
            (rules.points.at(0).max(rules.few_points_min), None, format!("{tickets} in 28 days, none in the 84 before"))
        }
        // More than a few after none at all: as steep as the line goes.
        None => (rules.points.at(i64::MAX), None, format!("{tickets} in 28 days after none in the 84 before")),
    };
    Outcome::Measured(Measurement {
        points,
        value,
        reason,
        as_of: view.now,
        evidence: Evidence {
            total: u32::try_from(recent).unwrap_or(u32::MAX),
            ..Evidence::from(&support.opened_trail)
        },
    })
}
