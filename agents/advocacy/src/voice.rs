//! What an account says as a whole: its recommendation with n, its satisfaction, its themes by month.

use std::collections::{BTreeMap, VecDeque};

use agent::{
    Effects, Turn,
    arithmetic::{ONE_BP, share},
};
use bus_schema::{
    Currency, Data, Day, Entity, Money, Position,
    data::{
        advocacy::AdvocacyAct,
        facts::{NpsMeasured, SampledTheme, VoiceSampled},
    },
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::Policy,
    state::{Account, Mark, month},
};

/// Contacts whose answer or question is kept.
const ANSWERS_MAX: usize = 100;
/// Days of one sort kept.
const DAYS_MAX: usize = 64;
/// Themes of a month kept.
const THEMES_MAX: usize = 20;
/// Days a quarter has.
const QUARTER_DAYS: i32 = 91;
/// Days in which satisfaction counts.
const YEAR_DAYS: i32 = 365;
/// Days without activity after which an account is not active.
const ACTIVE_DAYS: i32 = 28;
/// Events cited.
const CITED_MAX: usize = 8;

/// The voices of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Voice {
    /// The latest relationship answer by contact.
    answers: BTreeMap<u32, (u8, Day, Position)>,
    /// The latest question by contact.
    asked: BTreeMap<u32, Day>,
    /// Acts for us: day, and whether it was a reference.
    acts: VecDeque<(Day, bool)>,
    reviews: VecDeque<Day>,
    /// Satisfaction in hundredths of a point of 5.
    satisfaction: VecDeque<(Day, u16)>,
    themes: BTreeMap<String, Theme>,
    /// The month of the themes.
    month: String,
    /// What was measured and told last.
    told: Option<[u32; 4]>,
    sampled: Option<u32>,
}

/// A theme of the month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Theme {
    count: u32,
    sentiment_sum: i64,
    sentiment_n: u32,
}

/// Promoters, passives, detractors of answers.
pub(crate) fn thirds(scores: impl Iterator<Item = u8>) -> [u32; 3] {
    let mut thirds = [0_u32; 3];
    for score in scores {
        let [promoters, passives, detractors] = &mut thirds;
        *match score {
            9.. => promoters,
            7 | 8 => passives,
            0..=6 => detractors,
        } += 1;
    }
    thirds
}

