//! What we and a customer's people say to each other: meetings, messages, surveys, and who comes and goes.

use bus_schema::{
    Kind,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::json;

use crate::{
    account::{self, Account, Size},
    calendar::Today,
    dice::Dice,
    story::{Archetype, Scare},
    text::{self, Mood},
    usage::day,
};

/// Days between two relationship surveys of one contact.
const SURVEY_DAYS: u64 = 91;

/// A day of the relation.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today, needless: u64) {
    let mut dice = Dice::of(&[seed, 30, account.number, day(today)]);
    people(account, &mut dice, today);
    if !today.works() {
        return;
    }
    let number = account.number;
    let apart = |every: u64, salt: u64| {
        let shift = Dice::of(&[seed, 31, number, salt]).below(every);
        (day(today) + shift) % every
    };
    let (meets, writes) = match account.size {
        Size::Strategic => (28, 14),
        Size::Enterprise => (42, 14),
        Size::MidMarket => (56, 28),
        Size::Smb | Size::Vendor => (0, 42),
    };
    if meets > 0 && apart(meets, 1) == 0 {
        meeting(account, &mut dice, today);
    }
    if apart(writes, 2) == 0 {
        message(account, &mut dice, today, needless);
    }
    let asked: Vec<usize> = (0..account.contacts.len()).filter(|n| apart(SURVEY_DAYS, 10 + *n as u64) == 0).collect();
    for contact in asked {
        survey(account, &mut dice, today, contact);
    }
    if account.story.holds(Archetype::Promoter, today.day).is_some() && dice.falls(90) || dice.falls(4) {
        community(account, &mut dice, today);
    }
}

fn meeting(account: &mut Account, dice: &mut Dice, today: Today) {
    let invited: Vec<(String, &str)> = account
        .contacts
        .iter()
        .filter(|contact| !contact.left && matches!(contact.role, "sponsor" | "champion"))
        .map(|contact| (contact.id.clone(), contact.role))
        .collect();
    let name = account.fresh("meeting");
    let ids: Vec<&String> = invited.iter().map(|(id, _)| id).collect();
    let story = &account.story;
    let missing = match story.archetype {
        Archetype::ChampionLeaves
            if story.holds(Archetype::ChampionLeaves, today.day).is_some_and(|since| since >= 14) =>
        {
            600
        }
        Archetype::ValueGap if story.holds(Archetype::ValueGap, today.day).is_some() => 350,
        Archetype::Competitor if story.holds(Archetype::Competitor, today.day).is_some_and(|since| since >= 10) => 350,
        _ => 150,
    };
    let at = account.morning(today.day).plus_ms(3 * HOUR_MS);
    let kind = if dice.falls(300) { "review_operational" } else { "check_in" };
    if dice.falls(missing) || ids.is_empty() {
        let data = json!({"meeting": name, "type": kind, "invited": ids});
        account.agenda.say(at, Kind::MeetingMissed, None, data);
        return;
    }
    let came: Vec<&String> = invited
        .iter()
        .filter(|(_, role)| dice.falls(if *role == "sponsor" { 600 } else { 900 }))
        .map(|(id, _)| id)
        .collect();
    let came = if came.is_empty() { ids.iter().take(1).copied().collect() } else { came };
    let data = json!({"meeting": name, "type": kind, "invited": ids, "attended": came});
    account.agenda.say(at, Kind::MeetingHeld, None, data);
    if kind == "review_operational" {
        let data = json!({"type": kind, "attended": came, "actions": ["look at adoption", "plan next quarter"]});
        account.agenda.say(at.plus_ms(HOUR_MS), Kind::ReviewHeld, None, data);
    }
}

/// A manager writes by hand.
fn message(account: &mut Account, dice: &mut Dice, today: Today, needless: u64) {
    let role = if dice.falls(700) { "champion" } else { "sponsor" };
    let to = account.with_role(role).or_else(|| account.with_role("sponsor")).map(|contact| contact.id.clone());
    let Some(to) = to else { return };
    write(account, dice, today, &to, needless);
}

