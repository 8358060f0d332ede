//! Tickets from question to rating, and the help that answers without one.

use bus_schema::{
    Kind, Time,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::json;

use crate::{
    account::{Account, FEATURES},
    calendar::Today,
    dice::Dice,
    story::{Archetype, Scare},
    text::{self, Mood},
    usage::day,
};

/// Who works at the desk.
const DESK: [&str; 5] = ["kim", "ola", "per", "rui", "sam"];
/// After how many minutes a request that is still open goes to somebody else.
const PASSED_ON_MINUTES: i64 = 24 * 60 + 20;

/// The area with the defect.
const BROKEN: &str = "exports";

/// Who asks on a day, and what becomes of it.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today) {
    if !today.works() {
        return;
    }
    let mut dice = Dice::of(&[seed, 20, account.number, day(today)]);
    let pain = account.story.holds(Archetype::SupportPain, today.day);
    let storm = account.story.scared(Scare::TicketStorm, today.day).as_ref().is_some_and(|since| *since < 4);
    let people = account.users.iter().take(account.assigned).filter(|user| user.chance > 0).count() as u64;
    let per_hundred = if account.size.is_small() { 8 } else { 4 };
    // A month has 21 working days; the result is in thousandths of a ticket.
    let mut rate = people * per_hundred * 1_000 / 100 / 21 * account.asks / 1_000
        * account.level(seed, today.day).min(1_200)
        / 1_000;
    if pain.is_some_and(|since| since < 30) {
        rate = rate * 4 + 120;
    } else if storm {
        rate = rate * 6 + 900;
    }
    for _ in 0..dice.count(rate) {
        ticket(account, &mut dice, today, pain.is_some());
    }
    for _ in 0..dice.count(rate * 3) {
        help(account, &mut dice, today);
    }
    if let Some(since) = pain {
        insist(account, &mut dice, today, since);
    }
}

fn ticket(account: &mut Account, dice: &mut Dice, today: Today, pain: bool) {
    let hurts = pain && dice.falls(750);
    let question = !hurts && dice.falls(550);
    let area = if hurts { BROKEN } else { dice.pick(&FEATURES).copied().unwrap_or("planning") };
    let mood = match (hurts, dice.below(100)) {
        (true, 0..55) => Mood::Angry,
        (true, _) | (false, 0..12) => Mood::Annoyed,
        (false, 12..40) => Mood::Glad,
        (false, _) => Mood::Plain,
    };
    let priority = match (hurts, dice.below(100)) {
        (false, 0..2) | (true, 0..8) => "p1",
        (false, 2..17) | (true, 8..50) => "p2",
        (_, 17..77) => "p3",
        (_, _) => "p4",
    };
    let Some(contact) = account.somebody(dice).map(|contact| contact.id.clone()) else { return };
    let name = account.fresh("ticket");
    let at = account.morning(today.day).plus_ms(i64::try_from(dice.below(420)).unwrap_or(0) * MINUTE_MS);
    let (subject, body) = text::ticket(dice, mood, area, question);
    let category = if question { "how-to" } else { "bug" };
    let channel = dice.pick(&["email", "web", "chat"]).copied().unwrap_or("email");
    let data = json!({"ticket": name, "priority": priority, "category": category, "product_area": area,
        "channel": channel, "contact": contact, "subject": subject, "text": body});
    account.agenda.say(at, Kind::TicketOpened, Some(&contact), data);
    follow(account, dice, at, &Open { name, contact, mood, hurts, priority });
}

struct Open {
    name: String,
    contact: String,
    mood: Mood,
    hurts: bool,
    priority: &'static str,
}

