//! Use of the last 14 days against the pace of the 28 before.

use agent::arithmetic::real_fall;

use super::{Measurement, Outcome, View, percent, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.usage_trend;
    let Some(measured) = account.measured.trend else {
        return Outcome::Missing(format!(
            "needs {} days of age and {} days of users in the month before",
            rules.age_days_min, rules.volume_min
        ));
    };
    let trend = measured.found;
    let line = rules.points.at(trend.ratio_bp);
    let noise = trend.actual < trend.expected && !real_fall(trend.expected, trend.actual);
    let points = if noise { line.max(rules.noise_points_min) } else { line };
    let change = percent(trend.ratio_bp) - 100;
    let mut reason = if trend.actual == 0 {
        format!("no use for 14 days, {} days of users were usual", trend.expected)
    } else {
        format!(
            "{} days of users in 14 days, {change:+} % against {} of the month before",
            trend.actual, trend.expected
        )
    };
    if noise {
        reason.push_str(": may be chance");
    }
    Outcome::Measured(Measurement {
        points,
        value: Some((trend.ratio_bp, "bp")),
        reason,
        as_of: measured.at,
        evidence: usage_evidence(view),
    })
}
