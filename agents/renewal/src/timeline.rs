//! The term under way: its steps counted back from the decision, what is late, and how it ended.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position,
    data::facts::{
        Band, RenewalLapsed, RenewalOpened, RenewalOutcome, RenewalOverdue, RenewalSettled, RenewalStepDue, TaskCreated,
    },
    time::DAY_MS,
};

use crate::{
    book, kit, next_id, plays,
    policy::{By, Only, Policy, Prepares, Step, TaskRule},
    state::{Account, Reached, Run, Task},
};

/// Tasks kept of a term.
const TASKS_MAX: usize = 60;

/// Begins the term of the contract in force, where it is not under way.
pub(crate) fn begin(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let Some(contract) = account.profile.contract.clone() else { return };
    let today = account.today(policy, turn.now);
    if account.run.is_some() || account.profile.ended() {
        return;
    }
    let known = account.settled.as_ref().is_some_and(|(id, end)| *id == contract.id && contract.term_end <= *end);
    // What lapsed before anybody looked is history.
    let long_ago = !contract.auto_renew && today > contract.term_end.plus(policy.lapse_days);
    if known || long_ago {
        return;
    }
    // A contract that renews by itself may have done so any number of times before it is heard of.
    let renews = contract.auto_renew && account.profile.notice_on.is_none();
    let term = (contract.term_start, contract.term_end);
    let (start, end) = if renews { current_term(term, today) } else { term };
    account.run = Some(Box::new(Run::new(&contract.id, start, end, turn.cause)));
    look(turn, policy, account, effects);
}

/// Terms that may have passed unheard.
const TERMS_MAX: usize = 600;

/// The term of a contract that renews by itself which a day lies in.
fn current_term(mut term: (Day, Day), today: Day) -> (Day, Day) {
    for _ in 0..TERMS_MAX {
        if term.1 >= today {
            break;
        }
        term = next_term(term.0, term.1);
    }
    term
}

/// The term after one: as many months where the term is whole months, else as many days.
pub(crate) fn next_term(start: Day, end: Day) -> (Day, Day) {
    let next = end.plus(1);
    let (from, to) = (start.civil(), next.civil());
    let months = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month()) - i32::from(from.month());
    if from.day() == to.day()
        && months > 0
        && let Ok(after) = to.checked_add(jiff::Span::new().months(months))
    {
        return (next, Day::from_civil(after).plus(-1));
    }
    (next, next.plus((end.0 - start.0).max(0)))
}

/// Everything that follows from the day it is.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref() else { return };
    let (term_end, decision_on) = (run.term_end, account.decision_on(run));
    if let Some(ended_on) = account.profile.ended_on {
        settle(turn, account, RenewalOutcome::Lost, format!("service ended on {ended_on}"), effects);
        return;
    }
    if let Some(on) = account.profile.notice_on {
        if today > term_end.max(on) {
            settle(turn, account, RenewalOutcome::Lost, format!("notice was given for {on}"), effects);
        }
        return;
    }
    if account.by_itself() && today > term_end {
        by_itself(turn, policy, account, effects);
        return;
    }
    if today > term_end.plus(policy.lapse_days) {
        let reason = format!("nobody signed within {} days after the end of the term", policy.lapse_days);
        let contract = run.contract.clone();
        effects.emit(Data::RenewalLapsed(RenewalLapsed { contract, term_end, reason: reason.clone() }));
        settle(turn, account, RenewalOutcome::Lapsed, reason, effects);
        return;
    }
    if matches!(run.reached(), Reached::Signed | Reached::Lost) {
        return;
    }
    open(turn, policy, account, today, decision_on, effects);
    due(turn, policy, account, today, decision_on, effects);
}

fn open(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, decision_on: Day, effects: &mut Effects) {
    let (auto_renew, arr) = (account.by_itself(), account.profile.arr);
    let Some(run) = account.run.as_deref_mut() else { return };
    if run.opened || today < decision_on.plus(-policy.opens_days) {
        return;
    }
    run.opened = true;
    let left = decision_on.0 - today.0;
    let reason = format!("{left} days to the decision of a term that ends on {}", run.term_end);
    effects.emit(Data::RenewalOpened(RenewalOpened {
        contract: run.contract.clone(),
        decision_on,
        term_end: run.term_end,
        arr,
        auto_renew,
        reason,
        events: vec![run.known, turn.cause],
    }));
}

/// Asks for the step that is due. Of several at once only the nearest to the decision: what lies behind is not asked
/// for any more.
fn due(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, decision_on: Day, effects: &mut Effects) {
    let Some(run) = account.run.as_deref_mut() else { return };
    let come = |step: &&Step| today >= decision_on.plus(-step.days) && !run.steps.contains(&step.name);
    let all: Vec<&Step> = policy.steps.iter().filter(come).collect();
    let Some(step) = all.last().copied() else { return };
    for step in &all {
        run.steps.insert(step.name.clone());
    }
    // After the decision there is nothing left to prepare.
    if today > decision_on {
        return;
    }
    let due_on = decision_on.plus(-step.days);
    let left = decision_on.0 - today.0;
    let reason = format!("{left} days to the decision on {decision_on}: {}", step.reason);
    ask(turn, account, &step.name, &step.tasks, (due_on, today.plus(step.within_days)), &reason, effects);
    match step.prepares {
        Some(Prepares::Kit) => kit::kit(policy, account, effects),
        Some(Prepares::Sheet) => kit::sheet(policy, account, effects),
        None => {}
    }
    plays::ask(turn, policy, account, step, &reason, effects);
}

