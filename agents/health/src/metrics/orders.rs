//! Orders of 28 days against the pace of the 84 before.

use agent::arithmetic::{real_fall, share};

use super::{Evidence, Measurement, Outcome, View, percent};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.orders;
    let (Some(measured), Some(sales)) = (account.measured.orders, &account.sales) else {
        return Outcome::Missing(format!(
            "needs {} orders in the 84 days before and {} days of age",
            rules.volume_min, rules.age_days_min
        ));
    };
    let found = measured.found;
    let Some(bp) = share(found.is, found.of) else { return Outcome::Missing("no orders to compare with".into()) };
    let noise = found.is < found.of && !real_fall(found.of, found.is);
    let line = rules.points.at(bp);
    let mut reason =
        format!("{} orders in 28 days, {:+} % against the usual {}", found.is, percent(bp) - 100, found.of);
    if noise {
        reason.push_str(": may be chance");
    }
    Outcome::Measured(Measurement {
        points: if noise { line.max(rules.noise_points_min) } else { line },
        value: Some((bp, "bp")),
        reason,
        as_of: measured.at,
        evidence: Evidence::from(&sales.orders_trail),
    })
}
