//! Who is asked what, and when nobody is: relations by the calendar, support after some tickets, milestones once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{Effects, Turn};
use bus_schema::{Data, Day, Event, Position, data::facts::SurveyHeld};
use serde::{Deserialize, Serialize};

use crate::{
    plays,
    policy::{Play, Policy, When},
    state::{Account, Mark},
};

/// Tickets kept with who asked.
const TICKETS_MAX: usize = 50;
/// Questions that wait.
const WAITING_MAX: usize = 16;
/// Days in which an account's contacts are counted.
const WEEK_DAYS: i32 = 7;

/// The questions of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Surveys {
    /// Who asked in an open ticket.
    tickets: BTreeMap<String, String>,
    /// Tickets resolved.
    resolved: u32,
    /// Milestones asked about.
    milestones: BTreeSet<String>,
    /// Days of questions, the latest last.
    asked: VecDeque<Day>,
    /// Questions that could not be asked yet.
    waiting: VecDeque<Waiting>,
    /// Why the relationship survey is held, as it was told.
    held: Option<String>,
}

/// A question that waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Waiting {
    when: Kind,
    contact: Option<String>,
    since: Day,
    event: Position,
    told: bool,
}

/// What is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Kind {
    Transactional,
    Milestone,
}

impl Kind {
    const fn when(self) -> When {
        match self {
            Self::Transactional => When::Transactional,
            Self::Milestone => When::Milestone,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::Milestone => "milestone",
        }
    }
}

/// What gives reason to ask.
#[expect(clippy::wildcard_enum_match_arm, reason = "only reasons to ask are looked at here")]
pub(crate) fn fold(policy: &Policy, account: &mut Account, event: &Event, mark: Mark, today: Day) {
    match &event.data {
        Data::TicketOpened(data) => {
            let tickets = &mut account.surveys.tickets;
            if tickets.len() >= TICKETS_MAX {
                tickets.pop_first();
            }
            tickets.insert(data.ticket.to_string(), data.contact.to_string());
        }
        Data::TicketResolved(data) => {
            let Some(contact) = account.surveys.tickets.remove(data.ticket.as_str()) else { return };
            let surveys = &mut account.surveys;
            surveys.resolved = surveys.resolved.wrapping_add(1);
            if surveys.resolved.is_multiple_of(policy.survey.transactional_of) {
                wait(account, Kind::Transactional, Some(contact), mark.event, today);
            }
        }
        Data::MilestoneReached(data)
            if account.surveys.milestones.len() < WAITING_MAX
                && account.surveys.milestones.insert(data.milestone.to_string()) =>
        {
            wait(account, Kind::Milestone, None, mark.event, today);
        }
        _ => {}
    }
}

fn wait(account: &mut Account, when: Kind, contact: Option<String>, event: Position, since: Day) {
    account.surveys.waiting.push_back(Waiting { when, contact, since, event, told: false });
    if account.surveys.waiting.len() > WAITING_MAX {
        account.surveys.waiting.pop_front();
    }
}

/// The daily look: what waits is asked first, then the relation; a question at a time.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    account.surveys.asked.retain(|day| today.0 - day.0 < WEEK_DAYS);
    let waiting = std::mem::take(&mut account.surveys.waiting);
    for mut own in waiting {
        if today.0 - own.since.0 > policy.survey.held_days {
            hold(own.when.name(), own.contact.as_deref(), "it waited too long", None, effects);
            continue;
        }
        let against = against(policy, account, today);
        let chosen = choose(policy, account, own.when.when(), own.contact.as_deref(), today);
        match (against, chosen) {
            (None, Some(contact)) => {
                ask(turn, policy, account, (own.when.when(), &contact), &[own.event], today, effects);
            }
            (against, _) => {
                let reason = against.unwrap_or_else(|| "nobody of the account may be asked now".into());
                if !std::mem::replace(&mut own.told, true) {
                    let until = own.since.plus(policy.survey.held_days);
                    hold(own.when.name(), own.contact.as_deref(), &reason, Some(until), effects);
                }
                account.surveys.waiting.push_back(own);
            }
        }
    }
    relation(turn, policy, account, today, effects);
}