/// Promoters less detractors, with n and the rate of answers.
pub(crate) fn measure(
    policy: &Policy,
    [promoters, passives, detractors]: [u32; 3],
    asked: u32,
    events: Vec<Position>,
) -> NpsMeasured {
    let n = promoters.saturating_add(passives).saturating_add(detractors);
    let net = share(i64::from(promoters) - i64::from(detractors), i64::from(n));
    let response = share(i64::from(n), i64::from(asked)).map(|bp| bp.min(ONE_BP));
    NpsMeasured {
        promoters,
        passives,
        detractors,
        n,
        nps_bp: net.and_then(|net| i32::try_from(net).ok()),
        asked,
        response_bp: response.and_then(|bp| u16::try_from(bp).ok()),
        window_days: policy.nps.window_days,
        few: n < policy.nps.few,
        events,
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    list.push_back(item);
    if list.len() > DAYS_MAX {
        list.pop_front();
    }
}

impl Voice {
    /// A relationship answer.
    pub(crate) fn answered(&mut self, contact: &str, score: u8, mark: Mark, day: Day) {
        let key = fnv1a(contact.as_bytes());
        let older = self.answers.get(&key).is_some_and(|(_, known, _)| *known > day);
        if !older && (self.answers.len() < ANSWERS_MAX || self.answers.contains_key(&key)) {
            self.answers.insert(key, (score, day, mark.event));
        }
    }

    /// Somebody was asked.
    pub(crate) fn asked(&mut self, contact: &str, day: Day) {
        let key = fnv1a(contact.as_bytes());
        if self.asked.len() < ANSWERS_MAX || self.asked.contains_key(&key) {
            self.asked.insert(key, day);
        }
    }

    pub(crate) fn acted(&mut self, act: &AdvocacyAct, day: Day) {
        push(&mut self.acts, (day, *act == AdvocacyAct::Reference));
    }

    pub(crate) fn reviewed(&mut self, day: Day) {
        push(&mut self.reviews, day);
    }

    /// An answer on a scale of its own.
    pub(crate) fn satisfied(&mut self, score: u8, scale: u8, day: Day) {
        let hundredths = (u32::from(score) * 500).checked_div(u32::from(scale));
        if let Some(hundredths) = hundredths.and_then(|found| u16::try_from(found.min(500)).ok()) {
            push(&mut self.satisfaction, (day, hundredths));
        }
    }

    /// Somebody spoke of a theme.
    pub(crate) fn spoke(&mut self, theme: &str, sentiment: Option<i32>, day: Day) {
        let month = month(day);
        if month < self.month {
            return;
        }
        if month > self.month {
            self.month = month;
            self.themes.clear();
        }
        if self.themes.len() >= THEMES_MAX && !self.themes.contains_key(theme) {
            return;
        }
        let known = self.themes.entry(theme.to_owned()).or_default();
        known.count = known.count.saturating_add(1);
        if let Some(bp) = sentiment {
            known.sentiment_sum = known.sentiment_sum.saturating_add(bp.into());
            known.sentiment_n = known.sentiment_n.saturating_add(1);
        }
    }

    fn counts(&self, policy: &Policy, today: Day) -> ([u32; 3], u32, Vec<Position>) {
        let from = today.plus(-i32::from(policy.nps.window_days));
        let recent = || self.answers.values().filter(|(_, day, _)| *day >= from);
        let thirds = thirds(recent().map(|(score, ..)| *score));
        let asked = self.asked.iter().filter(|(_, day)| **day >= from).count();
        // Who answered was asked, whoever forgot to say so.
        let unasked = self
            .answers
            .iter()
            .filter(|(key, (_, day, _))| *day >= from && self.asked.get(*key).is_none_or(|day| *day < from));
        let asked = u32::try_from(asked + unasked.count()).unwrap_or(u32::MAX);
        let mut events: Vec<Position> = recent().map(|(.., event)| *event).collect();
        events.sort_unstable_by(|a, b| b.cmp(a));
        events.truncate(CITED_MAX);
        (thirds, asked, events)
    }
}

/// Says how the account would recommend us, when that moved, and tells its segment how it stands.
pub(crate) fn tell(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let (thirds, asked, events) = account.voice.counts(policy, today);
    let [promoters, passives, detractors] = thirds;
    let now = [promoters, passives, detractors, asked];
    let before = account.voice.told;
    if before != Some(now) && (before.is_some() || promoters + passives + detractors > 0) {
        account.voice.told = Some(now);
        effects.emit(Data::NpsMeasured(measure(policy, thirds, asked, events)));
    }
    let Entity::Account(name) = turn.entity else { return };
    let sample = sample(policy, account, name, thirds, asked, today);
    let hash = fnv1a(format!("{sample:?}").as_bytes());
    if account.voice.sampled != Some(hash) {
        account.voice.sampled = Some(hash);
        let kind = if account.profile.vendor { "vendor" } else { "customer" };
        let segment = Entity::Segment(kind.into(), account.segment().to_owned());
        effects.emit_to(segment, Data::VoiceSampled(sample));
    }
}

fn sample(
    policy: &Policy,
    account: &Account,
    name: &str,
    [promoters, passives, detractors]: [u32; 3],
    asked: u32,
    today: Day,
) -> VoiceSampled {
    let voice = &account.voice;
    let counted = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let quarter = today.plus(-QUARTER_DAYS);
    let usd = |minor| Money { minor, currency: Currency::USD };
    let year = || voice.satisfaction.iter().filter(|(day, _)| today.0 - day.0 <= YEAR_DAYS);
    let (referrals, worth) = account.loyalty.referred(today.plus(-YEAR_DAYS));
    let left = account.profile.ended();
    let themes = voice.themes.iter().map(|(theme, own)| SampledTheme {
        theme: theme.clone(),
        count: own.count,
        sentiment_sum: own.sentiment_sum,
        sentiment_n: own.sentiment_n,
    });
    VoiceSampled {
        account: name.to_owned(),
        month: if voice.month.is_empty() { month(today) } else { voice.month.clone() },
        promoters,
        passives,
        detractors,
        asked,
        advocates: counted(account.people.values().filter(|person| person.is_advocate()).count()),
        references: counted(voice.acts.iter().filter(|(day, reference)| *day >= quarter && *reference).count()),
        reviews: counted(voice.reviews.iter().filter(|day| **day >= quarter).count()),
        acts: counted(voice.acts.iter().filter(|(day, _)| *day >= quarter).count()),
        referrals,
        referral_value: (worth > 0).then(|| usd(worth)),
        satisfaction_sum: year().map(|(_, own)| u32::from(*own)).sum(),
        satisfaction_n: counted(year().count()),
        active: !left && account.active.is_some_and(|day| today.0 - day.0 <= ACTIVE_DAYS),
        arr: account.profile.arr.filter(|_| !left).and_then(|arr| policy.us_cents(arr)).map(usd),
        themes: themes.collect(),
    }
}
