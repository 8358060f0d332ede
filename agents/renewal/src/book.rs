//! Books: what the contracts of a CSM or a segment come to, by month and currency, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use agent::{
    Effects, Turn,
    arithmetic::{median, share},
};
use bus_schema::{
    Currency, Data, Day, Entity, Event, Money,
    data::facts::{
        CategorySum, RenewalBooked, RenewalCategory, RenewalFigure, RenewalMeasured, RenewalOutcome, RenewalStanding,
        RenewalSummed,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    next_daily,
    policy::{Metric, Policy, Target},
    state::{Account, Run},
};

/// The timer of a book.
const DAILY: &str = "daily";
/// Contracts of a book.
const LINES_MAX: usize = 5_000;
/// Days a settled term is kept: longer than the longest period of a target.
const KEPT_DAYS: i32 = 800;
/// Months said in one look.
const SAID_MAX: usize = 100;
/// Fewer contracts than this say little.
const FEW: u32 = 5;
/// Spreads on either side of what is expected, in hundredths.
const SPREADS: i128 = 128;

/// The contracts of a CSM or a segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    /// By account, contract and end of the term.
    lines: BTreeMap<(String, String, Day), Line>,
    /// What was said of a month last: of one currency, or of all in the reporting one.
    said: BTreeMap<(String, Option<Currency>), Sums>,
    /// The daily look is planned.
    daily: bool,
    /// The month that was measured last.
    measured: Option<String>,
}

/// Terms that are summed, each with its ARR in the currency of the sum.
type Counted<'a> = Vec<(Option<Money>, &'a Line)>;

/// One term of a contract.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Line {
    arr: Money,
    arr_after: Option<Money>,
    likelihood_bp: u16,
    called_bp: Option<u16>,
    standing: RenewalStanding,
    cycle_days: Option<u32>,
}

/// The sums of a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Sums {
    contracts: u32,
    due: i64,
    signed: i64,
    lost: i64,
    expected: i64,
    spread: i64,
    called: i64,
    calls: u32,
    not_converted: u32,
    open: [(u32, i64); 4],
}

/// Tells the books of an account's CSM and segment what is expected of the term under way.
pub(crate) fn tell(turn: &Turn<'_>, account: &mut Account, effects: &mut Effects) {
    let books = books(account);
    if account.books != books {
        // What another book knows of the term is taken back there.
        let left: Vec<String> = account.books.difference(&books).cloned().collect();
        told(turn, account, &left, RenewalStanding::Gone, effects);
        account.books = books;
        if let Some(run) = account.run.as_deref_mut() {
            run.booked = None;
        }
    }
    let Some(run) = account.run.as_deref() else { return };
    let Some((bp, ..)) = run.said else { return };
    let now = (bp, run.call.as_ref().map(|call| call.likelihood_bp));
    if run.booked == Some(now) {
        return;
    }
    let books: Vec<String> = account.books.iter().cloned().collect();
    told(turn, account, &books, RenewalStanding::Open, effects);
    if let Some(run) = account.run.as_deref_mut() {
        run.booked = Some(now);
    }
}

/// Takes the term back from the books: it was another one.
pub(crate) fn gone(turn: &Turn<'_>, account: &Account, effects: &mut Effects) {
    let books: Vec<String> = account.books.iter().cloned().collect();
    told(turn, account, &books, RenewalStanding::Gone, effects);
}

/// Tells how the term ended.
pub(crate) fn settled(
    turn: &Turn<'_>,
    account: &mut Account,
    run: &Run,
    outcome: RenewalOutcome,
    (before, after): (Option<Money>, Option<Money>),
    cycle_days: Option<u32>,
    effects: &mut Effects,
) {
    let Some(arr) = before.or(after) else { return };
    account.books = books(account);
    let standing = if outcome.renewed() { RenewalStanding::Renewed } else { RenewalStanding::Lost };
    let told = RenewalBooked {
        arr_after: after,
        cycle_days,
        likelihood_bp: if outcome.renewed() { 10_000 } else { 0 },
        standing,
        ..line(run, arr)
    };
    let account_id = turn.entity.account_id().unwrap_or_default().to_owned();
    for book in account.books.iter().filter_map(|book| Entity::parse(book).ok()) {
        let told = RenewalBooked { account: account_id.clone(), ..told.clone() };
        effects.emit_to(book, Data::RenewalBooked(told));
    }
}

