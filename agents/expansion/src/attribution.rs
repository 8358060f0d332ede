//! What an account pays over time: increases and the opportunity each belongs to, renewals, and a vendor's sales.

use std::collections::VecDeque;

use agent::{Effects, arithmetic::share};
use bus_schema::{Currency, Data, Day, Event, Money, data::facts::ExpansionAttributed};
use serde::{Deserialize, Serialize};

use crate::{
    policy::Policy,
    state::{Account, Mark, count, month},
};

/// Months of ARR kept: a year and the month it began in.
const MONTHS_MAX: usize = 13;
/// Months of sales kept: a quarter, and the same quarter a year before.
const SALES_MAX: usize = 16;
/// Renewals kept.
const RENEWALS_MAX: usize = 12;
/// Days in which renewals count.
const YEAR_DAYS: i32 = 365;

/// What an account pays, and a vendor sells.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// ARR at the last look of each month, in US cents.
    arr: VecDeque<(i32, i64)>,
    renewals: VecDeque<Renewal>,
    /// Gross sales by month, in US cents.
    sales: VecDeque<(i32, i64)>,
}

/// A renewal, in US cents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Renewal {
    term: Day,
    before: i64,
    after: i64,
}

/// What was in force before an event.
pub(crate) struct Before {
    arr: Option<Money>,
    term_start: Option<Day>,
    pub(crate) ended: bool,
}

impl Before {
    pub(crate) fn of(account: &Account) -> Self {
        let profile = &account.profile;
        let term_start = profile.contract.as_ref().map(|contract| contract.term_start);
        Self { arr: profile.arr, term_start, ended: profile.ended() }
    }
}

/// Sees what a signature changed: the increase belongs to the latest opportunity before it, or to none.
#[expect(clippy::wildcard_enum_match_arm, reason = "only signatures are looked at here")]
pub(crate) fn signed(
    policy: &Policy,
    account: &mut Account,
    before: &Before,
    event: &Event,
    mark: Mark,
    effects: &mut Effects,
) {
    let term = match &event.data {
        Data::ContractSigned(data) => before.term_start.filter(|old| data.term_start > *old).map(|_| data.term_start),
        Data::SubscriptionRenewed(data) => Some(data.effective_on),
        Data::ContractAmended(_) | Data::SubscriptionChanged(_) => None,
        _ => return,
    };
    let (Some(from), Some(to)) = (before.arr, account.profile.arr) else { return };
    if from.minor <= 0 || before.ended {
        return;
    }
    if let (Some(term), Some(old), Some(new)) = (term, policy.us_cents(from), policy.us_cents(to)) {
        account.growth.renewed(Renewal { term, before: old, after: new });
    }
    if from.currency != to.currency || to.minor <= from.minor {
        return;
    }
    let increase = Money { minor: to.minor - from.minor, currency: to.currency };
    let (day, days) = (mark.at.day(), policy.attribution.days);
    let opened = account.opportunities.opened.iter().rev().find(|opened| {
        let apart = day.0 - opened.mark.at.day().0;
        (0..=days).contains(&apart) && opened.mark.at <= mark.at
    });
    let apart = opened.map(|opened| day.0 - opened.mark.at.day().0);
    let reason = match (opened, apart) {
        (Some(opened), Some(apart)) => {
            format!("the latest opportunity, {}, was opened {} before", opened.id, count(apart.into(), "day", "days"))
        }
        _ => format!("no opportunity was opened in the {days} days before"),
    };
    let events = std::iter::once(mark.event).chain(opened.map(|opened| opened.mark.event)).collect();
    effects.emit(Data::ExpansionAttributed(ExpansionAttributed {
        opportunity: opened.map(|opened| opened.id.clone()),
        increase,
        from,
        to,
        renewal: term.is_some(),
        days: apart.and_then(|apart| u32::try_from(apart).ok()),
        reason,
        events,
    }));
}

/// The parts of a sample that are money.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Year {
    pub(crate) arr_before: Option<Money>,
    pub(crate) arr_now: Option<Money>,
    pub(crate) renewals: u32,
    pub(crate) expanded: u32,
    pub(crate) renewed: Option<Money>,
    pub(crate) added: Option<Money>,
    pub(crate) growth_bp: Option<i64>,
}

impl Growth {
    fn renewed(&mut self, renewal: Renewal) {
        if self.renewals.iter().any(|known| known.term == renewal.term) {
            return;
        }
        self.renewals.push_back(renewal);
        if self.renewals.len() > RENEWALS_MAX {
            self.renewals.pop_front();
        }
    }

    /// A vendor sold on a day.
    pub(crate) fn sold(&mut self, day: Day, cents: i64) {
        let month = month(day);
        if self.sales.back().is_none_or(|(last, _)| *last < month) {
            self.sales.push_back((month, 0));
        }
        if let Some((_, sum)) = self.sales.iter_mut().find(|(known, _)| *known == month) {
            *sum = sum.saturating_add(cents);
        }
        while self.sales.len() > SALES_MAX {
            self.sales.pop_front();
        }
    }

    /// Keeps the ARR of a month; the last look at it stands.
    pub(crate) fn keep(&mut self, today: Day, cents: i64) {
        let month = month(today);
        match self.arr.back_mut() {
            Some((known, arr)) if *known == month => *arr = cents,
            _ => self.arr.push_back((month, cents)),
        }
        while self.arr.len() > MONTHS_MAX {
            self.arr.pop_front();
        }
    }

    /// The last twelve months, as they are told to the segment.
    pub(crate) fn year(&self, today: Day, now: Option<i64>) -> Year {
        let usd = |minor| Money { minor, currency: Currency::USD };
        let before = self.arr.iter().find(|(known, _)| *known == month(today) - 12).map(|(_, arr)| *arr);
        let recent = || self.renewals.iter().filter(|renewal| today.0 - renewal.term.0 <= YEAR_DAYS);
        let renewals = recent().count();
        let sum = |value: fn(&Renewal) -> i64| recent().map(value).fold(0_i64, i64::saturating_add);
        Year {
            arr_before: before.map(usd),
            arr_now: now.map(usd),
            renewals: u32::try_from(renewals).unwrap_or(u32::MAX),
            expanded: u32::try_from(recent().filter(|renewal| renewal.after > renewal.before).count()).unwrap_or(0),
            renewed: (renewals > 0).then(|| usd(sum(|renewal| renewal.before))),
            added: (renewals > 0).then(|| usd(sum(|renewal| (renewal.after - renewal.before).max(0)))),
            growth_bp: self.sales_growth(today),
        }
    }

    /// Sales of the last three full months against the same a year before; in the first year against the three before.
    fn sales_growth(&self, today: Day) -> Option<i64> {
        let this = month(today);
        let first = self.sales.front()?.0;
        let sum = |from: i32| -> i64 {
            let months = self.sales.iter().filter(|(month, _)| (from..from + 3).contains(month));
            months.map(|(_, sum)| *sum).fold(0, i64::saturating_add)
        };
        let before = if first <= this - 15 {
            sum(this - 15)
        } else if first <= this - 6 {
            sum(this - 6)
        } else {
            return None;
        };
        share(sum(this - 3), before)
    }
}
