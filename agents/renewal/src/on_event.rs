//! Events: what they say of a contract on its way, of its risk and its value. Time: the daily look.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event,
    data::{
        commercial::RenewalStage,
        engagement::MeetingType,
        facts::ChurnForecasted,
        people::{ItemState, PlanKind, RenewalCalled, Verdict},
        value::Attestor,
        words::Label,
    },
};

use crate::{
    execution, forecast, next_daily,
    policy::{By, Policy},
    state::{Account, Call, Reached, RiskPart, Run},
    terms, timeline,
};

/// The daily timer.
const DAILY: &str = "daily";
/// Approved messages of a renewal that are kept.
const MESSAGES_MAX: usize = 40;
/// Days before the first step at which the daily looks begin.
const AHEAD_DAYS: i32 = 1;

/// Parts of the risk forecast that stand in another place here, or are of accounts without a contract.
const NOT_OURS: &[&str] = &["base", "proximity", "renewal_committed", "silence", "habit", "recent_use"];

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let before = account.profile.arr;
    account.profile.fold(event);
    let mut called = false;
    see(account, turn, event);
    match &event.data {
        Data::ContractSigned(data) => {
            account.uplift_bp = data.price_uplift_bp.unwrap_or(0);
            execution::signed(turn, policy, account, before, event, effects);
        }
        Data::ContractAmended(data) => {
            account.uplift_bp = data.price_uplift_bp.unwrap_or(0);
            execution::amended(turn, policy, account, effects);
        }
        Data::RenewalTermsAsked(data) => terms::asked(turn, policy, account, data, effects),
        Data::RenewalTermsDecided(data) => terms::decided(turn, policy, account, event, data, effects),
        Data::RenewalCalled(data) => called = call(turn, account, event, data),
        _ => way(turn, policy, account, event, effects),
    }
    timeline::begin(turn, policy, account, effects);
    timeline::look(turn, policy, account, effects);
    forecast::say(turn, policy, account, called, effects);
    plan(turn, policy, account, effects);
}

/// The daily look.
pub(crate) fn daily(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    timeline::look(turn, policy, account, effects);
    timeline::late(turn, policy, account, effects);
    forecast::say(turn, policy, account, false, effects);
    plan(turn, policy, account, effects);
}

/// Looks once a day where the decision is near, and else not before it comes near.
fn plan(turn: &Turn<'_>, policy: &Policy, account: &Account, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else {
        effects.cancel_timer(DAILY);
        return;
    };
    let first = policy.steps.iter().map(|step| step.days).max().unwrap_or(0);
    let far = first.max(policy.opens_days).max(policy.forecast.within_days) + AHEAD_DAYS;
    let begins = account.decision_on(run).plus(-far).start();
    effects.set_timer(DAILY, next_daily(turn).max(begins));
}

/// What bears on likelihood and value.
#[expect(clippy::wildcard_enum_match_arm, reason = "only what a likelihood and a kit are made of is folded here")]
fn see(account: &mut Account, turn: &Turn<'_>, event: &Event) {
    let (at, cause) = (event.header.time, turn.cause);
    let value = &mut account.value;
    match &event.data {
        Data::OutcomeDocumented(data) if matches!(data.attested_by, Attestor::Customer | Attestor::Csm) => {
            value.outcomes.cite(cause, at);
        }
        Data::RoiReported(_) => value.roi.cite(cause, at),
        Data::GoalAchieved(_) => value.goals_achieved.cite(cause, at),
        Data::GoalMissed(_) => value.goals_missed.cite(cause, at),
        Data::UseCaseLive(_) => value.use_cases.cite(cause, at),
        Data::ReviewHeld(data) => {
            value.reviews.cite(cause, at);
            attended(account, turn, event, data.attended.iter());
        }
        Data::MeetingHeld(data) => attended(account, turn, event, data.attended.iter()),
        Data::ChurnForecasted(data) => risk(account, data),
        Data::HealthBandChanged(data) => account.band = data.to,
        _ => {}
    }
}

fn attended<'a>(account: &mut Account, turn: &Turn<'_>, event: &Event, mut people: impl Iterator<Item = &'a Label>) {
    let sponsor = |id: &Label| account.profile.contacts.get(id.as_str()).is_some_and(|known| known.has("sponsor"));
    if people.any(sponsor) {
        account.sponsor_met = Some((event.header.time, turn.cause));
    }
}

/// Keeps what the risk forecast says of tenure, evidence and protection.
fn risk(account: &mut Account, data: &ChurnForecasted) {
    account.tier = data.tier;
    let ours = data.factors.iter().filter(|factor| !NOT_OURS.contains(&factor.signal.as_str()));
    account.risk = ours
        .filter(|factor| factor.counted_bp != 0)
        .map(|factor| RiskPart {
            name: factor.signal.clone(),
            bp: i64::from(factor.counted_bp),
            group: factor.group.map(|group| group.name().to_owned()),
            reason: factor.reason.clone(),
            events: factor.events.iter().take(EVENTS_MAX).copied().collect(),
        })
        .collect();
}