fn told(turn: &Turn<'_>, account: &Account, books: &[String], standing: RenewalStanding, effects: &mut Effects) {
    let (Some(run), Some(arr)) = (account.run.as_deref(), account.profile.arr) else { return };
    let account_id = turn.entity.account_id().unwrap_or_default().to_owned();
    for book in books.iter().filter_map(|book| Entity::parse(book).ok()) {
        let told = RenewalBooked { account: account_id.clone(), standing, ..line(run, arr) };
        effects.emit_to(book, Data::RenewalBooked(told));
    }
}

fn line(run: &Run, arr: Money) -> RenewalBooked {
    RenewalBooked {
        account: String::new(),
        contract: run.contract.clone(),
        term_end: run.term_end,
        arr,
        arr_after: None,
        likelihood_bp: run.said.map_or(0, |(bp, ..)| bp),
        called_bp: run.call.as_ref().map(|call| call.likelihood_bp),
        standing: RenewalStanding::Open,
        cycle_days: None,
    }
}

/// The books an account belongs in.
fn books(account: &Account) -> BTreeSet<String> {
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    let segment = account.profile.segment.as_deref().unwrap_or("smb");
    let csm = account.profile.owner.as_ref().map(|csm| format!("csm/{csm}"));
    csm.into_iter().chain([format!("segment/{kind}/{segment}")]).collect()
}

/// The month a day lies in, `2026-01`.
fn month(day: Day) -> String {
    day.civil().strftime("%Y-%m").to_string()
}

