//! What an opportunity may be worth in a year: always a range, always with what it is made from.

use agent::hours::Counting;
use bus_schema::{Day, Money, Time, time::DAY_MS};

use crate::{
    policy::{Plan, Policy, Sign},
    signals::Signal,
    state::Account,
};

/// An estimate.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Estimate {
    pub(crate) from: Option<Money>,
    pub(crate) to: Option<Money>,
    pub(crate) inputs: Vec<String>,
}

/// Estimates what a signal stands for.
pub(crate) fn estimate(policy: &Policy, account: &Account, lead: &Signal, today: Day) -> Estimate {
    let (full, mut inputs) = match lead.sign {
        Sign::SeatsNearLimit | Sign::DepartmentJoined => seats(policy, account),
        Sign::MeterNearLimit => next_plan(policy, account, None),
        Sign::FeatureMissed => next_plan(policy, account, lead.subject.as_deref()),
        Sign::AudienceFound => product(policy, account, lead.subject.as_deref(), today),
        Sign::HighlyEngaged => {
            let services = policy.value.services;
            (Some(services), vec![format!("services at {}", services.in_words())])
        }
    };
    let Some(full) = full.filter(|full| full.minor > 0) else {
        inputs.push("no estimate: a number is missing".into());
        return Estimate { from: None, to: None, inputs };
    };
    let from = Money { minor: part(full.minor, policy.value.low_bp), currency: full.currency };
    Estimate { from: Some(from), to: Some(full), inputs }
}

fn part(minor: i64, bp: i64) -> i64 {
    i64::try_from(i128::from(minor) * i128::from(bp) / 10_000).unwrap_or(i64::MAX)
}

/// What a seat costs in a year: what the account pays, else the list price of its plan.
pub(crate) fn seat_price(policy: &Policy, account: &Account) -> Option<(Money, String)> {
    let profile = &account.profile;
    let licensed = profile.licensed_seats.and_then(|seats| i64::try_from(seats).ok()).filter(|seats| *seats > 0);
    let own = profile.arr.zip(licensed).map(|(arr, seats)| Money { minor: arr.minor / seats, ..arr });
    if let Some(price) = own.filter(|price| price.minor > 0) {
        return Some((price, format!("{} a seat and year, from its ARR and licensed seats", price.in_words())));
    }
    let (plan, _) = policy.plan(profile.plan.as_deref())?;
    let price = Money { minor: plan.seat, currency: plan.currency };
    (price.minor > 0).then(|| (price, format!("{} a seat and year, list price of {}", price.in_words(), plan.name)))
}

/// Seats assigned at the growth of four weeks, some time ahead and with headroom, less those licensed.
fn seats(policy: &Policy, account: &Account) -> (Option<Money>, Vec<String>) {
    let counted = &account.limits.seats;
    let Some(assigned) = counted.assigned().and_then(|seats| i64::try_from(seats).ok()) else {
        return (None, vec!["seats are not counted".into()]);
    };
    let licensed = i64::try_from(counted.licensed).unwrap_or(i64::MAX);
    let (more, days) = counted.grown();
    let ahead = (more * policy.value.horizon_days).checked_div(days).unwrap_or(0);
    let needed = part(assigned + ahead, policy.value.headroom_bp) - licensed;
    let mut inputs = vec![
        format!("{assigned} seats assigned, {more} more in {days} days"),
        format!("{} expected in {} days", assigned + ahead, policy.value.horizon_days),
        format!("{licensed} licensed"),
    ];
    let Some((price, text)) = seat_price(policy, account) else {
        inputs.push("the price of a seat is not known".into());
        return (None, inputs);
    };
    inputs.push(text);
    let minor = price.minor.saturating_mul(needed.max(0));
    (Some(Money { minor, currency: price.currency }), inputs)
}

/// The step to the next plan that has what is asked for.
fn next_plan(policy: &Policy, account: &Account, asked: Option<&str>) -> (Option<Money>, Vec<String>) {
    let own = account.profile.plan.as_deref();
    let Some((now, above)) = policy.plan(own) else {
        return (None, vec![format!("the plan {} is not in the catalogue", own.unwrap_or("of the account"))]);
    };
    let has = |plan: &&Plan| asked.is_none_or(|asked| plan.includes.iter().any(|name| name == asked));
    let Some(next) = above.iter().find(has) else {
        return (None, vec![format!("no plan above {} has it", now.name)]);
    };
    let seats = account.profile.licensed_seats.or(account.profile.assigned_seats);
    let Some(seats) = seats.and_then(|seats| i64::try_from(seats).ok()) else {
        return (None, vec!["the number of seats is not known".into()]);
    };
    let price = |plan: &Plan| plan.base.saturating_add(plan.seat.saturating_mul(seats));
    let (before, after) =
        (Money { minor: price(now), currency: now.currency }, Money { minor: price(next), currency: next.currency });
    let inputs = vec![
        format!("{} with {seats} seats: {} a year by list", now.name, before.in_words()),
        format!("{} with {seats} seats: {} a year by list", next.name, after.in_words()),
    ];
    (Some(Money { minor: after.minor - before.minor, currency: next.currency }), inputs)
}

/// A part of the list price of a product, for its audience.
fn product(policy: &Policy, account: &Account, name: Option<&str>, today: Day) -> (Option<Money>, Vec<String>) {
    let Some(product) = policy.products.iter().find(|product| Some(product.name.as_str()) == name) else {
        return (None, vec!["the product is not in the catalogue".into()]);
    };
    let from = today.plus(-policy.signals.department_days);
    let people = account.teams.audience(&product.audience, from).map_or(0, |found| found.people);
    let people = i64::try_from(people).unwrap_or(i64::MAX);
    let price = Money { minor: product.seat, currency: product.currency };
    let minor = part(price.minor.saturating_mul(people), policy.value.list_bp);
    let inputs = vec![
        format!("{people} people of its audience"),
        format!("{} a seat and year by list, {} % of it counted", price.in_words(), policy.value.list_bp / 100),
    ];
    (Some(Money { minor, currency: product.currency }), inputs)
}

/// So many business days after an instant, as a day.
pub(crate) fn business_days(policy: &Policy, now: Time, days: u32) -> Day {
    let due = policy.calendar.after(Counting::Workdays, now, i64::from(days) * DAY_MS);
    // The end of a day is still that day.
    due.plus_ms(-1).day_in(&policy.calendar.zone)
}