/// Says that a step is due and makes its tasks.
pub(crate) fn ask(
    turn: &Turn<'_>,
    account: &mut Account,
    step: &str,
    tasks: &[TaskRule],
    (due_on, tasks_due_on): (Day, Day),
    reason: &str,
    effects: &mut Effects,
) {
    let (band, owner) = (account.band, account.profile.owner.clone());
    let Some(run) = account.run.as_deref_mut() else { return };
    let wanted = |task: &&TaskRule| match task.only {
        None => true,
        Some(Only::NotGreen) => band != Band::Green,
    };
    let tasks: Vec<&TaskRule> = tasks.iter().filter(wanted).collect();
    effects.emit(Data::RenewalStepDue(RenewalStepDue {
        contract: run.contract.clone(),
        step: step.to_owned(),
        due_on,
        tasks: tasks.iter().map(|task| task.name.clone()).collect(),
        reason: reason.to_owned(),
        events: vec![run.known, turn.cause],
    }));
    for task in tasks {
        if run.tasks.len() >= TASKS_MAX || run.tasks.get(&task.name).is_some_and(|known| known.done.is_none()) {
            continue;
        }
        let id = next_id(turn, effects);
        effects.emit(Data::TaskCreated(TaskCreated {
            task: id.clone(),
            play: None,
            title: task.title.clone(),
            assignee: if task.assignee == "csm" { owner.clone() } else { Some(task.assignee.clone()) },
            due_on: tasks_due_on,
            why: plays::sentence(reason),
            events: vec![run.known],
        }));
        let kept = Task { id, step: step.to_owned(), due_on: tasks_due_on, done: None };
        run.tasks.insert(task.name.clone(), kept);
    }
}

/// An event did what tasks asked for.
pub(crate) fn done_by(policy: &Policy, account: &mut Account, by: By, cause: Position) {
    let Some(run) = account.run.as_deref_mut() else { return };
    for rule in policy.tasks().filter(|rule| rule.by == Some(by)) {
        if let Some(task) = run.tasks.get_mut(&rule.name) {
            task.done = task.done.or(Some(cause));
        }
    }
}

/// The day of the decision has passed: once a day it is told, with who must act. The first time it is a task too.
pub(crate) fn late(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref() else { return };
    let (term_end, decision_on) = (run.term_end, account.decision_on(run));
    let days_late = today.0 - decision_on.0;
    let told = run.late_on == Some(today);
    let waits = matches!(run.reached(), Reached::Signed | Reached::Lost) || account.profile.notice_on.is_some();
    if told || waits || account.by_itself() || !(1..=policy.late_days).contains(&days_late) {
        return;
    }
    let first = run.late_on.is_none();
    let reason = format!("the decision was due on {decision_on}, {days_late} days ago, and nothing is signed");
    let contract = run.contract.clone();
    let lapses_on = term_end.plus(policy.lapse_days);
    effects.emit(Data::RenewalOverdue(RenewalOverdue {
        contract,
        days_late: u32::try_from(days_late).unwrap_or(0),
        lapses_on,
        arr: account.profile.arr,
        roles: policy.late_roles.clone(),
        reason: reason.clone(),
    }));
    let owner = account.profile.owner.clone();
    for role in policy.late_roles.iter().filter(|_| first) {
        let task = next_id(turn, effects);
        effects.emit(Data::TaskCreated(TaskCreated {
            task,
            play: None,
            title: "Get the decision on the renewal".into(),
            assignee: if role == "csm" { owner.clone() } else { Some(role.clone()) },
            due_on: today.plus(1),
            why: plays::sentence(&reason),
            events: vec![run.known],
        }));
    }
    if let Some(run) = account.run.as_deref_mut() {
        run.late_on = Some(today);
    }
}

/// It renewed by itself: another term of the same length begins.
fn by_itself(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let (contract, known) = (run.contract.clone(), run.known);
    let next = next_term(run.term_start, run.term_end);
    let (start, end) = current_term(next, account.today(policy, turn.now));
    let reason = format!("nobody gave notice until {}", account.notice_by(run));
    settle(turn, account, RenewalOutcome::RenewedByItself, reason, effects);
    account.run = Some(Box::new(Run::new(&contract, start, end, known)));
    look(turn, policy, account, effects);
}

/// The term is over.
pub(crate) fn settle(
    turn: &Turn<'_>,
    account: &mut Account,
    outcome: RenewalOutcome,
    reason: String,
    effects: &mut Effects,
) {
    settle_as(turn, account, outcome, account.profile.arr, reason, effects);
}

/// The term is over, with the ARR it had.
pub(crate) fn settle_as(
    turn: &Turn<'_>,
    account: &mut Account,
    outcome: RenewalOutcome,
    arr_before: Option<bus_schema::Money>,
    reason: String,
    effects: &mut Effects,
) {
    let Some(run) = account.run.take() else { return };
    let arr_after = account.profile.arr.filter(|_| outcome.renewed());
    let cycle = run.proposed.filter(|_| outcome == RenewalOutcome::Renewed);
    let cycle_days = cycle.and_then(|(at, _)| u32::try_from(turn.now.since_ms(at) / DAY_MS).ok());
    let events = [Some(turn.cause), run.stage.map(|(_, event)| event), cycle.map(|(_, event)| event)];
    book::settled(turn, account, &run, outcome, (arr_before, arr_after), cycle_days, effects);
    effects.emit(Data::RenewalSettled(RenewalSettled {
        contract: run.contract.clone(),
        outcome,
        term_end: run.term_end,
        arr_before,
        arr_after,
        cycle_days,
        days_late: u32::try_from(turn.now.day().0 - run.term_end.0).unwrap_or(0),
        said_bp: run.said.map(|(bp, ..)| bp),
        called_bp: run.call.as_ref().map(|call| call.likelihood_bp),
        reason,
        events: events.into_iter().flatten().collect(),
    }));
    account.settled = Some((run.contract.clone(), run.term_end));
}
