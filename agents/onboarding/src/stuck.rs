//! Steps that are stuck: which, since when, against what is usual, and who is waited for.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position, Time,
    data::facts::{BaselineBasis, OnboardingStalled, Party, TaskCreated},
};

use crate::{
    plays,
    policy::{By, Policy, Step, Trigger},
    state::{Account, Run, Stall},
    steps,
};

/// A stall that is of no step: nobody uses the product.
pub(crate) const INACTIVE: &str = "activity";

/// Days until a task of ours is due.
const TASK_DAYS: i32 = 2;

/// What is usual for a step, and where that comes from.
struct Usual {
    days: i64,
    n: u32,
    basis: BaselineBasis,
}

/// A step that waits too long.
struct Late<'a> {
    step: &'a Step,
    since: Time,
    waited: i64,
    usual: Usual,
}

/// The daily look for what is stuck: at most one step is told of for the first time, the one that waits longest.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    if account.run.as_deref().is_none_or(|run| run.over) {
        return;
    }
    inactive_over(policy, account, today, effects);
    again(turn, policy, account, today, effects);
    if inactive(turn, policy, account, today, effects) {
        return;
    }
    let Some(run) = account.run.as_deref() else { return };
    let late = policy
        .steps(account.profile.vendor)
        .iter()
        .filter(|step| !run.told.contains_key(&step.name))
        .filter_map(|step| late(policy, account, run, step, today))
        .min_by_key(|late| late.since);
    if let Some(late) = late {
        tell(turn, policy, account, &late, 1, effects);
    }
}

/// Whether a step waits longer than it may.
fn late<'a>(policy: &'a Policy, account: &Account, run: &Run, step: &'a Step, today: Day) -> Option<Late<'a>> {
    if run.ended(&step.name).is_some() || by_events(step.by) && !run.seen.sources_speak() {
        return None;
    }
    let since = steps::since(run, step)?;
    let waited = i64::from(today.0 - account.today(policy, since).0);
    let usual = usual(policy, account, run, step, today);
    let agreed = run.steps.get(&step.name).and_then(|known| known.due_on);
    let rule = &policy.stuck;
    let over = agreed.map_or_else(
        || waited * 10_000 > (usual.days * rule.over_bp).max((usual.days + rule.over_days) * 10_000),
        |due_on| today > due_on,
    );
    over.then_some(Late { step, since, waited, usual })
}

/// Steps that product events tick off by themselves: while a source is silent nobody knows whether they are done.
const fn by_events(by: By) -> bool {
    match by {
        By::UserInvited
        | By::IntegrationDeployed
        | By::KeyFeaturesUsed
        | By::WidelyUsed
        | By::ListingPublished
        | By::OrderPlaced
        | By::WellRated => true,
        By::Contacted
        | By::KickoffHeld
        | By::PlanAgreed
        | By::TrainingScheduled
        | By::TrainingCompleted
        | By::UseCaseDefined
        | By::GoalSet
        | By::ReviewHeld
        | By::OutcomeReached
        | By::KpiMeasured
        | By::Hand => false,
    }
}

fn usual(policy: &Policy, account: &Account, run: &Run, step: &Step, today: Day) -> Usual {
    let measured = run.usual.get(&step.name).filter(|_| run.usual_from.is_some_and(|from| from <= today));
    if let Some((days, n)) = measured {
        return Usual { days: i64::from(*days).max(1), n: *n, basis: BaselineBasis::Measured };
    }
    let days = steps::policy_days(policy.steps(account.profile.vendor), step);
    Usual { days, n: 0, basis: BaselineBasis::Policy }
}

/// Stalls that go on are told a second time.
fn again(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let lasting: Vec<Late<'_>> = policy
        .steps(account.profile.vendor)
        .iter()
        .filter(|step| run.stalls.get(&step.name).is_some_and(|stall| stall.notice == 1))
        .filter_map(|step| {
            let late = late(policy, account, run, step, today)?;
            let agreed = run.steps.get(&step.name).and_then(|known| known.due_on);
            let start = account.today(policy, late.since);
            let planned = agreed.map_or(late.usual.days, |due_on| i64::from(due_on.0 - start.0).max(1));
            (late.waited * 10_000 > planned.max(late.usual.days) * policy.stuck.again_bp).then_some(late)
        })
        .collect();
    for late in lasting {
        tell(turn, policy, account, &late, 2, effects);
    }
}

