//! Signs in the use of the product: it falls, it stops, it is irregular, fewer features are used.

use std::collections::{BTreeMap, VecDeque};

use agent::{
    AccountProfile, Usage,
    arithmetic::{median, real_fall},
};
use bus_schema::{Day, Position, Time, data::facts::IncidentCovers, entity::fnv1a, time::HOUR_MS};
use serde::{Deserialize, Serialize};

use super::{Look, Sign, Signal};

/// Days of each of the two windows compared.
const WINDOW: i32 = 14;
/// Gaps between active days that are kept.
const GAPS: usize = 30;
/// Incidents remembered.
const INCIDENTS_MAX: usize = 20;
/// Producers remembered.
const PRODUCERS_MAX: usize = 8;
/// Spans remembered in which a producer of use was silent.
const BLIND_MAX: usize = 8;
/// Core features counted.
const FEATURES_MAX: usize = 64;

/// How an account is used.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Use {
    /// User-days and users.
    pub usage: Usage,
    /// On which days there was any activity.
    pub activity: Activity,
    halved: Latch,
    down: Latch,
    silent: Option<Silence>,
    /// By hash of the feature: the last week it was used, and a bit for each of 16 weeks up to it.
    features: BTreeMap<u32, (i32, u16)>,
    incidents: BTreeMap<String, (Time, Option<Time>)>,
    /// Producers that told of use, and since when they are silent: a silent producer is no silent customer.
    producers: BTreeMap<String, Option<Time>>,
    /// Days, first and last, of which a silent producer told nothing.
    blind: VecDeque<(Day, Day)>,
}

/// On which days an account was active.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Activity {
    /// The last one.
    pub last: Option<Day>,
    /// How many there were.
    pub days_ever: u32,
    /// Bit i: active i days before the last.
    recent: u32,
    /// Days from one active day to the next, latest last.
    gaps: VecDeque<u16>,
}

/// A fall that counts only when it is seen on several days in a row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Latch {
    looks: u8,
    since: Option<Time>,
    /// The level before the fall.
    level: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Silence {
    since: Time,
    days_ever: u32,
}

impl Activity {
    /// Counts a day.
    pub fn record(&mut self, day: Day) {
        let Some(last) = self.last else {
            (self.last, self.recent, self.days_ever) = (Some(day), 1, 1);
            return;
        };
        let ahead = day.0 - last.0;
        if ahead > 0 {
            self.recent = self.recent.checked_shl(ahead.unsigned_abs()).unwrap_or(0) | 1;
            self.days_ever = self.days_ever.saturating_add(1);
            self.gaps.push_back(u16::try_from(ahead).unwrap_or(u16::MAX));
            if self.gaps.len() > GAPS {
                self.gaps.pop_front();
            }
            self.last = Some(day);
        } else if let Some(bit) = 1u32.checked_shl(ahead.unsigned_abs())
            && self.recent & bit == 0
        {
            self.recent |= bit;
            self.days_ever = self.days_ever.saturating_add(1);
        }
    }

    /// Days since the last activity.
    pub fn silent_days(&self, today: Day) -> Option<i32> {
        self.last.map(|last| (today.0 - last.0).max(0))
    }

    /// Active days of the 28 before today.
    pub fn of_28(&self, today: Day) -> i64 {
        let Some(last) = self.last else { return 0 };
        let active = (0..32).filter(|back| self.recent & (1 << back) != 0).map(|back| last.0 - back);
        i64::try_from(active.filter(|day| (today.0 - 28..today.0).contains(day)).count()).unwrap_or(0)
    }

    /// The gap that nine in ten of the latest gaps do not exceed; none with fewer than five.
    pub fn usual_gap(&self) -> Option<i64> {
        if self.gaps.len() < 5 {
            return None;
        }
        let mut gaps: Vec<u16> = self.gaps.iter().copied().collect();
        gaps.sort_unstable();
        gaps.get((gaps.len() * 9).div_ceil(10) - 1).copied().map(i64::from)
    }
}

