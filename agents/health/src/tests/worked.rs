//! Worked accounts: what three plausible histories score on the four-pillar model.

use bus_schema::data::facts::{Band, MetricState};
use serde_json::json;

use super::world::{World, at};

/// Seats of the worked account.
const SEATS: i64 = 60;

/// How use goes on: the share of users active on each weekday, in percent.
fn use_day(world: &mut World, day: i64, percent: i64) {
    let weekend = day % 7 >= 5;
    for user in 0..SEATS * 4 / 5 {
        // Some come daily, some twice a week, some now and then, some never.
        let due = match user * 100 / (SEATS * 4 / 5) {
            0..30 => true,
            30..65 => (user + day) % 3 == 0,
            65..90 => (user + day) % 10 == 0,
            _ => false,
        };
        if due && !weekend && (user * 37 + day * 11) % 100 < percent {
            let feature = format!("f{}", user % 6);
            let data = json!({ "user": format!("c_{user}"), "feature": feature, "quantity": 1 });
            world.event(at(day, 10), "usage.recorded", &data);
        }
    }
}

/// The beginning of all three: a year-old mid-market account with contract, people and goals.
fn begin(world: &mut World) {
    let core: Vec<String> = (0..8).map(|n| format!("f{n}")).collect();
    let started =
        json!({ "kind": "customer", "started_on": "2025-01-05", "core_features": core, "licensed_seats": SEATS });
    world.event(at(0, 8), "account.created", &started);
    let signed = json!({ "contract": "k1", "arr": { "minor": 5_000_000, "currency": "USD" }, "term_start": "2025-07-01",
        "term_end": "2026-12-31", "auto_renew": true, "notice_days": 30 });
    world.event(at(0, 8), "contract.signed", &signed);
    world.event(at(0, 8), "segment.changed", &json!({ "to": "mid_market", "reason": "ARR", "unclassified": false }));
    world.event(at(0, 8), "contact.added", &json!({ "contact": "c_sponsor", "roles": ["sponsor"] }));
    world.event(at(0, 8), "contact.added", &json!({ "contact": "c_champion", "roles": ["champion"] }));
    for (goal, due) in [("g1", "2026-01-20"), ("g2", "2026-02-10"), ("g3", "2026-03-01")] {
        world.event(at(0, 9), "goal.set", &json!({ "goal": goal, "due_on": due }));
    }
}

fn ticket(world: &mut World, day: i64, name: &str, tone: i64, hours: i64, csat: u8) {
    let opened = json!({ "ticket": name, "priority": "p3", "category": "bug", "channel": "email", "contact": "c_1", "sentiment_bp": tone });
    world.event(at(day, 9), "ticket.opened", &opened);
    world.event(at(day, 9 + hours), "ticket.resolved", &json!({ "ticket": name }));
    world.event(at(day, 10 + hours), "csat.responded", &json!({ "ticket": name, "score": csat, "sentiment_bp": tone }));
}

fn meeting(world: &mut World, day: i64, attended: &[&str]) {
    world.event(
        at(day, 15),
        "meeting.held",
        &json!({ "meeting": format!("m{day}"), "type": "check_in", "attended": attended }),
    );
}

fn message(world: &mut World, day: i64, answered: bool) {
    let message = json!({ "message": format!("o{day}"), "class": "relationship" });
    world.event(at(day, 11), "outreach.delivered", &message);
    if answered {
        world.event_of(at(day + 1, 11), "outreach.replied", &message, Some("c_champion"), None);
    }
}

/// Ninety-one days as most accounts have them.
pub(crate) fn steady(world: &mut World, days: i64, percent: impl Fn(i64) -> i64) {
    begin(world);
    for day in 0..days {
        match day {
            10 | 38 | 66 => ticket(world, day, &format!("t{day}"), 1_000, 5, if day == 38 { 3 } else { 5 }),
            14 | 44 | 74 => meeting(world, day, &["c_champion"]),
            30 => meeting(world, day, &["c_champion", "c_sponsor"]),
            15 => world.event(at(day, 9), "goal.achieved", &json!({ "goal": "g1" })),
            36 => world.event(at(day, 9), "goal.achieved", &json!({ "goal": "g2" })),
            60 => world.event(at(day, 9), "goal.missed", &json!({ "goal": "g3" })),
            50 => world.event(
                at(day, 9),
                "roi.reported",
                &json!({ "value": { "minor": 3_000_000, "currency": "USD" },
                "period": "2026-H1", "attested_by": "customer" }),
            ),
            20 | 47 | 69 => message(world, day, day != 47),
            _ => {}
        }
        use_day(world, day, percent(day));
    }
}

#[test]
fn a_steady_account_is_near_86() {
    let mut world = World::new();
    steady(&mut world, 91, |_| 90);
    world.pass(at(92, 0));
    let score = world.score();
    assert!((8_300..=8_900).contains(&score.machine), "{}", score.machine);
    assert_eq!((score.band, score.coverage_bp), (Band::Yellow, 10_000));
    assert!(world.metric("usage_trend").points >= 90);
}

#[test]
fn an_account_whose_champion_left_is_near_62() {
    let mut world = World::new();
    // Use falls by a quarter in 30 days and by more than half in 60.
    steady(&mut world, 91, |_| 90);
    world.event(at(91, 9), "contact.left", &json!({ "contact": "c_champion", "on": "2026-04-06", "confirmed": true }));
    for day in 91..151 {
        use_day(&mut world, day, 90 - (day - 91));
        match day {
            98 => {
                let left = json!({ "contact": "c_sponsor", "on": "2026-04-13", "confirmed": true });
                world.event(at(day, 9), "contact.left", &left);
            }
            105 | 133 => {
                world.event(at(day, 9), "meeting.missed", &json!({ "meeting": format!("m{day}"), "type": "check_in" }));
            }
            100 | 125 => message(&mut world, day, false),
            _ => {}
        }
    }
    world.pass(at(152, 0));
    assert!((5_600..=6_800).contains(&world.score().machine), "{}", world.score().machine);
    assert_eq!(world.score().band, Band::Red);
    assert_eq!(world.metric("executive_relationship").points, 0);
}

#[test]
fn an_account_in_support_pain_is_near_67() {
    let mut world = World::new();
    steady(&mut world, 91, |_| 90);
    for day in 91..121 {
        use_day(&mut world, day, 90 - (day - 91));
        if day % 3 == 0 {
            ticket(&mut world, day, &format!("t{day}"), -4_000, 60, 2);
        }
        if day % 9 == 0 {
            world.event(at(day + 3, 0), "ticket.reopened", &json!({ "ticket": format!("t{day}") }));
        }
        match day {
            104 => meeting(&mut world, day, &["c_champion", "c_sponsor"]),
            110 => message(&mut world, day, true),
            _ => {}
        }
    }
    world.pass(at(122, 0));
    assert!((6_200..=7_200).contains(&world.score().machine), "{}", world.score().machine);
    assert!(world.metric("ticket_volume").points < 30);
    assert_eq!(world.metric("sentiment").state, MetricState::Known);
}
