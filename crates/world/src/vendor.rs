//! What a seller of the marketplace does: listings, orders, ratings, payouts.

use bus_schema::{
    Kind,
    time::{DAY_MS, HOUR_MS},
};
use serde_json::json;

use crate::{
    account::{Account, Size},
    calendar::Today,
    dice::Dice,
    money::usd,
    story::Archetype,
    text,
    usage::day,
};

/// Orders of a seller on a working day, in thousandths, at the usual level.
const ORDERS: u64 = 3_500;

/// The listings of a seller, when it begins.
pub(crate) fn listings(account: &mut Account, dice: &mut Dice) {
    if account.size != Size::Vendor {
        return;
    }
    let at = account.morning(account.first).plus_ms(2 * HOUR_MS);
    for n in 0..dice.between(3, 9) {
        let data = json!({"listing": format!("listing-{}-{n}", account.id), "amount": usd(2_000 + 500 * i64::try_from(n).unwrap_or(0))});
        account.agenda.say(at, Kind::ListingPublished, None, data);
    }
}

/// A day of selling.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today) {
    if account.size != Size::Vendor {
        return;
    }
    let mut dice = Dice::of(&[seed, 60, account.number, day(today)]);
    // Buyers buy on weekends as well.
    let level = account.level(seed, today.day) * today.activity.max(600) / 1_000;
    let stuck = account.story.holds(Archetype::SlowStart, today.day).is_some_and(|since| since < 30);
    let orders = if stuck { 0 } else { dice.count(ORDERS * level / 1_000) };
    let poor = account.story.holds(Archetype::SupportPain, today.day).is_some();
    let mut gross = 0;
    let at = account.morning(today.day).plus_ms(9 * HOUR_MS);
    for _ in 0..orders {
        let (name, amount) = (account.fresh("order"), i64::try_from(dice.between(1_500, 9_000)).unwrap_or(0));
        gross += amount;
        account.agenda.say(at, Kind::OrderPlaced, None, json!({"order": name, "amount": usd(amount)}));
        let on_time = dice.falls(if poor { 850 } else { 970 });
        let hours = if on_time { dice.between(6, 40) } else { dice.between(50, 120) };
        let done = at.plus_ms(i64::try_from(hours).unwrap_or(24) * HOUR_MS);
        if dice.falls(12) {
            account.agenda.say(done, Kind::OrderCancelled, None, json!({"order": name, "by": "vendor"}));
            continue;
        }
        account.agenda.say(
            done,
            Kind::OrderFulfilled,
            None,
            json!({"order": name, "hours": hours, "on_time": on_time}),
        );
        if dice.falls(200) {
            let rating = if on_time && dice.falls(880) { 5 } else { dice.between(2, 4) };
            let score = u8::try_from(rating * 2).unwrap_or(8);
            let data = json!({"rating": rating, "order": name, "text": text::comment(&mut dice, score)});
            account.agenda.say(done.plus_ms(2 * DAY_MS), Kind::RatingReceived, None, data);
        }
    }
    let data = json!({"day": today.day, "orders": orders, "gross": usd(gross)});
    account.agenda.say(at.plus_ms(3 * HOUR_MS), Kind::SalesSummed, None, data);
}
