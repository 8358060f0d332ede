//! Events: what they show of a start. Time: the daily look at what is stuck and what is due.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Time,
    data::{
        engagement::MeetingType,
        facts::{OnboardingBaseline, StepState, ValueStep},
        onboarding::{ProjectState, ProjectUpdated},
        people::{ItemState, PlanEdited, PlanKind},
        support::Direction,
        survey::SurveyType,
        usage::Milestone,
        value::Attestor,
    },
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    judge, plays,
    policy::{By, Policy},
    seen::Mark,
    state::{Account, Ended, Run},
    steps, stuck,
};

/// The daily timer.
const DAILY: &str = "daily";

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    account.profile.fold(event);
    if !begin(turn, policy, account, effects) {
        return;
    }
    if account.profile.ended() {
        steps::close(turn, policy, account, false, "the account's service has ended".into(), effects);
        account.run = None;
        effects.cancel_timer(DAILY);
        return;
    }
    let mark = Mark { at: event.header.time, event: turn.cause };
    let day = account.today(policy, mark.at);
    see(account, event, mark, day);
    for milestone in values(account, event) {
        steps::value(turn, policy, account, milestone, mark, effects);
    }
    by_hand(turn, policy, account, event, mark, effects);
    steps::settle(turn, policy, account, mark, effects);
    let today = account.today(policy, turn.now);
    stuck::inactive_over(policy, account, today, effects);
}

/// Begins a start when the account's first day is known and lies near enough; answers whether one is under way.
fn begin(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) -> bool {
    if account.run.is_some() {
        return true;
    }
    let contract = account.profile.contract.as_ref().map(|contract| contract.term_start);
    let Some(started_on) = account.profile.started_on.or(contract) else { return false };
    let today = account.today(policy, turn.now);
    // An account that comes with a long history has had its start before anybody looked.
    let long_ago = today.0 - started_on.0 >= policy.close_day;
    if account.had.is_some() || long_ago || today < started_on || account.profile.ended() {
        return false;
    }
    account.had = Some(started_on);
    account.run = Some(Box::new(Run::new(started_on, turn.cause)));
    effects.set_timer(DAILY, next_daily(turn));
    plays::begin(turn, policy, account, effects);
    true
}

/// The daily look.
pub(crate) fn daily(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    if account.run.is_none() {
        return;
    }
    steps::enrol(turn, policy, account, effects);
    steps::settle(turn, policy, account, Mark { at: turn.now, event: turn.cause }, effects);
    let today = account.today(policy, turn.now);
    let late = account.run.as_deref().filter(|run| !run.over && today >= run.started_on.plus(policy.close_day));
    if let Some(run) = late {
        let all = policy.steps(account.profile.vendor);
        let open = all.iter().filter(|step| run.ended(&step.name).is_none()).count();
        let reason = format!("closed incomplete on day {}: {open} of {} steps open", run.days(today), all.len());
        steps::close(turn, policy, account, false, reason, effects);
    }
    stuck::look(turn, policy, account, effects);
    plays::reviews(turn, policy, account, effects);
    judge::look(turn, policy, account, effects);
    if account.run.is_some() {
        effects.set_timer(DAILY, next_daily(turn));
    }
}

/// Spread over the day, so that not all accounts look at once.
fn next_daily(turn: &Turn<'_>) -> Time {
    let minutes = i64::from(turn.entity.hash() % 1_440);
    let today = turn.now.0.div_euclid(DAY_MS) * DAY_MS + minutes * MINUTE_MS;
    Time(if today > turn.now.0 { today } else { today + DAY_MS })
}

/// Adds an event to what was seen.
fn see(account: &mut Account, event: &Event, mark: Mark, day: Day) {
    see_steps(account, event, mark);
    see_use(account, event, mark, day);
    see_value(account, event, mark, day);
}

