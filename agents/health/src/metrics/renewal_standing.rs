//! Where the renewal stands by contract and sales system alone: the renewal agent's own facts would close a loop.

use super::{Evidence, Measurement, Outcome, View, count};
use crate::state::RenewalStep;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let (profile, renewal) = (&view.account.profile, &view.account.renewal);
    let rules = &view.policy.metric.renewal_standing;
    let Some(decision) = profile.decision_day() else { return Outcome::Missing("no contract is known".into()) };
    let auto_renew = profile.contract.as_ref().is_some_and(|contract| contract.auto_renew);
    let days = i64::from((decision.0 - view.today.0).max(0));
    let left = format!("{} until the renewal is decided", count(days, "day", "days"));
    let (points, reason) = match renewal.step {
        _ if profile.notice_on.is_some() => (rules.notice_points, "notice was given".into()),
        Some(RenewalStep::Lost) => (rules.notice_points, "the renewal was called lost".into()),
        Some(RenewalStep::Signed) => (rules.signed_points, "the renewal is signed".into()),
        _ if renewal.switched_off => (rules.switched_off_points, "automatic renewal was switched off".into()),
        _ if days > rules.far_days => (rules.far_points, left),
        _ if auto_renew => (rules.far_points, format!("renews by itself, {left}")),
        None | Some(RenewalStep::Open) if days <= rules.undiscussed_days && days > rules.unproposed_days => {
            (rules.undiscussed_points, format!("nothing discussed, {left}"))
        }
        None | Some(RenewalStep::Open | RenewalStep::Discussed) if days <= rules.unproposed_days => {
            (rules.unproposed_points, format!("nothing proposed, {left}"))
        }
        None | Some(RenewalStep::Open | RenewalStep::Discussed | RenewalStep::Proposed) => (rules.open_points, left),
    };
    Outcome::Measured(Measurement {
        points,
        value: Some((days, "days")),
        reason,
        as_of: view.now,
        evidence: Evidence::from(&renewal.trail),
    })
}
