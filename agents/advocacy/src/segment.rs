//! All accounts of a segment: how they would recommend us, what they speak of, and how advocacy does.
//!
//! An account tells its segment how it stands, as a whole, whenever that moved; a later word replaces the one before.
//! Recommendations are measured once a day, themes and advocacy on the second day of a month.

use std::collections::BTreeMap;

use agent::{Effects, Turn, arithmetic::share};
use bus_schema::{
    Currency, Data, Day, Entity, Event, Money, Time,
    data::facts::{
        AdvocacyMeasured, HandoffMade, MeasuredMetric, TaskCreated, ThemeCount, ThemesMeasured, VoiceSampled,
    },
    entity::fnv1a,
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::{Metric, Policy},
    state::{business_day, count, id, month},
    voice,
};

/// Accounts kept; a further one is not counted.
const ACCOUNTS_MAX: usize = 5_000;
/// Months of themes kept: this one and those it is compared with.
const MONTHS_MAX: usize = 3;
/// Themes of a month that are told.
const THEMES_MAX: usize = 20;
/// Below so many a figure says little.
const FEW: u32 = 5;
/// The day of the month on which the month before is measured.
const MEASURED_ON: i8 = 2;
/// Accounts that must speak of a theme before customers are asked for an interview about it.
const INTERVIEW_ACCOUNTS: u32 = 3;
/// Business days until the interviews are agreed.
const INTERVIEW_DAYS: i64 = 10;

const TIMER: &str = "daily";

/// All accounts of a segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    accounts: BTreeMap<u32, Sample>,
    /// Themes by month and account.
    themes: BTreeMap<String, BTreeMap<u32, Vec<Theme>>>,
    running: bool,
    told: Option<[u32; 4]>,
}

/// What an account told last.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Sample {
    thirds: [u32; 3],
    asked: u32,
    advocates: u32,
    references: u32,
    reviews: u32,
    acts: u32,
    referrals: u32,
    referral_cents: i64,
    satisfaction: (u32, u32),
    active: bool,
    arr_cents: Option<i64>,
}

/// A theme of an account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Theme {
    name: String,
    count: u32,
    sentiment: (i64, u32),
}

