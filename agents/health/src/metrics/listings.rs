//! Listings active, of the most there were in 180 days.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, young};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.listings;
    if let Some(young) = young(view, rules.age_days_min) {
        return young;
    }
    let Some(sales) = view.account.sales.as_ref().filter(|sales| !sales.listings_trail.is_empty()) else {
        return Outcome::Missing("nothing was ever listed".into());
    };
    // Who takes the last one down for half a year keeps nothing to be measured against: that is nothing, not no data.
    let (active, peak) = (sales.active(), sales.peak(view.today).unwrap_or(1));
    let bp = share(active, peak).unwrap_or(0);
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{active} active, {peak} were the most of 180 days"),
        as_of: view.now,
        evidence: Evidence::from(&sales.listings_trail),
    })
}
