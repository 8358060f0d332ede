//! How long tickets take, against what was promised for their priority.

use agent::arithmetic::median;

use super::{Evidence, Measurement, Outcome, View, count};

const WINDOW_DAYS: i32 = 90;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let support = &view.account.support;
    let from = view.today.plus(-WINDOW_DAYS);
    let recent = support.took.iter().filter(|(day, _)| *day >= from);
    let mut took: Vec<i64> = recent.map(|(_, percent)| i64::from(*percent)).collect();
    let Some(middle) = median(&mut took) else {
        return Outcome::Missing(format!("nothing was resolved in {WINDOW_DAYS} days"));
    };
    let n = i64::try_from(took.len()).unwrap_or(i64::MAX);
    let evidence = Evidence::from(&support.resolved_trail);
    Outcome::Measured(Measurement {
        points: view.policy.metric.time_to_resolve.points.at(middle * 100),
        value: Some((middle * 100, "bp")),
        reason: format!("{} took {middle} % of the promised time in the middle", count(n, "ticket", "tickets")),
        as_of: evidence.at.unwrap_or(view.now),
        evidence,
    })
}