impl Book {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        let Data::RenewalBooked(data) = &event.data else { return };
        let key = (data.account.clone(), data.contract.clone(), data.term_end);
        if data.standing == RenewalStanding::Gone {
            self.lines.remove(&key);
        } else if self.lines.len() < LINES_MAX || self.lines.contains_key(&key) {
            let (arr, arr_after) = (data.arr, data.arr_after);
            let (likelihood_bp, called_bp) = (data.likelihood_bp, data.called_bp);
            let (standing, cycle_days) = (data.standing, data.cycle_days);
            self.lines.insert(key, Line { arr, arr_after, likelihood_bp, called_bp, standing, cycle_days });
        }
        if !self.daily {
            self.daily = true;
            effects.set_timer(DAILY, next_daily(turn));
        }
    }

    /// Says what moved, and once a month what became of the last ones.
    pub(crate) fn daily(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let today = turn.now.day_in(&policy.zone);
        self.lines.retain(|(.., term_end), _| today.0 - term_end.0 <= KEPT_DAYS);
        self.sum(policy, effects);
        if self.measured.as_deref() != Some(month(today).as_str()) {
            let first = self.measured.is_none();
            self.measured = Some(month(today));
            if !first {
                self.measure(policy, turn.entity, today, effects);
            }
        }
        self.daily = !self.lines.is_empty();
        if self.daily {
            effects.set_timer(DAILY, next_daily(turn));
        }
    }

    fn sum(&mut self, policy: &Policy, effects: &mut Effects) {
        let mut sums: BTreeMap<(String, Option<Currency>), Counted<'_>> = BTreeMap::new();
        for ((.., term_end), line) in &self.lines {
            let month = month(*term_end);
            sums.entry((month.clone(), None)).or_default().push((policy.reported(line.arr), line));
            sums.entry((month, Some(line.arr.currency))).or_default().push((Some(line.arr), line));
        }
        // A month whose last line went is said once more, as nothing.
        let emptied = self.said.keys().filter(|key| !sums.contains_key(*key)).cloned().collect::<Vec<_>>();
        for key in emptied {
            sums.insert(key, Vec::new());
        }
        let mut left = SAID_MAX;
        for (key, lines) in sums {
            let found = Sums::of(policy, &lines);
            if left == 0 || self.said.get(&key).is_some_and(|said| *said == found) {
                continue;
            }
            left -= 1;
            let currency = key.1.unwrap_or(policy.reporting.currency);
            effects.emit(Data::RenewalSummed(found.fact(&key.0, key.1.is_none(), currency)));
            if lines.is_empty() {
                self.said.remove(&key);
            } else {
                self.said.insert(key, found);
            }
        }
    }

    fn measure(&self, policy: &Policy, entity: &Entity, today: Day, effects: &mut Effects) {
        let segment = match entity {
            Entity::Segment(_, segment) => segment.as_str(),
            Entity::Account(_) | Entity::Pattern(..) | Entity::Csm(_) | Entity::User(_) => "all",
        };
        let own = |target: &&Target| target.segment == segment;
        let mut targets: Vec<&Target> = policy.targets.iter().filter(own).collect();
        for target in policy.targets.iter().filter(|target| target.segment == "all") {
            if targets.iter().all(|known| known.metric != target.metric) {
                targets.push(target);
            }
        }
        let Some(days) = targets.iter().map(|target| target.period_days).max() else { return };
        let ended = |days: i32| {
            let (from, to) = (today.plus(-days), today.plus(-1));
            self.lines.iter().filter(move |((.., end), _)| (from..=to).contains(end)).map(|(_, line)| line)
        };
        let of = |standing: RenewalStanding| {
            u32::try_from(ended(days).filter(|line| line.standing == standing).count()).unwrap_or(u32::MAX)
        };
        let (renewed, lost) = (of(RenewalStanding::Renewed), of(RenewalStanding::Lost));
        let undecided = of(RenewalStanding::Open);
        if renewed + lost + undecided == 0 {
            return;
        }
        let figures = targets.iter().map(|target| figure(policy, target, ended(target.period_days)));
        effects.emit(Data::RenewalMeasured(RenewalMeasured {
            from: today.plus(-days),
            to: today.plus(-1),
            due: renewed + lost + undecided,
            renewed,
            lost,
            undecided,
            figures: figures.collect(),
        }));
    }
}

fn figure<'a>(policy: &Policy, target: &Target, ended: impl Iterator<Item = &'a Line>) -> RenewalFigure {
    let lines: Vec<&Line> = ended.collect();
    let decided = |line: &&&Line| matches!(line.standing, RenewalStanding::Renewed | RenewalStanding::Lost);
    let renewed: Vec<&&Line> = lines.iter().filter(|line| line.standing == RenewalStanding::Renewed).collect();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let minor = |money: Option<Money>| money.and_then(|money| policy.reported(money)).map_or(0, |money| money.minor);
    let (value, n) = match target.metric {
        Metric::RenewalRateLogo => {
            let n = lines.iter().filter(decided).count();
            (share(count(renewed.len()), count(n)), n)
        }
        Metric::RenewalRateRevenue => {
            let due: i64 = lines.iter().filter(decided).map(|line| minor(Some(line.arr))).sum();
            let kept: i64 = renewed.iter().map(|line| minor(line.arr_after).min(minor(Some(line.arr)))).sum();
            (share(kept, due), lines.iter().filter(decided).count())
        }
        Metric::ExpansionRate => {
            let more = renewed.iter().filter(|line| minor(line.arr_after) > minor(Some(line.arr))).count();
            (share(count(more), count(renewed.len())), renewed.len())
        }
        Metric::CycleDays => {
            let mut days: Vec<i64> = renewed.iter().filter_map(|line| line.cycle_days.map(i64::from)).collect();
            (median(&mut days), days.len())
        }
    };
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    RenewalFigure {
        metric: target.metric.name().into(),
        value,
        target: target.value,
        met: value.map(|value| target.op.met(value, target.value)),
        n,
        few: n < FEW,
    }
}

