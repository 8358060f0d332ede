//! Sales of 91 days against the same days a year before; in the first year, against the 91 before.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, percent};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.revenue_growth;
    let (Some(measured), Some(sales)) = (account.measured.growth, &account.sales) else {
        return Outcome::Missing(format!("needs sales and {} days of age", rules.age_days_min));
    };
    let (found, yearly) = measured.found;
    let Some(bp) = share(found.is, found.of) else { return Outcome::Missing("no sales to compare with".into()) };
    let against = if yearly { "a year before" } else { "the 13 before" };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("sales of 13 weeks {:+} % against {against}", percent(bp) - 100),
        as_of: measured.at,
        evidence: Evidence::from(&sales.orders_trail),
    })
}