impl Use {
    /// Counts a user's event.
    pub fn user(&mut self, user: &str, day: Day, cause: Position) {
        self.usage.record(user, day, cause);
        self.activity.record(day);
    }

    /// Counts a day's sum of users.
    pub fn sum(&mut self, users: u64, day: Day, cause: Position) {
        self.usage.record_aggregate(users, day, cause);
        if users > 0 {
            self.activity.record(day);
        }
    }

    /// Notes the use of a feature, where it is a core one.
    pub fn feature(&mut self, profile: &AccountProfile, feature: &str, day: Day) {
        if !profile.core_features.iter().any(|core| core == feature) {
            return;
        }
        let (week, hash) = (week(day), fnv1a(feature.as_bytes()));
        if self.features.len() >= FEATURES_MAX && !self.features.contains_key(&hash) {
            return;
        }
        let (last, bits) = self.features.entry(hash).or_insert((week, 0));
        if week > *last {
            *bits = bits.checked_shl((week - *last).unsigned_abs()).unwrap_or(0);
            *last = week;
        }
        *bits |= 1u16.checked_shl((*last - week).unsigned_abs()).unwrap_or(0);
    }

    /// Notes who told of use.
    pub fn told_by(&mut self, producer: &str) {
        if !self.producers.contains_key(producer) && self.producers.len() < PRODUCERS_MAX {
            self.producers.insert(producer.to_owned(), None);
        }
    }

    /// A producer went silent, or speaks again as of a day. Answers whether it is one of use and this is news.
    pub fn stalled(&mut self, producer: &str, since: Option<Time>, today: Day) -> bool {
        let Some(known) = self.producers.get_mut(producer) else { return false };
        let before = std::mem::replace(known, since);
        if let (Some(from), None) = (before, since) {
            self.blind.push_back((from.day(), today));
            if self.blind.len() > BLIND_MAX {
                self.blind.pop_front();
            }
        }
        before != since
    }

    /// Since when a producer of use is silent: nothing is concluded from what is missing since then.
    pub fn frozen_since(&self) -> Option<Time> {
        self.producers.values().flatten().min().copied()
    }

    /// The producers of use that are silent.
    pub fn silent_producers(&self) -> Vec<String> {
        self.producers.iter().filter(|(_, since)| since.is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// A look at use: while a producer is silent, as of its last word.
    pub fn as_known<'a>(&self, look: &Look<'a>) -> Look<'a> {
        match self.frozen_since() {
            Some(since) if since < look.now => Look { now: since, today: since.day().min(look.today), ..*look },
            Some(_) | None => *look,
        }
    }

    /// Days since the last activity, without those of which nothing was told.
    pub fn silent_days(&self, look: &Look<'_>) -> Option<i32> {
        let (last, look) = (self.activity.last?, self.as_known(look));
        let dark = (last.0 + 1..=look.today.0).filter(|day| self.is_blind(Day(*day))).count();
        Some((look.today.0 - last.0 - i32::try_from(dark).unwrap_or(i32::MAX)).max(0))
    }

    fn is_blind(&self, day: Day) -> bool {
        self.blind.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }

    /// Whether a day is left out of every window.
    fn left_out(&self, look: &Look<'_>, day: Day) -> bool {
        self.is_blind(day) || self.frozen_since().is_some_and(|since| day >= since.day()) || self.cut(look, day)
    }

    /// Whether every day counts.
    fn whole(&self) -> bool {
        self.incidents.is_empty() && self.blind.is_empty() && self.frozen_since().is_none()
    }

    /// Notes an incident: its days are cut out.
    pub fn incident(&mut self, data: &IncidentCovers) {
        if data.opened {
            self.incidents.entry(data.incident.clone()).or_insert((data.at, None));
        } else if let Some((_, end)) = self.incidents.get_mut(&data.incident) {
            *end = Some(data.at);
        }
        while self.incidents.len() > INCIDENTS_MAX {
            let oldest = self.incidents.iter().min_by_key(|(_, (from, _))| *from).map(|(id, _)| id.clone());
            oldest.map(|id| self.incidents.remove(&id));
        }
    }

