//! What is asked for: offers, service notices, recommendations, and the facts a message may tell.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position,
    data::facts::{Evidence, LimitWarned, MergeField, MessageClass, Priority, TouchpointRequested},
};

use crate::{
    policy::{Policy, Sign, When},
    state::{Account, id, sentence},
};

/// A touch to ask for.
struct Ask {
    when: When,
    priority: Priority,
    class: MessageClass,
    reason: String,
    cause_key: String,
    events: Vec<Position>,
    fields: Vec<MergeField>,
}

/// Asks the customer for a talk about our open opportunity. Only what stands behind the gate may call this.
pub(crate) fn offer(turn: &Turn<'_>, policy: &Policy, account: &Account, today: Day, effects: &mut Effects) {
    let Some(ours) = &account.opportunities.ours else { return };
    let ask = Ask {
        when: ours.lead.into(),
        priority: Priority::Expansion,
        class: MessageClass::Commercial,
        reason: ours.reason.clone(),
        cause_key: format!("opportunity:{}", ours.id),
        events: ours.events.clone(),
        fields: fields(turn, policy, account, ours.lead, ours.subject.as_deref(), today),
    };
    request(turn, policy, account, &ask, effects);
}

/// Tells of a hard limit that will be reached: needed by those who work with it, without a price, whatever the gate says.
pub(crate) fn notice(turn: &Turn<'_>, policy: &Policy, account: &Account, limit: &LimitWarned, effects: &mut Effects) {
    let mut list = List::new(turn);
    list.add("limit.name", limit.meter.clone(), "a meter of the plan", &limit.events);
    list.add("limit.used", limit.used.to_string(), "the meter's last reading", &limit.events);
    list.add("limit.allowed", limit.limit.to_string(), "the plan", &limit.events);
    list.add("limit.reached_on", day(limit.reached_on), "the pace of the last four weeks", &limit.events);
    let ask = Ask {
        when: When::LimitWarned,
        priority: Priority::Review,
        class: MessageClass::Transactional,
        reason: limit.reason.clone(),
        cause_key: format!("limit:{}", limit.meter),
        events: limit.events.clone(),
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}

/// Recommends a feature that is paid for.
pub(crate) fn recommend(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    (feature, share_bp, n): (&str, u16, u32),
    reason: &str,
    effects: &mut Effects,
) {
    let events = account.features.events();
    let mut list = List::new(turn);
    list.add("feature.name", feature.to_owned(), "the plan's core features", &events);
    let percent = format!("{} %", share_bp / 100);
    list.add("feature.peers_percent", percent, "accounts of the same segment", &[turn.cause]);
    list.add("feature.peers", n.to_string(), "accounts of the same segment", &[turn.cause]);
    let ask = Ask {
        when: When::Recommended,
        priority: Priority::Adoption,
        class: MessageClass::Relationship,
        reason: reason.to_owned(),
        cause_key: format!("feature:{feature}"),
        events,
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}

fn request(turn: &Turn<'_>, policy: &Policy, account: &Account, ask: &Ask, effects: &mut Effects) {
    for play in policy.plays.iter().filter(|play| play.when == ask.when) {
        let touch = id(turn, effects);
        effects.emit(Data::TouchpointRequested(TouchpointRequested {
            touch,
            play: play.name.clone(),
            play_version: play.version,
            priority: ask.priority,
            class: ask.class,
            template: play.template.clone(),
            roles: play.roles.clone(),
            why: format!("{}.", sentence(&ask.reason)),
            evidence: vec![Evidence { text: ask.reason.clone(), at: turn.now, events: ask.events.clone() }],
            fields: ask.fields.clone(),
            value: account.profile.arr,
            cause_key: ask.cause_key.clone(),
        }));
    }
}

/// Facts a message may tell, as they are put together.
struct List<'a> {
    turn: &'a Turn<'a>,
    fields: Vec<MergeField>,
}

impl<'a> List<'a> {
    fn new(turn: &'a Turn<'a>) -> Self {
        Self { turn, fields: Vec::new() }
    }

    fn add(&mut self, name: &str, value: String, source: &str, events: &[Position]) {
        let field =
            MergeField { name: name.into(), value, source: source.into(), at: self.turn.now, events: events.to_vec() };
        self.fields.push(field);
    }
}

fn day(day: Day) -> String {
    day.civil().strftime("%A, %-d %B").to_string()
}

/// Of the account as a whole, never of one of its people, and never a price.
fn fields(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    lead: Sign,
    subject: Option<&str>,
    today: Day,
) -> Vec<MergeField> {
    let mut list = List::new(turn);
    let subject = subject.unwrap_or_default();
    match lead {
        Sign::MeterNearLimit => {
            if let Some(last) = account.limits.meters.get(subject).and_then(|meter| meter.last()) {
                list.add("limit.name", subject.to_owned(), "a meter of the plan", &[last.event]);
                list.add("limit.used", last.used.to_string(), "the meter's last reading", &[last.event]);
                list.add("limit.allowed", last.limit.to_string(), "the plan", &[last.event]);
            }
        }
        Sign::SeatsNearLimit => {
            let seats = &account.limits.seats;
            let events: Vec<Position> = seats.event.into_iter().collect();
            list.add("limit.name", "seats".to_owned(), "the plan", &events);
            list.add("limit.used", seats.assigned().unwrap_or(0).to_string(), "seats assigned", &events);
            list.add("limit.allowed", seats.licensed.to_string(), "seats licensed", &events);
        }
        Sign::DepartmentJoined => {
            let from = today.plus(-policy.signals.department_days);
            if let Some(found) = account.teams.audience(&[subject.to_owned()], from) {
                list.add("team.name", found.name, "titles of contacts", &found.events);
                list.add("team.people", found.people.to_string(), "active people of it in four weeks", &found.events);
            }
        }
        Sign::FeatureMissed => {
            let from = today.plus(-policy.signals.missed_days);
            if let Some(found) = account.teams.asked_most(from).filter(|found| found.name == subject) {
                list.add("idea.subject", found.name, "requests of several people", &found.events);
                list.add("idea.people", found.people.to_string(), "people who asked for it", &found.events);
            }
        }
        Sign::AudienceFound => {
            let product = policy.products.iter().find(|product| product.name == subject);
            let from = today.plus(-policy.signals.department_days);
            if let Some(found) = product.and_then(|product| account.teams.audience(&product.audience, from)) {
                list.add("idea.subject", subject.to_owned(), "the catalogue", &found.events);
                list.add("idea.people", found.people.to_string(), "active people it is made for", &found.events);
            }
        }
        Sign::HighlyEngaged => {
            let features = account.features.in_use(today).len();
            let events = account.features.events();
            list.add("idea.features", features.to_string(), "features in use in four weeks", &events);
        }
    }
    let (now, events) = (account.usage.volume(today, 28), account.usage.cited());
    if now > 0 {
        list.add("usage.days_now", now.to_string(), "days of use by all people in four weeks", &events);
    }
    if let Some(mark) = account.attested.back() {
        let on = day(mark.at.day());
        list.add("value.attested_on", on, "an outcome that somebody stands for", &[mark.event]);
    }
    list.fields
}
