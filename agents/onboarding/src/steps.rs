//! Steps: which are done and by what, phases, the plan, and what the segment is told of them.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Entity, Position, Time,
    data::facts::{
        OnboardingCompleted, OnboardingPlanned, OnboardingResumed, OnboardingSample, OnboardingSampled, Party,
        PhaseCompleted, PlannedStep, StepState, TaskCreated, ValueReached, ValueStep,
    },
};

use crate::{
    policy::{By, Policy, Step},
    seen::Mark,
    state::{Account, Ended, Run},
};

/// Ids of one turn: each effect has its own ordinal.
pub(crate) fn id(turn: &Turn<'_>, effects: &Effects) -> String {
    turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX))
}

/// When a step's clock starts: when all steps before it are done. None while one is open.
pub(crate) fn since(run: &Run, step: &Step) -> Option<Time> {
    let start = run.started_on.start();
    step.after.iter().try_fold(start, |latest, name| Some(latest.max(run.ended(name)?.at)))
}

/// Days a step is expected to take once it can be done, by the policy.
pub(crate) fn policy_days(steps: &[Step], step: &Step) -> i64 {
    let before = step.after.iter().filter_map(|name| steps.iter().find(|known| known.name == *name));
    let from = before.map(|known| known.day).max().unwrap_or(0);
    i64::from(step.day - from).max(1)
}

/// Whose turn a step is: ours while a task of ours is open.
pub(crate) fn waiting_for(account: &Account, run: &Run, step: &Step) -> Party {
    if run.tasks.values().any(|of| *of == step.name) {
        return Party::Us;
    }
    match run.steps.get(&step.name).and_then(|known| known.owner.as_deref()) {
        None => step.whose,
        Some(owner) if owner == Party::Customer.name() || account.profile.contacts.contains_key(owner) => {
            Party::Customer
        }
        Some(_) => Party::Us,
    }
}

/// Ticks off what the events show, and says what follows from it.
pub(crate) fn settle(turn: &Turn<'_>, policy: &Policy, account: &mut Account, mark: Mark, effects: &mut Effects) {
    let Some(run) = account.run.as_deref().filter(|run| !run.over) else { return };
    let steps = policy.steps(account.profile.vendor);
    let done: Vec<(&Step, StepState)> = steps
        .iter()
        .filter(|step| run.ended(&step.name).is_none())
        .filter_map(|step| Some((step, shown(policy, account, run, step)?)))
        .collect();
    for (step, how) in done {
        end(turn, policy, account, step, Ended { at: mark.at, event: mark.event, how }, effects);
    }
}

/// How a step shows that it is done, where it does.
fn shown(policy: &Policy, account: &Account, run: &Run, step: &Step) -> Option<StepState> {
    let seen = &run.seen;
    match step.by {
        By::KeyFeaturesUsed => {
            let share = seen.touched_features(&account.profile.core_features)?;
            (share >= policy.implied.key_features_bp).then_some(StepState::Implied)
        }
        By::WidelyUsed => {
            let today = seen.last_active().map(|mark| account.today(policy, mark.at))?;
            let share = seen.breadth(account.profile.seats(), today)?;
            (share >= policy.implied.wider_adoption_bp).then_some(StepState::Implied)
        }
        By::WellRated => {
            let found = seen.rating()?;
            let rule = &policy.rating;
            (found.n >= rule.count && found.value >= rule.mean_hundredths).then_some(StepState::Done)
        }
        By::Hand => None,
        By::Contacted
        | By::UserInvited
        | By::KickoffHeld
        | By::PlanAgreed
        | By::TrainingScheduled
        | By::TrainingCompleted
        | By::IntegrationDeployed
        | By::UseCaseDefined
        | By::GoalSet
        | By::ReviewHeld
        | By::OutcomeReached
        | By::KpiMeasured
        | By::ListingPublished
        | By::OrderPlaced => (seen.times(step.by) >= step.count).then_some(StepState::Done),
    }
}

