//! How an account begins, renews and ends.

use bus_schema::{
    Day, Kind,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::{Value, json};

use crate::{
    account::{Account, FEATURES, Size},
    calendar::{Today, working},
    dice::Dice,
    money::usd,
    relation,
    story::Archetype,
    value, vendor,
};

/// Days before the end of a term on which somebody of ours writes about it.
const WRITES: [i32; 3] = [85, 66, 50];

/// What is agreed as it stands: kind and data.
pub(crate) fn contract(account: &Account) -> (Kind, Value) {
    if account.term.monthly {
        let data = json!({"subscription": format!("subscription-{}", account.id), "plan": plan(account.size),
            "mrr": usd(account.arr / 12), "quantity": account.licensed, "effective_on": account.term.start});
        return (Kind::SubscriptionChanged, data);
    }
    (Kind::ContractAmended, signed(account))
}

fn signed(account: &Account) -> Value {
    json!({"contract": format!("contract-{}-{}", account.id, account.term.number), "arr": usd(account.arr),
        "term_start": account.term.start, "term_end": account.term.end, "auto_renew": account.term.auto_renew,
        "notice_days": account.term.notice_days})
}

const fn plan(size: Size) -> &'static str {
    match size {
        Size::Strategic | Size::Enterprise => "enterprise",
        Size::MidMarket => "business",
        Size::Smb => "team",
        Size::Vendor => "seller",
    }
}

/// Everything a system would know of an account on its first day.
pub(crate) fn open(account: &mut Account, seed: u64) {
    let mut dice = Dice::of(&[seed, 70, account.number]);
    let at = account.morning(account.first).plus_ms(-3 * HOUR_MS);
    let kind = if account.size == Size::Vendor { "vendor" } else { "customer" };
    let data = json!({"name": account.name, "kind": kind, "started_on": account.created,
        "licensed_seats": account.licensed, "core_features": FEATURES, "plan": plan(account.size),
        "time_zone": account.zone.0, "language": "en", "currency": "USD"});
    account.agenda.say(at, Kind::AccountCreated, None, data);
    let later = |minutes: i64| at.plus_ms(minutes * MINUTE_MS);
    account.agenda.say(later(1), Kind::CsmAssigned, None, json!({"csm": account.csm}));
    let (kind, data) = contract(account);
    let kind = if kind == Kind::SubscriptionChanged { Kind::SubscriptionStarted } else { Kind::ContractSigned };
    account.agenda.say(later(2), kind, None, data);
    for contact in account.contacts.clone() {
        relation::add(account, &contact, later(3));
    }
    let data = json!({"assigned": account.assigned, "licensed": account.licensed});
    account.agenda.say(later(4), Kind::SeatsMeasured, None, data);
    value::goals(account);
    vendor::listings(account, &mut dice);
    for case in ["weekly planning", "month-end report"] {
        account.agenda.say(later(5), Kind::UseCaseDefined, None, json!({"use_case": case}));
    }
    if account.created == account.first {
        onboard(account, &mut dice);
    } else {
        account.agenda.say(later(6), Kind::UseCaseLive, None, json!({"use_case": "weekly planning"}));
        account.agenda.say(later(7), Kind::MilestoneReached, None, json!({"milestone": "first_value"}));
    }
}

/// The first weeks. Who is stuck waits for an integration or for somebody who decides.
fn onboard(account: &mut Account, dice: &mut Dice) {
    let stuck = account.story.archetype == Archetype::SlowStart;
    let wait = if stuck { dice.days(20, 40) } else { 0 };
    let never = stuck && account.story.leaves();
    let start = account.morning(account.first);
    let at = |day: i32| start.plus_ms(i64::from(day) * DAY_MS + 3 * HOUR_MS);
    let there: Vec<String> = account.contacts.iter().take(3).map(|contact| contact.id.clone()).collect();
    account.agenda.say(at(dice.days(2, 5)), Kind::KickoffHeld, None, json!({"participants": there}));
    for (day, step) in [(1, "welcome"), (3, "account_setup"), (6, "success_plan")] {
        account.agenda.say(at(day), Kind::OnboardingStepCompleted, None, json!({"step": step}));
    }
    let trained = dice.days(8, 14) + if dice.falls(500) { wait } else { 0 };
    let data = json!({"course": "getting started", "users": account.assigned.min(20)});
    account.agenda.say(at(trained), Kind::TrainingCompleted, None, data);
    if never {
        let data = json!({"project": "integration", "state": "delayed", "due_on": account.first.plus(50), "was_due_on": account.first.plus(20)});
        account.agenda.say(at(24), Kind::ProjectUpdated, None, data);
        return;
    }
    account.agenda.say(at(dice.days(12, 20) + wait), Kind::IntegrationDeployed, None, json!({"integration": "erp"}));
    for feature in
        FEATURES.iter().enumerate().filter(|(bit, _)| account.features & (1 << bit) != 0).map(|(_, name)| name)
    {
        account.agenda.say(at(dice.days(9, 26) + wait), Kind::FeatureActivated, None, json!({"feature": feature}));
    }
    account.agenda.say(at(dice.days(18, 30) + wait), Kind::UseCaseLive, None, json!({"use_case": "weekly planning"}));
    account.agenda.say(at(dice.days(15, 30) + wait), Kind::MilestoneReached, None, json!({"milestone": "first_value"}));
    let worth = usd(account.arr / 10);
    let data = json!({"value": worth, "period": "the last quarter", "attested_by": "customer"});
    account.agenda.say(at(dice.days(45, 75) + wait), Kind::OutcomeDocumented, None, data);
}