    /// The daily look. While a producer is silent nothing is concluded from what is missing.
    pub fn look(&mut self, look: &Look<'_>) {
        if self.frozen_since().is_some() {
            return;
        }
        let rules = &look.policy.usage;
        if let Some((before, now)) = self.two_windows(look) {
            let real = real_fall(before, now);
            let half = real && now * 10_000 < before * rules.halved_below_bp;
            let recovered = |level: i64| now * 10_000 >= level * rules.halved_ends_bp;
            self.halved.see(half, before, rules.looks, look.now, recovered);
            let down = real && now * 10_000 <= before * rules.down_bp;
            self.down.see(down, before, rules.looks, look.now, |_| !down);
        }
        let ever = self.activity.days_ever;
        match &self.silent {
            Some(silence) if ever >= silence.days_ever + rules.silent_ends_days => self.silent = None,
            None if self.quiet_days(look) >= rules.silent_days => {
                self.silent = Some(Silence { since: look.now, days_ever: ever });
            }
            Some(_) | None => {}
        }
    }

    /// Complete days without activity; an incident makes no silence.
    fn quiet_days(&self, look: &Look<'_>) -> i32 {
        let quiet = self.activity.silent_days(look.today).map_or(0, |days| (days - 1).max(0));
        if self.whole() {
            return quiet;
        }
        let quiet = quiet.min(agent::usage::DAYS);
        let cut = (1..=quiet).filter(|back| self.left_out(look, look.today.plus(-back))).count();
        quiet - i32::try_from(cut).unwrap_or(quiet)
    }

    /// Use of the 14 days before the last 14, and of these; none when incidents leave too few days.
    fn two_windows(&self, look: &Look<'_>) -> Option<(i64, i64)> {
        let middle = look.today.plus(-WINDOW);
        let before = self.uncut(look, middle.plus(-WINDOW), middle)?;
        Some((before, self.uncut(look, middle, look.today)?))
    }

    /// Whether incidents leave too little of the last weeks to say anything of use.
    pub fn hidden(&self, look: &Look<'_>) -> bool {
        self.two_windows(look).is_none()
    }

    /// The level before a fall and the use of the last 14 days.
    pub fn fall(&self, look: &Look<'_>) -> (i64, i64) {
        let (before, now) = self.two_windows(look).unwrap_or((0, 0));
        (if self.halved.since.is_some() { self.halved.level } else { before }, now)
    }

    /// Use in a window as if incidents had not been: the other days stand for theirs.
    fn uncut(&self, look: &Look<'_>, from: Day, to: Day) -> Option<i64> {
        let whole = i64::from(to.0 - from.0);
        if self.whole() {
            return Some(self.usage.volume_between(from, to));
        }
        let days: Vec<Day> = (from.0..to.0).map(Day).filter(|day| !self.left_out(look, *day)).collect();
        let left = i64::try_from(days.len()).unwrap_or(0);
        if left * 2 < whole {
            return None;
        }
        let sum: i64 = days.iter().map(|day| i64::from(self.usage.on(*day))).sum();
        Some(sum * whole / left)
    }

    fn cut(&self, look: &Look<'_>, day: Day) -> bool {
        let after = look.policy.usage.incident_hours_after * HOUR_MS;
        self.incidents.values().any(|(from, to)| {
            let last = to.map_or(look.today, |to| to.plus_ms(after).day());
            (from.day()..=last).contains(&day)
        })
    }

