//! How often the customer's people took part in the community.

use super::{Evidence, Measurement, Outcome, View, count};

const WINDOW_DAYS: i32 = 90;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let community = &view.account.relation.community;
    let times = community.count(view.today, WINDOW_DAYS);
    Outcome::Measured(Measurement {
        points: view.policy.metric.community.points.at(times),
        value: Some((times, "count")),
        reason: format!("{} in the community in {WINDOW_DAYS} days", count(times, "contribution", "contributions")),
        as_of: view.now,
        evidence: Evidence::of(community.within(view.today, WINDOW_DAYS)),
    })
}
