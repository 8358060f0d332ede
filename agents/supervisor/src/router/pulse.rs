//! Whether a source still speaks: how many events it usually sends in each hour of the week, and how many were due
//! since its last one.
//!
//! Each partition counts what it sees; the counts of all are added when the first partition's tick asks. Nothing is
//! learnt while a source is stalled, nor over a pause of the machine. A source is never called stalled that is young,
//! speaks of few accounts (their silence would look the same), or was an import.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{
    Data, Entity, Event, Origin, Time,
    data::facts::{ClockMode, SourceResumed, SourceStalled},
    time::{DAY_MS, HOUR_MS},
};
use serde::{Deserialize, Serialize};

use super::{CLOCK, Onward, ROUTER, Route, RouterState, STEP_MS_MAX, Sender, unstamped};

/// So many events must have been due.
const DUE_MIN: u64 = 12;
/// And so long a silence.
const SILENT_MS_MIN: i64 = 6 * HOUR_MS;
/// A source younger than this has no usual yet.
const HISTORY_MS_MIN: i64 = 14 * DAY_MS;
/// One hour adds at most so many due events, and only where something came in most weeks: a batch that is late is no
/// outage.
const DUE_OF_AN_HOUR_MAX: u64 = 4;
/// Accounts a source must have spoken of within [`ACCOUNT_DAYS`].
const ACCOUNTS_MIN: usize = 3;
const ACCOUNT_DAYS: i32 = 28;
/// How many weeks the usual remembers.
const WEEKS: i64 = 6;
/// Hours of a week.
const SLOTS: i64 = 168;
/// Counts are kept in so many parts of an event.
const PARTS: u64 = 256;
/// The latest days of a source are kept to know by how much it speaks less than usual.
const DAYS: i32 = 7;
const DAYS_KEPT: usize = 8;
/// Sources remembered in a partition.
const SOURCES_MAX: usize = 64;
/// A source silent for so long makes room for another.
const FORGOTTEN_MS: i64 = 56 * DAY_MS;
/// Type of the entity under which a word about a source travels to a partition.
const SCOPE: &str = "source";

/// What a partition knows of a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pulse {
    first: Time,
    last: Time,
    /// Events since the hour of the last tick began.
    count: u32,
    /// Usual count by hour of the week, in parts of an event.
    usual: Vec<u32>,
    /// By hour of the week, a bit for each of the latest weeks: whether anything came.
    came: Vec<u8>,
    /// Events of the latest days.
    days: [(i32, u32); DAYS_KEPT],
    /// Some accounts it spoke of, by hash, and on which day last.
    accounts: Vec<(u32, i32)>,
    /// Since when it is stalled.
    stalled: Option<Time>,
}

/// The sources of a partition.
#[derive(Clone, Debug)]
pub(super) struct Pulses {
    sources: BTreeMap<String, Pulse>,
    beat: Beat,
    /// What changed since it was kept.
    dirty: BTreeSet<String>,
    beaten: bool,
}

/// Ticks, as far as sources need them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Beat {
    last: Option<Time>,
    /// Since when ticks have come without a pause.
    awake_since: Time,
}

impl Pulses {
    pub(super) const fn new() -> Self {
        let beat = Beat { last: None, awake_since: Time(0) };
        Self { sources: BTreeMap::new(), beat, dirty: BTreeSet::new(), beaten: false }
    }

    /// Folds an event of the log, once.
    pub(super) fn fold(&mut self, event: &Event) {
        match &event.data {
            Data::ClockTicked(data) => self.tick(event.header.logtime, data.mode),
            Data::SourceStalled(_) | Data::SourceResumed(_) => self.told(&event.data),
            // Every other kind is one more event of its source.
            _ => self.heard(event),
        }
    }

    /// Counts an event from outside.
    fn heard(&mut self, event: &Event) {
        let (source, now) = (&event.header.source, event.header.logtime);
        if event.kind().origin() != Origin::Input
            || source.starts_with("import/")
            || [CLOCK, ROUTER].contains(&source.as_str())
        {
            return;
        }
        if !self.sources.contains_key(source) {
            if !self.make_room(now) {
                return;
            }
            self.sources.insert(source.clone(), Pulse::new(now));
        }
        let Some(pulse) = self.sources.get_mut(source) else { return };
        pulse.heard(now, &event.header.entity);
        if !self.dirty.contains(source) {
            self.dirty.insert(source.clone());
        }
    }

    fn make_room(&mut self, now: Time) -> bool {
        if self.sources.len() < SOURCES_MAX {
            return true;
        }
        let oldest = self.sources.iter().min_by_key(|(_, pulse)| pulse.last);
        let gone = oldest.filter(|(_, pulse)| now.since_ms(pulse.last) > FORGOTTEN_MS).map(|(name, _)| name.clone());
        // Its row stays until another of the same name is written; it says nothing that is too old to matter.
        gone.is_some_and(|name| self.sources.remove(&name).is_some())
    }

