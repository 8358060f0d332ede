//! Plays on health facts: what they ask for, the evidence for the CSM, and the facts a draft may tell.
//!
//! A field never tells a score, a band, or what a single person did.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Time,
    data::facts::{Band, Evidence, MergeField, MetricState, TaskCreated, TouchpointRequested},
};

use crate::{
    metrics::{Outcome, Source, View},
    model::{Reading, Scored},
    policy::{Play, Policy, Trigger},
    state::Account,
};

/// Use at or below this share of its usual pace is a fall worth telling.
const FALLEN_BP: i64 = 9_000;
/// Tickets worth telling when all of them are closed.
const TICKETS_MIN: i64 = 3;
/// Sentences of evidence at most.
const EVIDENCE_MAX: usize = 4;
/// Ordinals of derived ids: touches count from 0, tasks from here.
const TASK_ID: u32 = 100;
/// Days until a task is due.
const TASK_DAYS: i32 = 7;

/// Fires the plays on a change of band.
pub(crate) fn on_band(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    (from, why): (Band, &str),
    scored: &Scored,
    effects: &mut Effects,
) {
    let to = account.band.band;
    let today = account.profile.day_of(turn.now, &policy.zone);
    for (play, n) in policy.plays.iter().zip(0..TASK_ID) {
        let fires = match play.when {
            Trigger::BandFallsToRed => to == Band::Red && from > Band::Red,
        };
        let rests = account.played.get(&play.name).is_some_and(|last| today.0 - last.0 < play.cooldown_days);
        let covered = !account.profile.incidents.is_empty() || account.sources.is_cut(today);
        if !fires || rests || play.hold_in_incident && covered {
            continue;
        }
        account.played.insert(play.name.clone(), today);
        let touch = request(turn.id(n), play, why, &View::new(account, policy, turn.now), scored);
        effects.emit(Data::TouchpointRequested(touch));
    }
}

fn request(touch: String, play: &Play, why: &str, view: &View<'_>, scored: &Scored) -> TouchpointRequested {
    TouchpointRequested {
        touch,
        play: play.name.clone(),
        play_version: play.version,
        priority: play.priority,
        class: play.class,
        template: play.template.clone(),
        roles: play.roles.clone(),
        why: format!("The account came to be at risk; {why}."),
        evidence: evidence(view, scored),
        fields: fields(view),
        value: view.account.profile.arr,
        cause_key: "band:red".into(),
    }
}

/// What costs most, in words, of what is known.
fn evidence(view: &View<'_>, scored: &Scored) -> Vec<Evidence> {
    let lost = |reading: &Reading| u32::from(reading.weight) * u32::from(100 - reading.points.min(100));
    let mut worst: Vec<&Reading> =
        scored.readings().filter(|reading| reading.state == MetricState::Known && lost(reading) > 0).collect();
    worst.sort_by_key(|reading| std::cmp::Reverse(lost(reading)));
    let sentence = |reading: &Reading| match &reading.outcome {
        Outcome::Measured(found) => Some(Evidence {
            text: sentence(&found.reason),
            at: found.evidence.at.unwrap_or(view.now),
            events: found.evidence.events.clone(),
        }),
        Outcome::Missing(_) | Outcome::NotApplicable(_) => None,
    };
    worst.into_iter().filter_map(sentence).take(EVIDENCE_MAX).collect()
}

/// A reason as a sentence.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Facts a draft may tell, each with its source: what went wrong, never what stayed as it was. A message that tells a
/// customer of a fall that is none would be worse than no message.
fn fields(view: &View<'_>) -> Vec<MergeField> {
    let account = view.account;
    let mut fields = Vec::new();
    let usage_events = account.usage.cited();
    let mut add = |name: &str, value: String, source: &str, at: Time, events: &[bus_schema::Position]| {
        fields.push(MergeField { name: name.into(), value, source: source.into(), at, events: events.to_vec() });
    };
    let users = match account.usage.last_sum() {
        None => "distinct users active",
        Some(_) => "users of the busiest day",
    };
    let measured_at = account.measured.engagement.map(|measured| measured.at);
    let fewer = account.measured.users_now_and_before(view.today).filter(|(now, before, _)| now * 10 <= before * 9);
    if let (Some(at), Some((now, before, day))) = (measured_at, fewer) {
        let (now_source, before_source) =
            (format!("{users} in the last 14 days"), format!("{users} in the 14 days before {day}"));
        add("usage.period", "last 14 days".into(), "the window that was measured", at, &usage_events);
        add("usage.users_now", now.to_string(), &now_source, at, &usage_events);
        add("usage.users_before", before.to_string(), &before_source, at, &usage_events);
    }
    if let Some(trend) = account.measured.trend.filter(|trend| trend.found.ratio_bp <= FALLEN_BP) {
        let (found, at) = (trend.found, trend.at);
        let percent = (found.ratio_bp + 50).div_euclid(100) - 100;
        add(
            "usage.days_now",
            found.actual.to_string(),
            "days of use by any user in the last 14 days",
            at,
            &usage_events,
        );
        add("usage.days_before", found.expected.to_string(), "the pace of the 28 days before", at, &usage_events);
        add("usage.change_percent", format!("{percent:+} %"), "the one against the other", at, &usage_events);
    }
    if let Some(seats) = account.profile.seats() {
        add("usage.seats", seats.to_string(), "seats assigned, else licensed", measured_at.unwrap_or(view.now), &[]);
    }
    let support = &account.support;
    if let Some(at) = support.opened_trail.at() {
        let (events, tickets) = (support.opened_trail.latest(), support.opened.within(view.today, 28));
        if tickets >= TICKETS_MIN || support.open() > 0 {
            add("support.tickets", tickets.to_string(), "tickets opened in 28 days", at, &events);
            add("support.tickets_open", support.open().to_string(), "tickets open now", at, &events);
        }
    }
    if let Some(at) = account.relation.touched {
        let days = view.today.0 - view.day_of(at).0;
        add(
            "relationship.days_since_touch",
            days.to_string(),
            "days since we last spoke",
            at,
            &account.relation.two_way.latest(),
        );
    }
    let from = view.today.plus(-view.policy.metric.csm_engagement.missed_days);
    let missed: Vec<_> = account.relation.missed.iter().rev().filter(|(day, _)| *day >= from).collect();
    if let Some((day, _)) = missed.first() {
        let events: Vec<_> = missed.iter().map(|(_, cause)| *cause).collect();
        add("relationship.meetings_missed", missed.len().to_string(), "meetings missed lately", day.start(), &events);
    }
    fields
}

/// Asks the CSM once to agree on goals with an account that has none.
pub(crate) fn goals_task(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let after = policy.task.goals_after_days;
    let age = account.profile.age_days(today);
    let none = account.outcomes.goals_trail.is_empty();
    if after == 0 || age <= after || !none || account.goals_asked || account.profile.vendor {
        return;
    }
    // Where outcomes are trimmed nobody would see the goals.
    if !policy.connected(Source::Outcomes) {
        return;
    }
    account.goals_asked = true;
    effects.emit(Data::TaskCreated(TaskCreated {
        task: turn.id(TASK_ID),
        play: None,
        title: "Agree on goals with the customer".into(),
        assignee: account.profile.owner.clone(),
        due_on: today.plus(TASK_DAYS),
        why: format!("{age} days after the start no goal is known, so nobody can say what the customer gained."),
        events: Vec::new(),
    }));
}
