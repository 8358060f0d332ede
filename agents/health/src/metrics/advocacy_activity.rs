//! What the customer did for us in a year. Not helping us is no illness.

use super::{Evidence, Measurement, Outcome, View, count};

const WINDOW_DAYS: i32 = 365;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.advocacy_activity;
    let age = view.account.profile.age_days(view.today);
    if age < rules.age_days_min {
        return Outcome::Missing(format!("{age} days old, {} are needed", rules.age_days_min));
    }
    let acts = &view.account.relation.acts;
    let done = acts.count(view.today, WINDOW_DAYS);
    Outcome::Measured(Measurement {
        points: rules.points.at(done),
        value: Some((done, "count")),
        reason: format!("{} of advocacy in a year", count(done, "act", "acts")),
        as_of: view.now,
        evidence: Evidence::of(acts.within(view.today, WINDOW_DAYS)),
    })
}