    /// A tick: the hours that are over are learnt.
    fn tick(&mut self, now: Time, mode: ClockMode) {
        let last = self.beat.last.replace(now);
        self.beaten = true;
        let pause = last.is_none_or(|last| {
            // In event time an hour without events has no tick, and the next midnight has one.
            let most = if mode == ClockMode::Live { STEP_MS_MAX } else { SLOTS * HOUR_MS };
            now.since_ms(last) > most
        });
        if pause {
            self.beat.awake_since = now;
        }
        let (Some(from), to) = (last.map(hour), hour(now)) else { return };
        if from == to {
            return;
        }
        for (name, pulse) in &mut self.sources {
            let count = std::mem::take(&mut pulse.count);
            if count > 0 {
                self.dirty.insert(name.clone());
            }
            if pause || pulse.stalled.is_some() {
                continue;
            }
            pulse.learn(from, count);
            (from + 1..to).for_each(|hour| pulse.learn(hour, 0));
            self.dirty.insert(name.clone());
        }
    }

    /// What an account of this partition was told.
    fn told(&mut self, data: &Data) {
        let (source, stalled) = match data {
            Data::SourceStalled(data) => (&data.source, Some(data.since)),
            Data::SourceResumed(data) => (&data.source, None),
            // The other kinds say nothing about a source.
            _ => return,
        };
        if let Some(pulse) = self.sources.get_mut(source).filter(|pulse| pulse.stalled != stalled) {
            (pulse.stalled, pulse.count) = (stalled, 0);
            self.dirty.insert(source.clone());
        }
    }

    /// What changed since the last call.
    pub(super) fn take_changes(&mut self) -> (Vec<(String, Pulse)>, Option<Beat>) {
        let dirty = std::mem::take(&mut self.dirty);
        let changed = dirty.into_iter().filter_map(|name| Some((name.clone(), self.sources.get(&name)?.clone())));
        (changed.collect(), std::mem::take(&mut self.beaten).then_some(self.beat))
    }

    pub(super) fn restore_source(&mut self, name: String, pulse: Pulse) {
        self.sources.insert(name, pulse);
    }

    pub(super) const fn restore_beat(&mut self, beat: Beat) {
        self.beat = beat;
    }
}

impl Pulse {
    fn new(now: Time) -> Self {
        Self {
            first: now,
            last: now,
            count: 0,
            usual: vec![0; usize::try_from(SLOTS).unwrap_or(0)],
            came: vec![0; usize::try_from(SLOTS).unwrap_or(0)],
            days: [(i32::MIN, 0); DAYS_KEPT],
            accounts: Vec::new(),
            stalled: None,
        }
    }

    fn heard(&mut self, now: Time, entity: &Entity) {
        self.last = self.last.max(now);
        self.count = self.count.saturating_add(1);
        let today = now.day().0;
        let place = usize::try_from(today.rem_euclid(8)).unwrap_or(0);
        if let Some((day, count)) = self.days.get_mut(place) {
            *count = if *day == today { count.saturating_add(1) } else { 1 };
            *day = today;
        }
        let hash = entity.hash();
        if let Some((_, day)) = self.accounts.iter_mut().find(|(known, _)| *known == hash) {
            *day = today;
        } else if self.accounts.len() < ACCOUNTS_MIN {
            self.accounts.push((hash, today));
        } else if let Some(oldest) = self.accounts.iter_mut().min_by_key(|(_, day)| *day) {
            *oldest = (hash, today);
        }
    }

    /// Takes an hour that is over into the usual: in the first weeks the mean of them, later the latest weigh more.
    fn learn(&mut self, hour: i64, count: u32) {
        let weeks = (hour - self::hour(self.first)).div_euclid(SLOTS);
        if weeks < 0 {
            return;
        }
        let (weight, count) = ((weeks + 1).min(WEEKS), i64::from(count.min(1_000_000)) * 256);
        if let Some(usual) = self.usual.get_mut(slot(hour)) {
            let moved = i64::from(*usual) + (count - i64::from(*usual)) / weight;
            *usual = u32::try_from(moved).unwrap_or(u32::MAX);
        }
        if let Some(came) = self.came.get_mut(slot(hour)) {
            *came = *came << 1 | u8::from(count > 0);
        }
    }
}

/// A source over all partitions.
struct Whole<'a> {
    parts: Vec<&'a Pulse>,
    first: Time,
    last: Time,
    stalled: Option<Time>,
}