/// One message and what comes back. Each needless message before lowers the chance of an answer.
pub(crate) fn write(account: &mut Account, dice: &mut Dice, today: Today, to: &str, needless: u64) {
    let name = account.fresh("mail");
    let at = account.morning(today.day).plus_ms(i64::try_from(dice.below(300)).unwrap_or(0) * MINUTE_MS);
    let data = json!({"message": name, "class": "relationship"});
    if dice.falls(5) {
        let data =
            json!({"message": name, "class": "relationship", "bounce": if dice.falls(300) { "hard" } else { "soft" }});
        account.agenda.say(at.plus_ms(MINUTE_MS), Kind::OutreachBounced, Some(to), data);
        return;
    }
    account.agenda.say(at, Kind::OutreachDelivered, Some(to), data.clone());
    if dice.falls(2) {
        account.agenda.say(at.plus_ms(2 * HOUR_MS), Kind::OutreachUnsubscribed, Some(to), data);
        return;
    }
    let story = &account.story;
    let willing = match story.archetype {
        Archetype::ValueGap if story.holds(Archetype::ValueGap, today.day).is_some() => 350,
        Archetype::ChampionLeaves if story.holds(Archetype::ChampionLeaves, today.day).is_some() => 250,
        Archetype::Competitor if story.holds(Archetype::Competitor, today.day).is_some() => 100,
        Archetype::SlowStart if story.holds(Archetype::SlowStart, today.day).is_some() => 500,
        Archetype::Promoter => 1_400,
        _ => 1_000,
    };
    let left = account.term.end.0 - today.day.0;
    let talks = !account.term.monthly && (0..=100).contains(&left) && !story.leaves();
    let base = if account.size.is_small() { 200 } else { 400 };
    let base = if talks { base + 350 } else { base };
    let worn = (0..needless.min(30)).fold(1_000, |rate, _| rate * 97 / 100);
    let chance = base * willing / 1_000 * account.answers / 1_000 * worn / 1_000;
    if dice.falls(chance.min(950)) {
        let hours = dice.pick(&[2, 5, 9, 20, 24, 28, 48, 72]).copied().unwrap_or(24);
        let mood = if willing < 1_000 {
            Mood::Annoyed
        } else if dice.falls(400) {
            Mood::Glad
        } else {
            Mood::Plain
        };
        let data = json!({"message": name, "class": "relationship", "text": text::reply(dice, mood)});
        account.agenda.say(at.plus_ms(hours * HOUR_MS), Kind::OutreachReplied, Some(to), data);
    }
}

fn survey(account: &mut Account, dice: &mut Dice, today: Today, contact: usize) {
    let Some(person) = account.contacts.get(contact).filter(|person| !person.left) else { return };
    let (id, opinion) = (person.id.clone(), person.opinion);
    let name = account.fresh("survey");
    let at = account.morning(today.day).plus_ms(2 * HOUR_MS);
    let data = json!({"survey": name, "type": "relationship", "contact": id});
    account.agenda.say(at, Kind::SurveySent, Some(&id), data);
    if !dice.falls(if account.size.is_small() { 150 } else { 300 }) {
        return;
    }
    let story = &account.story;
    let effect = match story.archetype {
        Archetype::Promoter => 12,
        Archetype::Growing => 4,
        Archetype::SupportPain if story.holds(Archetype::SupportPain, today.day).is_some() => -40,
        Archetype::ValueGap if story.holds(Archetype::ValueGap, today.day).is_some() => -20,
        Archetype::ChampionLeaves if story.holds(Archetype::ChampionLeaves, today.day).is_some() => -15,
        Archetype::SlowStart => -15,
        _ => 0,
    };
    // The spread of one person's answers; people differ by as much again.
    let tenths = (opinion + effect + dice.around(10)).clamp(0, 100);
    let score = u8::try_from((tenths + 5) / 10).unwrap_or(8).min(10);
    let data = json!({"survey": name, "type": "relationship", "score": score, "text": text::comment(dice, score)});
    let after = i64::from(dice.days(0, 6)) * DAY_MS + HOUR_MS;
    account.agenda.say(at.plus_ms(after), Kind::NpsResponded, Some(&id), data);
}

