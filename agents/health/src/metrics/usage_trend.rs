//! Use of the last 14 days against the pace of the 28 before.

use agent::arithmetic::real_fall;

use super::{Evidence, Measurement, Outcome, View, percent, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.usage_trend;
    let Some(measured) = account.measured.trend else {
        let (age, volume) = (rules.age_days_min, rules.volume_min);
        return Outcome::Missing(format!("needs {age} days of age and {volume} user-days in the month before"));
    };
    let trend = measured.found;
    let line = rules.points.at(trend.ratio_bp);
    let noise = trend.actual < trend.expected && !real_fall(trend.expected, trend.actual);
    let points = if noise { line.max(rules.noise_points_min) } else { line };
    let change = percent(trend.ratio_bp) - 100;
    let unit = if trend.programs { "calls" } else { "user-days" };
    let mut reason = if trend.actual == 0 {
        format!("no use for 14 days, {} {unit} were usual", trend.expected)
    } else {
        format!("{} {unit} in 14 days, {change:+} % against the usual {}", trend.actual, trend.expected)
    };
    if noise {
        reason.push_str(": may be chance");
    }
    Outcome::Measured(Measurement {
        points,
        value: Some((trend.ratio_bp, "bp")),
        reason,
        as_of: measured.at,
        evidence: if trend.programs { Evidence::from(&account.calls.trail) } else { usage_evidence(view) },
    })
}
