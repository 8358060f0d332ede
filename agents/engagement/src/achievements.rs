//! Achievements of single people, for those who want that. Enough of them bring a thank-you, by a person.
//!
//! What an account as a whole achieves is recognised by advocacy.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effects, Turn};
use bus_schema::{Data, Event, data::facts::AchievementProgressed, entity::fnv1a};
use serde::{Deserialize, Serialize};

use crate::{
    plays::{self, List},
    policy::{Policy, When},
    state::Account,
};

/// People counted.
const PEOPLE_MAX: usize = 200;
/// Achievements told apart.
const UNLOCKED_MAX: usize = 1_000;
/// Consent is asked for this channel and class: who revokes it is not counted.
const CONSENT: (&str, &str) = ("in_app", "recognition");

/// What people unlocked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Achievements {
    totals: BTreeMap<String, u32>,
    unlocked: BTreeSet<u32>,
}

/// Counts an achievement once.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let Data::AchievementUnlocked(data) = &event.data else { return };
    let (user, achievement) = (data.user.to_string(), data.achievement.to_string());
    let (channel, class) = CONSENT;
    if account.profile.contacts.get(&user).is_some_and(|contact| !contact.allows(channel, class)) {
        account.achievements.totals.remove(&user);
        return;
    }
    let own = &mut account.achievements;
    let full = own.unlocked.len() >= UNLOCKED_MAX || own.totals.len() >= PEOPLE_MAX && !own.totals.contains_key(&user);
    if full || !own.unlocked.insert(fnv1a(format!("{user}/{achievement}").as_bytes())) {
        return;
    }
    let total = own.totals.entry(user.clone()).or_default();
    *total = total.saturating_add(1);
    let total = *total;
    let marks = &policy.programme.recognise_at;
    let next = marks.iter().copied().find(|mark| *mark > total);
    let events = vec![turn.cause];
    let progressed = AchievementProgressed { user: user.clone(), achievement, total, next, events: events.clone() };
    effects.emit_for(&user, Data::AchievementProgressed(progressed));
    if marks.contains(&total) {
        let days = account.profile.age_days(turn.now.day());
        let list = List::new(turn, "achievements of the account's people", &events)
            .to(&user)
            .with("recognition.what", "achievements")
            .with("recognition.count", total.to_string())
            .with("relation.together", plays::count(i64::from(days / 30).max(1), "month", "months"));
        let reason = format!("a contact unlocked {total} achievements");
        let cause = format!("achievements:{user}:{total}");
        plays::request(turn, policy, account, (When::Recognised, cause), &reason, &list, effects);
    }
}
