//! Business reviews held with somebody who decides, of those that were due in a year.

use agent::arithmetic::shrunk;

use super::{Evidence, Measurement, Outcome, Source, View, count};

const WINDOW_DAYS: i32 = 365;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.review_participation;
    let Some(every) = rules.every_days(view.segment).filter(|_| !account.profile.vendor) else {
        return Outcome::NotApplicable("no business review is due for an account of this size".into());
    };
    let due = i64::from(account.profile.age_days(view.today).min(WINDOW_DAYS) / every.max(1));
    if due == 0 {
        return Outcome::Missing(format!("the first review is due after {every} days"));
    }
    if !account.sources.heard(Source::Relationship) {
        return Outcome::Missing("nothing was ever heard of meetings".into());
    }
    let reviews = &account.relation.reviews;
    let held = reviews.count(view.today, WINDOW_DAYS).min(due);
    let bp = shrunk(held, due, rules.prior_bp, rules.prior_weight);
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{held} of {} held with somebody who decides", count(due, "review due", "reviews due")),
        as_of: view.now,
        evidence: Evidence::of(reviews.within(view.today, WINDOW_DAYS)),
    })
}
