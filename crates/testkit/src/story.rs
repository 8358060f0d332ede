//! What the worlds of tests are made of: customers who work every day, until the support of one of them goes wrong.

use std::{fmt::Write as _, time::UNIX_EPOCH};

use bus_schema::{Time, time::DAY_MS};
use serde_json::{Value, json};

/// The hour of the day at which everybody logs in.
const MORNING_MS: i64 = 9 * DAY_MS / 24;

/// How `mainstay import` reads a [`history`].
pub const MAP: &str = r#"
name = "logins"
time = "at"

[[event]]
type = "user.logged_in"
subject = "account/{account}"
contact = "{user}"
data = { user = "{user}" }
"#;

/// Rows in which so many people of each account log in every day, so that the story is the same on each day of the
/// week. It ends a day early, so that the end of its last day is never ahead of the clock.
pub fn history(accounts: &[&str], users: u32, days: i32) -> String {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let last = Time(i64::try_from(now).unwrap_or(i64::MAX)).day();
    let mut rows = "at,account,user\n".to_owned();
    for day in (2..days + 2).map(|ago| last.plus(-ago)) {
        for account in accounts {
            for user in 0..users {
                let at = Time(day.start().0 + MORNING_MS);
                // Writing to a String never fails.
                writeln!(rows, "{at},{account},user{user}@{account}.example").ok();
            }
        }
    }
    rows
}

/// The customer's person who gets the mail.
pub fn champion(account: &str) -> String {
    format!("dana@{account}.example")
}

/// What goes wrong at an account, by kind: enough for a proposal. Its mail goes to `address`.
pub fn bad_days(account: &str, address: &str) -> Vec<(&'static str, Value)> {
    let dana = champion(account);
    let mut found = vec![(
        "contact.added",
        json!({"contact": dana, "roles": ["champion"], "name": "Dana Whitfield", "email": address}),
    )];
    for n in 0..6 {
        let ticket = format!("{account}-{n}");
        let priority = if n % 2 == 0 { "p1" } else { "p2" };
        found.push((
            "ticket.opened",
            json!({"ticket": ticket, "priority": priority, "category": "outage", "channel": "email", "contact": dana,
                "sentiment_bp": -9000}),
        ));
        found.push(("csat.responded", json!({"ticket": ticket, "score": 1, "scale": 5, "sentiment_bp": -9000})));
    }
    found
}
