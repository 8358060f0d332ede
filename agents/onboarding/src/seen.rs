//! What was seen of a start: counts with the events behind them, its users and features, answers and ratings.
//!
//! Everything here is bounded: users are a hash sample of 1 in 2^k beyond [`USERS_MAX`], names are hashes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::arithmetic::share;
use bus_schema::{Day, Position, Time, entity::fnv1a};
use serde::{Deserialize, Serialize};

use crate::policy::By;

/// Users kept one by one.
pub const USERS_MAX: usize = 512;
/// Core features kept.
const FEATURES_MAX: usize = 64;
/// Names of one sort kept.
const NAMES_MAX: usize = 64;
/// Contacts whose answer is kept.
const ANSWERS_MAX: usize = 100;
/// Events cited.
const CITED_MAX: usize = 4;
/// Days of use that count as use now.
const WINDOW_DAYS: i32 = 28;
/// Days an answer counts.
const ANSWER_DAYS: i32 = 90;

/// An event and when it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// Where it stands in the log.
    pub event: Position,
}

/// How often something was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Count {
    /// Times; of named things, different names.
    pub total: u32,
    /// The latest events.
    pub latest: VecDeque<Position>,
    names: BTreeSet<u32>,
}

/// One user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct User {
    invited: Option<Day>,
    logged_in: Option<Day>,
    used_core: Option<Day>,
    activated: Option<Day>,
    last: Option<Day>,
}

/// A core feature: its last two days of use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Feature {
    last: Option<Day>,
    before: Option<Day>,
}

/// What was seen of a start.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    counts: BTreeMap<By, Count>,
    users: BTreeMap<u32, User>,
    sampled: u8,
    /// A `user.activated` was ever seen: then it alone is an activation.
    activations: bool,
    features: BTreeMap<String, Feature>,
    sums: VecDeque<(Day, u16)>,
    active: Option<Mark>,
    use_cited: VecDeque<Position>,
    stalled: BTreeSet<String>,
    answers: BTreeMap<u32, (Day, u8, Position)>,
    ratings: u32,
    rating_sum: u32,
    wins: Count,
}

/// A number with its observations and the events behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The number.
    pub value: i64,
    /// Observations.
    pub n: u32,
    /// Events.
    pub events: Vec<Position>,
}

impl Count {
    fn add(&mut self, name: Option<&str>, cause: Position) {
        if let Some(name) = name
            && (self.names.len() >= NAMES_MAX || !self.names.insert(fnv1a(name.as_bytes())))
        {
            return;
        }
        self.total = self.total.saturating_add(1);
        cite(&mut self.latest, cause);
    }
}

fn cite(list: &mut VecDeque<Position>, cause: Position) {
    list.push_back(cause);
    if list.len() > CITED_MAX {
        list.pop_front();
    }
}

fn latest(list: &VecDeque<Position>) -> Vec<Position> {
    list.iter().rev().copied().collect()
}

impl Seen {
    /// Something that ticks off steps; one with a name counts once.
    pub(crate) fn count(&mut self, by: By, name: Option<&str>, cause: Position) {
        self.counts.entry(by).or_default().add(name, cause);
    }

    /// How often it was seen.
    pub fn times(&self, by: By) -> u32 {
        self.counts.get(&by).map_or(0, |count| count.total)
    }

    /// The events behind it, latest first.
    pub fn events(&self, by: By) -> Vec<Position> {
        self.counts.get(&by).map(|count| latest(&count.latest)).unwrap_or_default()
    }

    /// A win that a person stands for.
    pub(crate) fn win(&mut self, cause: Position) {
        self.wins.add(None, cause);
    }

    fn user(&mut self, user: &str, change: impl FnOnce(&mut User)) {
        let hash = fnv1a(user.as_bytes());
        if hash.trailing_zeros() < u32::from(self.sampled) {
            return;
        }
        change(self.users.entry(hash).or_default());
        if self.users.len() > USERS_MAX {
            self.sampled += 1;
            let sampled = u32::from(self.sampled);
            self.users.retain(|hash, _| hash.trailing_zeros() >= sampled);
        }
    }

    pub(crate) fn invited(&mut self, user: &str, on: Day) {
        self.user(user, |user| user.invited = Some(user.invited.map_or(on, |known| known.min(on))));
    }

    pub(crate) fn activated(&mut self, user: &str, on: Day) {
        self.activations = true;
        self.user(user, |user| user.activated = Some(user.activated.map_or(on, |known| known.min(on))));
    }

    /// A user was active; in a core feature where one is named.
    pub(crate) fn used(&mut self, user: &str, core: bool, day: Day, mark: Mark) {
        self.active(mark);
        self.user(user, |user| {
            user.last = user.last.max(Some(day));
            user.logged_in = user.logged_in.or(Some(day));
            if core {
                user.used_core = user.used_core.or(Some(day));
            }
        });
    }

    /// A day's sum from a producer without users.
    pub(crate) fn summed(&mut self, day: Day, users: u64, mark: Mark) {
        if users == 0 {
            return;
        }
        self.active(mark);
        self.sums.push_back((day, u16::try_from(users).unwrap_or(u16::MAX)));
        while self.sums.len() > usize::try_from(WINDOW_DAYS).unwrap_or(0) {
            self.sums.pop_front();
        }
    }

    fn active(&mut self, mark: Mark) {
        if self.active.is_none_or(|known| known.at <= mark.at) {
            self.active = Some(mark);
        }
        cite(&mut self.use_cited, mark.event);
    }

