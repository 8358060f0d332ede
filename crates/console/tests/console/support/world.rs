//! A small made-up book of business: what the pages look like with life in them.

use bus_schema::{Position, Time, time::DAY_MS};
use serde_json::{Value, json};

use super::{Log, Said, now};

/// An account of the world.
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) arr: i64,
    pub(crate) segment: &'static str,
    /// Health ninety days ago and now, in points; none means no data.
    pub(crate) health: Option<(i64, i64)>,
    /// Churn in 90 days, in per cent.
    pub(crate) churn: i64,
    pub(crate) renews_in: i32,
    /// A card: play, template, why.
    pub(crate) card: Option<(&'static str, &'static str, &'static str)>,
}

pub(crate) const ACCOUNTS: [Account; 9] = [
    Account {
        id: "tarn-fell",
        name: "Tarn & Fell Logistics",
        arr: 84_000,
        segment: "mid_market",
        health: Some((81, 63)),
        churn: 41,
        renews_in: 61,
        card: Some((
            "usage_drop",
            "usage_drop_checkin",
            "Weekly active users fell from 41 to 19 in two weeks, and the executive sponsor left.",
        )),
    },
    Account {
        id: "kestrel",
        name: "Kestrel Mutual",
        arr: 240_000,
        segment: "enterprise",
        health: Some((82, 78)),
        churn: 38,
        renews_in: 70,
        card: Some(("at_risk_checkin", "at_risk_checkin", "No reply for 21 days while the renewal is 70 days away.")),
    },
    Account {
        id: "copperline",
        name: "Copperline Energy",
        arr: 132_000,
        segment: "enterprise",
        health: Some((74, 58)),
        churn: 52,
        renews_in: 117,
        card: Some(("payment_late", "payment_reminder", "Two invoices are overdue, the older one for 16 days.")),
    },
    Account {
        id: "juniper",
        name: "Juniper Clinics",
        arr: 46_000,
        segment: "mid_market",
        health: Some((79, 71)),
        churn: 33,
        renews_in: 98,
        card: None,
    },
    Account {
        id: "meridian",
        name: "Meridian Parcel",
        arr: 76_000,
        segment: "mid_market",
        health: Some((91, 94)),
        churn: 6,
        renews_in: 197,
        card: None,
    },
    Account {
        id: "saltmarsh",
        name: "Saltmarsh Foods",
        arr: 38_000,
        segment: "mid_market",
        health: Some((82, 84)),
        churn: 14,
        renews_in: 88,
        card: Some(("usage_drop", "usage_drop_checkin", "Use on working days fell from 19 to 11 in two weeks.")),
    },
    Account {
        id: "pellworth",
        name: "Pellworth Insurance",
        arr: 31_000,
        segment: "mid_market",
        health: Some((77, 77)),
        churn: 19,
        renews_in: 150,
        card: None,
    },
    Account {
        id: "borealis",
        name: "Borealis Analytics",
        arr: 12_000,
        segment: "smb",
        health: Some((86, 93)),
        churn: 4,
        renews_in: 253,
        card: None,
    },
    Account {
        id: "arden",
        name: "Arden Tile Works <script>alert(1)</script>",
        arr: 9_000,
        segment: "smb",
        health: None,
        churn: 12,
        renews_in: 332,
        card: None,
    },
];

/// The proposal of an account.
pub(crate) fn proposal(account: &str) -> String {
    format!("p{}", account.replace('-', ""))
}

/// Writes the whole world; answers with its last position.
pub(crate) async fn write(log: &Log) -> Position {
    let mut last = Position::default();
    for account in &ACCOUNTS {
        last = one(log, account).await;
    }
    last
}

/// One more account with a card, after the others.
pub(crate) async fn another(log: &Log) -> Position {
    let card = Some(("usage_drop", "usage_drop_checkin", "Use fell by half in two weeks."));
    let account = Account {
        id: "newcomer",
        name: "Newcomer & Sons",
        arr: 20_000,
        segment: "smb",
        health: Some((88, 61)),
        churn: 35,
        renews_in: 40,
        card,
    };
    one(log, &account).await
}

