//! What kind of person a contact is, and how they use the product: said when either changes.

use std::collections::BTreeMap;

use agent::{Effects, Turn, digest};
use bus_schema::{
    Data, Day, Event, Position,
    data::{
        contact::Seniority,
        facts::{ContactProfiled, UsagePattern},
    },
};
use serde::{Deserialize, Serialize};

use crate::{policy::Policy, state::State};

/// Contacts whose use is followed.
const PEOPLE_MAX: usize = 100;
/// Days that count.
const WINDOW_DAYS: i32 = 28;
/// Timer: the regular look at how contacts use the product.
pub(crate) const TIMER: &str = "habits";

/// Contacts by pseudonym.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Habits(BTreeMap<String, Habit>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Habit {
    seniority: Option<String>,
    /// The latest day of use, and its event.
    last: Option<(Day, Position)>,
    /// Days of use: bit 0 is the latest day, bit `n` so many days before.
    days: u32,
    /// Digest of what was said last.
    said: Option<u128>,
}

/// Folds contacts and their use.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    let day = event.header.time.day();
    match &event.data {
        Data::ContactAdded(data) => known(turn, policy, state, &data.contact, data.seniority.as_ref(), effects),
        Data::ContactUpdated(data) => known(turn, policy, state, &data.contact, data.seniority.as_ref(), effects),
        Data::ContactRoleChanged(data) => known(turn, policy, state, &data.contact, None, effects),
        Data::ContactLeft(data) if data.confirmed => {
            state.habits.0.remove(data.contact.as_str());
        }
        Data::UserLoggedIn(data) => used(state, &data.user, day, turn.cause),
        Data::UsageRecorded(data) => used(state, &data.user, day, turn.cause),
        // The other kinds of READS say nothing about a contact's use.
        _ => {}
    }
}

/// The regular look is due.
pub(crate) fn on_timer(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let contacts: Vec<String> = state.habits.0.keys().cloned().collect();
    for contact in &contacts {
        say(turn, policy, state, contact, effects);
    }
    if !contacts.is_empty() && !state.profile.ended() {
        effects.set_timer(TIMER, turn.now.day().plus(policy.patterns.review_days).start());
    }
}

fn known(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut State,
    contact: &str,
    seniority: Option<&Seniority>,
    effects: &mut Effects,
) {
    let followed = state.habits.0.len();
    if !state.habits.0.contains_key(contact) && followed >= PEOPLE_MAX {
        return;
    }
    if followed == 0 {
        effects.set_timer(TIMER, turn.now.day().plus(policy.patterns.review_days).start());
    }
    let habit = state.habits.0.entry(contact.to_owned()).or_default();
    habit.seniority = seniority.map(ToString::to_string).or_else(|| habit.seniority.take());
    say(turn, policy, state, contact, effects);
}

fn used(state: &mut State, user: &str, day: Day, cause: Position) {
    let Some(habit) = state.habits.0.get_mut(user) else { return };
    let Some((last, _)) = habit.last else {
        (habit.last, habit.days) = (Some((day, cause)), 1);
        return;
    };
    let later = u32::try_from(day.0.saturating_sub(last.0));
    if let Ok(later) = later {
        habit.days = habit.days.checked_shl(later).unwrap_or(0) | 1;
        habit.last = Some((day, cause));
    } else {
        // Told late: the day is marked, and the latest stays.
        let before = u32::try_from(last.0.saturating_sub(day.0)).unwrap_or(u32::MAX);
        habit.days |= 1_u32.checked_shl(before).unwrap_or(0);
    }
}

impl Habit {
    /// Days of use in the window that ends with `today`.
    fn active_days(&self, today: Day) -> u32 {
        let Some((last, _)) = self.last else { return 0 };
        let passed = u32::try_from(today.0.saturating_sub(last.0)).unwrap_or(0);
        let window = u32::MAX >> (u32::BITS - WINDOW_DAYS.unsigned_abs());
        (self.days.checked_shl(passed).unwrap_or(0) & window).count_ones()
    }
}

fn say(turn: &Turn<'_>, policy: &Policy, state: &mut State, contact: &str, effects: &mut Effects) {
    let roles = state.profile.contacts.get(contact).map(|contact| contact.roles.clone()).unwrap_or_default();
    let Some(habit) = state.habits.0.get_mut(contact) else { return };
    let active_days = habit.active_days(turn.now.day());
    let pattern = match habit.last {
        None => UsagePattern::Unseen,
        Some(_) => policy.patterns.of(active_days),
    };
    let persona = policy.persona(&roles, habit.seniority.as_deref());
    let digest = digest::number(&[persona, pattern.name(), &roles.join(" ")]);
    if habit.said.replace(digest) == Some(digest) {
        return;
    }
    let seen = match habit.last {
        None => "never seen in the product".to_owned(),
        Some((day, _)) => format!("active on {active_days} of {WINDOW_DAYS} days, last on {day}"),
    };
    let who = if roles.is_empty() { "no role".to_owned() } else { roles.join(", ") };
    let fact = ContactProfiled {
        contact: contact.to_owned(),
        persona: persona.to_owned(),
        plan: state.profile.plan.clone(),
        pattern,
        active_days,
        reason: format!("{who}; {seen}"),
        roles,
        events: habit.last.map(|(_, event)| event).into_iter().collect(),
    };
    effects.emit_for(contact, Data::ContactProfiled(fact));
}