impl Sums {
    fn of(policy: &Policy, lines: &[(Option<Money>, &Line)]) -> Self {
        let mut sums = Self::default();
        let (mut expected, mut called, mut squares) = (0_i128, 0_i128, 0_i128);
        for (arr, line) in lines {
            let Some(arr) = arr else {
                sums.not_converted += 1;
                continue;
            };
            let minor = arr.minor.max(0);
            sums.contracts += 1;
            sums.due = sums.due.saturating_add(minor);
            let p = i128::from(line.likelihood_bp.min(10_000));
            let call = line.called_bp.map_or(p, |bp| i128::from(bp.min(10_000)));
            match line.standing {
                RenewalStanding::Renewed => {
                    sums.signed = sums.signed.saturating_add(minor);
                    (expected, called) = (expected + i128::from(minor) * 10_000, called + i128::from(minor) * 10_000);
                }
                RenewalStanding::Lost => sums.lost = sums.lost.saturating_add(minor),
                RenewalStanding::Open => {
                    (expected, called) = (expected + i128::from(minor) * p, called + i128::from(minor) * call);
                    // Bounded, so that a sum of squares stays within its type.
                    let bounded = i128::from(minor.min(1_000_000_000_000_000));
                    squares =
                        squares.saturating_add((bounded * bounded).saturating_mul(p * (10_000 - p)) / 100_000_000);
                    sums.calls += u32::from(line.called_bp.is_some());
                    let place = category_place(policy.category(i64::from(line.likelihood_bp)));
                    if let Some((count, sum)) = sums.open.get_mut(place) {
                        (*count, *sum) = (*count + 1, sum.saturating_add(minor));
                    }
                }
                RenewalStanding::Gone => {}
            }
        }
        let whole = |sum: i128| i64::try_from(sum / 10_000).unwrap_or(i64::MAX);
        (sums.expected, sums.called) = (whole(expected), whole(called));
        sums.spread = i64::try_from(squares.unsigned_abs().isqrt()).unwrap_or(i64::MAX);
        sums
    }

    fn fact(&self, month: &str, reporting: bool, currency: Currency) -> RenewalSummed {
        let money = |minor: i64| Money { minor, currency };
        let wide = i64::try_from(i128::from(self.spread) * SPREADS / 100).unwrap_or(i64::MAX);
        let categories = CATEGORIES.iter().zip(&self.open);
        RenewalSummed {
            month: month.to_owned(),
            reporting,
            contracts: self.contracts,
            due: money(self.due),
            signed: money(self.signed),
            lost: money(self.lost),
            expected: money(self.expected),
            spread: money(self.spread),
            worst: money(self.expected.saturating_sub(wide).max(self.signed)),
            best: money(self.expected.saturating_add(wide).min(self.due.saturating_sub(self.lost))),
            called: money(self.called),
            calls: self.calls,
            categories: categories
                .map(|(category, (contracts, arr))| CategorySum {
                    category: *category,
                    contracts: *contracts,
                    arr: money(*arr),
                })
                .collect(),
            not_converted: self.not_converted,
            few: self.contracts < FEW,
        }
    }
}

const CATEGORIES: [RenewalCategory; 4] =
    [RenewalCategory::Unlikely, RenewalCategory::AtRisk, RenewalCategory::Likely, RenewalCategory::Commit];

fn category_place(category: RenewalCategory) -> usize {
    match category {
        RenewalCategory::Unlikely => 0,
        RenewalCategory::AtRisk => 1,
        RenewalCategory::Likely => 2,
        RenewalCategory::Commit => 3,
    }
}
