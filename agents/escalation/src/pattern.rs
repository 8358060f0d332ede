//! The group of an issue, product area and category, over all customers: spikes against the usual, missing answers, and
//! the month for the product report.
//!
//! Accounts tell it what they saw; when it opens it tells those that are hit, and those that were hit lately.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{Effects, Turn, arithmetic::median};
use bus_schema::{
    Currency, Data, Day, Entity, Event, Money, Position, Time,
    data::facts::{
        GapFound, PatternClosed, PatternCovers, PatternOpened, PatternRule, PatternSighted, PatternUpdated,
        SegmentCount, Sighting, TaskCreated,
    },
    time::{DAY_MS, HOUR_MS},
};
use serde::{Deserialize, Serialize};

use crate::{
    month, next_id,
    policy::Policy,
    report::{self, Report},
    spike::{self, Counted},
};

/// Tickets kept one by one.
const RECENT_MAX: usize = 1_000;
/// Accounts kept and told.
const ACCOUNTS_MAX: usize = 100;
/// Missing answers kept.
const MISSES_MAX: usize = 200;
/// Resolutions kept.
const RESOLVED_MAX: usize = 50;
/// Teams whose replies are kept.
const TEAMS_MAX: usize = 20;
/// Events cited.
const CITED_MAX: usize = 8;
/// Days until a task is due.
const TASK_DAYS: i32 = 7;

const DAILY: &str = "daily";
const MONTH: &str = "month";

/// The group of an issue.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Pattern {
    known_since: Option<Day>,
    /// Tickets by day, as far as the history reaches.
    days: BTreeMap<Day, u32>,
    /// Days on which an incident covered an account with a ticket.
    incident_days: BTreeSet<Day>,
    recent: VecDeque<Seen>,
    accounts: BTreeMap<String, Known>,
    open: Option<Open>,
    misses: VecDeque<Miss>,
    gap_told: Option<Time>,
    training_told: BTreeMap<String, Time>,
    minutes: VecDeque<u32>,
    replies: BTreeMap<String, VecDeque<u16>>,
    /// This month, for the product report.
    pub(crate) report: Report,
}

/// A ticket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Seen {
    at: Time,
    account: String,
    ticket: String,
    event: Position,
}

/// An account that was seen here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Known {
    last: Time,
    arr_cents: Option<i64>,
    renewal_near: bool,
    segment: String,
}

/// An open pattern.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Open {
    at: Time,
    told: u32,
    tickets: u32,
    hit: BTreeSet<String>,
    covered: BTreeSet<String>,
    calm_since: Option<Time>,
}

/// An answer that was missing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Miss {
    at: Time,
    what: Sighting,
    account: String,
    event: Position,
}

