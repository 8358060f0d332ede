//! Invoices and how they are paid, budgets, seats bought, and talk of a competitor.

use bus_schema::{
    Kind,
    time::{DAY_MS, HOUR_MS},
};
use serde_json::{Value, json};

use crate::{
    account::{Account, Size},
    calendar::Today,
    dice::Dice,
    story::{Archetype, Scare},
    usage::day,
};

/// Days to pay an invoice of a contract.
const NET_DAYS: i32 = 30;
const COMPETITORS: [&str; 4] = ["planwright", "routelane", "stocksense", "depotly"];

/// An amount in dollars.
pub(crate) fn usd(minor: i64) -> Value {
    json!({"minor": minor, "currency": "USD"})
}

/// Money on a day.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today) {
    let mut dice = Dice::of(&[seed, 40, account.number, day(today)]);
    let (every, payments) = match account.size {
        Size::Strategic | Size::Enterprise => (91, 4),
        Size::MidMarket | Size::Smb | Size::Vendor => (30, 12),
    };
    let shift = i32::try_from(account.number * 7 % 91).unwrap_or(0);
    if today.day > account.first && (today.day.0 + shift) % every == 0 {
        let amount = account.arr / payments;
        if account.term.monthly {
            card(account, &mut dice, today, amount);
        } else {
            invoice(account, &mut dice, today, amount);
        }
    }
    market(account, &mut dice, today);
}

fn invoice(account: &mut Account, dice: &mut Dice, today: Today, amount: i64) {
    let name = account.fresh("invoice");
    let at = account.morning(today.day).plus_ms(-2 * HOUR_MS);
    let due = today.day.plus(NET_DAYS);
    account.agenda.say(at, Kind::InvoiceIssued, None, json!({"invoice": name, "amount": usd(amount), "due_on": due}));
    let short = account.story.holds(Archetype::BudgetCut, due).is_some_and(|since| since >= 20);
    let late = match dice.below(100) {
        _ if short => dice.days(20, 45),
        0..92 => -dice.days(0, 12),
        92..98 => dice.days(1, 10),
        _ => dice.days(11, 25),
    };
    if account.story.scared(Scare::Typo, today.day).is_some() {
        // Somebody typed the wrong date: it looks late and is not.
        let data = json!({"invoice": name, "amount": usd(amount), "days_late": 16});
        account.agenda.say(at.plus_ms(DAY_MS), Kind::InvoiceOverdue, None, data);
    }
    let paid = account.morning(due.plus(late));
    for days in (1..late).step_by(7) {
        let data = json!({"invoice": name, "amount": usd(amount), "days_late": days});
        account.agenda.say(account.morning(due.plus(days)), Kind::InvoiceOverdue, None, data);
    }
    let data = json!({"invoice": name, "amount": usd(amount), "days_late": late.max(0)});
    account.agenda.say(paid.plus_ms(HOUR_MS), Kind::InvoicePaid, None, data);
}

fn card(account: &mut Account, dice: &mut Dice, today: Today, amount: i64) {
    let name = account.fresh("invoice");
    let at = account.morning(today.day).plus_ms(-2 * HOUR_MS);
    let data = json!({"invoice": name, "amount": usd(amount), "due_on": today.day});
    account.agenda.say(at, Kind::InvoiceIssued, None, data);
    let short = account.story.holds(Archetype::BudgetCut, today.day).is_some_and(|since| since >= 20);
    let expired = account.story.scared(Scare::CardExpired, today.day).is_some();
    let cured = match (short, expired, dice.falls(15)) {
        (true, _, _) => dice.days(20, 45),
        (false, true, _) => dice.days(8, 12),
        (false, false, true) if dice.falls(800) => dice.days(1, 5),
        (false, false, true) => dice.days(8, 14),
        (false, false, false) => 0,
    };
    let attempts = (0..cured).step_by(4);
    for (attempt, days) in (1..).zip(attempts) {
        let data = json!({"invoice": name, "amount": usd(amount), "attempt": attempt});
        account.agenda.say(at.plus_ms(i64::from(days) * DAY_MS + HOUR_MS), Kind::InvoicePaymentFailed, None, data);
    }
    let data = json!({"invoice": name, "amount": usd(amount), "days_late": cured});
    account.agenda.say(at.plus_ms(i64::from(cured) * DAY_MS + 2 * HOUR_MS), Kind::InvoicePaid, None, data);
}

/// Budgets and competitors come up where the cause is loud, and now and then where there is none.
fn market(account: &mut Account, dice: &mut Dice, today: Today) {
    let at = account.morning(today.day).plus_ms(4 * HOUR_MS);
    let (story, on) = (&account.story, today.day);
    let competitor =
        |stage: &str, dice: &mut Dice| json!({"competitor": dice.pick(&COMPETITORS), "stage": stage, "where": "call"});
    // Of a hundred causes sixty tell of money; `loud` is seventy.
    if story.holds(Archetype::BudgetCut, on) == Some(7) && story.loud && dice.falls(857) {
        let state = if dice.falls(500) { "concern" } else { "frozen" };
        account.agenda.say(at, Kind::BudgetReported, None, json!({"state": state}));
    } else if story.holds(Archetype::Competitor, on) == Some(10) && story.loud {
        let data = competitor(if dice.falls(500) { "evaluation" } else { "mention" }, dice);
        account.agenda.say(at, Kind::CompetitorMentioned, None, data);
    } else if story.holds(Archetype::ChampionLeaves, on) == Some(40) && dice.falls(500)
        || today.works() && dice.below(10_000) < 4
    {
        let data = competitor("mention", dice);
        account.agenda.say(at, Kind::CompetitorMentioned, None, data);
    } else if today.works() && dice.below(10_000) < 5 {
        let state = dice.pick(&["concern", "confirmed", "confirmed", "increased"]).copied();
        account.agenda.say(at, Kind::BudgetReported, None, json!({"state": state}));
    }
}
