//! What could be sold, was, or was not.

use super::{Evidence, Measurement, Outcome, View, count};
use crate::state::Prospect;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let pipeline = &view.account.pipeline;
    let rules = &view.policy.metric.expansion_pipeline;
    let words = |n: i64| count(n, "opportunity", "opportunities");
    let won = pipeline.count(Prospect::Won, view.today.plus(-rules.won_days));
    let open = pipeline.count(Prospect::Open, bus_schema::Day(i32::MIN));
    let lost = pipeline.count(Prospect::Lost, view.today.plus(-rules.lost_days));
    let (points, reason) = if won > 0 {
        (rules.won_points, format!("{} won in {} days", words(won), rules.won_days))
    } else if open > 0 {
        (rules.open_points, format!("{} open", words(open)))
    } else if lost > 0 {
        (rules.lost_points, format!("{} lost in {} days", words(lost), rules.lost_days))
    } else {
        (rules.none_points, "no opportunity".into())
    };
    Outcome::Measured(Measurement {
        points,
        value: Some((open, "count")),
        reason,
        as_of: view.now,
        evidence: Evidence::from(&pipeline.trail),
    })
}
