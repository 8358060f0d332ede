//! The product report: each group sums its month and tells one entity, which ranks all groups.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{
    Effects, Turn,
    arithmetic::{median, share},
};
use bus_schema::{
    Data, Day, Entity, Money, Position,
    data::facts::{PatternSighted, PatternSummed, ProductItem, ProductReported, SegmentCount, Sighting},
    time::HOUR_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    pattern::{Pattern, reporting},
    policy::Policy,
};

/// The report is made so long after the month, when all groups have told theirs.
pub(crate) const REPORT: &str = "report";
/// Groups in a report.
const ITEMS_MAX: usize = 30;
/// Groups collected before the best are kept.
const COLLECTED_MAX: usize = 500;
/// Accounts kept of a month.
const ACCOUNTS_MAX: usize = 500;
/// Accounts that wait, by reference.
const WAITING_MAX: usize = 200;
/// Accounts named that wait.
const NAMED_MAX: usize = 5;
/// Events cited.
const CITED_MAX: usize = 6;
/// Resolutions kept.
const MINUTES_MAX: usize = 50;

/// A group's month, and on one entity the months of all groups.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    since: Option<Day>,
    frequency: u32,
    accounts: BTreeMap<String, (Option<i64>, String)>,
    severity: u8,
    sentiment_sum: i64,
    sentiment_n: u32,
    minutes: VecDeque<u32>,
    /// Who waits for an answer, by ticket or feedback.
    waiting: BTreeMap<String, String>,
    cited: VecDeque<Position>,
    collected: BTreeMap<String, ProductItem>,
    month: String,
}

impl Report {
    /// Adds what an account saw.
    pub(crate) fn sighted(&mut self, policy: &Policy, data: &PatternSighted) {
        let day = data.at.day();
        self.since = Some(self.since.map_or(day, |since| since.min(day)));
        match data.sighting {
            Sighting::Ticket | Sighting::FeatureRequest | Sighting::Bug | Sighting::Complaint => {
                self.frequency = self.frequency.saturating_add(1);
                self.severity = self.severity.max(data.weight);
                if self.accounts.len() < ACCOUNTS_MAX {
                    let cents = data.arr.and_then(|arr| policy.us_cents(arr));
                    self.accounts.insert(data.account.clone(), (cents, data.segment.clone()));
                }
                if self.waiting.len() < WAITING_MAX {
                    self.waiting.insert(data.reference.clone(), data.account.clone());
                }
                if let Some(bp) = data.sentiment_bp {
                    self.sentiment_sum += i64::from(bp);
                    self.sentiment_n += 1;
                }
                self.cited.push_back(data.event);
                if self.cited.len() > CITED_MAX {
                    self.cited.pop_front();
                }
            }
            Sighting::Resolved | Sighting::Answered => {
                self.waiting.remove(&data.reference);
                if let Some(minutes) = data.minutes {
                    self.minutes.push_back(minutes);
                    if self.minutes.len() > MINUTES_MAX {
                        self.minutes.pop_front();
                    }
                }
            }
            Sighting::NoAnswer
            | Sighting::HandedOff
            | Sighting::NothingFound
            | Sighting::NothingRead
            | Sighting::NotHelpful
            | Sighting::ManyReplies => {}
        }
    }

