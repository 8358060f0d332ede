//! Use cases that are live.

use super::{Evidence, Measurement, Outcome, View, count};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let outcomes = &view.account.outcomes;
    let (live, all) = outcomes.cases();
    if all == 0 {
        return Outcome::Missing("no use case was ever named".into());
    }
    let evidence = Evidence::from(&outcomes.cases_trail);
    Outcome::Measured(Measurement {
        points: view.policy.metric.use_case_expansion.points.at(live),
        value: Some((live, "count")),
        reason: format!("{live} of {} live", count(all, "use case", "use cases")),
        as_of: evidence.at.unwrap_or(view.now),
        evidence,
    })
}
