//! How the yearly recurring revenue changed over a year.

use agent::arithmetic::{ONE_BP, share};

use super::{Evidence, Measurement, Outcome, View};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.expansion_history;
    let age = account.profile.age_days(view.today);
    if age < rules.age_days_min {
        return Outcome::Missing(format!("{age} days old, {} are needed", rules.age_days_min));
    }
    let Some((before, now)) = account.commercial.over_a_year(view.today) else {
        return Outcome::Missing("no contract or subscription is known".into());
    };
    if before.currency != now.currency {
        return Outcome::Missing(format!("billed in {} before and {} now", before.currency, now.currency));
    }
    let Some(change) = share(now.minor, before.minor).map(|ratio| ratio - ONE_BP) else {
        return Outcome::Missing("there was no revenue to compare with".into());
    };
    let reason = match change {
        0 => "revenue unchanged over a year".into(),
        change => format!("revenue {:+} % over a year", change / 100),
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(change),
        value: Some((change, "bp")),
        reason,
        as_of: view.now,
        evidence: Evidence::from(&account.commercial.trail),
    })
}
