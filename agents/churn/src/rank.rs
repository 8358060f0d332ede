//! The queue of accounts at risk: value, times risk, by how lately the risk rose, by who has to act.
//!
//! A rank says in which order people look, never how likely an account leaves.

use agent::{
    arithmetic::{ONE_BP, lin},
    rates::us_cents,
};
use bus_schema::time::DAY_MS;

use crate::{signals::Look, state::State};

/// The rank of an account with this probability, in US cents.
pub fn rank(state: &State, look: &Look<'_>, p90: u16) -> u64 {
    let (policy, rules) = (look.policy, &look.policy.rank);
    if state.profile.ended() || state.profile.notice_on.is_some() {
        return 0;
    }
    let segment = state.segment();
    let known = state.profile.arr.and_then(|arr| us_cents(&policy.currencies, arr));
    let cents = known.unwrap_or_else(|| rules.arr_unknown.get(segment).copied().unwrap_or(0) * 100).max(0);
    let days = state.rose.map_or(i64::MAX, |rose| look.now.since_ms(rose) / DAY_MS);
    let recency = lin(days, &rules.recency);
    let reach = if state.voice.waiting(look, rules.waiting_days) { rules.waiting_bp } else { ONE_BP };
    let times = if segment == "strategic" { rules.strategic } else { 1 };
    let one = i128::from(ONE_BP);
    let weighted = i128::from(cents) * i128::from(p90) / one * i128::from(recency) / one * i128::from(reach) / one;
    u64::try_from(weighted * i128::from(times)).unwrap_or(0)
}

/// Whether a rank moved by so much of itself that it is said.
pub fn moved(look: &Look<'_>, before: u64, now: u64) -> bool {
    let by = u128::from(before.abs_diff(now)) * 10_000;
    by > u128::from(before.max(1)) * u128::from(look.policy.rank.moves_bp)
}

#[cfg(test)]
mod tests {
    use agent::Agent as _;
    use bus_schema::{Currency, Day, Money};

    use super::*;
    use crate::{Churn, policy::Policy};

    fn account(segment: &str, arr: Option<(i64, Currency)>) -> State {
        let mut state = State::default();
        state.profile.segment = Some(segment.into());
        state.profile.arr = arr.map(|(minor, currency)| Money { minor, currency });
        state.profile.started_on = Some(Day(19_000));
        state.rose = Some(Day(20_000).start());
        state
    }

    fn at(policy: &Policy, days: i32) -> Look<'_> {
        Look { policy, now: Day(20_000 + days).start(), today: Day(20_000 + days) }
    }

    #[test]
    fn a_rank_is_value_times_risk_and_fades_until_the_risk_rises_again() {
        let policy = Churn::policy(Churn::DEFAULT_POLICY).unwrap();
        let smb = account("smb", Some((1_200_000, Currency::USD)));
        let ranks = [0, 7, 14, 45, 300].map(|days| rank(&smb, &at(&policy, days), 5_000));
        assert_eq!(ranks, [600_000, 480_000, 360_000, 150_000, 150_000]);
        let mut never = smb.clone();
        never.rose = None;
        assert_eq!(rank(&never, &at(&policy, 0), 5_000), 150_000);
    }

    #[test]
    fn strategic_counts_twice_other_money_by_its_rate_and_unknown_revenue_by_the_segment() {
        let policy = Churn::policy(Churn::DEFAULT_POLICY).unwrap();
        let look = at(&policy, 0);
        let euro = Currency::new("EUR").unwrap();
        assert_eq!(rank(&account("strategic", Some((30_000_000, Currency::USD))), &look, 1_000), 6_000_000);
        assert_eq!(rank(&account("smb", Some((1_000_000, euro))), &look, 10_000), 1_080_000);
        let mut vendor = account("smb", None);
        vendor.profile.vendor = true;
        assert_eq!(rank(&vendor, &look, 5_000), 600_000, "12,000 dollars stand for what is not known");
        let other = Currency::new("BRL").unwrap();
        assert_eq!(rank(&account("smb", Some((1_000_000, other))), &look, 5_000), 600_000);
    }

    #[test]
    fn who_gave_notice_has_no_place_in_the_queue() {
        let policy = Churn::policy(Churn::DEFAULT_POLICY).unwrap();
        let mut state = account("smb", Some((1_200_000, Currency::USD)));
        state.profile.notice_on = Some(Day(20_000));
        assert_eq!(rank(&state, &at(&policy, 0), 9_000), 0);
        assert!(moved(&at(&policy, 0), 100, 126) && !moved(&at(&policy, 0), 100, 125));
        assert!(moved(&at(&policy, 0), 0, 10) && !moved(&at(&policy, 0), 0, 0));
    }
}
