//! How ready an account is to grow: five parts of 0 to 100, weighted.

use agent::{
    Effects, Turn,
    arithmetic::{lin, share},
};
use bus_schema::{
    Data, Day, Position,
    data::facts::{ReadinessChanged, ReadinessPart},
};

use crate::{
    policy::Policy,
    signals::Signal,
    state::{Account, count},
};

/// Readiness, taken apart.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ready {
    pub(crate) points: u8,
    pub(crate) parts: Vec<ReadinessPart>,
}

impl Ready {
    fn part(&self, name: &str) -> u8 {
        self.parts.iter().find(|part| part.part == name).map_or(0, |part| part.points)
    }
}

/// Points, why, and the events behind it.
type Found = (i64, String, Vec<Position>);

/// Measures all five parts. What has no data gives no points.
pub(crate) fn measure(policy: &Policy, account: &Account, today: Day) -> Ready {
    let weights = &policy.readiness.weights;
    let parts: Vec<ReadinessPart> = [
        ("pressure", weights.pressure, pressure(policy, account)),
        ("growth", weights.growth, growth(policy, account, today)),
        ("breadth", weights.breadth, breadth(account)),
        ("value", weights.value, value(policy, account, today)),
        ("people", weights.people, people(account)),
    ]
    .into_iter()
    .map(|(part, weight, (points, reason, events))| {
        let points = u8::try_from(points.clamp(0, 100)).unwrap_or(0);
        ReadinessPart { part: part.into(), points, weight, reason, events }
    })
    .collect();
    let sum: u32 = parts.iter().map(|part| u32::from(part.points) * u32::from(part.weight)).sum();
    Ready { points: u8::try_from(sum / 100).unwrap_or(100), parts }
}

fn pressure(policy: &Policy, account: &Account) -> Found {
    match account.limits.pressure() {
        Some((bp, text, events)) => (lin(bp, &policy.readiness.pressure), text, events),
        None => (0, "no limit is measured".into(), Vec::new()),
    }
}

fn growth(policy: &Policy, account: &Account, today: Day) -> Found {
    let now = account.usage.volume(today, 28);
    let before = account.usage.volume_between(today.plus(-56), today.plus(-28));
    if before < policy.readiness.growth_volume_min {
        return (0, "too little use four weeks before to compare with".into(), Vec::new());
    }
    let bp = share(now, before).unwrap_or(0);
    let text = format!("{now} user-days in four weeks, {before} in the four before");
    (lin(bp, &policy.readiness.growth), text, account.usage.cited())
}

fn breadth(account: &Account) -> Found {
    match account.health.as_ref().and_then(|health| health.adoption.clone()) {
        Some((points, events)) => {
            (points.into(), "adoption of the core features, as health measures it".into(), events)
        }
        None => (0, "adoption of the core features is not known".into(), Vec::new()),
    }
}

fn value(policy: &Policy, account: &Account, today: Day) -> Found {
    let days = policy.readiness.value_days;
    let marks = account.attested_since(today.plus(-days));
    let n = i64::try_from(marks.len()).unwrap_or(i64::MAX);
    let text = format!("{} attested in {days} days", count(n, "outcome", "outcomes"));
    (lin(n, &policy.readiness.value), text, marks.iter().rev().map(|mark| mark.event).collect())
}

fn people(account: &Account) -> Found {
    match account.health.as_ref().and_then(|health| health.people.clone()) {
        Some((points, events)) => (points.into(), "the relation to the sponsor, as health measures it".into(), events),
        None => (0, "the relation to the sponsor is not known".into(), Vec::new()),
    }
}

/// Says how ready the account is, when that moved.
pub(crate) fn tell(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    ready: &Ready,
    signals: &[Signal],
    effects: &mut Effects,
) {
    let names: Vec<String> = signals.iter().map(|signal| signal.sign.name().to_owned()).collect();
    let moved = account
        .told
        .readiness
        .map_or(ready.points > 0, |told| told.abs_diff(ready.points) >= policy.readiness.changed_points);
    if !moved && names == account.told.signals {
        return;
    }
    (account.told.readiness, account.told.signals) = (Some(ready.points), names);
    effects.emit(Data::ExpansionReadinessChanged(ReadinessChanged {
        readiness: ready.points,
        pressure: ready.part("pressure"),
        growth: ready.part("growth"),
        breadth: ready.part("breadth"),
        value: ready.part("value"),
        people: ready.part("people"),
        parts: ready.parts.clone(),
        signals: signals.iter().map(Signal::fact).collect(),
        days: account.told.days,
        policy_version: turn.policy_version,
    }));
}
