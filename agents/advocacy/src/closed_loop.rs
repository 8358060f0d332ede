//! An unhappy answer and what we do about it: four steps, each with its clock, each with its task.
//!
//! Nothing is sent by itself. Clocks run in elapsed time and end in working hours.

use agent::{Effects, Turn, hours::Counting};
use bus_schema::{
    Data, Event, Position, Time,
    data::{
        facts::{LoopClock, LoopClosed, LoopOpened, LoopStep, LoopUpdated, TaskCreated},
        words::Label,
    },
    time::{DAY_MS, HOUR_MS},
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::Policy,
    state::{Account, Mark, id},
};

/// Loops kept open.
const LOOPS_MAX: usize = 32;
/// How its timers begin.
pub(crate) const TIMER: &str = "loop/";

/// A loop that is open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct OpenLoop {
    pub(crate) id: String,
    pub(crate) opened: Mark,
    steps: Vec<Step>,
    /// It went to the escalation desk.
    escalated: bool,
}

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Step {
    which: LoopStep,
    due: Time,
    done: Option<Mark>,
    late: bool,
}

impl OpenLoop {
    fn task(&self, step: LoopStep) -> String {
        format!("{}-{}", self.id, step.name())
    }

    fn clocks(&self) -> Vec<LoopClock> {
        let clock = |step: &Step| LoopClock { step: step.which, due: step.due, done_at: step.done.map(|mark| mark.at) };
        self.steps.iter().map(clock).collect()
    }

    fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.done.is_none())
    }
}

/// Opens a loop for an unhappy answer; a contact has one at a time.
pub(crate) fn open(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    contact: &str,
    (score, theme): (u8, Option<String>),
    mark: Mark,
    effects: &mut Effects,
) {
    if account.loops.contains_key(contact) || account.loops.len() >= LOOPS_MAX {
        return;
    }
    let loop_id = id(turn, effects);
    let steps = LoopStep::ALL.map(|which| Step { which, due: due(policy, mark.at, which), done: None, late: false });
    let open = OpenLoop { id: loop_id.clone(), opened: mark, steps: steps.to_vec(), escalated: false };
    let about = theme.as_ref().map(|theme| format!(", about {theme}")).unwrap_or_default();
    let reason = format!("a contact answered {score} of 10{about}");
    effects.emit_for(
        contact,
        Data::LoopOpened(LoopOpened {
            loop_id,
            contact: contact.to_owned(),
            answer: format!("{score} of 10"),
            clocks: open.clocks(),
            task: open.task(LoopStep::Told),
            theme,
            value: account.profile.arr,
            reason,
            events: vec![mark.event],
        }),
    );
    task(policy, account, &open, LoopStep::Told, effects);
    watch(contact, &open, effects);
    account.loops.insert(contact.to_owned(), open);
}

/// When a step is due: in elapsed time, moved to the next working hour.
fn due(policy: &Policy, from: Time, step: LoopStep) -> Time {
    let (rules, calendar) = (&policy.closed_loop, &policy.calendar);
    let resolved = calendar.after(Counting::Workdays, from, rules.resolved_days * DAY_MS);
    let due = match step {
        LoopStep::Told => from.plus_ms(rules.told_hours * HOUR_MS),
        LoopStep::Scheduled => from.plus_ms(rules.scheduled_hours * HOUR_MS),
        LoopStep::Resolved => resolved,
        LoopStep::Documented => from.plus_ms(rules.documented_days * DAY_MS).max(resolved),
    };
    calendar.next_open(Counting::Business, due)
}

fn task(policy: &Policy, account: &Account, open: &OpenLoop, step: LoopStep, effects: &mut Effects) {
    let Some(due) = open.steps.iter().find(|own| own.which == step).map(|own| own.due) else { return };
    let title = match step {
        LoopStep::Told => "Read an unhappy answer, and call",
        LoopStep::Scheduled => "Agree on a talk about an unhappy answer",
        LoopStep::Resolved => "Put right what an unhappy answer is about, or escalate it",
        LoopStep::Documented => "Write down what came of an unhappy answer",
    };
    effects.emit(Data::TaskCreated(TaskCreated {
        task: open.task(step),
        play: None,
        title: title.into(),
        assignee: account.profile.owner.clone(),
        due_on: due.day_in(&policy.calendar.zone),
        why: format!("An unhappy answer came on {}.", open.opened.at.day()),
        events: vec![open.opened.event],
    }));
}

/// Wakes when the next step is late.
fn watch(contact: &str, open: &OpenLoop, effects: &mut Effects) {
    let name = format!("{TIMER}{contact}");
    match open.steps.iter().find(|step| step.done.is_none() && !step.late) {
        Some(step) => effects.set_timer(name, step.due.plus_ms(1)),
        None => effects.cancel_timer(name),
    }
}