/// What ticks off steps.
#[expect(clippy::wildcard_enum_match_arm, reason = "only steps are looked at here")]
fn see_steps(account: &mut Account, event: &Event, mark: Mark) {
    let Some(run) = account.run.as_deref_mut() else { return };
    let (seen, cause) = (&mut run.seen, mark.event);
    match &event.data {
        Data::KickoffHeld(_) => seen.count(By::KickoffHeld, None, cause),
        Data::MeetingHeld(data) if data.meeting_type == MeetingType::Kickoff => {
            seen.count(By::KickoffHeld, Some(&data.meeting), cause);
        }
        Data::MeetingScheduled(data) if data.meeting_type.as_str() == "training" => {
            seen.count(By::TrainingScheduled, Some(&data.meeting), cause);
        }
        Data::TrainingCompleted(_) => {
            // A training that was held had been agreed on, whoever forgot to say so.
            seen.count(By::TrainingScheduled, None, cause);
            seen.count(By::TrainingCompleted, None, cause);
        }
        Data::ReviewHeld(_) => seen.count(By::ReviewHeld, None, cause),
        Data::IntegrationDeployed(data) => seen.count(By::IntegrationDeployed, Some(&data.integration), cause),
        Data::UseCaseDefined(data) => seen.count(By::UseCaseDefined, Some(&data.use_case), cause),
        Data::UseCaseLive(data) => seen.count(By::UseCaseDefined, Some(&data.use_case), cause),
        Data::GoalSet(data) => seen.count(By::GoalSet, Some(&data.goal), cause),
        Data::KpiMeasured(data) => seen.count(By::KpiMeasured, Some(&data.kpi), cause),
        Data::OutreachDelivered(_) => seen.count(By::Contacted, None, cause),
        Data::ConversationRecorded(data) if data.direction == Direction::Outbound => {
            seen.count(By::Contacted, None, cause);
        }
        Data::PlanEdited(data) if data.plan == PlanKind::Success && data.state != ItemState::Dropped => {
            seen.count(By::PlanAgreed, Some(&data.item), cause);
        }
        _ => {}
    }
}

/// Who uses the product, and what of it.
#[expect(clippy::wildcard_enum_match_arm, reason = "only use is looked at here")]
fn see_use(account: &mut Account, event: &Event, mark: Mark, day: Day) {
    let core = |feature: &str| account.profile.core_features.iter().any(|name| name == feature);
    let Some(run) = account.run.as_deref_mut() else { return };
    let (seen, cause) = (&mut run.seen, mark.event);
    match &event.data {
        Data::UserInvited(data) => {
            seen.invited(&data.user, data.on);
            seen.count(By::UserInvited, None, cause);
        }
        Data::UserActivated(data) => {
            seen.activated(&data.user, data.on);
            seen.count(By::UserInvited, None, cause);
        }
        Data::UserLoggedIn(data) => seen.used(&data.user, false, day, mark),
        Data::SessionEnded(data) => seen.used(&data.user, false, day, mark),
        Data::UsageRecorded(data) => {
            let core = core(&data.feature);
            seen.used(&data.user, core, day, mark);
            if core {
                seen.feature(&data.feature, day, cause);
            }
        }
        Data::FeatureActivated(data) => {
            let core = core(&data.feature);
            if let Some(user) = &data.user {
                seen.used(user, core, day, mark);
            }
            if core {
                seen.feature(&data.feature, day, cause);
            }
        }
        Data::UsageAggregated(data) => {
            seen.summed(data.day, data.active_users, mark);
            if let Some(feature) = data.feature.as_ref().filter(|name| data.active_users > 0 && core(name)) {
                seen.feature(feature, data.day, cause);
            }
        }
        Data::SourceStalled(data) => seen.source(&data.source, true),
        Data::SourceResumed(data) => seen.source(&data.source, false),
        _ => {}
    }
}

/// What came of it, and what is usual.
#[expect(clippy::wildcard_enum_match_arm, reason = "only value is looked at here")]
fn see_value(account: &mut Account, event: &Event, mark: Mark, day: Day) {
    let Some(run) = account.run.as_deref_mut() else { return };
    let (seen, cause) = (&mut run.seen, mark.event);
    match &event.data {
        Data::OutcomeDocumented(data) => {
            seen.count(By::OutcomeReached, None, cause);
            if person(&data.attested_by) {
                seen.win(cause);
            }
        }
        Data::RoiReported(data) if person(&data.attested_by) => seen.win(cause),
        Data::MilestoneReached(data) if data.milestone == Milestone::FirstOutcome => {
            seen.count(By::OutcomeReached, None, cause);
        }
        Data::NpsResponded(data) if data.survey_type == SurveyType::Relationship => {
            seen.answered(event.header.contact.as_deref().unwrap_or_default(), day, data.score, cause);
        }
        Data::ListingPublished(data) => seen.count(By::ListingPublished, Some(&data.listing), cause),
        Data::OrderPlaced(data) => seen.count(By::OrderPlaced, Some(&data.order), cause),
        Data::RatingReceived(data) => seen.rated(data.rating, cause),
        Data::OnboardingBaseline(data) => usual(run, data, day),
        _ => {}
    }
}