impl<'a> Whole<'a> {
    fn of(states: &[&'a RouterState], source: &str) -> Option<Self> {
        let parts: Vec<&Pulse> = states.iter().filter_map(|state| state.pulses.sources.get(source)).collect();
        let first = parts.iter().map(|pulse| pulse.first).min()?;
        let last = parts.iter().map(|pulse| pulse.last).max()?;
        let stalled = parts.iter().filter_map(|pulse| pulse.stalled).max();
        Some(Self { parts, first, last, stalled })
    }

    /// Whether so much is missing that the source, and not its customers, must be silent.
    fn is_silent(&self, awake_since: Time, now: Time) -> bool {
        let from = self.last.max(awake_since);
        let today = self.last.day().0;
        let accounts = self.parts.iter().flat_map(|pulse| &pulse.accounts);
        now.since_ms(from) >= SILENT_MS_MIN
            && self.last.since_ms(self.first) >= HISTORY_MS_MIN
            && accounts.filter(|(_, day)| *day > today - ACCOUNT_DAYS).count() >= ACCOUNTS_MIN
            && self.due(from, now) >= DUE_MIN * PARTS
    }

    /// Events that were due in the whole hours between, in parts of an event. A source that sent less than usual in the
    /// last days is held to what it sent: so what comes once a month is not missed in each week.
    fn due(&self, from: Time, now: Time) -> u64 {
        let usual =
            |slot: usize| self.parts.iter().filter_map(|p| p.usual.get(slot)).map(|n| u64::from(*n)).sum::<u64>();
        let week: u64 = (0..usize::try_from(SLOTS).unwrap_or(0)).map(usual).sum();
        if week == 0 {
            return 0;
        }
        let today = now.day().0;
        let days = self.parts.iter().flat_map(|pulse| &pulse.days);
        let lately = days.filter(|(day, _)| (today - DAYS + 1..=today).contains(day)).map(|(_, n)| u64::from(*n));
        let share = (lately.sum::<u64>() * PARTS).min(week);
        // Two weeks hold every hour twice: more adds nothing that the limit needs.
        let hours = (hour(from) + 1..hour(now)).take(usize::try_from(2 * SLOTS).unwrap_or(0));
        let of_hour = |hour| (usual(slot(hour)).saturating_mul(share) / week).min(DUE_OF_AN_HOUR_MAX * PARTS);
        hours.filter(|hour| self.comes_in(*hour)).map(of_hour).sum()
    }

    /// Whether something came in this hour of at least half of the latest weeks.
    fn comes_in(&self, hour: i64) -> bool {
        let weeks = (hour - self::hour(self.first)).div_euclid(SLOTS).clamp(1, i64::from(u8::BITS));
        let came = self.parts.iter().filter_map(|pulse| pulse.came.get(slot(hour))).fold(0, |all, came| all | came);
        i64::from(came.count_ones()) * 2 >= weeks
    }
}

/// What has to be told at a tick of the first partition, with the states of all: of each source that went silent, or
/// speaks again, one word to every partition. The same word has the same id however often it is told.
pub fn sources_changed(states: &[&RouterState], tick: &Event) -> Vec<Onward> {
    let names: BTreeSet<&String> = states.iter().flat_map(|state| state.pulses.sources.keys()).collect();
    let (now, mut told) = (tick.header.logtime, Vec::new());
    let Some(asked) = states.iter().find(|state| Some(state.partition) == state.partitions.all().next()) else {
        return told;
    };
    for source in names {
        let Some(whole) = Whole::of(states, source) else { continue };
        let source = source.clone();
        let data = match whole.stalled {
            Some(stalled_at) if whole.last > stalled_at => Data::SourceResumed(SourceResumed { source, stalled_at }),
            None if whole.is_silent(asked.pulses.beat.awake_since, now) => {
                Data::SourceStalled(SourceStalled { source, since: whole.last })
            }
            Some(_) | None => continue,
        };
        let Some(key) = key(&data) else { continue };
        told.extend(asked.partitions.all().map(|to| {
            let mut event = unstamped(tick);
            event.header.id = format!("source/{to}/{}", agent::digest::id(&[&key]));
            event.header.causation = Some(tick.header.id.clone());
            event.header.source = ROUTER.into();
            event.header.entity = Entity::Segment(SCOPE.into(), to.to_string());
            event.data = data.clone();
            Onward { to, event }
        }));
    }
    told
}

impl RouterState {
    /// What a word about a source becomes here: one for each account that is known.
    pub(super) fn spread_source(&self, event: &Event, sender: Sender) -> Option<Route> {
        let key = key(&event.data)?;
        let ours = sender == Sender::Router && event.header.source == ROUTER;
        let scope = matches!(&event.header.entity, Entity::Segment(name, _) if name == SCOPE);
        if !ours || !scope {
            return None;
        }
        let of_account = |(account, _): (&str, _)| {
            let mut event = unstamped(event);
            event.header.id = format!("source/{}", agent::digest::id(&[&key, account]));
            event.header.entity = Entity::account(account);
            Onward { to: self.partition, event }
        };
        Some(Route::Spread(self.places().map(of_account).collect()))
    }
}

/// What makes a word about a source the same; nothing of another kind.
fn key(data: &Data) -> Option<String> {
    match data {
        Data::SourceStalled(data) => Some(format!("stalled {} {}", data.since.0, data.source)),
        Data::SourceResumed(data) => Some(format!("resumed {} {}", data.stalled_at.0, data.source)),
        // The other kinds are no word about a source.
        _ => None,
    }
}

const fn hour(at: Time) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

fn slot(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(SLOTS)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
