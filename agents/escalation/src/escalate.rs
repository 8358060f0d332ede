//! Escalations: one for each account and cause; who has it, by when it is taken, what happened, and news to the customer.

use std::collections::BTreeSet;

use agent::{Effects, Turn, hours::Counting};
use bus_schema::{
    Data, Position, Time,
    data::facts::{
        EscalationLevel, EscalationRaised, EscalationResolved, EscalationUpdated, HistoryLine, TaskCreated, TeamMember,
    },
    time::MINUTE_MS,
};

use crate::{
    next_id, notice,
    policy::{Policy, Trigger},
    severity::{self, Points},
    state::{Account, Case},
    ticket::{Rank, Ticket},
};

/// Timers: an escalation was not taken, news are due.
pub(crate) const TAKE: &str = "take/";
pub(crate) const STATUS: &str = "status/";
/// Lines of history kept.
const HISTORY_MAX: usize = 20;
/// Events cited.
const CITED_MAX: usize = 8;

/// What a cause amounts to now.
struct Standing {
    points: Points,
    level: Option<EscalationLevel>,
    tickets: BTreeSet<String>,
    events: Vec<Position>,
    rank: Rank,
    category: String,
    /// Some of its tickets count on their own, not as part of a pattern.
    own: bool,
}

/// Compares every cause with its escalation.
pub(crate) fn review(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let causes: BTreeSet<String> = account
        .tickets
        .values()
        .filter(|ticket| ticket.open())
        .map(Ticket::group)
        .chain(account.escalations.keys().cloned())
        .collect();
    for cause in causes {
        let standing = standing(turn, policy, account, &cause);
        match (account.escalations.remove(&cause), standing) {
            (None, Some(standing)) => {
                if let (Some(level), true) = (standing.level, standing.own) {
                    raise(turn, policy, account, &cause, level, standing, effects);
                }
            }
            (Some(raised), None) => resolve(turn, account, &cause, raised, effects),
            (Some(raised), Some(standing)) => {
                let raised = update(turn, policy, account, &cause, raised, standing, effects);
                account.escalations.insert(cause, raised);
            }
            (None, None) => {}
        }
    }
}

fn standing(turn: &Turn<'_>, policy: &Policy, account: &Account, cause: &str) -> Option<Standing> {
    let today = turn.now.day_in(&policy.calendar.zone);
    let own: Vec<(&String, &Ticket)> =
        account.tickets.iter().filter(|(_, ticket)| ticket.open() && ticket.group() == cause).collect();
    let (_, first) = own.first()?;
    let points = own
        .iter()
        .map(|(_, ticket)| severity::points(policy, account, ticket, today))
        .max_by_key(|points| points.sum)?;
    let mut events: Vec<Position> = own.iter().flat_map(|(_, ticket)| ticket.events()).collect();
    events.sort_unstable_by(|a, b| b.cmp(a));
    events.truncate(CITED_MAX);
    Some(Standing {
        level: severity::level(policy, points.sum),
        points,
        tickets: own.iter().map(|(id, _)| (*id).clone()).collect(),
        events,
        rank: own.iter().map(|(_, ticket)| ticket.rank).min().unwrap_or_default(),
        category: first.category.clone(),
        own: !account.patterns.contains(cause),
    })
}

fn raise(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    cause: &str,
    level: EscalationLevel,
    standing: Standing,
    effects: &mut Effects,
) {
    let id = next_id(turn, effects);
    let role = policy.issue(&standing.category).map_or("support_lead", |of| of.to.as_str()).to_owned();
    let team = team(policy, account);
    let owner = name(policy, account, &role);
    let take_by = take_by(policy, level, turn.now);
    let mut raised = Case {
        id: id.clone(),
        opened_at: turn.now,
        severity: standing.points.sum,
        level,
        tickets: standing.tickets.clone(),
        role,
        passed: 0,
        taken: false,
        tasks: BTreeSet::new(),
        history: std::collections::VecDeque::new(),
        told_at: turn.now,
    };
    note(&mut raised, turn.now, format!("raised as {} with {} points", level.name(), standing.points.sum));
    effects.emit(Data::EscalationRaised(EscalationRaised {
        escalation: id,
        cause: cause.to_owned(),
        severity: standing.points.sum,
        level,
        owner,
        reasons: standing.points.reasons.clone(),
        tickets: standing.tickets.into_iter().collect(),
        team: team.clone(),
        take_by: Some(take_by),
        value: account.profile.arr,
        events: standing.events.clone(),
    }));
    let why = standing.points.reasons.join("; ");
    tasks(turn, policy, account, cause, &mut raised, &team, &why, &standing.events, effects);
    effects.set_timer(format!("{TAKE}{cause}"), take_by);
    status(policy, cause, standing.rank, turn.now, effects);
    account.escalations.insert(cause.to_owned(), raised);
}

