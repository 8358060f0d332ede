//! Users active on a usual business day, of those active in a usual week.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, percent, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.active_ratio;
    let Some(measured) = view.account.measured.daily_of_weekly else {
        return Outcome::Missing(format!("needs users, and {} days of age", rules.age_days_min));
    };
    let found = measured.found;
    let evidence: Evidence = usage_evidence(view);
    // Users who were there and are not any more are silence, not missing data.
    let bp = share(found.is, found.of).unwrap_or(0);
    let reason = match found.of {
        0 => "nobody was active in four weeks".into(),
        _ => format!("{} % of a week's users are active on a usual business day", percent(bp)),
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason,
        as_of: measured.at,
        evidence,
    })
}
