//! Use of the product: logins, features, sessions, sums of a day, calls of the API, seats.

use bus_schema::{Kind, time::MINUTE_MS};
use serde_json::json;

use crate::{
    account::{Account, FEATURES, User},
    calendar::{INCIDENT_DAY, Today},
    dice::Dice,
    story::{Archetype, Scare},
};

/// Chance that an active user uses one of their features on a day, in permille.
const FEATURE: u64 = 450;

/// What an account's people do on a day.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today, incident: bool) {
    let mut dice = Dice::of(&[seed, 10, account.number, day(today)]);
    let level = account.level(seed, today.day);
    let mut activity = today.activity * level / 1_000;
    if incident && today.age == INCIDENT_DAY {
        activity = activity * 600 / 1_000;
    }
    let users: Vec<User> = account.users.iter().take(account.assigned).copied().collect();
    let active: Vec<(usize, User)> = users
        .into_iter()
        .enumerate()
        .filter(|(_, user)| dice.falls((user.chance * activity / 1_000).min(970)))
        .collect();
    if account.sums() {
        sums(account, &mut dice, today, &active);
    } else {
        single(account, &mut dice, today, &active);
    }
    calls(account, &mut dice, today, activity);
    grow(account, &mut dice, today);
    seats(account, today);
}

/// A day as a part of a question to the dice.
pub(crate) fn day(today: Today) -> u64 {
    u64::try_from(today.day.0).unwrap_or(0)
}

fn single(account: &mut Account, dice: &mut Dice, today: Today, active: &[(usize, User)]) {
    let morning = account.morning(today.day);
    for (number, user) in active {
        let id = format!("user-{number}@{}.example", account.id);
        let at = morning.plus_ms(i64::try_from(dice.below(500)).unwrap_or(0) * MINUTE_MS);
        account.agenda.say(at, Kind::UserLoggedIn, None, json!({"user": id}));
        for (bit, feature) in FEATURES.iter().enumerate() {
            if user.features & (1 << bit) != 0 && dice.falls(FEATURE) {
                let data = json!({"user": id, "feature": feature, "quantity": dice.between(1, 9)});
                account.agenda.say(at.plus_ms(MINUTE_MS), Kind::UsageRecorded, None, data);
            }
        }
        let seconds = dice.between(360, 2_100);
        let after = i64::try_from(seconds).unwrap_or(0) * 1_000;
        account.agenda.say(at.plus_ms(after), Kind::SessionEnded, None, json!({"user": id, "seconds": seconds}));
    }
}

fn sums(account: &mut Account, dice: &mut Dice, today: Today, active: &[(usize, User)]) {
    let at = account.morning(today.day).plus_ms(600 * MINUTE_MS);
    let users = active.len() as u64;
    let all = json!({"day": today.day, "active_users": users, "quantity": users * dice.between(3, 6),
        "seconds": users * dice.between(800, 1_400)});
    account.agenda.say(at, Kind::UsageAggregated, None, all);
    if today.activity < 500 {
        return;
    }
    for (bit, feature) in FEATURES.iter().enumerate() {
        let with =
            active.iter().filter(|(_, user)| user.features & (1 << bit) != 0 && dice.falls(FEATURE)).count() as u64;
        if with > 0 {
            let data = json!({"day": today.day, "feature": feature, "active_users": with,
                "quantity": with * dice.between(1, 5)});
            account.agenda.say(at.plus_ms(MINUTE_MS), Kind::UsageAggregated, None, data);
        }
    }
}

/// Programs call on weekends as well, only less.
fn calls(account: &mut Account, dice: &mut Dice, today: Today, activity: u64) {
    let moved = account.story.scared(Scare::MovesToApi, today.day).is_some();
    let usual = account.calls.unwrap_or(if moved { 4_000 } else { 0 });
    if usual == 0 {
        return;
    }
    let more = if moved { 2_500 } else { 1_000 };
    let count = usual * (300 + activity * 7 / 10) / 1_000 * dice.between(800, 1_200) / 1_000 * more / 1_000;
    let data = json!({"day": today.day, "count": count, "errors": count * dice.below(15) / 1_000});
    account.agenda.say(account.morning(today.day).plus_ms(610 * MINUTE_MS), Kind::ApiCalled, None, data);
}

/// People come: a hundredth a month, in a growing account a twentieth. A cut budget takes seats away.
fn grow(account: &mut Account, dice: &mut Dice, today: Today) {
    if !today.works() || account.notice.is_some() {
        return;
    }
    let growing = account.story.holds(Archetype::Growing, today.day).is_some();
    let monthly = if growing { 50 } else { 10 };
    let more = dice.count(account.assigned as u64 * monthly / 21);
    for _ in 0..more {
        let room = account.users.len().min(usize::try_from(account.licensed).unwrap_or(usize::MAX));
        if account.assigned < room {
            let id = format!("user-{}@{}.example", account.assigned, account.id);
            account.assigned += 1;
            let at = account.morning(today.day).plus_ms(20 * MINUTE_MS);
            let on = today.day;
            account.agenda.say(at, Kind::UserInvited, None, json!({"user": id, "on": on}));
            account.agenda.say(at.plus_ms(90 * MINUTE_MS), Kind::UserActivated, None, json!({"user": id, "on": on}));
        }
    }
    if account.story.holds(Archetype::BudgetCut, today.day) == Some(45) {
        account.assigned = account.assigned * 7 / 10;
    }
}

fn seats(account: &mut Account, today: Today) {
    let weekly = crate::calendar::is_monday(today.day);
    if weekly || account.sums() && today.works() {
        let data = json!({"assigned": account.assigned, "licensed": account.licensed});
        account.agenda.say(account.morning(today.day).plus_ms(-60 * MINUTE_MS), Kind::SeatsMeasured, None, data);
    }
    if weekly {
        let (used, limit) = (account.assigned as u64 * 11, account.licensed.max(1) * 12);
        let data = json!({"meter": "projects", "used": used, "limit": limit, "hard": false});
        account.agenda.say(account.morning(today.day).plus_ms(-55 * MINUTE_MS), Kind::PlanUsageMeasured, None, data);
    }
}