/// The whole team gets the same card at the same time; one of them has it.
#[expect(clippy::too_many_arguments, reason = "one escalation, told to all")]
fn tasks(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    cause: &str,
    raised: &mut Case,
    team: &[TeamMember],
    why: &str,
    events: &[Position],
    effects: &mut Effects,
) {
    let steps = policy.issue(cause.rsplit('/').next().unwrap_or_default());
    let immediate = steps.map_or_else(String::new, |of| format!(" At once: {}.", of.immediate));
    let lead = raised.role.clone();
    let others = team.iter().filter(|member| member.role != lead && member.role != "manager");
    let has_it = name(policy, account, &lead).unwrap_or_else(|| lead.clone());
    let leading = TeamMember { role: lead.clone(), name: has_it.clone() };
    for member in std::iter::once(&leading).chain(others) {
        let task = next_id(turn, effects);
        let title = if member.role == lead {
            format!("Take the escalation on {cause}")
        } else {
            format!("Escalation on {cause}: {has_it} has it")
        };
        effects.emit(Data::TaskCreated(TaskCreated {
            task: task.clone(),
            play: None,
            title,
            assignee: Some(member.name.clone()),
            due_on: turn.now.day_in(&policy.calendar.zone),
            why: format!("{why}.{immediate}"),
            events: events.to_vec(),
        }));
        if member.role == lead {
            raised.tasks.insert(task);
        }
    }
}

fn update(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    cause: &str,
    mut raised: Case,
    standing: Standing,
    effects: &mut Effects,
) -> Case {
    let joined: Vec<&String> = standing.tickets.difference(&raised.tickets).collect();
    let level = standing.level.unwrap_or(EscalationLevel::Escalated);
    let assigned = standing.tickets.iter().any(|id| {
        account
            .tickets
            .get(id)
            .is_some_and(|ticket| ticket.assignee.is_some() && ticket.cited.back() == Some(&turn.cause))
    });
    let mut changes = Vec::new();
    if level != raised.level {
        changes.push(format!("{} instead of {}", level.name(), raised.level.name()));
    }
    if !joined.is_empty() {
        let names: Vec<&str> = joined.iter().map(|id| id.as_str()).collect();
        changes.push(format!("{} joined", names.join(", ")));
    }
    if assigned && !raised.taken {
        changes.push("taken: a ticket was assigned".into());
        raised.taken = true;
        effects.cancel_timer(format!("{TAKE}{cause}"));
    }
    let rose = level > raised.level;
    (raised.severity, raised.tickets) = (standing.points.sum, standing.tickets);
    if changes.is_empty() {
        return raised;
    }
    raised.level = level;
    if rose && !raised.taken {
        effects.set_timer(format!("{TAKE}{cause}"), take_by(policy, level, turn.now));
    }
    let reason = changes.join("; ");
    say(turn, policy, account, &mut raised, reason, standing.events.clone(), effects);
    if policy.status_of(standing.rank).is_none() {
        ask_status(turn, policy, account, cause, &mut raised, &standing.events, effects);
    }
    raised
}

fn say(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    raised: &mut Case,
    reason: String,
    events: Vec<Position>,
    effects: &mut Effects,
) {
    note(raised, turn.now, reason.clone());
    effects.emit(Data::EscalationUpdated(EscalationUpdated {
        escalation: raised.id.clone(),
        severity: raised.severity,
        level: raised.level,
        owner: name(policy, account, &raised.role),
        reason,
        tickets: raised.tickets.iter().cloned().collect(),
        events,
    }));
}

fn resolve(turn: &Turn<'_>, account: &Account, cause: &str, raised: Case, effects: &mut Effects) {
    effects.cancel_timer(format!("{TAKE}{cause}"));
    effects.cancel_timer(format!("{STATUS}{cause}"));
    let tickets: Vec<&str> = raised.tickets.iter().map(String::as_str).collect();
    effects.emit(Data::EscalationResolved(EscalationResolved {
        escalation: raised.id,
        opened_at: raised.opened_at,
        reason: if account.profile.ended() {
            "the account's service has ended".into()
        } else {
            format!("all of its tickets are resolved: {}", tickets.join(", "))
        },
        history: raised.history.into(),
        events: vec![turn.cause],
    }));
}

