//! Days of 28 on which the vendor used the platform.

use super::{Measurement, Outcome, View, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.platform_use;
    let Some(measured) = view.account.measured.active_days else {
        return Outcome::Missing(format!("needs some use and {} days of age", rules.age_days_min));
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(measured.found),
        value: Some((measured.found, "days")),
        reason: format!("active on {} days of 28", measured.found),
        as_of: measured.at,
        evidence: usage_evidence(view),
    })
}