/// From the first answer to the rating.
fn follow(account: &mut Account, dice: &mut Dice, at: Time, open: &Open) {
    let Open { name, contact, mood, hurts, priority } = open;
    let minutes = match *priority {
        "p1" => 30,
        "p2" => 60,
        "p3" => 120,
        _ => 300,
    };
    let spent = if dice.falls(850) { dice.between(5, minutes) } else { dice.between(minutes, minutes * 4) };
    let answered = at.plus_ms(i64::try_from(spent).unwrap_or(60) * MINUTE_MS);
    let data = json!({"ticket": name, "by": "agent", "text": text::answer(dice)});
    account.agenda.say(answered, Kind::TicketReplied, None, data);
    let desk = dice.pick(&DESK).copied();
    let data = json!({"ticket": name, "assignee": desk});
    account.agenda.say(answered.plus_ms(2 * MINUTE_MS), Kind::TicketUpdated, None, data);
    let mut last = answered;
    if dice.falls(if *hurts { 800 } else { 350 }) {
        last = answered.plus_ms(i64::try_from(dice.between(20, 300)).unwrap_or(60) * MINUTE_MS);
        let data = json!({"ticket": name, "by": "customer", "text": text::follow_up(dice, *mood)});
        account.agenda.say(last, Kind::TicketReplied, Some(contact), data);
        last = last.plus_ms(HOUR_MS);
        let data = json!({"ticket": name, "by": "agent", "text": text::answer(dice)});
        account.agenda.say(last, Kind::TicketReplied, None, data);
    }
    let inside = dice.falls(if *hurts { 500 } else { 880 });
    let hours = if inside { dice.between(1, 20) } else { dice.between(25, 110) };
    if !inside {
        // What takes too long goes to somebody who has the time.
        let data = json!({"ticket": name, "assignee": dice.pick(&DESK)});
        account.agenda.say(at.plus_ms(PASSED_ON_MINUTES * MINUTE_MS), Kind::TicketUpdated, None, data);
    }
    let resolved = at.plus_ms(i64::try_from(hours).unwrap_or(20) * HOUR_MS).max(last.plus_ms(10 * MINUTE_MS));
    let code = dice.pick(&["fixed", "fixed", "workaround", "no_answer", "not_a_bug"]).copied();
    let data = json!({"ticket": name, "resolution_code": code});
    account.agenda.say(resolved, Kind::TicketResolved, None, data);
    let mut end = resolved;
    if dice.falls(if *hurts { 350 } else { 40 }) {
        let again = resolved.plus_ms(i64::try_from(dice.between(4, 40)).unwrap_or(10) * HOUR_MS);
        account.agenda.say(again, Kind::TicketReopened, Some(contact), json!({"ticket": name}));
        end = again.plus_ms(i64::try_from(dice.between(6, 60)).unwrap_or(10) * HOUR_MS);
        account.agenda.say(end, Kind::TicketResolved, None, json!({"ticket": name, "resolution_code": "fixed"}));
    }
    if dice.falls(250) {
        let good = dice.falls(if *hurts { 250 } else { 900 });
        let score = if good { dice.between(4, 5) } else { dice.between(1, 3) };
        let data = json!({"ticket": name, "score": score, "scale": 5});
        account.agenda.say(end.plus_ms(5 * HOUR_MS), Kind::CsatResponded, Some(contact), data);
    }
}

/// Somebody looks for an answer; two of three find it.
fn help(account: &mut Account, dice: &mut Dice, today: Today) {
    let Some(contact) = account.somebody(dice).map(|contact| contact.id.clone()) else { return };
    let area = dice.pick(&FEATURES).copied().unwrap_or("planning");
    let at = account.morning(today.day).plus_ms(i64::try_from(dice.below(420)).unwrap_or(0) * MINUTE_MS);
    let data = json!({"query": format!("how does {area} work"), "results": dice.below(6), "product_area": area});
    account.agenda.say(at, Kind::HelpSearched, Some(&contact), data);
    if dice.falls(850) {
        let article = format!("{area}-{}", dice.between(1, 6));
        let data = json!({"article": article, "product_area": area});
        account.agenda.say(at.plus_ms(MINUTE_MS), Kind::HelpViewed, Some(&contact), data);
        if dice.falls(300) {
            let data = json!({"article": article, "helpful": dice.falls(680), "product_area": area});
            account.agenda.say(at.plus_ms(4 * MINUTE_MS), Kind::HelpAnswered, Some(&contact), data);
        }
    }
}

/// A customer with a defect that nobody fixes asks for somebody in charge.
fn insist(account: &mut Account, dice: &mut Dice, today: Today, since: i32) {
    let second = account.story.loud && since == 17;
    if since != 9 && !second {
        return;
    }
    let Some(contact) = account.somebody(dice).map(|contact| contact.id.clone()) else { return };
    let (name, at) = (account.fresh("ticket"), account.morning(today.day).plus_ms(2 * HOUR_MS));
    let (subject, body) = text::ticket(dice, Mood::Angry, BROKEN, false);
    let data = json!({"ticket": name, "priority": "p1", "category": "bug", "product_area": BROKEN, "channel": "email",
        "contact": contact, "subject": subject, "text": body});
    account.agenda.say(at, Kind::TicketOpened, Some(&contact), data);
    let data = json!({"ticket": name, "to": "second line", "reason": "asked for somebody in charge"});
    account.agenda.say(at.plus_ms(3 * HOUR_MS), Kind::TicketEscalated, None, data);
    let data = json!({"ticket": name, "by": "agent", "text": text::answer(dice)});
    account.agenda.say(at.plus_ms(4 * HOUR_MS), Kind::TicketReplied, None, data);
    let fixed = at.plus_ms(i64::from(dice.days(8, 20)) * DAY_MS);
    account.agenda.say(fixed, Kind::TicketResolved, None, json!({"ticket": name, "resolution_code": "fixed"}));
}
