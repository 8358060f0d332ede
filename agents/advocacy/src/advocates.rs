//! Who may be asked to speak for us, for what, and who is left in peace.

use std::collections::VecDeque;

use agent::{
    Effects, Turn,
    arithmetic::{lin, share, shrunk},
};
use bus_schema::{
    Data, Day, Position, Time,
    data::{
        advocacy::AdvocacyAct,
        facts::{AdvocateIdentified, AdvocateRested, Band, Evidence, Tier},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    plays,
    policy::Policy,
    state::{Account, Mark, count},
};

/// Days kept of one sort.
const DAYS_MAX: usize = 8;
/// Messages kept.
const MESSAGES_MAX: usize = 10;
/// Messages that a share of few leans on.
const PRIOR_MESSAGES: i64 = 2;

/// One of the customer's people, as far as they speak.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The latest relationship answer.
    pub(crate) answer: Option<(u8, Mark)>,
    /// The latest question of any kind.
    pub(crate) surveyed: Option<Day>,
    /// The latest relationship question.
    pub(crate) relationship: Option<Day>,
    /// The latest ask to speak for us; open while nobody answered.
    pub(crate) asked: Option<Ask>,
    /// Days of a no.
    pub(crate) declined: VecDeque<Day>,
    /// Acts completed.
    pub(crate) completed: u8,
    /// Days on which they were used as a reference.
    pub(crate) references: VecDeque<Day>,
    /// Messages that arrived, and whether they answered.
    messages: VecDeque<(u32, bool)>,
    /// Score and acts as told; none while they are no advocate.
    told: Option<(u8, Vec<String>)>,
}

/// An ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) day: Day,
    pub(crate) open: bool,
}

impl Person {
    /// A message arrived.
    pub(crate) fn message(&mut self, id: u32) {
        if self.messages.iter().all(|(known, _)| *known != id) {
            self.messages.push_back((id, false));
        }
        if self.messages.len() > MESSAGES_MAX {
            self.messages.pop_front();
        }
    }

    /// They answered one.
    pub(crate) fn reply(&mut self, id: u32) {
        for message in self.messages.iter_mut().filter(|(known, _)| *known == id) {
            message.1 = true;
        }
    }

    /// Asked to speak for us; what came before is over.
    pub(crate) fn ask(&mut self, day: Day) {
        self.asked = Some(Ask { day, open: true });
    }

    /// They said yes or no, or did it.
    pub(crate) fn answered(&mut self) {
        if let Some(ask) = &mut self.asked {
            ask.open = false;
        }
    }

    /// They said no.
    pub(crate) fn decline(&mut self, day: Day) {
        self.answered();
        push(&mut self.declined, day);
    }

    /// They were used as a reference.
    pub(crate) fn used(&mut self, day: Day) {
        push(&mut self.references, day);
    }

    /// Whether they are told of as an advocate.
    pub(crate) const fn is_advocate(&self) -> bool {
        self.told.is_some()
    }
}

fn push(days: &mut VecDeque<Day>, day: Day) {
    days.push_back(day);
    if days.len() > DAYS_MAX {
        days.pop_front();
    }
}

/// What stands against asking somebody.
struct Against {
    cause: &'static str,
    reason: String,
    until: Option<Time>,
    events: Vec<Position>,
}

/// Looks at everybody who said something good: who may be asked is told and asked, who may not any more rests.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let open_days = policy.rests.open_days;
    for person in account.people.values_mut() {
        if let Some(ask) = person.asked.as_mut().filter(|ask| today.0 - ask.day.0 > open_days) {
            ask.open = false;
        }
    }
    account.asks.retain(|day| today.0 - day.0 < policy.rests.account_days);
    let known: Vec<String> = account
        .people
        .iter()
        .filter(|(_, person)| person.answer.is_some() || person.is_advocate())
        .map(|(contact, _)| contact.clone())
        .collect();
    for contact in known {
        look_at(turn, policy, account, &contact, today, effects);
    }
}

