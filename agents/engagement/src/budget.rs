//! The contact budget: how many messages a person and an account get.
//!
//! A message counts from its reservation on: open ones count in every window, sent ones from the send. So whatever
//! becomes of the open ones and whenever, no window ever holds more than its maximum.

use bus_schema::{
    Time,
    data::facts::MessageClass,
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    policy::{Budget, Policy, Window},
    state::Account,
};

/// A budget that is used up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Full {
    /// In words, with the numbers.
    pub detail: String,
    /// When the window has room again, as far as that is known.
    pub free_at: Time,
}

/// Whether the account may get one more message of this class.
///
/// # Errors
/// The first window without room.
pub fn account(policy: &Policy, state: &Account, now: Time, class: MessageClass) -> Result<(), Full> {
    let segment = if state.profile.vendor { "vendor" } else { state.profile.segment.as_deref().unwrap_or("smb") };
    check(policy, state, now, class, policy.account_budget(segment), None)
}

/// Whether a contact may get one more message of this class.
///
/// # Errors
/// The first window without room.
pub fn contact(policy: &Policy, state: &Account, now: Time, class: MessageClass, contact: &str) -> Result<(), Full> {
    check(policy, state, now, class, &policy.contact, Some(contact))
}

/// Whether the contact rests after messages without an answer, and until when.
pub fn rest(policy: &Policy, state: &Account, now: Time, contact: &str) -> Option<(u32, Time)> {
    let person = state.people.get(contact)?;
    let until = person.last_personal?.plus_ms(i64::from(policy.rest.days) * DAY_MS);
    (person.unanswered >= policy.rest.unanswered_max && now < until).then_some((person.unanswered, until))
}

fn check(
    policy: &Policy,
    state: &Account,
    now: Time,
    class: MessageClass,
    budget: &Budget,
    contact: Option<&str>,
) -> Result<(), Full> {
    let own = |other: MessageClass| other == class;
    let personal = |other: MessageClass| other != MessageClass::Transactional;
    let whose = if contact.is_some() { "contact" } else { "account" };
    for window in budget.of(class) {
        room(policy, state, now, *window, contact, &own).map_err(|full| full.named(class.name(), whose, *window))?;
    }
    if class != MessageClass::Transactional {
        for window in &budget.together {
            room(policy, state, now, *window, contact, &personal)
                .map_err(|full| full.named("non-transactional", whose, *window))?;
        }
    }
    Ok(())
}

/// How many there are, and when there is room again.
struct Count {
    reserved: usize,
    sent: usize,
    free_at: Time,
}

impl Count {
    fn named(&self, class: &str, whose: &str, window: Window) -> Full {
        let Self { reserved, sent, free_at } = *self;
        let Window { max, days } = window;
        let detail =
            format!("{sent} {class} messages sent in {days} days and {reserved} waiting: at most {max} per {whose}");
        Full { detail, free_at }
    }
}

fn room(
    policy: &Policy,
    state: &Account,
    now: Time,
    window: Window,
    contact: Option<&str>,
    counts: &dyn Fn(MessageClass) -> bool,
) -> Result<(), Count> {
    let theirs = |other: &str| contact.is_none_or(|contact| contact == other);
    let reserved = state.open.values().filter(|open| theirs(&open.contact) && counts(open.class)).count();
    let length = i64::from(window.days) * DAY_MS;
    let mut sent: Vec<Time> = state
        .sent
        .iter()
        .filter(|sent| theirs(&sent.contact) && counts(sent.class) && now.since_ms(sent.at) < length)
        .map(|sent| sent.at)
        .collect();
    if reserved + sent.len() < window.max {
        return Ok(());
    }
    sent.sort_unstable();
    // So many of the sent ones must leave the window before there is room beside those that are reserved.
    let leave = (reserved + sent.len()).saturating_sub(window.max);
    let later = now.plus_ms(i64::from(policy.hold.recheck_hours) * HOUR_MS);
    let free_at = sent.get(leave).map_or(later, |at| at.plus_ms(length));
    Err(Count { reserved, sent: sent.len(), free_at })
}
