//! What a customer gets out of it: goals, outcomes, return, wishes, and what it buys on top.

use bus_schema::{
    Kind,
    time::{DAY_MS, HOUR_MS},
};
use serde_json::json;

use crate::{
    account::{Account, FEATURES, Size},
    calendar::Today,
    dice::Dice,
    money::usd,
    story::Archetype,
    text,
    usage::day,
};

/// Days from the first to the due days of the three goals.
const GOALS: [i32; 3] = [104, 174, 234];

/// The goals of an account, when it begins.
pub(crate) fn goals(account: &mut Account) {
    let at = account.morning(account.first).plus_ms(HOUR_MS);
    for (n, due) in GOALS.iter().enumerate() {
        let data = json!({"goal": goal(account, n), "metric": "hours saved", "due_on": account.first.plus(*due)});
        account.agenda.say(at, Kind::GoalSet, None, data);
    }
}

fn goal(account: &Account, n: usize) -> String {
    format!("goal-{}-{n}", account.id)
}

/// A day of value.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today) {
    let mut dice = Dice::of(&[seed, 50, account.number, day(today)]);
    let at = account.morning(today.day).plus_ms(6 * HOUR_MS);
    let lived = today.day.0 - account.first.0;
    let gap = account.story.archetype == Archetype::ValueGap
        || account.story.holds(Archetype::SlowStart, today.day).is_some();
    if let Some(n) = GOALS.iter().position(|due| due - 2 == lived) {
        let met = dice.falls(if gap { 150 } else { 700 });
        let kind = if met { Kind::GoalAchieved } else { Kind::GoalMissed };
        let after = if met { 0 } else { 5 * DAY_MS };
        let data = json!({"goal": goal(account, n), "due_on": account.first.plus(lived + 2)});
        account.agenda.say(at.plus_ms(after), kind, None, data);
    }
    outcomes(account, &mut dice, today, gap);
    growth(account, &mut dice, today);
}

fn outcomes(account: &mut Account, dice: &mut Dice, today: Today, gap: bool) {
    let at = account.morning(today.day).plus_ms(7 * HOUR_MS);
    let promoter = account.story.archetype == Archetype::Promoter;
    let every = if promoter { 75 } else { 150 };
    let shift = i32::try_from(account.number * 13 % 150).unwrap_or(0);
    let young = account.created == account.first && today.day.0 - account.first.0 < 40;
    if (today.day.0 + shift) % every == 0 && !gap && !young {
        let worth = account.arr / 100 * i64::from(dice.days(30, 160));
        let by = if dice.falls(700) { "customer" } else { "csm" };
        let data = json!({"value": usd(worth), "period": "the last quarter", "attested_by": by});
        account.agenda.say(at, Kind::OutcomeDocumented, None, data);
        account.attested = Some(today.day);
        if promoter {
            praise(account, dice, today);
        }
    }
    let large = matches!(account.size, Size::Strategic | Size::Enterprise);
    if large && (today.day.0 + 2 * shift) % 182 == 0 && !gap {
        let worth = account.arr / 100 * i64::from(dice.days(90, 320));
        let data = json!({"value": usd(worth), "cost": usd(account.arr), "period": "the last year", "attested_by": "customer"});
        account.agenda.say(at, Kind::RoiReported, None, data);
    }
}

fn praise(account: &mut Account, dice: &mut Dice, today: Today) {
    let Some(contact) = account.with_role("champion").or_else(|| account.with_role("sponsor")).map(|c| c.id.clone())
    else {
        return;
    };
    let at = account.morning(today.day).plus_ms(2 * DAY_MS);
    if dice.falls(500) {
        let data =
            json!({"site": "peer-reviews.example", "rating": dice.between(4, 5), "text": text::comment(dice, 10)});
        account.agenda.say(at, Kind::PublicReviewPosted, Some(&contact), data);
    } else {
        let data = json!({"referral": account.fresh("referral"), "referred": format!("lead-{}", dice.below(90_000))});
        account.agenda.say(at, Kind::ReferralMade, Some(&contact), data);
    }
}

/// What grows asks for more, and buys it where it got something out of what it has.
fn growth(account: &mut Account, dice: &mut Dice, today: Today) {
    let Some(since) = account.story.holds(Archetype::Growing, today.day) else {
        if today.works() && dice.falls(4) {
            wish(account, dice, today);
        }
        return;
    };
    if since == 30 || since == 75 {
        wish(account, dice, today);
    }
    let ready = 60 + i32::try_from(account.number % 50).unwrap_or(0);
    if since != ready || account.expanded {
        return;
    }
    account.expanded = true;
    let name = account.fresh("opportunity");
    let close = today.day.plus(40);
    let more = account.arr / 4;
    let of = |stage: &str| json!({"opportunity": name, "type": "seats", "amount": usd(more), "stage": stage, "close_on": close});
    let at = account.morning(today.day).plus_ms(3 * HOUR_MS);
    account.agenda.say(at, Kind::OpportunityCreated, None, of("qualified"));
    let proven = account.attested.is_some_and(|day| today.day.0 - day.0 < 180);
    let won = dice.falls(if proven { 600 } else { 100 });
    let decided = at.plus_ms(i64::from(dice.days(25, 40)) * DAY_MS);
    if !won {
        account.agenda.say(decided, Kind::OpportunityLost, None, of("lost"));
        return;
    }
    account.agenda.say(decided, Kind::OpportunityWon, None, of("won"));
    account.arr += more;
    account.licensed = account.licensed * 13 / 10;
    let contract = crate::life::contract(account);
    account.agenda.say(decided.plus_ms(HOUR_MS), contract.0, None, contract.1);
}

fn wish(account: &mut Account, dice: &mut Dice, today: Today) {
    let Some(contact) = account.somebody(dice).map(|contact| contact.id.clone()) else { return };
    let area = dice.pick(&FEATURES).copied().unwrap_or("reports");
    let data = json!({"feedback": account.fresh("feedback"), "type": "feature_request", "product_area": area,
        "text": text::wish(dice, area)});
    account.agenda.say(account.morning(today.day).plus_ms(4 * HOUR_MS), Kind::FeedbackSubmitted, Some(&contact), data);
}
