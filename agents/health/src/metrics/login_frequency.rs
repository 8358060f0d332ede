//! On how many days of 28 an active user comes.

use super::{Measurement, Outcome, View, count, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.login_frequency;
    let Some(measured) = view.account.measured.logins.filter(|measured| measured.found.of > 0) else {
        return Outcome::Missing("no user was active in 28 days".into());
    };
    let found = measured.found;
    let hundredths = found.is * 100 / found.of;
    Outcome::Measured(Measurement {
        points: rules.points.at(hundredths),
        value: Some((hundredths, "hundredths")),
        reason: format!(
            "{} came on {}.{} days of 28 each",
            count(found.of, "user", "users"),
            hundredths / 100,
            hundredths % 100 / 10
        ),
        as_of: measured.at,
        evidence: usage_evidence(view),
    })
}