/// The relationship survey, of whoever is due.
fn relation(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let Some(contact) = choose(policy, account, When::Relationship, None, today) else {
        account.surveys.held = None;
        return;
    };
    match against(policy, account, today) {
        None => {
            account.surveys.held = None;
            ask(turn, policy, account, (When::Relationship, &contact), &[], today, effects);
        }
        Some(reason) => {
            // The same reason is told once, however long it lasts.
            let kind = reason.split(':').next().unwrap_or_default().to_owned();
            if account.surveys.held.as_deref() != Some(kind.as_str()) {
                account.surveys.held = Some(kind);
                hold("relationship", Some(&contact), &reason, Some(today.plus(1)), effects);
            }
        }
    }
}

fn hold(survey: &str, contact: Option<&str>, reason: &str, until: Option<Day>, effects: &mut Effects) {
    effects.emit(Data::SurveyHeld(SurveyHeld {
        survey: survey.into(),
        contact: contact.map(str::to_owned),
        reason: reason.to_owned(),
        until,
    }));
}

/// Why nobody of the account is asked anything now.
fn against(policy: &Policy, account: &Account, today: Day) -> Option<String> {
    let rules = &policy.survey;
    if !account.escalations.is_empty() {
        return Some("an escalation is open".into());
    }
    let over = account.escalation_over.map(|at| account.today(policy, at));
    if let Some(day) = over.filter(|day| today.0 - day.0 < rules.after_escalation_days) {
        return Some(format!("an escalation ended lately: on {day}"));
    }
    if !account.profile.incidents.is_empty() {
        return Some("an incident covers the account".into());
    }
    if account.profile.start().is_some_and(|start| today.0 - start.0 < rules.first_days) {
        return Some("the account is in its first days".into());
    }
    let decision = account.profile.decision_day().map(|day| day.0 - today.0);
    if let Some(days) = decision.filter(|days| (0..=rules.before_decision_days).contains(days)) {
        return Some(format!("the renewal is decided soon: in {days} days"));
    }
    None
}

/// Who may be asked now, best role first.
fn choose(policy: &Policy, account: &Account, when: When, wanted: Option<&str>, today: Day) -> Option<String> {
    let play: &Play = policy.plays.iter().find(|play| play.when == when)?;
    let rules = &policy.survey;
    if account.surveys.asked.len() >= rules.week_contacts || account.profile.ended() {
        return None;
    }
    let free = |contact: &String| {
        let person = account.people.get(contact);
        let rested = |day: Option<Day>, days: i32| day.is_none_or(|day| today.0 - day.0 >= days);
        let surveyed = person.and_then(|person| person.surveyed);
        let relationship = person.and_then(|person| person.relationship);
        let due = when != When::Relationship || rested(relationship, rules.relationship_days);
        // Whoever is unhappy gets a call and no further question.
        due && rested(surveyed, rules.contact_days) && !account.loops.contains_key(contact)
    };
    let may = |contact: &String| {
        let known = account.profile.contacts.get(contact);
        known.is_some_and(|known| known.left_on.is_none() && !known.unreachable && known.allows("email", "survey"))
    };
    if let Some(wanted) = wanted {
        return Some(wanted.to_owned()).filter(|contact| may(contact) && free(contact));
    }
    play.roles.iter().find_map(|role| {
        let mut own = account.profile.present().filter(|(_, known)| known.has(role));
        own.find(|(contact, _)| may(contact) && free(contact)).map(|(contact, _)| contact.clone())
    })
}

fn ask(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    (when, contact): (When, &str),
    events: &[Position],
    today: Day,
    effects: &mut Effects,
) {
    plays::survey(turn, policy, account, when, contact, events, today, effects);
    account.surveys.asked.push_back(today);
    if let Some(person) = account.person(contact) {
        person.surveyed = Some(today);
        if when == When::Relationship {
            person.relationship = Some(today);
        }
    }
}