impl Segment {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        let Data::VoiceSampled(data) = &event.data else { return };
        if !self.running {
            self.running = true;
            effects.set_timer(TIMER, next_midnight(turn.now));
        }
        let key = fnv1a(data.account.as_bytes());
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&key) {
            return;
        }
        self.accounts.insert(key, sample(data));
        let themes = data.themes.iter().map(|own| Theme {
            name: own.theme.clone(),
            count: own.count,
            sentiment: (own.sentiment_sum, own.sentiment_n),
        });
        self.themes.entry(data.month.clone()).or_default().insert(key, themes.collect());
        while self.themes.len() > MONTHS_MAX {
            self.themes.pop_first();
        }
    }

    /// Once a day; on the second of a month also the month before.
    pub(crate) fn daily(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        effects.set_timer(TIMER, next_midnight(turn.now));
        let today = turn.now.day();
        let sum = |value: fn(&Sample) -> u32| self.accounts.values().map(value).fold(0, u32::saturating_add);
        let thirds = [sum(|own| own.thirds[0]), sum(|own| own.thirds[1]), sum(|own| own.thirds[2])];
        let asked = sum(|own| own.asked);
        let [promoters, passives, detractors] = thirds;
        let now = [promoters, passives, detractors, asked];
        if self.told != Some(now) && (self.told.is_some() || promoters + passives + detractors > 0) {
            self.told = Some(now);
            effects.emit(Data::NpsMeasured(voice::measure(policy, thirds, asked, Vec::new())));
        }
        if today.civil().day() == MEASURED_ON {
            self.monthly(turn, policy, today, effects);
        }
    }

    fn monthly(&self, turn: &Turn<'_>, policy: &Policy, today: Day, effects: &mut Effects) {
        let Entity::Segment(kind, name) = turn.entity else { return };
        let last = today.plus(-i32::from(MEASURED_ON));
        let before = last.plus(1 - i32::from(last.civil().day())).plus(-1);
        let themes = self.month(&month(last), &month(before));
        if let Some(top) = themes.first().filter(|top| top.accounts >= INTERVIEW_ACCOUNTS) {
            interview(turn, policy, top, &month(last), effects);
        }
        if !themes.is_empty() {
            effects.emit(Data::ThemesMeasured(ThemesMeasured { month: month(last), themes }));
        }
        let metrics = self.metrics(policy, kind == "vendor", name);
        if !metrics.is_empty() {
            effects.emit(Data::AdvocacyMeasured(AdvocacyMeasured { until: today.plus(-1), metrics }));
        }
    }

    /// The themes of a month, the most frequent first.
    fn month(&self, month: &str, before: &str) -> Vec<ThemeCount> {
        let mut sums: BTreeMap<&str, (u32, u32, i64, bool, i64, u32)> = BTreeMap::new();
        for (account, themes) in self.themes.get(month).into_iter().flatten() {
            let arr = self.accounts.get(account).and_then(|own| own.arr_cents);
            for own in themes {
                let sum = sums.entry(&own.name).or_default();
                sum.0 = sum.0.saturating_add(own.count);
                sum.1 += 1;
                sum.2 = sum.2.saturating_add(arr.unwrap_or(0));
                sum.3 |= arr.is_some();
                sum.4 = sum.4.saturating_add(own.sentiment.0);
                sum.5 = sum.5.saturating_add(own.sentiment.1);
            }
        }
        let earlier = |theme: &str| {
            let all = self.themes.get(before).into_iter().flat_map(BTreeMap::values).flatten();
            all.filter(|own| own.name == theme).map(|own| own.count).fold(0, u32::saturating_add)
        };
        let mut found: Vec<ThemeCount> = sums
            .into_iter()
            .map(|(theme, (count, accounts, arr, known, tone, n))| ThemeCount {
                theme: theme.to_owned(),
                count,
                before: earlier(theme),
                accounts,
                arr: known.then_some(Money { minor: arr, currency: Currency::USD }),
                sentiment_bp: tone.checked_div(i64::from(n)).and_then(|mean| i32::try_from(mean).ok()),
            })
            .collect();
        found.sort_by(|a, b| (b.count, b.accounts, &a.theme).cmp(&(a.count, a.accounts, &b.theme)));
        found.truncate(THEMES_MAX);
        found
    }

    fn metrics(&self, policy: &Policy, vendor: bool, segment: &str) -> Vec<MeasuredMetric> {
        let sum = |value: fn(&Sample) -> u32| self.accounts.values().map(value).fold(0, u32::saturating_add);
        let accounts = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        let active = sum(|own| u32::from(own.active));
        let (points, answers) = (sum(|own| own.satisfaction.0), sum(|own| own.satisfaction.1));
        let answered = sum(|own| own.thirds.iter().sum());
        let net = i64::from(sum(|own| own.thirds[0])) - i64::from(sum(|own| own.thirds[2]));
        let worth = self.accounts.values().map(|own| own.referral_cents).fold(0_i64, i64::saturating_add);
        let measured = |metric: Metric, value: Option<i64>, unit: &str, n: u32| {
            let target = policy.target(metric, vendor, segment);
            MeasuredMetric {
                metric: metric.name().into(),
                value,
                unit: unit.into(),
                n,
                few: n < FEW,
                target: target.map(|target| target.value),
                met: target.zip(value).map(|(target, value)| target.op.met(value, target.value)),
            }
        };
        let plain = |metric: &str, value: i64, unit: &str, n: u32| MeasuredMetric {
            metric: metric.into(),
            value: Some(value),
            unit: unit.into(),
            n,
            few: n < FEW,
            target: None,
            met: None,
        };
        let mean = i64::from(points).checked_div(i64::from(answers));
        vec![
            measured(Metric::Nps, share(net, i64::from(answered)), "bp", answered),
            measured(Metric::Satisfaction, mean, "hundredths", answers),
            measured(Metric::Active, share(i64::from(active), i64::from(accounts)), "bp", accounts),
            plain("advocates", sum(|own| own.advocates).into(), "count", accounts),
            plain("references_used", sum(|own| own.references).into(), "count", accounts),
            plain("reviews", sum(|own| own.reviews).into(), "count", accounts),
            plain("acts", sum(|own| own.acts).into(), "count", accounts),
            plain("referral_revenue", worth, "minor", sum(|own| own.referrals)),
        ]
    }
}

/// The theme that most accounts speak of: product hears it, and customers are asked for a talk about it.
fn interview(turn: &Turn<'_>, policy: &Policy, top: &ThemeCount, month: &str, effects: &mut Effects) {
    let times = |n: u32| count(n.into(), "time", "times");
    let arr = top.arr.map(|arr| format!("{} a year", arr.in_words()));
    let context = [
        Some(format!("{} accounts spoke of {} in {month}, {}", top.accounts, top.theme, times(top.count))),
        Some(format!("{} in the month before", times(top.before))),
        arr,
    ];
    let task = id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title: format!("Interview three customers about {}", top.theme),
        assignee: Some("product".into()),
        due_on: business_day(policy, turn.now, INTERVIEW_DAYS),
        why: format!("{} accounts spoke of it in {month}.", top.accounts),
        events: vec![turn.cause],
    }));
    effects.emit(Data::HandoffMade(HandoffMade {
        from: "success".into(),
        to: "product".into(),
        subject: "voice_of_customer".into(),
        context: context.into_iter().flatten().collect(),
        task,
        events: vec![turn.cause],
    }));
}

fn sample(data: &VoiceSampled) -> Sample {
    Sample {
        thirds: [data.promoters, data.passives, data.detractors],
        asked: data.asked,
        advocates: data.advocates,
        references: data.references,
        reviews: data.reviews,
        acts: data.acts,
        referrals: data.referrals,
        referral_cents: data.referral_value.map_or(0, |value| value.minor),
        satisfaction: (data.satisfaction_sum, data.satisfaction_n),
        active: data.active,
        arr_cents: data.arr.map(|arr| arr.minor),
    }
}

fn next_midnight(now: Time) -> Time {
    Time((now.0.div_euclid(DAY_MS) + 1) * DAY_MS)
}