/// A step is done, or not needed.
pub(crate) fn end(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    step: &Step,
    ended: Ended,
    effects: &mut Effects,
) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref_mut() else { return };
    run.steps.entry(step.name.clone()).or_default().ended = Some(ended);
    run.tasks.retain(|_, of| *of != step.name);
    let reason = match ended.how {
        StepState::Done | StepState::Blocked | StepState::Open => format!("{} is done", step.title),
        StepState::Implied => format!("use shows that {} is there", step.title),
        StepState::ByHand => format!("{} is done, a person says", step.title),
        StepState::Dropped => format!("{} is not needed, a person says", step.title),
    };
    resume(run, &step.name, today, &policy.zone, &reason, vec![ended.event], effects);
    if ended.how != StepState::Dropped {
        sample_step(policy, account, turn, step, effects);
    }
    phases(turn, policy, account, effects);
    plan(turn, policy, account, reason, vec![ended.event], effects);
}

/// A step that was stuck moved.
pub(crate) fn resume(
    run: &mut Run,
    step: &str,
    today: Day,
    zone: &jiff::tz::TimeZone,
    reason: &str,
    events: Vec<Position>,
    effects: &mut Effects,
) {
    let Some(stall) = run.stalls.remove(step) else { return };
    let stalled_days = u32::try_from(today.0 - stall.at.day_in(zone).0).unwrap_or(0);
    effects.emit(Data::OnboardingResumed(OnboardingResumed {
        step: step.to_owned(),
        stalled_days,
        reason: reason.to_owned(),
        events,
    }));
}

/// Phases whose steps are all done, and the end when all phases are.
fn phases(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let steps = policy.steps(account.profile.vendor);
    let Some(run) = account.run.as_deref_mut().filter(|run| !run.over) else { return };
    for step in steps {
        let own = || steps.iter().filter(|other| other.phase == step.phase);
        if run.phases.contains(&step.phase) || own().any(|other| run.ended(&other.name).is_none()) {
            continue;
        }
        run.phases.insert(step.phase.clone());
        let done = own().filter_map(|other| run.ended(&other.name)).filter(|ended| ended.how != StepState::Dropped);
        let events = done.map(|ended| ended.event).collect();
        let (phase, took_days) = (step.phase.clone(), run.days(today));
        effects.emit(Data::OnboardingPhaseCompleted(PhaseCompleted { phase, took_days, events }));
    }
    if steps.iter().all(|step| run.phases.contains(&step.phase)) {
        let reason = format!("all phases are done after {} days", run.days(today));
        close(turn, policy, account, true, reason, effects);
    }
}

/// Onboarding is over.
pub(crate) fn close(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    complete: bool,
    reason: String,
    effects: &mut Effects,
) {
    let today = account.today(policy, turn.now);
    let owner = account.profile.owner.clone();
    let steps = policy.steps(account.profile.vendor);
    let Some(run) = account.run.as_deref_mut().filter(|run| !run.over) else { return };
    run.over = true;
    run.stalls.clear();
    run.tasks.clear();
    let open: Vec<&Step> = steps.iter().filter(|step| run.ended(&step.name).is_none()).collect();
    if !complete && !account.profile.ended() {
        let titles: Vec<&str> = open.iter().map(|step| step.title.as_str()).collect();
        effects.emit(Data::TaskCreated(TaskCreated {
            task: id(turn, effects),
            play: None,
            title: "Decide with the customer how onboarding goes on".into(),
            assignee: owner,
            due_on: today.plus(7),
            why: format!("Onboarding was closed incomplete; still open: {}.", titles.join(", ")),
            events: Vec::new(),
        }));
    }
    effects.emit(Data::OnboardingCompleted(OnboardingCompleted {
        complete,
        took_days: run.days(today),
        open: open.iter().map(|step| step.name.clone()).collect(),
        reason,
    }));
    if complete {
        run.values.insert(ValueStep::Completion, run.days(today));
    }
    sample(account, turn, OnboardingSample::Over { complete }, effects);
}