fn look_at(turn: &Turn<'_>, policy: &Policy, account: &mut Account, contact: &str, today: Day, effects: &mut Effects) {
    let Some(person) = account.people.get(contact) else { return };
    let told = person.told.clone();
    if let Some(against) = gate(policy, account, contact, today) {
        return rest(account, contact, told.is_some(), against, effects);
    }
    let (score, parts, events) = score(policy, account, contact, today, turn.now);
    let acts = acts(policy, account, contact, score, today);
    if acts.is_empty() {
        let reason = format!("a score of {score} is too low to ask for anything");
        let against = Against { cause: "score", reason, until: None, events };
        return rest(account, contact, told.is_some(), against, effects);
    }
    let moved = told
        .as_ref()
        .is_none_or(|(before, known)| before.abs_diff(score) >= policy.score.changed_points || *known != acts);
    if moved {
        let fact = AdvocateIdentified {
            contact: contact.to_owned(),
            score,
            acts: acts.clone(),
            parts,
            policy_version: turn.policy_version,
            events: events.clone(),
        };
        effects.emit_for(contact, Data::AdvocateIdentified(fact));
        if let Some(person) = account.people.get_mut(contact) {
            person.told = Some((score, acts.clone()));
        }
    }
    let resting = resting(policy, account, contact, today);
    if let Some(act) = acts.last().filter(|_| !resting) {
        let asked = plays::ask(turn, policy, account, contact, act, &events, today, effects);
        if asked && let Some(person) = account.people.get_mut(contact) {
            person.ask(today);
            account.asks.push_back(today);
        }
    }
}

/// Whether somebody, or their account, was asked too lately to be asked again.
fn resting(policy: &Policy, account: &Account, contact: &str, today: Day) -> bool {
    let rests = &policy.rests;
    let Some(person) = account.people.get(contact) else { return true };
    let asked = person.asked.is_some_and(|ask| ask.open || today.0 - ask.day.0 < rests.after_ask_days);
    let declined = person.declined.back().is_some_and(|day| today.0 - day.0 < rests.after_no_days);
    asked || declined || account.asks.len() >= rests.account_asks
}

/// The conditions before anybody is asked; the first that fails.
fn gate(policy: &Policy, account: &Account, contact: &str, today: Day) -> Option<Against> {
    let person = account.people.get(contact)?;
    let against = |cause, reason: String, events: Vec<Position>| Some(Against { cause, reason, until: None, events });
    let from = today.plus(-policy.gate.promoter_days);
    let Some((answer, mark)) = person.answer.filter(|(_, mark)| mark.at.day() >= from) else {
        return against("answer", format!("no answer in {} days", policy.gate.promoter_days), Vec::new());
    };
    if answer < policy.gate.promoter_from {
        return against("answer", format!("the latest answer is {answer}"), vec![mark.event]);
    }
    let known = account.profile.contacts.get(contact);
    if known.is_none_or(|known| known.left_on.is_some() || known.unreachable || !known.allows("email", "relationship"))
    {
        return against("consent", "the contact left or may not be written to".into(), Vec::new());
    }
    if account.attested_since(today.plus(-policy.gate.outcome_days)).is_empty() {
        let reason = format!("no value attested in {} days", policy.gate.outcome_days);
        return against("outcome", reason, Vec::new());
    }
    match account.health {
        Some((Band::Yellow | Band::Green, ..)) => {}
        Some((band @ (Band::Red | Band::Unknown), _, event)) => {
            return against("health", format!("the health band is {}", band.name()), vec![event]);
        }
        None => return against("health", "the account has no health score".into(), Vec::new()),
    }
    if let Some((tier, event)) = account.risk.filter(|(tier, _)| *tier >= Tier::High) {
        return against("risk", format!("the churn tier is {}", tier.name()), vec![event]);
    }
    if let Some(event) = account.escalations.values().next() {
        return against("escalation", "an escalation is open".into(), vec![*event]);
    }
    if !account.loops.is_empty() {
        return against("loop", "an unhappy answer of the account is not dealt with".into(), Vec::new());
    }
    None
}

/// What may be asked: a referral of everybody, and every rung of the ladder that the score reaches, the highest last.
fn acts(policy: &Policy, account: &Account, contact: &str, score: u8, today: Day) -> Vec<String> {
    let Some(person) = account.people.get(contact) else { return Vec::new() };
    let known = account.profile.contacts.get(contact);
    let used = person.references.iter().filter(|day| today.0 - day.0 < policy.rests.reference_days).count();
    let fits = |act: &AdvocacyAct| *act != AdvocacyAct::Reference || used < policy.rests.reference_uses;
    let rungs = policy.ladder.iter().filter(|rung| {
        let role = rung.roles.is_empty() || known.is_some_and(|known| rung.roles.iter().any(|role| known.has(role)));
        score >= rung.from && role && fits(&rung.act)
    });
    let mut acts: Vec<String> = rungs.map(|rung| rung.act.to_string()).collect();
    if !acts.is_empty() {
        acts.insert(0, "referral".into());
    }
    acts
}