/// Events kept of a part of the risk.
const EVENTS_MAX: usize = 4;

/// How far the renewal itself is, and what does its tasks.
#[expect(clippy::wildcard_enum_match_arm, reason = "only the renewal's own way is folded here")]
fn way(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let (at, cause) = (event.header.time, turn.cause);
    match &event.data {
        Data::RenewalProposalSent(data) if own(account, &data.contract) => {
            if let Some(run) = account.run.as_deref_mut() {
                run.proposed = run.proposed.or(Some((at, cause)));
            }
            timeline::done_by(policy, account, By::ProposalSent, cause);
            forward(turn, policy, account, Reached::Proposed, effects);
        }
        Data::RenewalStageChanged(data) if own(account, &data.contract) => {
            if let Some(reached) = reached(&data.stage) {
                execution::moved(turn, policy, account, reached, effects);
            }
        }
        Data::OutreachReplied(data) => answered(turn, account, data.proposal.as_ref()),
        Data::OutreachClicked(data) => answered(turn, account, data.proposal.as_ref()),
        Data::ReviewHeld(_) => timeline::done_by(policy, account, By::ReviewHeld, cause),
        Data::RoiReported(_) => timeline::done_by(policy, account, By::RoiReported, cause),
        Data::MeetingHeld(data) if data.meeting_type == MeetingType::Kickoff => {
            timeline::done_by(policy, account, By::KickOffHeld, cause);
        }
        Data::TaskCompleted(data) => {
            tick_off(account, |task| task.1.id == data.task.as_str(), cause);
        }
        Data::PlanEdited(data) if data.plan == PlanKind::Renewal && data.state != ItemState::Open => {
            tick_off(account, |task| task.0.as_str() == data.item.as_str(), cause);
        }
        Data::ProposalDecided(data) if data.verdict == Verdict::Approve => {
            let Some(run) = account.run.as_deref_mut() else { return };
            let key = format!("renewal:{}:", run.contract);
            let ours = data.cause_key.as_ref().is_some_and(|cause| cause.starts_with(&key));
            if ours && run.messages.len() < MESSAGES_MAX {
                run.messages.insert(data.proposal.clone());
            }
        }
        _ => {}
    }
}

fn own(account: &Account, contract: &Label) -> bool {
    account.run.as_deref().is_some_and(|run| run.contract == contract.as_str())
}

/// A proposal that is out moves a renewal forward, never back.
fn forward(turn: &Turn<'_>, policy: &Policy, account: &mut Account, to: Reached, effects: &mut Effects) {
    if account.run.as_deref().is_some_and(|run| run.reached() < to) {
        execution::moved(turn, policy, account, to, effects);
    }
}

fn reached(stage: &RenewalStage) -> Option<Reached> {
    match stage {
        RenewalStage::Open => Some(Reached::Open),
        RenewalStage::Discussed => Some(Reached::Discussed),
        RenewalStage::Proposed => Some(Reached::Proposed),
        RenewalStage::Negotiating => Some(Reached::Negotiating),
        RenewalStage::Verbal => Some(Reached::Verbal),
        RenewalStage::Signed => Some(Reached::Signed),
        RenewalStage::Lost => Some(Reached::Lost),
        RenewalStage::Other(_) => None,
    }
}

/// The customer answered or followed a message of this renewal, or anything after the proposal went out.
fn answered(turn: &Turn<'_>, account: &mut Account, proposal: Option<&Label>) {
    let Some(run) = account.run.as_deref_mut() else { return };
    let ours = proposal.is_some_and(|id| run.messages.contains(id.as_str()));
    if ours || run.proposed.is_some() {
        run.answered = run.answered.or(Some(turn.cause));
    }
}

fn tick_off(
    account: &mut Account,
    which: impl Fn(&(&String, &mut crate::state::Task)) -> bool,
    cause: bus_schema::Position,
) {
    let Some(run) = account.run.as_deref_mut() else { return };
    for task in run.tasks.iter_mut().filter(which) {
        task.1.done = task.1.done.or(Some(cause));
    }
}

/// The CSM's own call: a series of its own, with a reason and a name.
fn call(turn: &Turn<'_>, account: &mut Account, event: &Event, data: &RenewalCalled) -> bool {
    let by = event.header.actor.as_ref().map(|actor| actor.id.clone());
    let mine = |run: &&mut Box<Run>| run.contract == data.contract.as_str();
    let (Some(by), Some(run)) = (by, account.run.as_mut().filter(mine)) else { return false };
    run.call = Some(Call {
        likelihood_bp: data.likelihood_bp.min(10_000),
        reason: data.reason.to_string(),
        by,
        event: turn.cause,
    });
    true
}
