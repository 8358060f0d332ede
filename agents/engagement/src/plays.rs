//! What the planner itself asks for: touches, which come back to it like anybody's, and tasks for a person.

use agent::{Effects, Turn, hours::Counting};
use bus_schema::{
    Data, Day, Position, Time,
    data::facts::{Evidence, MergeField, TaskCreated, TouchpointRequested},
    time::DAY_MS,
};

use crate::{
    policy::{Campaign, Policy, When},
    state::Account,
};

/// Ids of tasks and touches are counted apart from those of proposals.
const IDS: u32 = 1_000;

/// Facts a message may tell, as they are put together.
pub(crate) struct List {
    at: Time,
    source: &'static str,
    events: Vec<Position>,
    fields: Vec<MergeField>,
    /// The one contact it is for; the play's roles otherwise.
    to: Option<String>,
}

impl List {
    pub(crate) fn new(turn: &Turn<'_>, source: &'static str, events: &[Position]) -> Self {
        Self { at: turn.now, source, events: events.to_vec(), fields: Vec::new(), to: None }
    }

    pub(crate) fn to(mut self, contact: &str) -> Self {
        self.to = Some(contact.to_owned());
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let (source, events) = (self.source.into(), self.events.clone());
        self.fields.push(MergeField { name: name.into(), value: value.into(), source, at: self.at, events });
        self
    }
}

/// An id that no other effect of this turn has.
fn id(turn: &Turn<'_>, effects: &Effects) -> String {
    turn.id(u32::try_from(effects.list().len()).unwrap_or(u32::MAX).saturating_add(IDS))
}

/// Asks for a touch; answers whether a play fits.
pub(crate) fn request(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    (when, cause_key): (When, String),
    reason: &str,
    list: &List,
    effects: &mut Effects,
) -> bool {
    let mut asked = false;
    for play in policy.relation.plays.iter().filter(|play| play.when == when) {
        let touch = id(turn, effects);
        effects.emit(Data::TouchpointRequested(TouchpointRequested {
            touch,
            play: play.name.clone(),
            play_version: play.version,
            priority: play.priority,
            class: play.class,
            template: play.template.clone(),
            roles: list.to.as_ref().map_or_else(|| play.roles.clone(), |one| vec![format!("contact:{one}")]),
            why: format!("{}.", sentence(reason)),
            evidence: vec![Evidence { text: reason.to_owned(), at: list.at, events: list.events.clone() }],
            fields: list.fields.clone(),
            value: account.profile.arr,
            cause_key: cause_key.clone(),
        }));
        asked = true;
    }
    asked
}

/// Asks for the touch of a campaign.
pub(crate) fn campaign(
    turn: &Turn<'_>,
    account: &Account,
    campaign: &Campaign,
    cause_key: String,
    list: &List,
    effects: &mut Effects,
) {
    let touch = id(turn, effects);
    effects.emit(Data::TouchpointRequested(TouchpointRequested {
        touch,
        play: campaign.name.clone(),
        play_version: 1,
        priority: campaign.priority,
        class: campaign.class,
        template: campaign.template.clone(),
        roles: campaign.roles.clone(),
        why: format!("Part of the campaign {}.", campaign.name.replace('_', " ")),
        evidence: Vec::new(),
        fields: list.fields.clone(),
        value: account.profile.arr,
        cause_key,
    }));
}

/// Work for the account's CSM; answers its id.
pub(crate) fn task(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    play: Option<&str>,
    (title, reason): (&str, &str),
    events: &[Position],
    effects: &mut Effects,
) -> String {
    let task = id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: play.map(ToOwned::to_owned),
        title: title.to_owned(),
        assignee: account.owner.clone().or_else(|| account.profile.owner.clone()),
        due_on: business_day(policy, turn.now, policy.relation.cadence.task_days),
        why: format!("{}.", sentence(reason)),
        events: events.to_vec(),
    }));
    task
}

/// A day so many working days from now.
fn business_day(policy: &Policy, now: Time, days: u32) -> Day {
    let due = policy.calendar.after(Counting::Workdays, now, i64::from(days) * DAY_MS);
    due.plus_ms(-1).day_in(&policy.calendar.zone)
}

/// A day as a message says it.
pub(crate) fn day(day: Day) -> String {
    day.civil().strftime("%A, %-d %B").to_string()
}

/// `1 day`, `3 days`.
pub(crate) fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// A number as a message says it: `1,000`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A reason with a capital letter.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}