/// The score with its parts in words, and the events behind it.
fn score(
    policy: &Policy,
    account: &Account,
    contact: &str,
    today: Day,
    now: Time,
) -> (u8, Vec<Evidence>, Vec<Position>) {
    let (rules, weights) = (&policy.score, &policy.score.weights);
    let Some(person) = account.people.get(contact) else { return (0, Vec::new(), Vec::new()) };
    let (answer, answered) = person.answer.map_or((0, None), |(score, mark)| (score, Some(mark.event)));
    let answer_points = i64::from(if answer >= 10 { rules.promoter_10 } else { rules.promoter_9 });
    let marks = account.attested_since(today.plus(-policy.gate.outcome_days));
    let outcomes = i64::try_from(marks.len()).unwrap_or(i64::MAX);
    let (health, scored) = account.health.map_or((0, None), |(_, score, event)| (i64::from(score), Some(event)));
    let age = i64::from(account.profile.age_days(today));
    let n = i64::try_from(person.messages.len()).unwrap_or(0);
    let replied = i64::try_from(person.messages.iter().filter(|(_, replied)| *replied).count()).unwrap_or(0);
    let response = shrunk(replied, n, rules.response_prior_bp, PRIOR_MESSAGES);
    let no = person.declined.iter().filter(|day| today.0 - day.0 <= rules.declined_days).count();
    let no = i64::try_from(no).unwrap_or(i64::MAX);
    let outcome_events: Vec<Position> = marks.iter().rev().map(|mark| mark.event).collect();
    let parts = [
        (weights.answer, answer_points, format!("answered {answer} of 10"), answered.into_iter().collect()),
        (
            weights.value,
            lin(outcomes, &rules.value),
            format!("{} attested in a year", count(outcomes, "outcome", "outcomes")),
            outcome_events,
        ),
        (weights.health, health / 100, "the account's health".to_owned(), scored.into_iter().collect::<Vec<_>>()),
        (weights.tenure, lin(age, &rules.tenure), format!("with us for {}", count(age, "day", "days")), Vec::new()),
        (
            weights.response,
            response / 100,
            format!("answered {replied} of {}", count(n, "message", "messages")),
            Vec::new(),
        ),
        (
            weights.past,
            lin(i64::from(person.completed), &rules.past),
            format!("{} for us before", count(person.completed.into(), "act", "acts")),
            Vec::new(),
        ),
    ];
    let sum: i64 = parts.iter().map(|(weight, points, ..)| weight * points).sum();
    let total = share(sum - no * rules.declined_points * 100, 1_000_000).unwrap_or(0).clamp(0, 100);
    let events = parts.iter().flat_map(|(.., events)| events.clone()).take(8).collect();
    let told = parts.into_iter().map(|(weight, points, text, events)| Evidence {
        text: format!("{text}: {points} of 100, weight {weight}"),
        at: now,
        events,
    });
    let mut told: Vec<Evidence> = told.collect();
    if no > 0 {
        told.push(Evidence { text: format!("said no {}", count(no, "time", "times")), at: now, events: Vec::new() });
    }
    (u8::try_from(total).unwrap_or(0), told, events)
}

fn rest(account: &mut Account, contact: &str, told: bool, against: Against, effects: &mut Effects) {
    if !told {
        return;
    }
    if let Some(person) = account.people.get_mut(contact) {
        person.told = None;
    }
    let Against { cause, reason, until, events } = against;
    let fact = AdvocateRested { contact: contact.to_owned(), until, cause: cause.into(), reason, events };
    effects.emit_for(contact, Data::AdvocateRested(fact));
}

/// Says until when somebody is left in peace after an ask, a no, or enough uses as a reference.
pub(crate) fn peace(contact: &str, cause: &str, days: i32, today: Day, event: Position, effects: &mut Effects) {
    let until = today.plus(days);
    let fact = AdvocateRested {
        contact: contact.to_owned(),
        until: Some(until.start()),
        cause: cause.to_owned(),
        reason: format!("left in peace until {until}"),
        events: vec![event],
    };
    effects.emit_for(contact, Data::AdvocateRested(fact));
}
