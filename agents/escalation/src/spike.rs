//! When many tickets are no chance: the table of limits, the usual rate, and the rules that open a pattern.

use agent::arithmetic::{isqrt, median};
use bus_schema::data::facts::PatternRule;

use crate::policy::Spike;

/// What was counted in a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counted {
    /// Tickets in the window.
    pub tickets: u32,
    /// Accounts in the window.
    pub accounts: u32,
    /// Usual tickets in a window, in hundredths.
    pub usual: u32,
    /// Days of history that the usual rests on.
    pub history_days: i32,
    /// Most tickets of one account in the window,
    pub one_account: u32,
    /// and that account's tickets in the days before.
    pub one_account_before: u32,
}

/// Tickets at which chance is below 1 in 10,000: the line of the next higher usual rate.
pub fn limit(spike: &Spike, usual: u32) -> u32 {
    if let Some(line) = spike.limits.iter().find(|line| usual <= line.usual) {
        return line.tickets.max(spike.tickets_min);
    }
    // λ + 4·√λ, rounded up, with λ in hundredths.
    let root_tenths = isqrt(i64::from(usual));
    let root_tenths = root_tenths + i64::from(root_tenths * root_tenths < i64::from(usual));
    let hundredths = i64::from(usual) + 40 * root_tenths;
    u32::try_from((hundredths + 99) / 100).unwrap_or(u32::MAX)
}

/// The rule by which a group is a pattern, where it is one.
pub fn opens(spike: &Spike, counted: &Counted) -> Option<PatternRule> {
    if counted.history_days < spike.short_history_days {
        let enough = counted.tickets >= spike.short_tickets_min && counted.accounts >= spike.short_accounts_min;
        return enough.then_some(PatternRule::LittleHistory);
    }
    let enough = counted.tickets >= spike.tickets_min && counted.accounts >= spike.accounts_min;
    if enough && counted.tickets >= limit(spike, counted.usual) {
        return Some(PatternRule::ManyAccounts);
    }
    let (now, before) = (i64::from(counted.one_account), i64::from(counted.one_account_before));
    // n ≥ times × usual, the usual being what came before in as many hours as the window has.
    let window_days_hundredths = spike.window_hours * 100 / 24;
    let far = now * i64::from(spike.history_days) * 100
        >= i64::from(spike.one_account_times) * before * window_days_hundredths;
    (counted.one_account >= spike.one_account_tickets_min && far).then_some(PatternRule::OneAccount)
}

/// Usual tickets in a window, in hundredths, of the counts of single days. A day counts for no more than some times the
/// middle day, so that an old spike does not hide the next one.
pub fn usual(spike: &Spike, days: &[u32]) -> u32 {
    let mut sorted: Vec<i64> = days.iter().map(|count| i64::from(*count)).collect();
    let middle = median(&mut sorted).unwrap_or(0).max(1);
    let most = middle * i64::from(spike.day_cut_times);
    let sum: i64 = days.iter().map(|count| i64::from(*count).min(most)).sum();
    let n = i64::try_from(days.len()).unwrap_or(i64::MAX).max(1);
    u32::try_from(sum * 100 * spike.window_hours / (24 * n)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Policy;

    fn spike() -> Spike {
        Policy::read(include_str!("../policy.toml")).unwrap().rules.spike
    }

    #[test]
    fn the_table_counts_the_next_higher_line_and_never_less_than_five() {
        let spike = spike();
        for (usual, tickets) in [
            (0, 5),
            (10, 5),
            (25, 5),
            (26, 6),
            (50, 6),
            (100, 7),
            (400, 14),
            (401, 16),
            (1_200, 32),
            (10_000, 140),
            (12_100, 165),
            (40_000, 480),
        ] {
            assert_eq!(limit(&spike, usual), tickets, "{usual}");
        }
    }

    #[test]
    fn fifteen_complaints_are_an_issue_where_four_are_usual_and_none_where_twelve_are() {
        let spike = spike();
        let counted = Counted { tickets: 15, accounts: 6, history_days: 56, ..Counted::default() };
        assert_eq!(opens(&spike, &Counted { usual: 400, ..counted }), Some(PatternRule::ManyAccounts));
        assert_eq!(opens(&spike, &Counted { usual: 1_200, ..counted }), None);
        assert_eq!(opens(&spike, &Counted { usual: 0, accounts: 2, ..counted }), None, "two accounts are too few");
    }

    #[test]
    fn little_history_needs_more_and_one_account_its_own_usual() {
        let spike = spike();
        let young = Counted { tickets: 7, accounts: 4, history_days: 10, ..Counted::default() };
        assert_eq!(opens(&spike, &young), None);
        assert_eq!(opens(&spike, &Counted { tickets: 8, ..young }), Some(PatternRule::LittleHistory));
        let one = Counted { tickets: 5, accounts: 1, history_days: 56, one_account: 5, ..Counted::default() };
        assert_eq!(opens(&spike, &Counted { usual: 2_000, ..one }), Some(PatternRule::OneAccount));
        assert_eq!(opens(&spike, &Counted { one_account_before: 35, ..one }), Some(PatternRule::OneAccount));
        assert_eq!(opens(&spike, &Counted { one_account_before: 36, ..one }), None, "1.25 in 48 h are usual there");
    }

    #[test]
    fn an_old_spike_does_not_make_the_next_one_usual() {
        let spike = spike();
        let mut days = vec![2; 56];
        assert_eq!(usual(&spike, &days), 400);
        days[20] = 200;
        assert_eq!(usual(&spike, &days), 414, "the day counts as 6");
    }

    proptest! {
        #[test]
        fn more_tickets_never_close_what_fewer_open(
            tickets in 0..200_u32, more in 0..50_u32, accounts in 0..20_u32, usual in 0..20_000_u32, days in 0..56_i32,
        ) {
            let spike = spike();
            let less = Counted { tickets, accounts, usual, history_days: days, ..Counted::default() };
            let all = Counted { tickets: tickets + more, ..less };
            prop_assert!(opens(&spike, &less).is_none() || opens(&spike, &all).is_some());
            prop_assert!(limit(&spike, usual) <= limit(&spike, usual + more));
        }
    }
}