/// A step of value was reached; the first time alone counts.
pub(crate) fn value(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    milestone: ValueStep,
    mark: Mark,
    effects: &mut Effects,
) {
    let day = account.today(policy, mark.at);
    let Some(run) = account.run.as_deref_mut() else { return };
    if run.values.contains_key(&milestone) {
        return;
    }
    let took_days = run.days(day);
    run.values.insert(milestone, took_days);
    let (cohort, events) = (run.cohort(), vec![mark.event]);
    effects.emit(Data::ValueReached(ValueReached { milestone, took_days, cohort, events }));
    sample(account, turn, OnboardingSample::Value { milestone, days: took_days }, effects);
}

/// The whole plan, as it stands.
pub(crate) fn plan(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    reason: String,
    events: Vec<Position>,
    effects: &mut Effects,
) {
    let Some(run) = account.run.as_deref() else { return };
    let steps = policy.steps(account.profile.vendor);
    let planned = steps.iter().map(|step| {
        let known = run.steps.get(&step.name);
        let ended = run.ended(&step.name);
        let open = since(run, step);
        let state = match (ended, open) {
            (Some(ended), _) => ended.how,
            (None, Some(_)) => StepState::Open,
            (None, None) => StepState::Blocked,
        };
        PlannedStep {
            step: step.name.clone(),
            phase: step.phase.clone(),
            after: step.after.clone(),
            waiting_for: waiting_for(account, run, step),
            owner: known.and_then(|known| known.owner.clone()),
            due_on: due_on(policy, account, run, step),
            state,
            done_on: ended.map(|ended| account.today(policy, ended.at)),
        }
    });
    effects.emit(Data::OnboardingPlanned(OnboardingPlanned {
        started_on: run.started_on,
        steps: planned.collect(),
        reason,
        policy_version: turn.policy_version,
        events,
    }));
}

/// When a step is expected: as agreed, else so long after it could be begun, else at its day.
pub(crate) fn due_on(policy: &Policy, account: &Account, run: &Run, step: &Step) -> Day {
    let agreed = run.steps.get(&step.name).and_then(|known| known.due_on);
    let steps = policy.steps(account.profile.vendor);
    let days = i32::try_from(policy_days(steps, step)).unwrap_or(0);
    agreed
        .or_else(|| since(run, step).map(|since| account.today(policy, since).plus(days)))
        .unwrap_or_else(|| run.started_on.plus(step.day))
}

/// From the first daily look on, an account tells its segment; what was done before is told then.
pub(crate) fn enrol(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let segment = account.segment().to_owned();
    let Some(run) = account.run.as_deref_mut().filter(|run| run.segment.is_none()) else { return };
    run.segment = Some(segment);
    let values: Vec<(ValueStep, u32)> = run.values.iter().map(|(step, days)| (*step, *days)).collect();
    let ended = |step: &&Step| run.ended(&step.name).is_some_and(|ended| ended.how != StepState::Dropped);
    let done: Vec<&Step> = policy.steps(account.profile.vendor).iter().filter(ended).collect();
    sample(account, turn, OnboardingSample::Began {}, effects);
    for step in done {
        sample_step(policy, account, turn, step, effects);
    }
    for (milestone, days) in values {
        sample(account, turn, OnboardingSample::Value { milestone, days }, effects);
    }
}

fn sample_step(policy: &Policy, account: &Account, turn: &Turn<'_>, step: &Step, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let (Some(since), Some(ended)) = (since(run, step), run.ended(&step.name)) else { return };
    let days = account.today(policy, ended.at).0 - account.today(policy, since).0;
    let days = u32::try_from(days).unwrap_or(0);
    sample(account, turn, OnboardingSample::Step { step: step.name.clone(), days }, effects);
}

fn sample(account: &Account, turn: &Turn<'_>, sample: OnboardingSample, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let (Some(segment), Some(id)) = (&run.segment, turn.entity.account_id()) else { return };
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    let to = Entity::Segment(kind.into(), segment.clone());
    let (account, started_on) = (id.to_owned(), run.started_on);
    effects.emit_to(to, Data::OnboardingSampled(OnboardingSampled { account, started_on, sample }));
}
