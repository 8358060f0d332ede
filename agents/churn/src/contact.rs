//! A single contact: how likely 90 days of silence begin. Three readings of their own rhythm, and no alert.

use agent::arithmetic::{ONE_BP, lin, sigma};
use bus_schema::Day;

use crate::{policy::Policy, signals::Activity};

/// Log-odds and probability (bp) that a contact falls silent, as of a day; none of one who was never active.
pub fn odds(policy: &Policy, activity: &Activity, today: Day) -> Option<(i64, u16)> {
    let (rules, silent) = (&policy.without_contract, activity.silent_days(today)?);
    let gap = activity.usual_gap().unwrap_or(rules.gap_days_unknown).max(rules.gap_days_min);
    let parts = [
        policy.base("single_contact"),
        lin(i64::from(silent) * ONE_BP / gap, &rules.silence),
        lin(i64::from(activity.days_ever), &rules.habit),
        lin(activity.of_28(today), &rules.recent),
    ];
    let logodds = parts.iter().sum();
    Some((logodds, u16::try_from(sigma(logodds).clamp(0, ONE_BP)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use agent::Agent as _;

    use super::*;
    use crate::Churn;

    #[test]
    fn silence_against_the_own_rhythm_is_what_counts() {
        let policy = Churn::policy(Churn::DEFAULT_POLICY).unwrap();
        let active = |days: &[i32]| {
            let mut activity = Activity::default();
            for day in days {
                activity.record(Day(*day));
            }
            activity
        };
        let weekly = active(&(0..20).map(|n| n * 7).collect::<Vec<_>>());
        let daily = active(&(0..134).collect::<Vec<_>>());
        let today = Day(147);
        let of = |activity: &Activity| odds(&policy, activity, today).unwrap().0;
        assert!(of(&daily) > of(&weekly), "two silent weeks are more for one who came daily");
        assert!(of(&active(&[133])) > of(&weekly), "one who came once is likelier gone");
        assert_eq!(odds(&policy, &Activity::default(), today), None);
    }
}
