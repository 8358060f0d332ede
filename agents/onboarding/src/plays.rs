//! What is asked for: the hand-off at the beginning, messages, check-ins, and the facts a message may tell.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Position,
    data::facts::{
        Evidence, HandoffMade, MergeField, MessageClass, Priority, StepState, TaskCreated, TouchpointRequested,
    },
};

use crate::{
    policy::{By, Policy, Step, Trigger},
    state::Account,
    steps,
};

/// The beginning: sales hands over, the kick-off is a task, the customer is welcomed.
pub(crate) fn begin(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let profile = &account.profile;
    let Some(run) = account.run.as_deref() else { return };
    let (began, started_on) = (run.began, run.started_on);
    let steps = policy.steps(profile.vendor);
    let kickoff = steps.iter().find(|step| step.by == By::KickoffHeld && run.ended(&step.name).is_none());
    if let Some(step) = kickoff {
        let sponsors = profile.present().filter(|(_, contact)| contact.has("sponsor")).count();
        let context = [
            Some(format!("started on {started_on}")),
            profile.plan.as_ref().map(|plan| format!("plan {plan}")),
            profile.seats().map(|seats| format!("{seats} seats")),
            profile.contract.as_ref().map(|contract| format!("term ends on {}", contract.term_end)),
            Some(format!("{} contacts known, {sponsors} of them sponsors", profile.contacts.len())),
        ];
        let task = steps::id(turn, effects);
        effects.emit(Data::TaskCreated(TaskCreated {
            task: task.clone(),
            play: None,
            title: format!("Hold {}", step.title),
            assignee: profile.owner.clone(),
            due_on: started_on.plus(step.day),
            why: format!("The account started on {started_on}; sales hands it over."),
            events: vec![began],
        }));
        effects.emit(Data::HandoffMade(HandoffMade {
            from: "sales".into(),
            to: "success".into(),
            subject: "kick_off".into(),
            context: context.into_iter().flatten().collect(),
            task: task.clone(),
            events: vec![began],
        }));
        if let Some(run) = account.run.as_deref_mut() {
            run.tasks.insert(task, step.name.clone());
        }
    }
    steps::plan(turn, policy, account, "onboarding began".into(), vec![began], effects);
    ask(turn, policy, account, Trigger::Began, None, "onboarding began", &[began], effects);
}

/// Reviews that come near: a task for the CSM, and a message that asks for a date.
pub(crate) fn reviews(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref().filter(|run| !run.over) else { return };
    let near = policy.steps(account.profile.vendor).iter().find(|step| {
        let open = run.ended(&step.name).is_none() && steps::since(run, step).is_some();
        let due = run.started_on.plus(step.day);
        step.by == By::ReviewHeld
            && open
            && !run.ahead.contains(&step.name)
            && (due.plus(-policy.review.ahead_days)..=due).contains(&today)
    });
    let Some(step) = near.cloned() else { return };
    let due_on = run.started_on.plus(step.day);
    let reason = format!("{} is expected on {due_on}", step.title);
    let events = vec![run.began];
    let task = steps::id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title: format!("Agree on a date for {}", step.title),
        assignee: account.profile.owner.clone(),
        due_on,
        why: format!("{}.", sentence(&reason)),
        events: events.clone(),
    }));
    if let Some(run) = account.run.as_deref_mut() {
        run.ahead.insert(step.name.clone());
    }
    ask(turn, policy, account, Trigger::ReviewAhead, Some(&step), &reason, &events, effects);
}

/// Asks for the touches of a trigger.
#[expect(clippy::too_many_arguments, reason = "a request is all of these put together")]
pub(crate) fn ask(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    when: Trigger,
    step: Option<&Step>,
    reason: &str,
    events: &[Position],
    effects: &mut Effects,
) {
    let cause = step.map_or("start", |step| step.name.as_str());
    for play in policy.plays.iter().filter(|play| play.when == when) {
        let touch = TouchpointRequested {
            touch: steps::id(turn, effects),
            play: play.name.clone(),
            play_version: play.version,
            priority: Priority::Onboarding,
            class: MessageClass::Relationship,
            template: play.template.clone(),
            roles: play.roles.clone(),
            why: format!("{}.", sentence(reason)),
            evidence: vec![Evidence { text: reason.to_owned(), at: turn.now, events: events.to_vec() }],
            fields: fields(turn, policy, account, step, events),
            value: account.profile.arr,
            cause_key: format!("onboarding:{cause}"),
        };
        effects.emit(Data::TouchpointRequested(touch));
    }
}

/// Facts a message may tell: of the plan, never of what single users did.
fn fields(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    step: Option<&Step>,
    events: &[Position],
) -> Vec<MergeField> {
    let Some(run) = account.run.as_deref() else { return Vec::new() };
    let list = policy.steps(account.profile.vendor);
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String, source: &str, events: Vec<Position>| {
        fields.push(MergeField { name: name.into(), value, source: source.into(), at: turn.now, events });
    };
    let day = |day: bus_schema::Day| day.civil().strftime("%A, %-d %B").to_string();
    add("onboarding.started_on", day(run.started_on), "the account's first day", vec![run.began]);
    let done: Vec<_> = list
        .iter()
        .filter_map(|step| Some((step, run.ended(&step.name)?)))
        .filter(|(_, ended)| ended.how != StepState::Dropped)
        .collect();
    let cited = done.iter().rev().map(|(_, ended)| ended.event).take(4).collect::<Vec<_>>();
    let cited = if cited.is_empty() { vec![run.began] } else { cited };
    add("onboarding.steps_done", done.len().to_string(), "steps of the plan that are done", cited.clone());
    add("onboarding.steps_total", list.len().to_string(), "steps of the plan", cited);
    if let Some((last, ended)) = done.iter().max_by_key(|(_, ended)| ended.at) {
        add("onboarding.last_done", last.title.clone(), "the step done last", vec![ended.event]);
    }
    let next = step.or_else(|| {
        let open = |step: &&Step| run.ended(&step.name).is_none() && steps::since(run, step).is_some();
        list.iter().filter(open).min_by_key(|step| steps::due_on(policy, account, run, step))
    });
    if let Some(next) = next {
        add("onboarding.next_step", next.title.clone(), "the plan", events.to_vec());
        let due_on = day(steps::due_on(policy, account, run, next));
        add("onboarding.next_due", due_on, "the plan", events.to_vec());
    }
    fields
}

/// A reason with a capital letter.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}
