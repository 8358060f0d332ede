//! The customer's own measures of success that meet their target, the latest reading of each.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, count};

const WINDOW_DAYS: i32 = 120;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let outcomes = &view.account.outcomes;
    let (met, read) = outcomes.kpis_since(view.today.plus(-WINDOW_DAYS));
    let Some(bp) = share(met, read) else {
        return Outcome::Missing(format!("no measure of success was read in {WINDOW_DAYS} days"));
    };
    let evidence = Evidence::from(&outcomes.kpis_trail);
    Outcome::Measured(Measurement {
        points: view.policy.metric.kpi_achievement.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{met} of {} at or above target", count(read, "measure", "measures")),
        as_of: evidence.at.unwrap_or(view.now),
        evidence,
    })
}
