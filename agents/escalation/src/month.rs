//! A month of support in numbers: sums and observations, by type of issue and by channel, against targets and before.

use std::collections::{BTreeMap, VecDeque};

use agent::{Effects, Turn, arithmetic::median};
use bus_schema::{
    Data, Time,
    data::facts::{Measure, SupportReviewed, SupportRow},
    time::MINUTE_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::{Metric, Policy},
    state::Account,
};

/// Months before that are compared with.
const BEFORE_MAX: usize = 3;
/// Values kept for a median.
const VALUES_MAX: usize = 100;
/// Types and channels kept; more count as `other`.
const ROWS_MAX: usize = 12;
/// Fewer observations say little.
const FEW: u32 = 5;

/// This month and the ones before.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Months {
    this: Month,
    before: VecDeque<BTreeMap<Metric, (i64, u32)>>,
}

/// One month.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Month {
    tallies: BTreeMap<Metric, Tally>,
    types: BTreeMap<String, Row>,
    channels: BTreeMap<String, Row>,
    us_minutes: u64,
    customer_minutes: u64,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Tally {
    sum: i64,
    n: u32,
    values: Vec<i32>,
}

/// One type or channel.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) opened: u32,
    pub(crate) resolved: u32,
    pub(crate) solved: u32,
    pub(crate) minutes: u64,
    pub(crate) good: u32,
    pub(crate) rated: u32,
}

impl Months {
    /// One observation.
    pub(crate) fn add(&mut self, metric: Metric, value: i64) {
        let tally = self.this.tallies.entry(metric).or_default();
        tally.sum = tally.sum.saturating_add(value);
        tally.n = tally.n.saturating_add(1);
        if tally.values.len() < VALUES_MAX {
            tally.values.push(i32::try_from(value).unwrap_or(i32::MAX));
        }
    }

    /// One hit or miss.
    pub(crate) fn share(&mut self, metric: Metric, hit: bool) {
        self.add(metric, if hit { 10_000 } else { 0 });
    }

    /// Changes the rows of a type and of a channel.
    pub(crate) fn rows(&mut self, issue: &str, channel: &str, change: impl Fn(&mut Row)) {
        change(row(&mut self.this.types, issue));
        change(row(&mut self.this.channels, channel));
    }

    /// Where the time of a resolved ticket went.
    pub(crate) fn waited(&mut self, us_ms: i64, customer_ms: i64) {
        let minutes = |ms: i64| u64::try_from(ms.max(0) / MINUTE_MS).unwrap_or(0);
        self.this.us_minutes = self.this.us_minutes.saturating_add(minutes(us_ms));
        self.this.customer_minutes = self.this.customer_minutes.saturating_add(minutes(customer_ms));
    }

    /// Ends the month; nothing is said of one in which nothing happened.
    fn turn(&mut self, policy: &Policy, segment: &str) -> Option<(Vec<Measure>, Month)> {
        let month = std::mem::take(&mut self.this);
        let sums = month.tallies.iter().map(|(metric, tally)| (*metric, (tally.sum, tally.n))).collect();
        let measures: Vec<Measure> = Metric::ALL
            .iter()
            .filter_map(|metric| Some(self.measure(policy, segment, *metric, month.tallies.get(metric)?)))
            .collect();
        self.before.push_back(sums);
        if self.before.len() > BEFORE_MAX {
            self.before.pop_front();
        }
        (!month.tallies.is_empty() || !month.types.is_empty()).then_some((measures, month))
    }

    fn measure(&self, policy: &Policy, segment: &str, metric: Metric, tally: &Tally) -> Measure {
        let mean = tally.sum / i64::from(tally.n).max(1);
        let mut values: Vec<i64> = tally.values.iter().map(|value| i64::from(*value)).collect();
        let kept = metric.range() == Metric::FirstResponse.range() && tally.values.len() < VALUES_MAX;
        let (sum, n) = self
            .before
            .iter()
            .filter_map(|month| month.get(&metric))
            .fold((0_i64, 0_u32), |(sum, n), (more, count)| (sum.saturating_add(*more), n.saturating_add(*count)));
        let target = policy.target(metric, segment);
        Measure {
            metric: metric.name().into(),
            sum: tally.sum,
            n: tally.n,
            mean,
            median: if kept { median(&mut values) } else { None },
            before: sum.checked_div(i64::from(n)),
            target: target.map(|target| target.value),
            met: target.map(|target| target.met(mean)),
            few: tally.n < FEW,
        }
    }
}

fn row<'a>(rows: &'a mut BTreeMap<String, Row>, name: &str) -> &'a mut Row {
    let name = if rows.len() < ROWS_MAX || rows.contains_key(name) { name } else { "other" };
    rows.entry(name.to_owned()).or_default()
}

fn said(rows: BTreeMap<String, Row>) -> Vec<SupportRow> {
    rows.into_iter()
        .map(|(name, row)| SupportRow {
            name,
            opened: row.opened,
            resolved: row.resolved,
            solved: row.solved,
            resolution_minutes: row.minutes.checked_div(u64::from(row.resolved)).and_then(|m| u32::try_from(m).ok()),
            good: row.good,
            rated: row.rated,
        })
        .collect()
}

/// Says the month that is over.
pub(crate) fn review(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    open_tickets(turn, policy, account);
    let segment = account.segment().to_owned();
    let month = before(policy, turn.now);
    let Some((measures, over)) = account.months.turn(policy, &segment) else { return };
    let bottleneck = match (over.us_minutes, over.customer_minutes) {
        (0, 0) => None,
        (us, customer) if us >= customer => Some("waiting for us".to_owned()),
        _ => Some("waiting for the customer".to_owned()),
    };
    effects.emit(Data::SupportReviewed(SupportReviewed {
        month,
        segment,
        measures,
        types: said(over.types),
        channels: said(over.channels),
        bottleneck,
        taxonomy_version: policy.taxonomy.version,
        policy_version: turn.policy_version,
    }));
}

/// Tickets nobody has answered count with their age, once that exceeds what is aimed at.
fn open_tickets(turn: &Turn<'_>, policy: &Policy, account: &mut Account) {
    let Some(target) = policy.target(Metric::FirstResponse, account.segment()).map(|target| target.value) else {
        return;
    };
    let counting = agent::hours::Counting::Business;
    for ticket in account.tickets.values().filter(|ticket| ticket.answered_at().is_none()) {
        let minutes = ticket.first_ms(&policy.calendar, counting, turn.now) / MINUTE_MS;
        if minutes > target {
            account.months.add(Metric::FirstResponse, minutes);
        }
    }
}

/// The month that ends at an instant, `2026-01`.
fn before(policy: &Policy, now: Time) -> String {
    let day = now.day_in(&policy.calendar.zone).plus(-1);
    day.civil().strftime("%Y-%m").to_string()
}

/// The first instant of the next month, where the desk is.
pub(crate) fn next(policy: &Policy, now: Time) -> Time {
    let first = now.day_in(&policy.calendar.zone).civil().last_of_month().tomorrow();
    let start = first.and_then(|date| date.to_zoned(policy.calendar.zone.clone()));
    start.map_or_else(|_| now.plus_ms(28 * bus_schema::time::DAY_MS), |start| Time::from(start.timestamp()))
}