/// Decisions, renewals and the end.
pub(crate) fn happen(account: &mut Account, seed: u64, today: Today) {
    account.story.pass(today.day);
    let mut dice = Dice::of(&[seed, 71, account.number, crate::usage::day(today)]);
    if account.story.decides == Some(today.day) && account.notice.is_none() {
        if account.story.leaves() {
            notice(account, today.day);
        } else if account.story.archetype == Archetype::BudgetCut {
            shrink(account, today.day);
        }
    }
    if !account.term.monthly && account.notice.is_none() {
        renew(account, &mut dice, today);
    }
}

/// It goes: at the end of the term, or of the month.
fn notice(account: &mut Account, day: Day) {
    let at = account.morning(day).plus_ms(5 * HOUR_MS);
    account.story.left = Some(day);
    account.notice = Some(day);
    let ends = if account.term.monthly {
        day.plus(14 + i32::try_from(account.number % 17).unwrap_or(0))
    } else {
        account.term.end.max(day.plus(1))
    };
    account.ended = Some(ends);
    if account.term.monthly {
        let data = json!({"subscription": format!("subscription-{}", account.id), "plan": plan(account.size),
            "mrr": usd(account.arr / 12), "quantity": account.licensed, "effective_on": ends, "at_period_end": true});
        account.agenda.say(at, Kind::SubscriptionCancelled, None, data);
    } else {
        let contract = format!("contract-{}-{}", account.id, account.term.number);
        let data = json!({"contract": contract, "effective_on": ends});
        account.agenda.say(at, Kind::ContractNoticeGiven, None, data);
        let data = json!({"contract": contract, "stage": "lost", "amount": usd(account.arr)});
        account.agenda.say(at.plus_ms(HOUR_MS), Kind::RenewalStageChanged, None, data);
    }
    let reason = account.story.archetype.reason();
    let data =
        json!({"service_ended_on": ends, "notice_on": day, "reason_code": reason, "voluntary": reason != "acquired"});
    account.agenda.say(account.morning(ends).plus_ms(10 * HOUR_MS), Kind::AccountChurned, None, data);
}

/// It stays with half of it.
fn shrink(account: &mut Account, day: Day) {
    account.arr /= 2;
    account.licensed = (account.licensed / 2).max(2);
    account.assigned = account.assigned.min(usize::try_from(account.licensed).unwrap_or(usize::MAX));
    let (kind, data) = contract(account);
    account.agenda.say(account.morning(day).plus_ms(5 * HOUR_MS), kind, None, data);
}

/// What the sales system says on the way to the end of a term, and the next term.
fn renew(account: &mut Account, dice: &mut Dice, today: Today) {
    let day = today.day;
    let left = account.term.end.0 - day.0;
    let at = account.morning(day).plus_ms(6 * HOUR_MS);
    let name = format!("contract-{}-{}", account.id, account.term.number);
    let staged = |stage: &str, arr: i64| json!({"contract": name, "stage": stage, "amount": usd(arr)});
    let stage = match left {
        80 => Some("open"),
        60 => Some("discussed"),
        40 => Some("proposed"),
        22 => Some("negotiating"),
        12 => Some("verbal"),
        _ => None,
    };
    // Whoever looks after the renewal writes to the people who decide; one that goes hardly answers.
    if WRITES.iter().any(|days| working(account.term.end.plus(-days)) == day) {
        let to = account.with_role("sponsor").or_else(|| account.with_role("champion"));
        if let Some(to) = to.map(|contact| contact.id.clone()) {
            relation::write(account, dice, today, &to, 0);
        }
    }
    // One that goes is talked to as well, only that nothing comes of it.
    let cold = account.story.leaves() && account.story.decides.is_some();
    if let Some(stage) = stage.filter(|stage| !cold || *stage == "open" || *stage == "discussed" && dice.falls(500)) {
        account.agenda.say(at, Kind::RenewalStageChanged, None, staged(stage, account.arr));
        if stage == "proposed" {
            let data = json!({"contract": name, "amount": usd(account.arr)});
            account.agenda.say(at.plus_ms(HOUR_MS), Kind::RenewalProposalSent, None, data);
        }
    }
    if left > 5 {
        return;
    }
    account.agenda.say(at.plus_ms(HOUR_MS), Kind::RenewalStageChanged, None, staged("signed", account.arr));
    let length = account.term.end.0 - account.term.start.0 + 1;
    account.arr += account.arr / 100 * i64::from(dice.days(0, 5));
    account.term.start = account.term.end.plus(1);
    account.term.end = account.term.start.plus(length - 1);
    account.term.number += 1;
    let data = signed(account);
    account.agenda.say(at.plus_ms(2 * HOUR_MS), Kind::ContractSigned, None, data);
}
