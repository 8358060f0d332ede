//! How long a session is, against what was usual here: a short session can be a good product.

use agent::arithmetic::share;

use super::{Measurement, Outcome, View, percent, user_engagement::usage_evidence};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.session_length;
    let needed = || format!("needs {} sessions in four weeks and in the twelve before", rules.sessions_min);
    let Some(measured) = view.account.measured.sessions else { return Outcome::Missing(needed()) };
    let Some(bp) = share(measured.found.is, measured.found.of) else { return Outcome::Missing(needed()) };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!(
            "sessions of {} seconds, {:+} % against the usual {}",
            measured.found.is,
            percent(bp) - 100,
            measured.found.of
        ),
        as_of: measured.at,
        evidence: usage_evidence(view),
    })
}
