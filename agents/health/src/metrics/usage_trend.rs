//! Use of the last 14 days against the pace of the 28 before.

use std::fmt::Write as _;

use agent::arithmetic::{ONE_BP, real_fall};

use super::{Evidence, Measurement, Outcome, View, percent, user_engagement::usage_evidence};
use crate::sampling::in_force;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.usage_trend;
    let Some(measured) = account.measured.trend else {
        let (age, volume) = (rules.age_days_min, rules.volume_min);
        return Outcome::Missing(format!("needs {age} days of age and {volume} user-days in the month before"));
    };
    let trend = measured.found;
    // What fell in the middle of the segment is the season; it never makes a fall into growth.
    let season = in_force(account, view.today);
    let ratio_bp = trend.ratio_bp.max((trend.ratio_bp + season).min(ONE_BP));
    let line = rules.points.at(ratio_bp);
    let usual = trend.expected * (ONE_BP - season) / ONE_BP;
    let noise = trend.actual < trend.expected && !real_fall(usual, trend.actual);
    let points = if noise { line.max(rules.noise_points_min) } else { line };
    let change = percent(trend.ratio_bp) - 100;
    let unit = if trend.programs { "calls" } else { "user-days" };
    let mut reason = if trend.actual == 0 {
        format!("no use for 14 days, {} {unit} were usual", trend.expected)
    } else {
        format!("{} {unit} in 14 days, {change:+} % against the usual {}", trend.actual, trend.expected)
    };
    if season > 0 && trend.ratio_bp < ONE_BP {
        let _ = write!(reason, ", of which {} % is the season", percent(season.min(ONE_BP - trend.ratio_bp)));
    }
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