    /// The month as one point of the report, and a new month.
    fn item(&mut self, policy: &Policy, area: &str, category: &str) -> Option<ProductItem> {
        let accounts = std::mem::take(&mut self.accounts);
        let (frequency, severity) = (std::mem::take(&mut self.frequency), std::mem::take(&mut self.severity));
        let (sum, n) = (std::mem::take(&mut self.sentiment_sum), std::mem::take(&mut self.sentiment_n));
        let events = std::mem::take(&mut self.cited).into_iter().rev().collect();
        if frequency == 0 {
            return None;
        }
        let of = policy.issue(category);
        let mut segments: BTreeMap<String, u32> = BTreeMap::new();
        for (_, segment) in accounts.values() {
            *segments.entry(segment.clone()).or_default() += 1;
        }
        let cents: Vec<i64> = accounts.values().filter_map(|(cents, _)| *cents).collect();
        let arr = cents.iter().fold(0_i64, |sum, cents| sum.saturating_add(*cents));
        let who: BTreeSet<&String> = self.waiting.values().collect();
        Some(ProductItem {
            area: area.to_owned(),
            category: category.to_owned(),
            frequency,
            accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
            arr: if cents.is_empty() { None } else { Some(Money { minor: arr, currency: reporting()? }) },
            severity,
            effort: self.effort(policy),
            sentiment_bp: sum.checked_div(i64::from(n)).and_then(|mean| i32::try_from(mean).ok()),
            segments: segments.into_iter().map(|(segment, accounts)| SegmentCount { segment, accounts }).collect(),
            since: self.since?,
            immediate_fix: of.map(|of| of.immediate.clone()).unwrap_or_default(),
            systemic_fix: of.map(|of| of.systemic.clone()).unwrap_or_default(),
            waiting: u32::try_from(who.len()).unwrap_or(u32::MAX),
            who_waits: who.into_iter().take(NAMED_MAX).cloned().collect(),
            rank: 0,
            events,
        })
    }

    /// Small, medium or large: by the middle time to a resolution; medium while none is known.
    fn effort(&self, policy: &Policy) -> u8 {
        let mut minutes: Vec<i64> = self.minutes.iter().map(|minutes| i64::from(*minutes)).collect();
        match median(&mut minutes) {
            None => 2,
            Some(minutes) if minutes <= i64::from(policy.effort.small_minutes) => 1,
            Some(minutes) if minutes <= i64::from(policy.effort.medium_minutes) => 2,
            Some(_) => 4,
        }
    }
}

/// The end of a group's month.
pub(crate) fn sum(turn: &Turn<'_>, policy: &Policy, pattern: &mut Pattern, effects: &mut Effects) {
    let Entity::Pattern(area, category) = turn.entity else { return };
    let month = turn.now.day_in(&policy.calendar.zone).plus(-1).civil().strftime("%Y-%m").to_string();
    if let Some(item) = pattern.report.item(policy, area, category) {
        let all = Entity::Pattern("all".into(), "all".into());
        effects.emit_to(all, Data::PatternSummed(PatternSummed { month, item }));
    }
}

/// A group told its month.
pub(crate) fn collect(turn: &Turn<'_>, report: &mut Report, data: &PatternSummed, effects: &mut Effects) {
    if report.month != data.month {
        (report.month, report.collected) = (data.month.clone(), BTreeMap::new());
        effects.set_timer(REPORT, turn.now.plus_ms(HOUR_MS));
    }
    if report.collected.len() < COLLECTED_MAX {
        report.collected.insert(format!("{}/{}", data.item.area, data.item.category), data.item.clone());
    }
}

/// All groups, the worst first: accounts × (1 + share of the ARR) × severity ÷ effort.
pub(crate) fn report(policy: &Policy, report: &mut Report, effects: &mut Effects) {
    let mut items: Vec<ProductItem> = std::mem::take(&mut report.collected).into_values().collect();
    let cents = |item: &ProductItem| item.arr.map_or(0, |arr| arr.minor);
    let all = items.iter().map(cents).fold(0_i64, i64::saturating_add);
    for item in &mut items {
        item.rank = rank(item, share(cents(item), all).unwrap_or(0));
    }
    items.sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| (&a.area, &a.category).cmp(&(&b.area, &b.category))));
    items.truncate(ITEMS_MAX);
    if !items.is_empty() {
        effects.emit(Data::ProductReported(ProductReported {
            month: report.month.clone(),
            taxonomy_version: policy.taxonomy.version,
            items,
        }));
    }
}

/// In thousandths, so that small shares count.
fn rank(item: &ProductItem, share_bp: i64) -> u64 {
    let accounts = u64::from(item.accounts) * (1_000 + u64::try_from(share_bp).unwrap_or(0));
    accounts * u64::from(item.severity.max(1)) / u64::from(item.effort.max(1))
}