    /// The signs that hold.
    pub fn signals(&self, profile: &AccountProfile, look: &Look<'_>, found: &mut Vec<Signal>) {
        let look = &self.as_known(look);
        let rules = &look.policy.usage;
        let (before, now) = self.two_windows(look).unwrap_or((0, 0));
        let cited = || self.usage.cited();
        if let Some(silence) = &self.silent {
            let last = self.activity.last.unwrap_or(look.today);
            found.push(look.sign(Sign::Silent, Some(silence.since), format!("no activity since {last}"), cited()));
        }
        if let Some(since) = self.halved.since {
            let level = self.halved.level;
            let reason = format!("use fell by more than half: {now} user-days in 14 days, {level} before the fall");
            found.push(look.sign(Sign::UsageHalved, Some(since), reason, cited()));
        }
        if let Some(since) = self.down.since {
            let percent = (before - now) * 100 / before.max(1);
            let reason = format!("use fell by {percent} % in 14 days: {before} to {now} user-days");
            found.push(look.sign(Sign::UsageDown, Some(since), reason, cited()));
        }
        if let Some((earlier, recent)) = self.adoption(profile, look.today)
            && recent * 10_000 <= earlier * rules.adoption_bp
            && earlier - recent >= rules.adoption_fewer
        {
            let reason = format!("{recent} core features used in 4 weeks, {earlier} in the 4 before");
            found.push(look.sign(Sign::AdoptionFalling, None, reason, cited()));
        }
        if let Some((low, middle)) = self.irregular(look)
            && low >= rules.irregular_weeks
        {
            let reason = format!("{low} of the last 8 weeks below half of the usual {middle} user-days");
            found.push(look.sign(Sign::IrregularUse, None, reason, cited()));
        }
    }

    /// Core features used in the 4 complete weeks before the last 4, and in these.
    fn adoption(&self, profile: &AccountProfile, today: Day) -> Option<(i64, i64)> {
        let this = week(today);
        let dark = (today.0 - 28..today.0).filter(|day| self.is_blind(Day(*day))).count();
        if profile.core_features.is_empty() || week(self.usage.first()?) > this - 8 || dark > 14 {
            return None;
        }
        let used = |from: i32, to: i32| {
            let hit = |(last, bits): &&(i32, u16)| {
                (from..to)
                    .any(|week| u32::try_from(*last - week).is_ok_and(|back| back < 16 && bits & (1 << back) != 0))
            };
            let core = profile.core_features.iter().filter_map(|name| self.features.get(&fnv1a(name.as_bytes())));
            i64::try_from(core.filter(hit).count()).unwrap_or(0)
        };
        Some((used(this - 8, this - 4), used(this - 4, this)))
    }

    /// Weeks of the last 8 below half of their median, and the median.
    fn irregular(&self, look: &Look<'_>) -> Option<(usize, i64)> {
        if self.usage.first()?.0 > look.today.0 - 56 {
            return None;
        }
        let end = |back: i32| look.today.plus(-7 * back);
        let weeks: Option<Vec<i64>> = (0..8).map(|back| self.uncut(look, end(back + 1), end(back))).collect();
        let weeks = weeks?;
        let middle = median(&mut weeks.clone())?;
        if middle < look.policy.usage.irregular_median_min {
            return None;
        }
        Some((weeks.iter().filter(|week| **week * 2 < middle).count(), middle))
    }

    /// Real growth of 28 days over the 28 before, in bp; none for an account that was not there yet.
    pub fn growth_bp(&self, look: &Look<'_>) -> Option<i64> {
        let today = self.as_known(look).today;
        if self.usage.first()? > today.plus(-56) {
            return None;
        }
        let (before, now) = (self.usage.volume(today.plus(-28), 28), self.usage.volume(today, 28));
        let real = before >= 10 && now > before && (now - before) * (now - before) >= 4 * (now + before);
        real.then(|| (now - before) * 10_000 / before)
    }
}

impl Latch {
    fn see(&mut self, holds: bool, level: i64, looks: u8, now: Time, ends: impl Fn(i64) -> bool) {
        self.looks = if holds { self.looks.saturating_add(1) } else { 0 };
        if self.since.is_none() && self.looks >= looks {
            (self.since, self.level) = (Some(now), level);
        } else if self.since.is_some() && ends(self.level) {
            (self.since, self.looks) = (None, 0);
        }
    }
}

/// Monday-aligned week number of a day.
const fn week(day: Day) -> i32 {
    (day.0 + 3).div_euclid(7)
}
