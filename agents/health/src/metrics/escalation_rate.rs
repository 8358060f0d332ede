//! Escalations of 90 days; open ones count double.

use super::{Evidence, Measurement, Outcome, Source, View, count};

const WINDOW_DAYS: i32 = 90;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let escalations = &view.account.support.escalations;
    if !view.account.sources.heard(Source::Support) {
        return Outcome::Missing("nothing was ever heard of support".into());
    }
    let (all, open) = escalations.since(view.today.plus(-WINDOW_DAYS));
    let reason = match (all, open) {
        (0, _) => format!("no escalation in {WINDOW_DAYS} days"),
        (all, 0) => format!("{} in {WINDOW_DAYS} days, none open", count(all, "escalation", "escalations")),
        (all, open) => format!("{} in {WINDOW_DAYS} days, {open} open", count(all, "escalation", "escalations")),
    };
    Outcome::Measured(Measurement {
        points: view.policy.metric.escalation_rate.points.at(all + open),
        value: Some((all, "count")),
        reason,
        as_of: view.now,
        evidence: Evidence::from(&escalations.trail),
    })
}
