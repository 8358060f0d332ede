//! What the cases work on: some weeks of some accounts, the same every time.

use bus::Packed;
use bus_schema::{
    Entity, Event, Kind, Partition, Partitions, Time,
    door::{Admitted, Door},
    time::{DAY_MS, MINUTE_MS},
};
use serde_json::{Value, json};

/// Accounts, and days they are used. A batch holds 256 events at most.
const ACCOUNTS: usize = 32;
const DAYS: i64 = 42;
/// Events in a message.
pub(crate) const BATCH: usize = 256;
/// The partition of every account of the world: the supervisor speaks into no other one.
pub(crate) const HERE: Partition = Partition(0);

/// The first instant.
fn start() -> Time {
    Time::parse("2026-01-05T08:00:00Z").unwrap_or_default()
}

/// After the last instant.
pub(crate) fn end() -> Time {
    start().plus_ms(DAYS * DAY_MS)
}

/// A door with a fixed key.
pub(crate) fn door() -> Door {
    Door::new([7; 32])
}

/// The events as producers send them, in order of time.
pub(crate) fn raw() -> Vec<Vec<u8>> {
    let mut events: Vec<(i64, Value)> = Vec::new();
    let here = |n: &usize| Partitions::default().of(&Entity::account(format!("w{n}"))) == HERE;
    for account in (0..).filter(here).take(ACCOUNTS) {
        beginning(account, &mut events);
        for day in 1..DAYS {
            a_day(account, day, &mut events);
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events
        .into_iter()
        .enumerate()
        .map(|(n, (at, mut event))| {
            if let Value::Object(attributes) = &mut event {
                attributes.insert("specversion".into(), "1.0".into());
                attributes.insert("id".into(), format!("{n:08x}").into());
                attributes.insert("source".into(), "segment/app".into());
                attributes.insert("time".into(), start().plus_ms(at).to_string().into());
            }
            event.to_string().into_bytes()
        })
        .collect()
}

fn beginning(account: usize, events: &mut Vec<(i64, Value)>) {
    let mut say = |kind: Kind, data: Value| {
        events.push((0, json!({"type": kind.name(), "subject": format!("account/w{account}"), "data": data})));
    };
    say(Kind::AccountCreated, json!({"kind": "customer", "licensed_seats": 20}));
    say(
        Kind::ContractSigned,
        json!({"contract": "c1", "arr": {"minor": 1_200_000, "currency": "EUR"}, "term_start": "2026-01-01",
            "term_end": "2026-12-31", "auto_renew": true, "notice_days": 30}),
    );
    for user in 0..4 {
        let data = json!({"contact": format!("u{user}"), "name": "Jo", "roles": ["user"]});
        say(Kind::ContactAdded, data);
    }
    say(Kind::GoalSet, json!({"goal": "faster", "due_on": "2026-06-30"}));
}

fn a_day(account: usize, day: i64, events: &mut Vec<(i64, Value)>) {
    let mut n = 0;
    let mut say = |kind: Kind, data: Value| {
        n += 1;
        let at = day * DAY_MS + n * 7 * MINUTE_MS;
        events.push((at, json!({"type": kind.name(), "subject": format!("account/w{account}"), "data": data})));
    };
    let day_of = usize::try_from(day).unwrap_or_default();
    for user in 0..=((account + day_of) % 4) {
        let user = format!("u{user}");
        say(Kind::UserLoggedIn, json!({"user": user}));
        say(Kind::UsageRecorded, json!({"user": user, "feature": format!("f{}", day_of % 7), "quantity": 3}));
    }
    if (account + day_of).is_multiple_of(9) {
        let ticket = format!("t{day}");
        let data = json!({"ticket": ticket, "priority": "p3", "category": "how-to", "channel": "email",
            "contact": "u1", "sentiment_bp": -500});
        say(Kind::TicketOpened, data);
        say(Kind::TicketResolved, json!({"ticket": ticket}));
    }
}

/// The events after the door.
pub(crate) fn admitted() -> Vec<Admitted> {
    let door = door();
    raw().iter().filter_map(|json| door.admit(json, end()).ok()).collect()
}

/// The events as folds see them, stamped with their own time.
pub(crate) fn events() -> Vec<Event> {
    let stamped = |admitted: Admitted| {
        let mut event = admitted.event;
        event.header.logtime = event.header.time;
        event.header.segment = Some("smb".into());
        event
    };
    admitted().into_iter().map(stamped).collect()
}

/// An event ready to be packed.
pub(crate) fn packed(event: &Event) -> Packed {
    Packed { kind: event.kind(), entity_hash: event.header.entity.hash(), json: event.to_json(None) }
}
