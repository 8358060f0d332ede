//! Orders fulfilled in time and not called off by the vendor.

use agent::arithmetic::shrunk;

use super::{Evidence, Measurement, Outcome, View, count, young};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.fulfilment;
    if let Some(young) = young(view, rules.age_days_min) {
        return young;
    }
    let Some(sales) = &view.account.sales else { return Outcome::Missing("nothing was ever sold".into()) };
    let (good, all) = sales.fulfilled(view.today);
    let (true, Some(at)) = (all > 0, sales.finished_trail.at()) else {
        return Outcome::Missing("no order ended in 13 weeks".into());
    };
    let bp = shrunk(good, all, rules.prior_bp, rules.prior_weight);
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{good} of {} in time and not called off", count(all, "order", "orders")),
        as_of: at,
        evidence: Evidence::from(&sales.finished_trail),
    })
}