fn said<'a>(writer: &'a str, kind: &'a str, account: &'a str, at: Time, data: Value, personal: Value) -> Said<'a> {
    Said { writer, kind, account, at, data, personal, contact: None }
}

async fn one(log: &Log, account: &Account) -> Position {
    let (id, begin) = (account.id, now().plus_ms(-92 * DAY_MS));
    let contact = format!("c_{id}");
    log.say_all(vec![
        said("in", "account.created", id, begin, json!({ "kind": "customer", "started_on": "2025-01-03", "licensed_seats": 60, "time_zone": "America/New_York" }), json!({ "name": account.name })),
        said("in", "csm.assigned", id, begin, json!({ "csm": "local" }), Value::Null),
        said("in", "contract.signed", id, begin, contract(account), Value::Null),
        said("in", "contact.added", id, begin, json!({ "contact": contact, "roles": ["champion"] }), json!({ "name": "Dana Reyes", "email": format!("dana@{id}.example"), "title": "Head of dispatch" })),
        said("in", "contact.added", id, begin, json!({ "contact": format!("{contact}_2"), "roles": ["sponsor"] }), json!({ "name": "Ines Okafor", "email": format!("ines@{id}.example"), "title": "Operations director" })),
    ])
    .await;
    log.say(said(
        "supervisor",
        "segment.changed",
        id,
        begin,
        json!({ "to": account.segment, "reason": "by revenue", "unclassified": false }),
        Value::Null,
    ))
    .await;
    let mut usage = Position::default();
    for week in 0..13_i64 {
        let at = now().plus_ms((week - 13) * 7 * DAY_MS + DAY_MS / 4);
        let users = if week > 10 { 19 } else { 41 };
        usage = log
            .say(said(
                "in",
                "usage.aggregated",
                id,
                at,
                json!({ "day": at.day(), "active_users": users, "quantity": users * 12 }),
                Value::Null,
            ))
            .await;
    }
    let mut last = usage;
    for day in 0..90_i64 {
        last = log
            .say(said(
                "health",
                "health.scored",
                id,
                now().plus_ms((day - 89) * DAY_MS - DAY_MS / 24),
                scored(account, day, usage),
                Value::Null,
            ))
            .await;
    }
    last = forecast(log, account, usage).await.max(last);
    if let Some(card) = account.card {
        last = propose(log, account, card, usage).await;
    }
    last
}

fn contract(account: &Account) -> Value {
    json!({
        "contract": "k1", "arr": { "minor": account.arr * 100, "currency": "USD" }, "term_start": "2026-01-03",
        "term_end": now().day().plus(account.renews_in), "auto_renew": true, "notice_days": 60,
    })
}

fn scored(account: &Account, day: i64, usage: Position) -> Value {
    let (from, to) = account.health.unwrap_or((50, 50));
    let turned = day * day;
    let score = from * 100 + (to - from) * 100 * turned / (89 * 89);
    let band = match (account.health, score) {
        (None, _) => "unknown",
        (_, ..7_000) => "red",
        (_, 7_000..9_000) => "yellow",
        _ => "green",
    };
    let lost = (10_000 - score).max(0);
    let pillar = |name: &str, weight: i64, share: i64, metric: &str, reason: &str| {
        let points = (weight - lost * share / 100).max(0);
        json!({
            "pillar": name, "weight_bp": weight, "points_bp": points,
            "metrics": [{ "metric": metric, "weight_bp": weight, "points": points * 100 / weight, "state": "known",
                          "reason": reason, "events": [usage], "events_total": 14, "evidence_at": now().plus_ms(-DAY_MS) }],
        })
    };
    json!({
        "model": "four_pillar", "model_version": 1, "policy_version": 1, "machine": score, "final_score": score, "band": band,
        "coverage_bp": if account.health.is_some() { 9_200 } else { 3_100 }, "freshness_bp": 8_500, "confidence_bp": 7_800,
        "pillars": [
            pillar("product_usage", 4_000, 62, "weekly_active_users", "19 of 60 seats, was 41"),
            pillar("relationship", 2_500, 22, "sponsor_engagement", "the sponsor left on 31 Oct"),
            pillar("support", 2_000, 12, "ticket_volume", "2 open, was 0"),
            pillar("commercial", 1_500, 4, "payment_history", "on time for 12 months"),
        ],
        "change": { "from": score + 40, "customer": -30, "time": -10, "model": 0 }, "daily": true,
    })
}

