//! Core features in use of those the plan includes.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, count};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.feature_adoption;
    let Some(measured) = account.measured.adoption else {
        let core = account.profile.core_features.len();
        return Outcome::Missing(if core < rules.core_features_min {
            format!("{core} core features are known, {} are needed", rules.core_features_min)
        } else {
            format!("not measured yet: from {} days of age on, once features are used", rules.age_days_min)
        });
    };
    let (used, core) = (i64::from(measured.found.used), i64::from(measured.found.core));
    let Some(bp) = share(used, core) else { return Outcome::Missing("no core features are known".into()) };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{used} of {} used on two days or more in 28", count(core, "core feature", "core features")),
        as_of: measured.at,
        evidence: Evidence::from(&account.features.trail),
    })
}
