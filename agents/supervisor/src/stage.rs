//! The lifecycle stage of an account: the first that holds.

use bus_schema::{Day, data::facts::Band};

use crate::{
    policy::Policy,
    state::{Stage, State},
};

/// Judges the stage, with the reason in words.
pub(crate) fn judge(policy: &Policy, state: &State, today: Day) -> (Stage, String) {
    let life = &state.life;
    if let Some(ended) = state.profile.ended_on
        && ended <= today
    {
        return (Stage::Churned, format!("service ended on {ended}"));
    }
    if let Some(on) = life.won_back_on
        && today < on.plus(policy.stage.won_back_days)
    {
        return (Stage::WonBack, format!("came back on {on}"));
    }
    if let Some(reason) = onboarding(policy, state, today) {
        return (Stage::Onboarding, reason);
    }
    if let Some(reason) = renewal(policy, state, today) {
        return (Stage::Renewal, reason);
    }
    if let Some(on) = life.advocacy_on.filter(|on| today < on.plus(policy.stage.advocacy_days))
        && state.band != Band::Red
    {
        return (Stage::Advocacy, format!("accepted or completed an advocacy act on {on}"));
    }
    if let (Some(value), Some(on)) = (life.value_on, life.opportunity_on)
        && today < on.plus(policy.stage.growth_days)
    {
        return (Stage::Growth, format!("value documented on {value}, opportunity on {on}"));
    }
    (Stage::Adoption, adoption(state))
}

/// The next day on which the stage may change without an event.
pub(crate) fn next_review(policy: &Policy, state: &State, today: Day) -> Option<Day> {
    let (life, spans) = (&state.life, &policy.stage);
    let contract = state.profile.contract.as_ref();
    let days = [
        state.profile.ended_on,
        life.won_back_on.map(|on| on.plus(spans.won_back_days)),
        state.profile.start().map(|on| on.plus(spans.onboarding_days)).filter(|_| !life.onboarded),
        contract.map(|contract| contract.term_end.plus(spans.renewal_days.saturating_neg())),
        contract.filter(|contract| contract.auto_renew).map(|contract| contract.term_end.plus(1)),
        life.advocacy_on.map(|on| on.plus(spans.advocacy_days)),
        life.opportunity_on.map(|on| on.plus(spans.growth_days)),
    ];
    days.into_iter().flatten().filter(|day| *day > today).min()
}

fn onboarding(policy: &Policy, state: &State, today: Day) -> Option<String> {
    let start = state.profile.start()?;
    if state.life.onboarded || today >= start.plus(policy.stage.onboarding_days) {
        return None;
    }
    let day = today.0.saturating_sub(start.0);
    Some(format!("day {day} of at most {} since {start}", policy.stage.onboarding_days))
}

fn renewal(policy: &Policy, state: &State, today: Day) -> Option<String> {
    let contract = state.profile.contract.as_ref()?;
    let end = contract.term_end;
    let near = today >= end.plus(policy.stage.renewal_days.saturating_neg());
    // A contract that renews by itself has done so once its term is over, unless notice was given.
    let renewed = contract.auto_renew && state.profile.notice_on.is_none() && today > end;
    (near && !renewed).then(|| format!("the term ends on {end} and is not signed again"))
}

fn adoption(state: &State) -> String {
    if state.life.onboarded {
        return "onboarding is completed".into();
    }
    match state.profile.start() {
        Some(start) => format!("onboarding is over by time; it began on {start}"),
        None => "nothing else holds".into(),
    }
}
