//! Messages that are asked for, and notices that come before a ticket: what they prevented.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Position, Time,
    data::facts::{Evidence, MergeField, MessageClass, PatternCovers, Priority, TouchpointRequested},
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    month::Months,
    next_id,
    policy::{Metric, Policy, Trigger},
    state::Account,
};

/// Notices kept.
const NOTICES_MAX: usize = 20;

/// Notices of incidents and patterns, by what they rest on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Notices {
    open: BTreeMap<String, Notice>,
}

/// One notice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Notice {
    at: Time,
    /// The group of tickets it is on; every group where an incident is.
    group: Option<String>,
    approved_at: Option<Time>,
    /// A ticket came.
    failed: bool,
}

impl Notices {
    fn add(&mut self, key: &str, group: Option<String>, at: Time) {
        if self.open.len() < NOTICES_MAX {
            self.open.insert(key.to_owned(), Notice { at, group, approved_at: None, failed: false });
        }
    }

    /// A person approved the notice.
    pub(crate) fn approved(&mut self, key: &str, at: Time) {
        if let Some(notice) = self.open.get_mut(key) {
            notice.approved_at = notice.approved_at.or(Some(at));
        }
    }

    /// A ticket was opened.
    pub(crate) fn ticket(&mut self, group: &str) {
        for notice in self.open.values_mut() {
            notice.failed |= notice.group.as_deref().is_none_or(|own| own == group);
        }
    }

    /// Notices whose time is over count as prevention or as none.
    pub(crate) fn settle(&mut self, now: Time, days: i64, months: &mut Months) -> Option<Time> {
        let end = |notice: &Notice| notice.approved_at.unwrap_or(notice.at).plus_ms(days * DAY_MS);
        let over: Vec<String> =
            self.open.iter().filter(|(_, notice)| end(notice) <= now).map(|(key, _)| key.clone()).collect();
        for key in over {
            if let Some(notice) = self.open.remove(&key) {
                months.share(Metric::Prevention, notice.approved_at.is_some() && !notice.failed);
            }
        }
        self.open.values().map(end).min()
    }
}

/// An incident covers the account: one notice is proposed, before anybody has to ask.
pub(crate) fn incident(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    incident: &str,
    since: Time,
    effects: &mut Effects,
) {
    let key = format!("incident:{incident}");
    if account.notices.open.contains_key(&key) {
        return;
    }
    account.notices.add(&key, None, turn.now);
    let since = since.day_in(&policy.calendar.zone).civil().strftime("%A, %-d %B").to_string();
    let fields = [("incident.name", incident.to_owned()), ("incident.since", since)];
    let why = format!("The incident {incident} covers the account; it should hear of it from us.");
    ask(turn, policy, account, Trigger::Incident, &why, &key, &fields, &[turn.cause], effects);
}

/// A pattern covers the account, or no more.
pub(crate) fn pattern(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    data: &PatternCovers,
    effects: &mut Effects,
) {
    let group = format!("{}/{}", data.area, data.category);
    if !data.opened {
        account.patterns.remove(&group);
        return;
    }
    account.patterns.insert(group.clone());
    let key = format!("pattern:{group}");
    let asked = account.tickets.values().any(|ticket| ticket.open() && ticket.group() == group);
    if account.notices.open.contains_key(&key) {
        return;
    }
    account.notices.add(&key, Some(group), turn.now);
    if asked {
        // Who has a ticket on it is answered there; the notice would have come too late.
        account.notices.ticket(&format!("{}/{}", data.area, data.category));
        return;
    }
    let fields = [("pattern.area", data.area.clone()), ("pattern.accounts", data.accounts.to_string())];
    let why = format!("{} accounts report the same on {}; this one has not yet.", data.accounts, data.area);
    ask(turn, policy, account, Trigger::Pattern, &why, &key, &fields, &[turn.cause], effects);
}

/// Asks for the touches of a trigger.
#[expect(clippy::too_many_arguments, reason = "a request is all of these put together")]
pub(crate) fn ask(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    when: Trigger,
    why: &str,
    cause_key: &str,
    fields: &[(&str, String)],
    events: &[Position],
    effects: &mut Effects,
) {
    let (priority, class, source) = match when {
        Trigger::Status => (Priority::Escalation, MessageClass::Transactional, "the open escalation"),
        Trigger::Incident => (Priority::Incident, MessageClass::Transactional, "the incident"),
        Trigger::Pattern => (Priority::Escalation, MessageClass::Transactional, "tickets of many accounts"),
        Trigger::Feedback => (Priority::ClosedLoop, MessageClass::Relationship, "the customer's own feedback"),
    };
    for play in policy.plays.iter().filter(|play| play.when == when) {
        let field = |(name, value): &(&str, String)| MergeField {
            name: (*name).to_owned(),
            value: value.clone(),
            source: source.to_owned(),
            at: turn.now,
            events: events.to_vec(),
        };
        effects.emit(Data::TouchpointRequested(TouchpointRequested {
            touch: next_id(turn, effects),
            play: play.name.clone(),
            play_version: play.version,
            priority,
            class,
            template: play.template.clone(),
            roles: play.roles.clone(),
            why: why.to_owned(),
            evidence: vec![Evidence { text: why.to_owned(), at: turn.now, events: events.to_vec() }],
            fields: fields.iter().map(field).collect(),
            value: account.profile.arr,
            cause_key: cause_key.to_owned(),
        }));
    }
}
