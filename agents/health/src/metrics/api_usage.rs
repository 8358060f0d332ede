//! Calls of the interface against the month before, and how many of them fail.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, bounded, percent};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.api_usage;
    if let Some(plan) = account.profile.plan.as_ref().filter(|plan| rules.plans_without.contains(plan)) {
        return Outcome::NotApplicable(format!("the plan {plan} has no interface for programs"));
    }
    let Some(measured) = account.measured.api else {
        return Outcome::Missing(if account.calls.is_empty() {
            "the interface was never called".into()
        } else {
            "needs 56 days since the first call".into()
        });
    };
    let found = measured.found;
    let Some(bp) = share(found.calls, found.before) else {
        return Outcome::Missing("no calls to compare with".into());
    };
    let failing = share(found.errors, found.calls).unwrap_or(0);
    let costs = if failing > rules.errors_bp_max { rules.errors_cost } else { 0 };
    let mut reason = format!("{} calls in 28 days, {:+} % against the 28 before", found.calls, percent(bp) - 100);
    if costs > 0 {
        reason = format!("{reason}, {} % of them failed", percent(failing));
    }
    Outcome::Measured(Measurement {
        points: bounded(rules.points.at(bp) - costs),
        value: Some((bp, "bp")),
        reason,
        as_of: measured.at,
        evidence: Evidence::from(&account.calls.trail),
    })
}
