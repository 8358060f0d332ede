//! What shows that an account could use more. One signal of a sort at a time, with what it is about.

use bus_schema::{Day, Position, data::facts::ExpansionSignal};

use crate::{
    limits::part,
    policy::{Policy, Sign},
    state::Account,
};

/// A signal that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signal {
    pub(crate) sign: Sign,
    pub(crate) subject: Option<String>,
    pub(crate) reason: String,
    pub(crate) events: Vec<Position>,
}

impl Signal {
    /// As it is told.
    pub(crate) fn fact(&self) -> ExpansionSignal {
        ExpansionSignal {
            signal: self.sign.name().to_owned(),
            subject: self.subject.clone(),
            reason: self.reason.clone(),
            events: self.events.clone(),
        }
    }
}

/// The signals that hold, in the order in which they lead.
pub(crate) fn look(policy: &Policy, account: &Account, today: Day) -> Vec<Signal> {
    let all = [
        meter(policy, account, today),
        seats(policy, account),
        department(policy, account, today),
        missed(policy, account, today),
        audience(policy, account, today),
        engaged(policy, account, today),
    ];
    all.into_iter().flatten().collect()
}

fn meter(policy: &Policy, account: &Account, today: Day) -> Option<Signal> {
    let rules = &policy.signals;
    let from = today.plus(1 - rules.meter_of_days);
    let near = account.limits.meters.iter().filter_map(|(name, meter)| {
        let days = meter.days_near(from, rules.meter_bp);
        let last = days.last().filter(|_| days.len() >= rules.meter_days)?;
        let reason = format!(
            "{name} stood at {} % of its limit or above on {} of {} days, last {} of {}",
            rules.meter_bp / 100,
            days.len(),
            rules.meter_of_days,
            last.used,
            last.limit
        );
        let events = days.iter().rev().map(|reading| reading.event).take(8).collect();
        Some((last.bp(), Signal { sign: Sign::MeterNearLimit, subject: Some(name.clone()), reason, events }))
    });
    near.max_by_key(|(bp, _)| *bp).map(|(_, signal)| signal)
}

fn seats(policy: &Policy, account: &Account) -> Option<Signal> {
    let seats = &account.limits.seats;
    let assigned = seats.assigned()?;
    let bp = part(assigned, seats.licensed).filter(|bp| *bp >= policy.signals.seats_bp)?;
    let reason = format!("{assigned} of {} seats are assigned, {} %", seats.licensed, bp / 100);
    let events = seats.event.into_iter().collect();
    Some(Signal { sign: Sign::SeatsNearLimit, subject: None, reason, events })
}

fn department(policy: &Policy, account: &Account, today: Day) -> Option<Signal> {
    let rules = &policy.signals;
    let from = today.plus(-rules.department_days);
    let joined = account.teams.joined(from, account.usage.first(), rules.settled_days);
    let most =
        joined.into_iter().filter(|team| team.people >= rules.department_users).max_by_key(|team| team.people)?;
    let reason = format!(
        "{} people of {} became active within {} days, where nobody was before",
        most.people, most.name, rules.department_days
    );
    Some(Signal { sign: Sign::DepartmentJoined, subject: Some(most.name), reason, events: most.events })
}

fn missed(policy: &Policy, account: &Account, today: Day) -> Option<Signal> {
    let rules = &policy.signals;
    let asked = account.teams.asked_most(today.plus(-rules.missed_days))?;
    let plan = policy.higher_plan(account.profile.plan.as_deref(), &asked.name)?;
    if asked.people < rules.missed_users {
        return None;
    }
    let reason = format!(
        "{} people asked for {} within {} days, which the plan {} has",
        asked.people, asked.name, rules.missed_days, plan.name
    );
    Some(Signal { sign: Sign::FeatureMissed, subject: Some(asked.name), reason, events: asked.events })
}

fn audience(policy: &Policy, account: &Account, today: Day) -> Option<Signal> {
    let rules = &policy.signals;
    policy.products.iter().find_map(|product| {
        let owned = product.features.iter().any(|feature| account.features.last(feature).is_some());
        let found = account.teams.audience(&product.audience, today.plus(-rules.department_days))?;
        if owned || found.people < rules.audience_users {
            return None;
        }
        let reason = format!("{} active people of {} are whom {} is made for", found.people, found.name, product.name);
        let subject = Some(product.name.clone());
        Some(Signal { sign: Sign::AudienceFound, subject, reason, events: found.events })
    })
}

fn engaged(policy: &Policy, account: &Account, today: Day) -> Option<Signal> {
    let health = account.health.as_ref()?;
    let days = today.0 - health.engaged_since?.0;
    if days < policy.signals.engaged_days {
        return None;
    }
    let metrics = [&health.trend, &health.adoption].into_iter().flatten().flat_map(|(_, events)| events.clone());
    let events = std::iter::once(health.event).chain(metrics);
    let reason = format!("use has risen and most features have been in use for {days} days");
    Some(Signal { sign: Sign::HighlyEngaged, subject: None, reason, events: events.take(8).collect() })
}