impl Pattern {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, policy: &Policy, event: &Event, effects: &mut Effects) {
        if let Data::PatternSummed(data) = &event.data {
            report::collect(turn, &mut self.report, data, effects);
            return;
        }
        let Data::PatternSighted(data) = &event.data else { return };
        if self.known_since.is_none() {
            effects.set_timer(DAILY, Time((turn.now.0.div_euclid(DAY_MS) + 1) * DAY_MS));
            effects.set_timer(MONTH, month::next(policy, turn.now));
        }
        self.known_since = Some(self.known_since.map_or(data.known_since, |known| known.min(data.known_since)));
        self.account(policy, data);
        self.report.sighted(policy, data);
        match data.sighting {
            Sighting::Ticket => self.ticket(turn, policy, data, effects),
            Sighting::Resolved => self.resolved(turn, policy, data, effects),
            Sighting::NoAnswer
            | Sighting::HandedOff
            | Sighting::NothingFound
            | Sighting::NothingRead
            | Sighting::NotHelpful
            | Sighting::ManyReplies => self.missed(turn, policy, data, effects),
            Sighting::FeatureRequest | Sighting::Bug | Sighting::Complaint | Sighting::Answered => {}
        }
    }

    /// A timer of the group.
    pub(crate) fn timer(&mut self, turn: &Turn<'_>, policy: &Policy, name: &str, effects: &mut Effects) {
        match name {
            MONTH => {
                report::sum(turn, policy, self, effects);
                effects.set_timer(MONTH, month::next(policy, turn.now));
            }
            report::REPORT => report::report(policy, &mut self.report, effects),
            _ => {
                self.forget(turn.now, policy);
                self.look(turn, policy, effects);
                effects.set_timer(DAILY, Time((turn.now.0.div_euclid(DAY_MS) + 1) * DAY_MS));
            }
        }
    }

    fn account(&mut self, policy: &Policy, data: &PatternSighted) {
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&data.account) {
            let oldest = self.accounts.iter().map(|(id, known)| (known.last, id.clone())).min();
            if let Some((_, id)) = oldest {
                self.accounts.remove(&id);
            }
        }
        let known = Known {
            last: data.at,
            arr_cents: data.arr.and_then(|arr| policy.us_cents(arr)),
            renewal_near: data.renewal_near,
            segment: data.segment.clone(),
        };
        self.accounts.insert(data.account.clone(), known);
    }

    fn ticket(&mut self, turn: &Turn<'_>, policy: &Policy, data: &PatternSighted, effects: &mut Effects) {
        let day = data.at.day();
        *self.days.entry(day).or_default() += 1;
        if data.in_incident {
            self.incident_days.insert(day);
        }
        self.recent.push_back(Seen {
            at: data.at,
            account: data.account.clone(),
            ticket: data.reference.clone(),
            event: data.event,
        });
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
        self.forget(turn.now, policy);
        if let Some(open) = &mut self.open {
            open.tickets = open.tickets.saturating_add(1);
            if open.hit.len() < ACCOUNTS_MAX {
                open.hit.insert(data.account.clone());
            }
        }
        self.look(turn, policy, effects);
        self.cover(turn, policy, &data.account, effects);
    }

    fn forget(&mut self, now: Time, policy: &Policy) {
        let spike = &policy.spike;
        let oldest = now.plus_ms(-spike.window_hours * HOUR_MS - i64::from(spike.history_days) * DAY_MS);
        self.days = self.days.split_off(&oldest.day());
        self.incident_days = self.incident_days.split_off(&oldest.day());
        self.recent.retain(|seen| seen.at >= oldest);
        let gap = now.plus_ms(-i64::from(policy.gaps.days) * DAY_MS);
        self.misses.retain(|miss| miss.at >= gap);
    }

    /// Tickets in the window that ends now.
    fn window(&self, policy: &Policy, now: Time) -> impl Iterator<Item = &Seen> {
        let from = now.plus_ms(-policy.spike.window_hours * HOUR_MS);
        self.recent.iter().filter(move |seen| seen.at > from)
    }

    /// What is counted now.
    fn counted(&self, policy: &Policy, now: Time) -> Counted {
        let spike = &policy.spike;
        let from = now.plus_ms(-spike.window_hours * HOUR_MS).day();
        let since = self.known_since.unwrap_or(from).max(from.plus(-spike.history_days));
        let history_days = (from.0 - since.0).max(0);
        let days: Vec<u32> = (since.0..from.0)
            .filter(|day| !self.incident_days.contains(&Day(*day)))
            .map(|day| self.days.get(&Day(day)).copied().unwrap_or(0))
            .collect();
        let mut by_account: BTreeMap<&str, u32> = BTreeMap::new();
        for seen in self.window(policy, now) {
            *by_account.entry(&seen.account).or_default() += 1;
        }
        let most = by_account.iter().max_by_key(|(_, count)| **count);
        let before = most.map_or(0, |(account, count)| {
            let all = self.recent.iter().filter(|seen| seen.account == **account).count();
            u32::try_from(all).unwrap_or(u32::MAX).saturating_sub(*count)
        });
        Counted {
            tickets: by_account.values().sum(),
            accounts: u32::try_from(by_account.len()).unwrap_or(u32::MAX),
            usual: spike::usual(spike, &days),
            history_days,
            one_account: most.map_or(0, |(_, count)| *count),
            one_account_before: before,
        }
    }

    /// Opens, tells of more, or closes.
    fn look(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let counted = self.counted(policy, turn.now);
        let Some(mut open) = self.open.take() else {
            if let Some(rule) = spike::opens(&policy.spike, &counted) {
                self.opened(turn, policy, &counted, rule, effects);
            }
            return;
        };
        if counted.tickets >= open.told.saturating_mul(2) {
            open.told = counted.tickets;
            effects.emit(Data::PatternUpdated(PatternUpdated {
                tickets: counted.tickets,
                accounts: u32::try_from(open.hit.len()).unwrap_or(u32::MAX),
                arr: self.arr(open.hit.iter(), |_| true),
            }));
        }
        // n ≤ 2λ + 2, with λ in hundredths.
        let calm = u64::from(counted.tickets) * 100 <= 2 * u64::from(counted.usual) + 200;
        open.calm_since = if calm { open.calm_since.or(Some(turn.now)) } else { None };
        let ends = i64::from(policy.spike.closes_after_days) * DAY_MS;
        if open.calm_since.is_some_and(|since| turn.now.since_ms(since) >= ends) {
            effects.emit(Data::PatternClosed(PatternClosed {
                opened_at: open.at,
                tickets: open.tickets,
                accounts: u32::try_from(open.hit.len()).unwrap_or(u32::MAX),
            }));
            for account in open.covered {
                tell(turn, &account, false, &counted, effects);
            }
        } else {
            self.open = Some(open);
        }
    }

    fn opened(
        &mut self,
        turn: &Turn<'_>,
        policy: &Policy,
        counted: &Counted,
        rule: PatternRule,
        effects: &mut Effects,
    ) {
        let window: Vec<Seen> = self.window(policy, turn.now).cloned().collect();
        let hit: BTreeSet<String> = window.iter().map(|seen| seen.account.clone()).take(ACCOUNTS_MAX).collect();
        let unknown = hit.iter().filter(|id| self.accounts.get(*id).is_none_or(|known| known.arr_cents.is_none()));
        let mut middle: Vec<i64> = self.minutes.iter().map(|minutes| i64::from(*minutes)).collect();
        let effort = median(&mut middle).and_then(|minutes| u64::try_from(minutes).ok());
        effects.emit(Data::PatternOpened(PatternOpened {
            tickets: counted.tickets,
            usual: counted.usual,
            threshold: spike::limit(&policy.spike, counted.usual),
            rule,
            history_days: u32::try_from(counted.history_days).unwrap_or(0),
            accounts: counted.accounts,
            arr: self.arr(hit.iter(), |_| true),
            arr_renewal: self.arr(hit.iter(), |known| known.renewal_near),
            arr_unknown: u32::try_from(unknown.count()).unwrap_or(u32::MAX),
            effort_minutes: effort.map(|minutes| minutes.saturating_mul(u64::from(counted.tickets))),
            first_ticket: window.first().map(|seen| seen.ticket.clone()).unwrap_or_default(),
            examples: window.iter().rev().take(3).map(|seen| seen.ticket.clone()).collect(),
            segments: self.segments(hit.iter()),
            events: window.iter().rev().take(CITED_MAX).map(|seen| seen.event).collect(),
        }));
        self.open = Some(Open {
            at: turn.now,
            told: counted.tickets,
            tickets: counted.tickets,
            hit,
            covered: BTreeSet::new(),
            calm_since: None,
        });
        // Who had tickets here lately meets it too, whether or not a ticket came yet.
        let known: Vec<String> = self.accounts.keys().cloned().collect();
        for account in known {
            self.cover(turn, policy, &account, effects);
        }
    }

    /// Tells an account that the pattern covers it, once.
    fn cover(&mut self, turn: &Turn<'_>, policy: &Policy, account: &str, effects: &mut Effects) {
        let counted = self.counted(policy, turn.now);
        let Some(open) = &mut self.open else { return };
        if open.covered.len() < ACCOUNTS_MAX && open.covered.insert(account.to_owned()) {
            tell(turn, account, true, &counted, effects);
        }
    }

    /// ARR of some accounts in US dollars; none where none of them is known.
    fn arr<'a>(&self, ids: impl Iterator<Item = &'a String>, which: impl Fn(&Known) -> bool) -> Option<Money> {
        let known = ids.filter_map(|id| self.accounts.get(id)).filter(|known| which(known));
        let cents: Vec<i64> = known.filter_map(|known| known.arr_cents).collect();
        let sum = cents.iter().fold(0_i64, |sum, cents| sum.saturating_add(*cents));
        (!cents.is_empty()).then_some(Money { minor: sum, currency: reporting()? })
    }

    fn segments<'a>(&self, ids: impl Iterator<Item = &'a String>) -> Vec<SegmentCount> {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for known in ids.filter_map(|id| self.accounts.get(id)) {
            *counts.entry(&known.segment).or_default() += 1;
        }
        counts.into_iter().map(|(segment, accounts)| SegmentCount { segment: segment.to_owned(), accounts }).collect()
    }

    /// An answer was missing: enough of them are a gap, told once a period.
    fn missed(&mut self, turn: &Turn<'_>, policy: &Policy, data: &PatternSighted, effects: &mut Effects) {
        self.misses.push_back(Miss {
            at: data.at,
            what: data.sighting,
            account: data.account.clone(),
            event: data.event,
        });
        if self.misses.len() > MISSES_MAX {
            self.misses.pop_front();
        }
        self.forget(turn.now, policy);
        let period = i64::from(policy.gaps.days) * DAY_MS;
        let told = self.gap_told.is_some_and(|told| turn.now.since_ms(told) < period);
        let queries = u32::try_from(self.misses.len()).unwrap_or(u32::MAX);
        if told || queries < policy.gaps.queries_min {
            return;
        }
        self.gap_told = Some(turn.now);
        let accounts: BTreeSet<&str> = self.misses.iter().map(|miss| miss.account.as_str()).collect();
        let events: Vec<Position> = self.misses.iter().rev().take(CITED_MAX).map(|miss| miss.event).collect();
        let mut kinds: BTreeMap<Sighting, u32> = BTreeMap::new();
        for miss in &self.misses {
            *kinds.entry(miss.what).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.iter().map(|(what, count)| format!("{count} × {}", in_words(*what))).collect();
        let reason = format!("{queries} in {} days: {}", policy.gaps.days, kinds.join(", "));
        effects.emit(Data::KnowledgeGapFound(GapFound {
            queries,
            accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
            team: None,
            reason: reason.clone(),
            events: events.clone(),
        }));
        self.task(turn, policy, format!("Write the article on {}", name(turn)), &reason, events, effects);
    }

    /// A ticket was resolved: how long it took, and whether one team needs far more replies than all.
    fn resolved(&mut self, turn: &Turn<'_>, policy: &Policy, data: &PatternSighted, effects: &mut Effects) {
        if let Some(minutes) = data.minutes {
            self.minutes.push_back(minutes);
            if self.minutes.len() > RESOLVED_MAX {
                self.minutes.pop_front();
            }
        }
        let (Some(team), Some(replies)) = (&data.team, data.replies) else { return };
        if self.replies.len() >= TEAMS_MAX && !self.replies.contains_key(team) {
            return;
        }
        let own = self.replies.entry(team.clone()).or_default();
        own.push_back(u16::try_from(replies).unwrap_or(u16::MAX));
        if own.len() > RESOLVED_MAX {
            own.pop_front();
        }
        let mut own: Vec<i64> = own.iter().map(|count| i64::from(*count)).collect();
        let mut all: Vec<i64> = self.replies.values().flatten().map(|count| i64::from(*count)).collect();
        let enough = own.len() >= policy.gaps.training_tickets_min && self.replies.len() > 1;
        let (Some(own), Some(all)) = (median(&mut own), median(&mut all)) else { return };
        let period = i64::from(policy.gaps.days) * DAY_MS;
        let told = self.training_told.get(team).is_some_and(|told| turn.now.since_ms(*told) < period);
        if !enough || told || own <= all.max(1) * policy.gaps.training_times {
            return;
        }
        self.training_told.insert(team.clone(), turn.now);
        let reason = format!("{team} needs {own} replies for a ticket, {all} are usual");
        effects.emit(Data::KnowledgeGapFound(GapFound {
            queries: u32::try_from(own).unwrap_or(0),
            accounts: 0,
            team: Some(team.clone()),
            reason: reason.clone(),
            events: vec![data.event],
        }));
        self.task(turn, policy, format!("Train {team} on {}", name(turn)), &reason, vec![data.event], effects);
    }

    #[expect(clippy::unused_self, reason = "a task of this group")]
    fn task(
        &self,
        turn: &Turn<'_>,
        policy: &Policy,
        title: String,
        reason: &str,
        events: Vec<Position>,
        effects: &mut Effects,
    ) {
        effects.emit(Data::TaskCreated(TaskCreated {
            task: next_id(turn, effects),
            play: None,
            title,
            assignee: policy.team.get("support_lead").cloned(),
            due_on: turn.now.day_in(&policy.calendar.zone).plus(TASK_DAYS),
            why: format!("{reason}."),
            events,
        }));
    }
}

