//! What may hold of an account beside its stage: flags overlap, a stage does not.

use bus_schema::{
    Day,
    data::facts::{AccountFlag, Band, FlagSet, Tier},
};

use crate::{
    policy::Policy,
    state::{Pause, State},
};

/// The flags that hold on a day, each with its reason.
pub(crate) fn judge(policy: &Policy, state: &State, today: Day) -> Vec<FlagSet> {
    let found = [
        (AccountFlag::RenewalWindow, renewal_window(policy, state, today)),
        (AccountFlag::Advocate, advocate(policy, state, today)),
        (AccountFlag::AtRisk, at_risk(state)),
        (AccountFlag::InIncident, in_incident(state)),
        (AccountFlag::Paused, paused(state, today)),
        (AccountFlag::Leaving, leaving(state)),
    ];
    found.into_iter().filter_map(|(flag, reason)| Some(FlagSet { flag, reason: reason? })).collect()
}

/// The next day on which a flag may change without an event.
pub(crate) fn next_review(policy: &Policy, state: &State, today: Day) -> Option<Day> {
    let contract = state.profile.contract.as_ref();
    let days = [
        contract.map(|contract| contract.term_end.plus(policy.stage.renewal_days.saturating_neg())),
        contract.filter(|contract| contract.auto_renew).map(|contract| contract.term_end.plus(1)),
        state.life.advocacy_on.map(|on| on.plus(policy.stage.advocacy_days)),
        match state.life.paused {
            Some(Pause::Until(until)) => Some(until.plus(1)),
            Some(Pause::ForGood) | None => None,
        },
    ];
    days.into_iter().flatten().filter(|day| *day > today).min()
}

fn renewal_window(policy: &Policy, state: &State, today: Day) -> Option<String> {
    if state.profile.ended() {
        return None;
    }
    let contract = state.profile.contract.as_ref()?;
    let end = contract.term_end;
    let near = today >= end.plus(policy.stage.renewal_days.saturating_neg());
    let renewed = contract.auto_renew && state.profile.notice_on.is_none() && today > end;
    (near && !renewed).then(|| format!("the term ends on {end} and is not signed again"))
}

fn advocate(policy: &Policy, state: &State, today: Day) -> Option<String> {
    let on = state.life.advocacy_on.filter(|on| today < on.plus(policy.stage.advocacy_days))?;
    Some(format!("accepted or completed an advocacy act on {on}"))
}

fn at_risk(state: &State) -> Option<String> {
    if state.profile.ended() {
        return None;
    }
    match (state.band, state.life.tier) {
        (Band::Red, tier) if tier >= Tier::High => Some(format!("the band is red and the risk {}", tier.name())),
        (Band::Red, _) => Some("the band is red".into()),
        (Band::Unknown | Band::Yellow | Band::Green, tier) => {
            (tier >= Tier::High).then(|| format!("the risk is {}", tier.name()))
        }
    }
}

fn in_incident(state: &State) -> Option<String> {
    let open = state.profile.incidents.len();
    let name = state.profile.incidents.keys().next()?;
    Some(if open == 1 { format!("the incident {name} covers it") } else { format!("{open} incidents cover it") })
}

fn paused(state: &State, today: Day) -> Option<String> {
    match state.life.paused? {
        Pause::ForGood => Some("a person paused outreach".into()),
        Pause::Until(until) => (today <= until).then(|| format!("a person paused outreach until {until}")),
    }
}

fn leaving(state: &State) -> Option<String> {
    let on = state.profile.notice_on.filter(|_| !state.profile.ended())?;
    Some(format!("notice was given for {on}"))
}