/// What events say of open loops.
#[expect(clippy::wildcard_enum_match_arm, reason = "only steps of loops are looked at here")]
pub(crate) fn fold(policy: &Policy, account: &mut Account, event: &Event, mark: Mark, effects: &mut Effects) {
    if account.loops.is_empty() {
        return;
    }
    match &event.data {
        Data::TaskCompleted(data) => {
            let found = account.loops.iter().find_map(|(contact, open)| {
                let step = LoopStep::ALL.into_iter().find(|step| open.task(*step) == data.task.as_str())?;
                Some((contact.clone(), step))
            });
            if let Some((contact, step)) = found {
                done(policy, account, &contact, step, "its task is done", mark, effects);
            }
        }
        Data::MeetingScheduled(data) => {
            for contact in with(account, data.invited.iter().map(Label::as_str)) {
                done(policy, account, &contact, LoopStep::Scheduled, "a talk is agreed", mark, effects);
            }
        }
        Data::MeetingHeld(data) => {
            for contact in with(account, data.attended.iter().map(Label::as_str)) {
                done(policy, account, &contact, LoopStep::Scheduled, "a talk took place", mark, effects);
            }
        }
        Data::EscalationRaised(_) => {
            let all: Vec<String> = account.loops.keys().cloned().collect();
            for contact in all {
                if let Some(open) = account.loops.get_mut(&contact) {
                    open.escalated = true;
                }
                done(policy, account, &contact, LoopStep::Resolved, "it was escalated", mark, effects);
            }
        }
        Data::ContactLeft(data) if data.confirmed => {
            if let Some(open) = account.loops.remove(data.contact.as_str()) {
                close(&data.contact, &open, "contact_left", "the contact left", mark.event, effects);
            }
        }
        _ => {}
    }
}

fn with<'a>(account: &Account, contacts: impl Iterator<Item = &'a str>) -> Vec<String> {
    contacts.filter(|contact| account.loops.contains_key(*contact)).map(str::to_owned).collect()
}

/// A step is done, and those before it with it.
fn done(
    policy: &Policy,
    account: &mut Account,
    contact: &str,
    step: LoopStep,
    reason: &str,
    mark: Mark,
    effects: &mut Effects,
) {
    let Some(open) = account.loops.get_mut(contact) else { return };
    if open.steps.iter().any(|own| own.which == step && own.done.is_some()) {
        return;
    }
    let mut due = mark.at;
    for own in open.steps.iter_mut().filter(|own| own.which <= step && own.done.is_none()) {
        own.done = Some(mark);
        own.late |= mark.at > own.due;
        due = own.due;
    }
    effects.emit_for(
        contact,
        Data::LoopUpdated(LoopUpdated {
            loop_id: open.id.clone(),
            step,
            late: mark.at > due,
            due,
            reason: reason.to_owned(),
            events: vec![mark.event],
        }),
    );
    let open = open.clone();
    if let Some(next) = open.next() {
        task(policy, account, &open, next.which, effects);
        watch(contact, &open, effects);
    } else {
        account.loops.remove(contact);
        let outcome = if open.escalated { "escalated" } else { "resolved" };
        close(contact, &open, outcome, "all four steps are done", mark.event, effects);
    }
}

fn close(contact: &str, open: &OpenLoop, outcome: &str, reason: &str, event: Position, effects: &mut Effects) {
    effects.cancel_timer(format!("{TIMER}{contact}"));
    let late = open.steps.iter().filter(|step| step.late).count();
    effects.emit_for(
        contact,
        Data::LoopClosed(LoopClosed {
            loop_id: open.id.clone(),
            contact: contact.to_owned(),
            opened_at: open.opened.at,
            outcome: outcome.into(),
            clocks: open.clocks(),
            late: u8::try_from(late).unwrap_or(u8::MAX),
            reason: reason.into(),
            events: vec![open.opened.event, event],
        }),
    );
}

/// A clock ran out: said once a step.
pub(crate) fn late(account: &mut Account, contact: &str, now: Time, effects: &mut Effects) {
    let Some(open) = account.loops.get_mut(contact) else { return };
    let over: Vec<Step> =
        open.steps.iter().filter(|step| step.done.is_none() && !step.late && step.due < now).copied().collect();
    for step in over {
        if let Some(own) = open.steps.iter_mut().find(|own| own.which == step.which) {
            own.late = true;
        }
        effects.emit_for(
            contact,
            Data::LoopUpdated(LoopUpdated {
                loop_id: open.id.clone(),
                step: step.which,
                late: true,
                due: step.due,
                reason: format!("{} was due on {} and is not done", step.which.name(), step.due.day()),
                events: vec![open.opened.event],
            }),
        );
    }
    let open = open.clone();
    watch(contact, &open, effects);
}

/// Ends all loops with the account.
pub(crate) fn end(account: &mut Account, event: Position, effects: &mut Effects) {
    for (contact, open) in std::mem::take(&mut account.loops) {
        close(&contact, &open, "account_left", "the account's service has ended", event, effects);
    }
}