/// Tells an account that the pattern covers it, or no more.
fn tell(turn: &Turn<'_>, account: &str, opened: bool, counted: &Counted, effects: &mut Effects) {
    let Entity::Pattern(area, category) = turn.entity else { return };
    let fact = PatternCovers {
        area: area.clone(),
        category: category.clone(),
        opened,
        accounts: counted.accounts,
        tickets: counted.tickets,
    };
    effects.emit_to(Entity::account(account), Data::PatternCovers(fact));
}

/// The group's name.
fn name(turn: &Turn<'_>) -> String {
    match turn.entity {
        Entity::Pattern(area, category) => format!("{area}, {}", category.replace('_', " ")),
        other => other.to_string(),
    }
}

/// The currency of reports.
pub(crate) fn reporting() -> Option<Currency> {
    Currency::new("USD")
}

const fn in_words(what: Sighting) -> &'static str {
    match what {
        Sighting::Ticket => "a ticket",
        Sighting::Resolved => "resolved",
        Sighting::FeatureRequest => "a feature request",
        Sighting::Bug => "a bug report",
        Sighting::Complaint => "a complaint",
        Sighting::Answered => "answered",
        Sighting::NoAnswer => "ended without an answer",
        Sighting::HandedOff => "the bot gave up",
        Sighting::NothingFound => "nothing was found",
        Sighting::NothingRead => "nothing was read",
        Sighting::NotHelpful => "an article did not help",
        Sighting::ManyReplies => "many replies were needed",
    }
}
