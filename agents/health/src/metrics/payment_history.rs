//! How late the oldest open invoice is, payments that failed, disputes.

use std::fmt::Write as _;

use super::{Evidence, Measurement, Outcome, View, bounded, count};

const FAILED_DAYS: i32 = 180;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let billing = &view.account.billing;
    let rules = &view.policy.metric.payment_history;
    let Some(at) = billing.trail.at() else { return Outcome::Missing("no invoice was ever seen".into()) };
    let late = billing.late_days(view.today);
    let failed = billing.failed.count(view.today, FAILED_DAYS);
    let mut points = rules.points.at(late) - (failed * rules.failed_costs).min(rules.failed_costs_max);
    let mut reason = match late {
        0 => "nothing is overdue".into(),
        late => format!("an invoice is {} late", count(late, "day", "days")),
    };
    if failed > 0 {
        let _ = write!(reason, ", {} failed", count(failed, "payment", "payments"));
    }
    if billing.disputed() {
        points -= rules.dispute_costs;
        reason.push_str(", one is disputed");
    }
    // What is open grows later by itself.
    let as_of = if late > 0 { view.now } else { at };
    Outcome::Measured(Measurement {
        points: bounded(points),
        value: Some((late, "days")),
        reason,
        as_of,
        evidence: Evidence::from(&billing.trail),
    })
}
