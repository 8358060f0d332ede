//! The routing table: which team is told of what, as the policy says. Each is a fact and a task.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Kind,
    data::facts::{CauseGroup, HandoffMade, TaskCreated},
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::{Handoff, Policy},
    state::State,
};

/// Kinds that a row of the table may begin with.
pub(crate) const ROUTABLE: &[Kind] = &[
    Kind::PromiseMade,
    Kind::AdvocacyAccepted,
    Kind::AdvocacyCompleted,
    Kind::InvoiceOverdue,
    Kind::CostFound,
    Kind::RenewalTermsSettled,
    Kind::ContractNoticeGiven,
    Kind::HealthBandChanged,
    Kind::HealthDivergenceFound,
    Kind::UseCaseDefined,
    Kind::ProjectUpdated,
    Kind::IncidentCovers,
    Kind::TicketResolved,
    Kind::OutcomeDocumented,
    Kind::LossAnalysed,
    Kind::AccountChurned,
    Kind::OrgChanged,
];

/// When a row of the table was used last, by its name; only rows that rest are kept, so the table bounds it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Handoffs(BTreeMap<String, Day>);

/// Tells the teams that the table names.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    let Some((word, about)) = told(event) else { return };
    let segment = state.life.segment.as_ref().map(|segment| segment.name().to_owned()).unwrap_or_default();
    let today = turn.now.day();
    let rests = |state: &State, row: &Handoff| {
        state.handoffs.0.get(&row.name).is_some_and(|last| today < last.plus(row.rest_days))
    };
    for row in policy.handoff.iter().filter(|row| row.concerns(event.kind(), &word, &segment)) {
        if rests(state, row) {
            continue;
        }
        if row.rest_days > 0 {
            state.handoffs.0.insert(row.name.clone(), today);
        }
        make(turn, state, row, &about, effects);
    }
    // A row that the table no longer has is not kept either.
    state.handoffs.0.retain(|name, _| policy.handoff.iter().any(|row| row.name == *name));
}

fn make(turn: &Turn<'_>, state: &State, row: &Handoff, about: &[String], effects: &mut Effects) {
    let task = turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX));
    let owner = state.life.owner.clone();
    let assignee = if row.assignee == "owner" { owner } else { Some(row.assignee.clone()) };
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title: row.title.clone(),
        assignee,
        due_on: turn.now.day().plus(row.due_days),
        why: format!("{}.", about.join("; ")),
        events: vec![turn.cause],
    }));
    effects.emit(Data::HandoffMade(HandoffMade {
        from: row.from.clone(),
        to: row.to.clone(),
        subject: row.name.clone(),
        context: about.iter().cloned().chain(account(state)).collect(),
        task,
        events: vec![turn.cause],
    }));
}

/// What every team wants to know of an account.
fn account(state: &State) -> Vec<String> {
    let segment = state.life.segment.as_ref().map(|segment| format!("segment {}", segment.name()));
    let arr = state.profile.arr.map(|arr| format!("{} a year", arr.in_words()));
    let end = state.profile.contract.as_ref().map(|contract| format!("the term ends on {}", contract.term_end));
    let owner = state.life.owner.as_ref().map(|owner| format!("{owner} looks after it"));
    let band = format!("health {}", state.band.name());
    [segment, arr, end, owner, Some(band)].into_iter().flatten().collect()
}

/// The word that a row may ask for, and what happened in words; none where the table has no say.
fn told(event: &Event) -> Option<(String, Vec<String>)> {
    let some = |word: &str, about: Vec<Option<String>>| Some((word.to_owned(), about.into_iter().flatten().collect()));
    match &event.data {
        Data::PromiseMade(data) => some(
            &data.by,
            vec![
                Some(format!("{} promised {}", data.by, data.promise)),
                data.campaign.as_ref().map(|campaign| format!("in the campaign {campaign}")),
                data.due_on.map(|day| format!("to be kept by {day}")),
            ],
        ),
        Data::AdvocacyAccepted(data) => some(data.act.as_str(), vec![Some(format!("{} is accepted", data.act))]),
        Data::AdvocacyCompleted(data) => some(data.act.as_str(), vec![Some(format!("{} is completed", data.act))]),
        Data::UseCaseDefined(data) => some("defined", vec![Some(format!("the use case {} is agreed", data.use_case))]),
        Data::ProjectUpdated(data) => some(
            data.state.as_str(),
            vec![Some(format!("the project {} is {}, due on {}", data.project, data.state, data.due_on))],
        ),
        Data::IncidentCovers(data) => {
            let word = if data.opened { "opened" } else { "resolved" };
            some(word, vec![Some(format!("the incident {} is {word}", data.incident))])
        }
        Data::TicketResolved(data) => {
            let code = data.resolution_code.as_ref()?;
            some(code.as_str(), vec![Some(format!("the ticket {} ended with {code}", data.ticket))])
        }
        Data::OutcomeDocumented(data) => some(
            data.attested_by.as_str(),
            vec![Some(format!("{} over {}, attested by {}", data.value.in_words(), data.period, data.attested_by))],
        ),
        Data::OrgChanged(data) => {
            some(data.change.as_str(), vec![Some(format!("at the customer: {} on {}", data.change, data.on))])
        }
        Data::AccountChurned(data) => some(
            data.reason_code.as_str(),
            vec![Some(format!("service ended on {}, because of {}", data.service_ended_on, data.reason_code))],
        ),
        _ => told_of_facts(event).or_else(|| told_of_money(event)),
    }
}

fn told_of_money(event: &Event) -> Option<(String, Vec<String>)> {
    match &event.data {
        Data::InvoiceOverdue(data) => {
            let late = data.days_late.map(|days| format!("{days} days late"));
            let invoice = format!("the invoice {} over {} is not paid", data.invoice, data.amount.in_words());
            Some(("overdue".into(), std::iter::once(invoice).chain(late).collect()))
        }
        Data::ContractNoticeGiven(data) => {
            Some(("notice".into(), vec![format!("notice was given for {}", data.effective_on)]))
        }
        _ => None,
    }
}

fn told_of_facts(event: &Event) -> Option<(String, Vec<String>)> {
    match &event.data {
        Data::CostFound(data) => {
            let saving = data.saving.map(|saving| format!("{} could be saved a year", saving.in_words()));
            Some((data.finding.clone(), std::iter::once(data.reason.clone()).chain(saving).collect()))
        }
        Data::RenewalTermsSettled(data) => {
            let word = if data.approved { "approved" } else { "refused" };
            Some((
                word.into(),
                vec![format!("terms of the contract {} are {word}", data.contract), data.reason.clone()],
            ))
        }
        Data::HealthBandChanged(data) => {
            let score = format!("the score is {}.{}", data.score / 100, data.score % 100 / 10);
            Some((data.to.name().into(), vec![format!("health is {}: {}", data.to.name(), data.reason), score]))
        }
        Data::HealthDivergenceFound(data) => Some((data.usage.clone(), vec![data.reason.clone()])),
        Data::LossAnalysed(data) => {
            let cause = data.root_cause.map_or("unknown", CauseGroup::name);
            Some((cause.into(), vec![format!("the stated reason is {}", data.reason), data.why.clone()]))
        }
        _ => None,
    }
}