fn tell(turn: &Turn<'_>, policy: &Policy, account: &mut Account, late: &Late<'_>, notice: u8, effects: &mut Effects) {
    let Late { step, since, waited, usual } = late;
    let Some(run) = account.run.as_deref() else { return };
    let party = steps::waiting_for(account, run, step);
    let agreed = run.steps.get(&step.name).and_then(|known| known.due_on);
    let compared = match (agreed, usual.basis) {
        (Some(due_on), _) => format!("it was agreed for {due_on}"),
        (None, BaselineBasis::Measured) => {
            format!("{} are usual, the median of {} accounts of the segment", usual.days, usual.n)
        }
        (None, BaselineBasis::Policy) => format!("{} are planned", usual.days),
    };
    let who = match party {
        Party::Us => "we are waited for",
        Party::Customer => "the customer is waited for",
    };
    let reason = format!("{} has waited {waited} days; {compared}; {who}", step.title);
    let events = evidence(run, step);
    effects.emit(Data::OnboardingStalled(OnboardingStalled {
        step: step.name.clone(),
        since: *since,
        waited_days: u32::try_from(*waited).unwrap_or(0),
        expected_days: u32::try_from(usual.days).unwrap_or(0),
        basis: usual.basis,
        n: usual.n,
        notice,
        waiting_for: party,
        reason: reason.clone(),
        events: events.clone(),
    }));
    mark(turn, account, &step.name, notice);
    match party {
        Party::Us => task(turn, policy, account, step, &reason, events, effects),
        Party::Customer => {
            let when = if notice == 1 { Trigger::Stalled } else { Trigger::StalledAgain };
            plays::ask(turn, policy, account, when, Some(step), &reason, &events, effects);
        }
    }
}

/// What a step rests on: the ends of the steps before it, else the beginning.
fn evidence(run: &Run, step: &Step) -> Vec<Position> {
    let events: Vec<Position> = step.after.iter().filter_map(|name| run.ended(name)).map(|ended| ended.event).collect();
    if events.is_empty() { vec![run.began] } else { events }
}

fn mark(turn: &Turn<'_>, account: &mut Account, step: &str, notice: u8) {
    let Some(run) = account.run.as_deref_mut() else { return };
    run.told.insert(step.to_owned(), notice);
    let at = run.stalls.get(step).map_or(turn.now, |stall| stall.at);
    run.stalls.insert(step.to_owned(), Stall { at, notice });
}

/// Where we ourselves are late, a person of ours hears of it and nobody else; once, as long as the task is open.
fn task(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    step: &Step,
    reason: &str,
    events: Vec<Position>,
    effects: &mut Effects,
) {
    let today = account.today(policy, turn.now);
    if account.run.as_deref().is_some_and(|run| run.told.get(&step.name) == Some(&2)) {
        return;
    }
    let task = steps::id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title: format!("Onboarding waits for us: {}", step.title),
        assignee: account.profile.owner.clone(),
        due_on: today.plus(TASK_DAYS),
        why: format!("{}.", plays::sentence(reason)),
        events,
    }));
    if let Some(run) = account.run.as_deref_mut() {
        run.tasks.insert(task, step.name.clone());
    }
}

/// Nobody uses the product in the first weeks, and the sources that would tell of it speak.
fn inactive(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) -> bool {
    let rule = &policy.inactive;
    let Some(run) = account.run.as_deref() else { return false };
    let segment = account.segment();
    let last = run.seen.last_active().map_or(run.started_on, |mark| account.today(policy, mark.at));
    let since = last.max(run.started_on);
    let (age, idle) = (today.0 - run.started_on.0, today.0 - since.0);
    let applies = !account.profile.vendor && rule.segments.iter().any(|name| name == segment);
    let covered = !account.profile.incidents.is_empty() || !run.seen.sources_speak();
    if !applies || covered || age > rule.within_days || idle < rule.days || run.told.contains_key(INACTIVE) {
        return false;
    }
    let reason = format!("nobody has used the product for {idle} days, in the first {} days", rule.within_days);
    let events = run.seen.last_active().map_or_else(|| vec![run.began], |mark| vec![mark.event]);
    effects.emit(Data::OnboardingStalled(OnboardingStalled {
        step: INACTIVE.into(),
        since: since.start(),
        waited_days: u32::try_from(idle).unwrap_or(0),
        expected_days: u32::try_from(rule.days).unwrap_or(0),
        basis: BaselineBasis::Policy,
        n: 0,
        notice: 1,
        waiting_for: Party::Customer,
        reason: reason.clone(),
        events: events.clone(),
    }));
    mark(turn, account, INACTIVE, 1);
    plays::ask(turn, policy, account, Trigger::Inactive, None, &reason, &events, effects);
    true
}

/// A quiet start is over when somebody comes, or when its first weeks are.
pub(crate) fn inactive_over(policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let zone = policy.zone.clone();
    let within = policy.inactive.within_days;
    let Some(run) = account.run.as_deref_mut() else { return };
    let Some(stall) = run.stalls.get(INACTIVE) else { return };
    let seen = run.seen.last_active().filter(|mark| mark.at > stall.at);
    let (reason, events) = match seen {
        Some(mark) => ("the product is used again".to_owned(), vec![mark.event]),
        None if today.0 - run.started_on.0 > within => (format!("the first {within} days are over"), Vec::new()),
        None => return,
    };
    steps::resume(run, INACTIVE, today, &zone, &reason, events, effects);
}