fn community(account: &mut Account, dice: &mut Dice, today: Today) {
    let Some(contact) = account.somebody(dice).map(|contact| contact.id.clone()) else { return };
    let kind = dice.pick(&["post", "answer", "event"]).copied().unwrap_or("post");
    let data = json!({"type": kind, "text": text::reply(dice, Mood::Glad)});
    account.agenda.say(
        account.morning(today.day).plus_ms(5 * HOUR_MS),
        Kind::CommunityParticipated,
        Some(&contact),
        data,
    );
}

/// Sponsors and champions go, successors come, companies change.
fn people(account: &mut Account, dice: &mut Dice, today: Today) {
    let at = account.morning(today.day).plus_ms(HOUR_MS);
    let after = 3 + i32::try_from(account.number % 8).unwrap_or(0);
    if account.story.holds(Archetype::ChampionLeaves, today.day) == Some(after) {
        let loud = account.story.loud;
        leave(account, today, if loud { &Farewell::Told } else { &Farewell::Silent });
    }
    let better = account.story.better() == Some(today.day);
    if better && account.story.archetype == Archetype::ChampionLeaves {
        let new = account::contact(dice, &account.id, "sponsor", &account.contacts);
        add(account, &new, at);
        let data =
            json!({"meeting": account.fresh("meeting"), "type": "check_in", "invited": [new.id], "attended": [new.id]});
        account.agenda.say(at.plus_ms(6 * DAY_MS), Kind::MeetingHeld, None, data);
        account.contacts.push(new);
    }
    if account.story.scared(Scare::SponsorOnLeave, today.day) == Some(2) {
        let new = account::contact(dice, &account.id, "sponsor", &account.contacts);
        add(account, &new, at);
        leave(account, today, &Farewell::Followed(new.id.clone()));
        account.contacts.push(new);
    }
    let merged = account.story.scared(Scare::TeamsMerge, today.day) == Some(3);
    let acquired = account.story.archetype == Archetype::QuietLeaver
        && account.story.loud
        && account.story.decides.is_some_and(|decides| decides.plus(-5) == today.day);
    if merged || acquired || dice.falls(1) && dice.falls(300) {
        let what = if acquired { "acquired" } else { "reorganisation" };
        account.agenda.say(at, Kind::OrgChanged, None, json!({"type": what, "on": today.day}));
    }
}

/// How we learn that somebody left.
enum Farewell {
    /// Told, and nobody follows.
    Told,
    /// Told, with who follows.
    Followed(String),
    /// Only seen in a mail that comes back.
    Silent,
}

/// The sponsor leaves.
fn leave(account: &mut Account, today: Today, farewell: &Farewell) {
    let at = account.morning(today.day).plus_ms(HOUR_MS);
    let sponsor = |contact: &&mut account::Contact| contact.role == "sponsor" && !contact.left;
    let Some(gone) = account.contacts.iter_mut().find(sponsor) else { return };
    gone.left = true;
    let id = gone.id.clone();
    let told =
        |successor: Option<&String>| json!({"contact": id, "on": today.day, "confirmed": true, "successor": successor});
    let (kind, data) = match farewell {
        Farewell::Told => (Kind::ContactLeft, told(None)),
        Farewell::Followed(by) => (Kind::ContactLeft, told(Some(by))),
        Farewell::Silent => {
            let message = account.fresh("mail");
            (Kind::OutreachBounced, json!({"message": message, "class": "relationship", "bounce": "hard"}))
        }
    };
    account.agenda.say(at, kind, Some(&id), data);
}

/// A contact becomes known.
pub(crate) fn add(account: &mut Account, contact: &account::Contact, at: bus_schema::Time) {
    let data = json!({"contact": contact.id, "roles": [contact.role], "name": contact.name, "email": contact.id,
        "title": contact.title, "time_zone": account.zone.0});
    account.agenda.say(at, Kind::ContactAdded, Some(&contact.id), data);
}