    /// A core feature was used.
    pub(crate) fn feature(&mut self, feature: &str, day: Day, cause: Position) {
        if !self.features.contains_key(feature) && self.features.len() >= FEATURES_MAX {
            return;
        }
        let known = self.features.entry(feature.to_owned()).or_default();
        if known.last.is_none_or(|last| last < day) {
            known.before = known.last;
            known.last = Some(day);
        } else if known.last != Some(day) {
            known.before = known.before.max(Some(day));
        }
        cite(&mut self.use_cited, cause);
    }

    /// A source fell silent, or speaks again.
    pub(crate) fn source(&mut self, source: &str, stalled: bool) {
        if stalled {
            if self.stalled.len() < NAMES_MAX {
                self.stalled.insert(source.to_owned());
            }
        } else {
            self.stalled.remove(source);
        }
    }

    /// Whether every source that tells of use still speaks.
    pub fn sources_speak(&self) -> bool {
        self.stalled.is_empty()
    }

    /// The last use.
    pub const fn last_active(&self) -> Option<Mark> {
        self.active
    }

    /// Events of use, latest first.
    pub fn use_events(&self) -> Vec<Position> {
        latest(&self.use_cited)
    }

    pub(crate) fn answered(&mut self, contact: &str, day: Day, score: u8, cause: Position) {
        let key = fnv1a(contact.as_bytes());
        if self.answers.len() < ANSWERS_MAX || self.answers.contains_key(&key) {
            self.answers.insert(key, (day, score, cause));
        }
    }

    pub(crate) fn rated(&mut self, rating: u8, cause: Position) {
        self.ratings = self.ratings.saturating_add(1);
        self.rating_sum = self.rating_sum.saturating_add(u32::from(rating));
        self.count(By::WellRated, None, cause);
    }

    /// Mean rating in hundredths.
    pub fn rating(&self) -> Option<Found> {
        let value = (i64::from(self.rating_sum) * 100).checked_div(i64::from(self.ratings))?;
        Some(Found { value, n: self.ratings, events: self.events(By::WellRated) })
    }

    /// Share of the plan's core features that were used at all.
    pub fn touched_features(&self, core: &[String]) -> Option<i64> {
        let used = core.iter().filter(|name| self.features.contains_key(*name)).count();
        share(i64::try_from(used).ok()?, i64::try_from(core.len()).ok()?)
    }

    /// Share of the plan's core features in use now, on enough days of 28.
    pub fn adoption(&self, core: &[String], adopted_days: u8, today: Day) -> Option<Found> {
        let from = today.plus(-WINDOW_DAYS);
        let fresh = |day: Option<Day>| day.is_some_and(|day| day >= from);
        let adopted = |name: &&String| {
            self.features.get(*name).is_some_and(|use_| fresh(use_.last) && (adopted_days < 2 || fresh(use_.before)))
        };
        // Without any use of features nobody knows whether they are measured at all.
        if self.features.is_empty() {
            return None;
        }
        let used = core.iter().filter(adopted).count();
        let value = share(i64::try_from(used).ok()?, i64::try_from(core.len()).ok()?)?;
        Some(Found { value, n: u32::try_from(core.len()).unwrap_or(u32::MAX), events: self.use_events() })
    }

    /// Share of the seats in use in 28 days.
    pub fn breadth(&self, seats: Option<u64>, today: Day) -> Option<i64> {
        let from = today.plus(-WINDOW_DAYS);
        let seen = self.users.values().filter(|user| user.last.is_some_and(|last| last >= from)).count();
        let seen = i64::try_from(seen).ok()? << self.sampled;
        let summed = self.sums.iter().filter(|(day, _)| *day >= from).map(|(_, users)| i64::from(*users)).max();
        share(seen.max(summed.unwrap_or(0)), i64::try_from(seats?).ok()?)
    }

    /// Share of the users invited by `before` that were activated soon enough.
    pub fn activation(&self, before: Day, within_days: i32) -> Option<Found> {
        let invited: Vec<(&User, Day)> =
            self.users.values().filter_map(|user| user.invited.map(|on| (user, on))).collect();
        let counted: Vec<_> = invited.into_iter().filter(|(_, on)| *on <= before).collect();
        let soon = |(user, on): &&(&User, Day)| {
            let first = if self.activations {
                user.activated
            } else {
                user.logged_in.zip(user.used_core).map(|(login, core)| login.max(core))
            };
            first.is_some_and(|day| day.0 - on.0 <= within_days)
        };
        let activated = counted.iter().filter(soon).count();
        let value = share(i64::try_from(activated).ok()?, i64::try_from(counted.len()).ok()?)?;
        let n = u32::try_from(counted.len()).unwrap_or(u32::MAX) << self.sampled;
        Some(Found { value, n, events: self.events(By::UserInvited) })
    }

    /// Promoters less detractors, of the latest answer of each contact.
    pub fn nps(&self, today: Day) -> Option<Found> {
        let from = today.plus(-ANSWER_DAYS);
        let answers: Vec<_> = self.answers.values().filter(|(day, ..)| *day >= from).collect();
        let promoters = answers.iter().filter(|(_, score, _)| *score >= 9).count();
        let detractors = answers.iter().filter(|(_, score, _)| *score <= 6).count();
        let net = i64::try_from(promoters).ok()? - i64::try_from(detractors).ok()?;
        let value = share(net, i64::try_from(answers.len()).ok()?)?;
        let mut events: Vec<Position> = answers.iter().map(|(.., event)| *event).collect();
        events.sort_unstable_by(|a, b| b.cmp(a));
        events.truncate(CITED_MAX);
        Some(Found { value, n: u32::try_from(answers.len()).unwrap_or(u32::MAX), events })
    }

    /// Wins that a person stands for. None is a number too: nobody stood for any.
    pub fn wins(&self) -> Found {
        Found { value: i64::from(self.wins.total), n: self.wins.total, events: latest(&self.wins.latest) }
    }
}
