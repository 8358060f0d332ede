//! The latest value that customer or CSM stand for, against the price of the same period.

use agent::arithmetic::share;
use bus_schema::Money;

use super::{Evidence, Measurement, Outcome, View, bounded, percent};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.roi;
    let Some(worth) = account.outcomes.worth else {
        return Outcome::Missing("no value was ever documented".into());
    };
    let yearly =
        account.profile.arr.map(|arr| Money { minor: of_period(arr.minor, worth.days), currency: arr.currency });
    let price = worth.cost.or(yearly).filter(|price| price.currency == worth.value.currency && price.minor > 0);
    let ratio = price.and_then(|price| share(worth.value.minor, price.minor)).filter(|_| worth.value.minor > 0);
    let age = i64::from((view.today.0 - view.day_of(worth.at).0).max(0));
    let faded = (age - i64::from(rules.fresh_days)).max(0) / rules.days_per_point;
    let points = ratio.map_or(rules.unnumbered_points, |ratio| rules.points.at(ratio)) - faded;
    let reason = match ratio {
        Some(ratio) => format!("value documented {age} days ago: {} % of the price", percent(ratio)),
        None => format!("an outcome documented {age} days ago, without a number to compare"),
    };
    Outcome::Measured(Measurement {
        points: bounded(points),
        value: ratio.map(|ratio| (ratio, "bp")),
        reason,
        as_of: worth.at,
        evidence: Evidence::from(&account.outcomes.worth_trail),
    })
}

fn of_period(yearly: i64, days: i64) -> i64 {
    i64::try_from(i128::from(yearly) * i128::from(days) / 365).unwrap_or(i64::MAX)
}
