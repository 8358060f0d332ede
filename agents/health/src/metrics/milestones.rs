//! Items of the success plan done by their day, of those that were due.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, count};

const WINDOW_DAYS: i32 = 180;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let outcomes = &view.account.outcomes;
    let (done, due) = outcomes.plan_between(view.today.plus(-WINDOW_DAYS), view.today);
    let Some(bp) = share(done, due) else {
        return Outcome::Missing(format!("nothing in the plan was due in {WINDOW_DAYS} days"));
    };
    let evidence = Evidence::from(&outcomes.plan_trail);
    Outcome::Measured(Measurement {
        points: view.policy.metric.milestones.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{done} of {} done in time", count(due, "step due", "steps due")),
        as_of: evidence.at.unwrap_or(view.now),
        evidence,
    })
}