/// What is usual in the segment counts from the next day.
fn usual(run: &mut Run, data: &OnboardingBaseline, today: Day) {
    for step in &data.steps {
        run.usual.insert(step.step.clone(), (step.median_days, step.n));
    }
    run.usual_from = run.usual_from.or(Some(today.plus(1)));
}

/// An agent cannot stand for a win.
const fn person(attestor: &Attestor) -> bool {
    match attestor {
        Attestor::Customer | Attestor::Csm => true,
        Attestor::Other(_) => false,
    }
}

/// Steps of value that an event reaches. An outcome is also value; a vendor's first order is its first sale.
#[expect(clippy::wildcard_enum_match_arm, reason = "only value is looked at here")]
fn values(account: &Account, event: &Event) -> Vec<ValueStep> {
    match &event.data {
        Data::MilestoneReached(data) => match data.milestone {
            Milestone::FirstValue => vec![ValueStep::FirstValue],
            Milestone::FirstOutcome => vec![ValueStep::FirstOutcome],
            Milestone::FirstSale => vec![ValueStep::FirstSale],
            Milestone::Custom | Milestone::Other(_) => Vec::new(),
        },
        Data::OutcomeDocumented(_) => vec![ValueStep::FirstValue, ValueStep::FirstOutcome],
        Data::OrderPlaced(_) if account.profile.vendor => vec![ValueStep::FirstSale],
        _ => Vec::new(),
    }
}

/// What a person, or another tool, says of a step.
#[expect(clippy::wildcard_enum_match_arm, reason = "only steps by hand are looked at here")]
fn by_hand(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, mark: Mark, effects: &mut Effects) {
    let (name, how) = match &event.data {
        Data::OnboardingStepCompleted(data) => (data.step.to_string(), StepState::ByHand),
        Data::TaskCompleted(data) => {
            let run = account.run.as_deref_mut();
            let Some(step) = run.and_then(|run| run.tasks.remove(data.task.as_str())) else { return };
            (step, StepState::ByHand)
        }
        Data::PlanEdited(data) if data.plan == PlanKind::Onboarding => match data.state {
            ItemState::Done => (data.item.to_string(), StepState::ByHand),
            ItemState::Dropped => (data.item.to_string(), StepState::Dropped),
            ItemState::Open => return agreed(turn, policy, account, data, mark, effects),
        },
        Data::ProjectUpdated(data) => return project(turn, policy, account, data, mark, effects),
        _ => return,
    };
    let Some(step) = policy.steps(account.profile.vendor).iter().find(|step| step.name == name) else { return };
    let open = account.run.as_deref().is_some_and(|run| !run.over && run.ended(&name).is_none());
    if open {
        steps::end(turn, policy, account, step, Ended { at: mark.at, event: mark.event, how }, effects);
    }
}

/// A new date or another owner was agreed: what was stuck has moved.
fn agreed(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    data: &PlanEdited,
    mark: Mark,
    effects: &mut Effects,
) {
    let owner = data.owner.as_ref().map(ToString::to_string);
    change(turn, policy, account, &data.item, data.due_on, owner, mark, effects);
}

/// A customer's project that is named after a step moves the step's date.
fn project(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    data: &ProjectUpdated,
    mark: Mark,
    effects: &mut Effects,
) {
    match data.state {
        ProjectState::OnTrack | ProjectState::Delayed => {
            change(turn, policy, account, &data.project, Some(data.due_on), None, mark, effects);
        }
        ProjectState::Stopped | ProjectState::Done | ProjectState::Other(_) => {}
    }
}

#[expect(clippy::too_many_arguments, reason = "one change of one step")]
fn change(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    name: &str,
    due_on: Option<Day>,
    owner: Option<String>,
    mark: Mark,
    effects: &mut Effects,
) {
    let today = account.today(policy, turn.now);
    let Some(step) = policy.steps(account.profile.vendor).iter().find(|step| step.name == *name) else { return };
    let Some(run) = account.run.as_deref_mut().filter(|run| !run.over && run.ended(name).is_none()) else { return };
    let known = run.steps.entry(step.name.clone()).or_default();
    let moved = due_on.filter(|due_on| known.due_on != Some(*due_on));
    known.due_on = due_on.or(known.due_on);
    known.owner = owner.or_else(|| known.owner.take());
    let reason = match moved {
        Some(due_on) => format!("{} was agreed for {due_on}", step.title),
        None => format!("{} has another owner", step.title),
    };
    if moved.is_some() {
        run.told.remove(name);
        steps::resume(run, name, today, &policy.zone, &reason, vec![mark.event], effects);
    }
    steps::plan(turn, policy, account, reason, vec![mark.event], effects);
}
