//! What buyers give the vendor, leaning on what is usual while they are few.

use super::{Evidence, Measurement, Outcome, View, count, young};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.rating;
    if let Some(young) = young(view, rules.age_days_min) {
        return young;
    }
    let Some(sales) = &view.account.sales else { return Outcome::Missing("nothing was ever sold".into()) };
    let (stars, n) = sales.rated(view.today);
    let (true, Some(at)) = (n > 0, sales.ratings_trail.at()) else {
        return Outcome::Missing("no rating in 26 weeks".into());
    };
    let hundredths = (stars * 100 + rules.prior_weight * rules.prior_hundredths) / (n + rules.prior_weight).max(1);
    let mean = stars * 100 / n;
    Outcome::Measured(Measurement {
        points: rules.points.at(hundredths),
        value: Some((hundredths, "hundredths")),
        reason: format!("{}.{:02} of 5 in {}", mean / 100, mean % 100, count(n, "rating", "ratings")),
        as_of: at,
        evidence: Evidence::from(&sales.ratings_trail),
    })
}
