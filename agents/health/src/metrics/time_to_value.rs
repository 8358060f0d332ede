//! Days from the start to the first value; without any yet, the days so far.

use super::{Evidence, Measurement, Outcome, View, count};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.time_to_value;
    let Some(start) = account.profile.start() else {
        return Outcome::Missing("nobody knows when the account began".into());
    };
    let age = account.profile.age_days(view.today);
    if age > rules.until_days {
        return Outcome::NotApplicable(format!("says nothing more after {} days", rules.until_days));
    }
    let reached = account.outcomes.first_value;
    if reached.is_none() && age < rules.from_days {
        return Outcome::Missing(format!("{age} days old, no value yet; judged from day {}", rules.from_days));
    }
    let days = reached.map_or(i64::from(age), |(day, _)| i64::from((day.0 - start.0).max(0)));
    let reason = match reached {
        Some(_) => format!("first value after {}", count(days, "day", "days")),
        None => format!("no value after {}", count(days, "day", "days")),
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(days),
        value: Some((days, "days")),
        reason,
        as_of: view.now,
        evidence: Evidence::of(reached.into_iter()),
    })
}