/// Nobody took it: the next in line has it, at last the manager.
pub(crate) fn not_taken(turn: &Turn<'_>, policy: &Policy, account: &mut Account, cause: &str, effects: &mut Effects) {
    let Some(mut raised) = account.escalations.remove(cause) else { return };
    let next = policy.take.next.iter().skip(usize::from(raised.passed)).find(|role| **role != raised.role).cloned();
    if let (false, Some(role)) = (raised.taken, next) {
        let place = policy.take.next.iter().position(|known| *known == role).unwrap_or(0);
        raised.passed = u8::try_from(place + 1).unwrap_or(u8::MAX);
        let reason = format!("{} did not take it: {role} has it", raised.role);
        raised.role = role;
        let events: Vec<Position> =
            raised.tickets.iter().filter_map(|id| account.tickets.get(id)).flat_map(Ticket::events).take(4).collect();
        say(turn, policy, account, &mut raised, reason.clone(), events.clone(), effects);
        let task = next_id(turn, effects);
        effects.emit(Data::TaskCreated(TaskCreated {
            task: task.clone(),
            play: None,
            title: format!("Take the escalation on {cause}"),
            assignee: name(policy, account, &raised.role),
            due_on: turn.now.day_in(&policy.calendar.zone),
            why: format!("{reason}."),
            events,
        }));
        raised.tasks.insert(task);
        effects.set_timer(format!("{TAKE}{cause}"), take_by(policy, raised.level, turn.now));
    }
    account.escalations.insert(cause.to_owned(), raised);
}

/// A person did a task: the escalation it belongs to is taken.
pub(crate) fn task_done(turn: &Turn<'_>, policy: &Policy, account: &mut Account, task: &str, effects: &mut Effects) {
    let found = account.escalations.iter().find(|(_, raised)| raised.tasks.contains(task) && !raised.taken);
    let Some(cause) = found.map(|(cause, _)| cause.clone()) else { return };
    let Some(mut raised) = account.escalations.remove(&cause) else { return };
    raised.taken = true;
    effects.cancel_timer(format!("{TAKE}{cause}"));
    let reason = format!("{} took it", raised.role);
    say(turn, policy, account, &mut raised, reason, vec![turn.cause], effects);
    account.escalations.insert(cause, raised);
}

/// News of an escalation are due.
pub(crate) fn news(turn: &Turn<'_>, policy: &Policy, account: &mut Account, cause: &str, effects: &mut Effects) {
    let Some(standing) = standing(turn, policy, account, cause) else { return };
    let Some(mut raised) = account.escalations.remove(cause) else { return };
    ask_status(turn, policy, account, cause, &mut raised, &standing.events, effects);
    status(policy, cause, standing.rank, turn.now, effects);
    account.escalations.insert(cause.to_owned(), raised);
}

fn ask_status(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    cause: &str,
    raised: &mut Case,
    events: &[Position],
    effects: &mut Effects,
) {
    let last = raised.history.back().map(|line| line.text.clone()).unwrap_or_default();
    let open_for = agent::hours::in_words(turn.now.since_ms(raised.opened_at));
    let (area, _) = cause.split_once('/').unwrap_or((cause, ""));
    let fields = [
        ("escalation.subject", area.to_owned()),
        ("escalation.open_for", open_for),
        ("escalation.tickets", raised.tickets.len().to_string()),
        ("escalation.owner_role", raised.role.replace('_', " ")),
    ];
    let why = format!("News of the escalation on {cause} are promised; last: {last}.");
    let key = format!("escalation:{}", raised.id);
    notice::ask(turn, policy, account, Trigger::Status, &why, &key, &fields, events, effects);
    raised.told_at = turn.now;
}

fn status(policy: &Policy, cause: &str, rank: Rank, now: Time, effects: &mut Effects) {
    if let Some(promise) = policy.status_of(rank) {
        effects.set_timer(format!("{STATUS}{cause}"), policy.calendar.after(promise.counting, now, promise.ms));
    }
}

fn take_by(policy: &Policy, level: EscalationLevel, now: Time) -> Time {
    match level {
        EscalationLevel::Urgent | EscalationLevel::Executive => {
            now.plus_ms(i64::from(policy.take.urgent_minutes) * MINUTE_MS)
        }
        EscalationLevel::Escalated => {
            let ms = i64::from(policy.take.business_minutes) * MINUTE_MS;
            policy.calendar.after(Counting::Business, now, ms)
        }
    }
}

/// The account's team: named resources, and the account's own CSM.
fn team(policy: &Policy, account: &Account) -> Vec<TeamMember> {
    let members = policy.team.keys().filter(|role| role.as_str() != "manager");
    members.filter_map(|role| Some(TeamMember { role: role.clone(), name: name(policy, account, role)? })).collect()
}

/// Who does something for the account.
fn name(policy: &Policy, account: &Account, role: &str) -> Option<String> {
    let own = account.profile.owner.clone().filter(|_| role == "csm");
    own.or_else(|| policy.team.get(role).filter(|name| !name.is_empty()).cloned())
}

fn note(raised: &mut Case, at: Time, text: String) {
    raised.history.push_back(HistoryLine { at, text });
    if raised.history.len() > HISTORY_MAX {
        raised.history.pop_front();
    }
}
