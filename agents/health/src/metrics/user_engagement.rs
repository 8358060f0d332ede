//! Users active in 28 days of those there could be, and how many of them come every week.

use agent::arithmetic::share;
use bus_schema::Position;

use super::{Evidence, Measurement, Outcome, View, percent};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.user_engagement;
    let Some(measured) = account.measured.engagement else {
        return Outcome::Missing(if !account.usage.is_empty() || account.sources.users_told {
            format!("not measured yet: from {} days of age on", rules.age_days_min)
        } else if !account.calls.is_empty() {
            "used by programs only: there are no users to count".into()
        } else {
            "no use was ever seen".into()
        });
    };
    let found = measured.found;
    let Some(active_bp) = share(found.active, found.size) else {
        return Outcome::Missing("neither seats nor users are known".into());
    };
    let active = rules.active.at(active_bp);
    let weekly_bp = found.weekly_hundredths.map(|weekly| share(weekly, found.active * 100).unwrap_or(0).min(10_000));
    let points = weekly_bp.map_or(active, |weekly_bp| {
        (rules.active_tenths * active + (10 - rules.active_tenths) * rules.weekly.at(weekly_bp)) / 10
    });
    let of = if found.seats { "seats" } else { "users ever seen at once" };
    let reason = match weekly_bp {
        _ if found.active == 0 => format!("none of {} {of} active in 28 days", found.size),
        Some(weekly_bp) => {
            let weekly = percent(weekly_bp);
            format!("{} of {} {of} active in 28 days, {weekly} % of them in a usual week", found.active, found.size)
        }
        None => format!("{} of {} {of} active in 28 days", found.active, found.size),
    };
    let evidence = usage_evidence(view);
    Outcome::Measured(Measurement { points, value: Some((active_bp, "bp")), reason, as_of: measured.at, evidence })
}

/// The latest events of use.
pub(super) fn usage_evidence(view: &View<'_>) -> Evidence {
    let usage = &view.account.usage;
    let events: Vec<Position> = usage.cited();
    Evidence { at: usage.last().map(bus_schema::Day::start), events, total: usage.events() }
}