async fn forecast(log: &Log, account: &Account, usage: Position) -> Position {
    let at = now().plus_ms(-DAY_MS / 24);
    let factor = |signal: &str, bp: i64, reason: &str| json!({ "signal": signal, "bp": bp, "counted_bp": bp, "reason": reason, "events": [usage] });
    log.say(said(
        "churn",
        "churn.forecasted",
        account.id,
        at,
        json!({
            "model": "log_odds", "model_version": 1, "policy_version": 1, "segment": account.segment, "p90_bp": account.churn * 100,
            "p30_bp": account.churn * 40, "logodds_bp": -3_600, "base_p90_bp": 700,
            "tier": match account.churn { 50.. => "high", 30..50 => "monitor", 15..30 => "watch", _ => "low" },
            "factors": [factor("usage_drop", 12_400, "Weekly use fell by 54 % in 14 d"), factor("sponsor_left", 8_100, "The executive sponsor left")],
            "daily": true,
        }),
        Value::Null,
    ))
    .await
}

async fn propose(log: &Log, account: &Account, (play, template, why): (&str, &str, &str), usage: Position) -> Position {
    let at = now().plus_ms(-40 * 60_000);
    let contact = format!("c_{}", account.id);
    let value = account.arr * account.churn;
    let body = "Hello {{contact.first_name}},\n\n19 people at {{account.name}} used the product over the last two weeks. In the weeks before that it was 41. There may be a good reason for it: a project that ended, a quiet season, or a change in the team. Most teams are back within 7 days.\n\nCould we talk for a short while this week or next? I will bring the numbers and some ideas for what your team could do with them.\n\nKind regards,\n{{sender.name}}";
    let subject = "How are things going at {{account.name}}?";
    let evidence =
        |text: &str, days: i64| json!({ "text": text, "at": now().plus_ms(-days * DAY_MS), "events": [usage] });
    let field = |name: &str, value: &str| json!({ "name": name, "value": value, "source": "Weekly active users", "at": now().plus_ms(-DAY_MS), "events": [usage] });
    let id = proposal(account.id);
    let expires = now().plus_ms(DAY_MS);
    log.say(said(
        "engagement",
        "outreach.proposed",
        account.id,
        at,
        json!({
            "proposal": id, "version": 1, "touches": ["t1"], "play": play, "play_version": 3, "priority": "save", "class": "relationship",
            "channel": "email", "template": template, "template_version": 2, "contact": contact, "role": "champion",
            "subject": subject, "body": body, "draft_hash": "d1", "fields": [field("usage.users_now", "19"), field("usage.users_before", "41")],
            "why": why, "evidence": [evidence("Weekly active users 41 → 19 (−54 %)", 1), evidence("Executive sponsor left the company", 3), evidence("2 tickets open at P2, one reopened", 14)],
            "value": { "minor": value, "currency": "USD" }, "if_nothing": "The account stays as it is.", "agent": "churn", "cause_key": "alert:usage", "expires": expires,
        }),
        Value::Null,
    ))
    .await;
    let due = now().plus_ms(if account.id == "tarn-fell" { 48 * 60_000 } else { DAY_MS / 2 });
    log.say(said(
        "supervisor",
        "proposal.filed",
        account.id,
        at,
        json!({ "proposal": id, "version": 1, "rank": if account.id == "tarn-fell" { 9_999_999 } else { value }, "due": due, "expires": expires, "owner": "local" }),
        Value::Null,
    ))
    .await
}
