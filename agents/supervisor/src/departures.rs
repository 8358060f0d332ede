//! People an account hangs on who seem to have left: a suspicion is a task for the CSM, never a loss by itself.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Position,
    data::{
        engagement::BounceType,
        facts::{DepartureSettled, DepartureSuspected, TaskCreated},
    },
};
use serde::{Deserialize, Serialize};

use crate::{policy::Policy, state::State};

/// People suspected at once.
const SUSPECTED_MAX: usize = 8;
/// Signs kept of one.
const SIGNS_MAX: usize = 4;

/// Who seems to have left, by pseudonym.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Departures(BTreeMap<String, Suspicion>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Suspicion {
    roles: Vec<String>,
    signs: Vec<(String, Position)>,
    task: String,
    on: Day,
}

/// Folds what points to somebody having left, and what settles it.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    let day = event.header.time.day();
    match &event.data {
        Data::OutreachBounced(data) if data.bounce == BounceType::Hard => {
            if let Some(contact) = event.header.contact.clone() {
                let roles = roles(state, &contact);
                suspect(turn, policy, state, (&contact, roles), "mail to them bounces for good".into(), effects);
            }
        }
        Data::UserDeactivated(data) => {
            let roles = roles(state, &data.user);
            let sign = format!("their user was deactivated on {}", data.on);
            suspect(turn, policy, state, (&data.user, roles), sign, effects);
        }
        Data::ContactRoleChanged(data) => {
            let lost: Vec<String> =
                data.from.iter().filter(|role| !data.to.contains(role)).map(ToString::to_string).collect();
            let sign = format!("they are no longer {}", lost.join(" and "));
            suspect(turn, policy, state, (&data.contact, lost), sign, effects);
        }
        Data::ContactLeft(data) if data.confirmed => {
            let reason = format!("it is confirmed that they left on {}", data.on);
            settle(turn, state, &data.contact, true, reason, effects);
        }
        Data::ContactLeft(data) => {
            let roles = roles(state, &data.contact);
            let sign = format!("somebody says that they left on {}", data.on);
            suspect(turn, policy, state, (&data.contact, roles), sign, effects);
        }
        Data::UserLoggedIn(data) => seen(turn, state, &data.user, (day, "were seen in the product"), effects),
        Data::UsageRecorded(data) => seen(turn, state, &data.user, (day, "were seen in the product"), effects),
        Data::MeetingHeld(data) => {
            for contact in &data.attended {
                seen(turn, state, contact, (day, "took part in a meeting"), effects);
            }
        }
        // The other kinds of READS say nothing about who is still there.
        _ => {}
    }
}

fn roles(state: &State, contact: &str) -> Vec<String> {
    state.profile.contacts.get(contact).map(|contact| contact.roles.clone()).unwrap_or_default()
}

fn suspect(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut State,
    (contact, roles): (&str, Vec<String>),
    sign: String,
    effects: &mut Effects,
) {
    let gone = state.profile.contacts.get(contact).is_some_and(|contact| contact.left_on.is_some());
    let open = &mut state.departures.0;
    let known = open.contains_key(contact);
    // Who was watched stays so, although the role is what they lost.
    let watched = known || roles.iter().any(|role| policy.people.watches(role));
    if gone || !watched || (!known && open.len() >= SUSPECTED_MAX) {
        return;
    }
    let suspicion = open.entry(contact.to_owned()).or_default();
    if suspicion.signs.iter().any(|(same, _)| *same == sign) || suspicion.signs.len() >= SIGNS_MAX {
        return;
    }
    suspicion.signs.push((sign, turn.cause));
    suspicion.on = turn.now.day();
    if !known {
        (suspicion.roles, suspicion.task) = (roles, turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX)));
    }
    let said = suspicion.said(contact);
    if !known {
        let role = said.roles.first().map_or("contact", String::as_str);
        effects.emit(Data::TaskCreated(TaskCreated {
            task: said.task.clone(),
            play: None,
            title: format!("Find out whether the {role} is still there"),
            assignee: state.life.owner.clone(),
            due_on: turn.now.day().plus(policy.people.task_days),
            why: format!("{}.", capital(said.signs.last().map(String::as_str).unwrap_or_default())),
            events: said.events.clone(),
        }));
    }
    effects.emit_for(contact, Data::DepartureSuspected(said));
}

impl Suspicion {
    fn said(&self, contact: &str) -> DepartureSuspected {
        DepartureSuspected {
            contact: contact.to_owned(),
            roles: self.roles.clone(),
            signs: self.signs.iter().map(|(sign, _)| sign.clone()).collect(),
            task: self.task.clone(),
            events: self.signs.iter().map(|(_, event)| *event).collect(),
        }
    }
}

/// Somebody who seemed to have left is there on a later day than the latest sign.
fn seen(turn: &Turn<'_>, state: &mut State, contact: &str, (day, how): (Day, &str), effects: &mut Effects) {
    if state.departures.0.get(contact).is_some_and(|suspicion| day > suspicion.on) {
        settle(turn, state, contact, false, format!("they {how} on {day}"), effects);
    }
}

fn settle(turn: &Turn<'_>, state: &mut State, contact: &str, left: bool, reason: String, effects: &mut Effects) {
    let Some(suspicion) = state.departures.0.remove(contact) else { return };
    let settled =
        DepartureSettled { contact: contact.to_owned(), left, reason, task: suspicion.task, events: vec![turn.cause] };
    effects.emit_for(contact, Data::DepartureSettled(settled));
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
