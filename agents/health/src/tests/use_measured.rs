//! How use is measured over complete days, through incidents, sums and silence.

use bus_schema::{
    Data,
    data::facts::{Band, DivergenceFound, MetricState, TouchpointRequested},
};
use serde_json::json;

use super::{
    with_sources,
    world::{World, at},
};
use crate::Health;
use agent::Agent;

/// A world in which use is the only source.
fn usage_only() -> World {
    World::with(&with_sources(Health::DEFAULT_POLICY, r#"["usage"]"#))
}

/// So many users on every day.
fn logins(world: &mut World, days: std::ops::Range<i64>, users: i64) {
    for day in days {
        for user in 0..users {
            world.event(at(day, 10), "user.logged_in", &json!({ "user": format!("c_{user}") }));
        }
    }
}

fn incident(world: &mut World, day: i64, opened: bool) {
    let told = json!({ "incident": "i1", "opened": opened, "at": at(day, 8) });
    world.event(at(day, 8), "incident.covers", &told);
}

fn touches(world: &World) -> Vec<&TouchpointRequested> {
    world
        .facts
        .iter()
        .filter_map(|(_, data)| if let Data::TouchpointRequested(touch) = data { Some(touch) } else { None })
        .collect()
}

#[test]
fn an_incident_takes_its_days_out_of_both_sides() {
    let mut world = usage_only();
    logins(&mut world, 0..63, 20);
    world.pass(at(63, 0));
    let before = world.score().clone();
    incident(&mut world, 63, true);
    logins(&mut world, 63..66, 2);
    incident(&mut world, 66, false);
    world.pass(at(68, 12));
    logins(&mut world, 69..80, 20);
    world.pass(at(80, 0));
    assert!(world.facts.iter().all(|(time, data)| *time < at(63, 0) || !matches!(data, Data::HealthBandChanged(_))));
    assert!(world.scores().skip(62).all(|score| score.machine == before.machine), "no score moved");
    assert_eq!(world.metric("usage_trend").value, Some(10_000));
}

#[test]
fn a_long_incident_freezes_what_was_measured() {
    let mut world = usage_only();
    logins(&mut world, 0..63, 20);
    world.pass(at(63, 0));
    let before = world.score().machine;
    incident(&mut world, 63, true);
    logins(&mut world, 63..80, 1);
    world.pass(at(80, 0));
    assert_eq!(world.score().machine, before);
    assert_eq!(world.metric("usage_trend").state, MetricState::Known);
    assert!(touches(&world).is_empty());
}

#[test]
fn a_producers_silence_is_no_day_without_use_not_even_when_it_speaks_again() {
    let mut world = usage_only();
    logins(&mut world, 0..63, 20);
    world.pass(at(63, 0));
    let before = world.score().machine;
    world.event(at(63, 6), "source.stalled", &json!({ "source": "test", "since": at(62, 11) }));
    world.pass(at(69, 0));
    assert_eq!(world.score().machine, before);
    world.event(at(69, 1), "source.resumed", &json!({ "source": "test", "stalled_at": at(62, 11) }));
    logins(&mut world, 69..84, 20);
    world.pass(at(84, 0));
    assert!(world.scores().skip(62).all(|score| score.machine == before), "no score moved");
    // The same days without a word of the router are silence of the customer.
    let mut world = usage_only();
    logins(&mut world, 0..63, 20);
    world.pass(at(69, 0));
    assert!(world.score().machine < before);
}

#[test]
fn without_an_incident_the_same_fall_costs_the_band_and_asks_for_a_touch() {
    let mut world = usage_only();
    world.event(
        at(0, 1),
        "account.created",
        &json!({ "kind": "customer", "started_on": "2025-01-01", "licensed_seats": 25 }),
    );
    logins(&mut world, 0..63, 20);
    world.pass(at(63, 0));
    assert_eq!(world.score().band, Band::Green);
    logins(&mut world, 63..98, 2);
    world.pass(at(98, 0));
    assert_eq!(world.bands().last(), Some(&Band::Red));
    let touches = touches(&world);
    assert_eq!(touches.len(), 1, "once, with its rest");
    let touch = touches[0];
    assert_eq!((touch.play.as_str(), touch.template.as_str()), ("at_risk_intervention", "at_risk_checkin"));
    assert!(!touch.evidence.is_empty() && touch.evidence.iter().all(|one| !one.events.is_empty()));
    let field = |name: &str| touch.fields.iter().find(|field| field.name == name).expect("a field");
    let number = |name: &str| field(name).value.parse::<i64>().expect("a number");
    assert!(number("usage.days_now") < number("usage.days_before"));
    // All twenty were still there within the fortnight: that is no fall, so nothing is told of it.
    assert!(touch.fields.iter().all(|field| field.name != "usage.users_now"));
    assert_eq!(field("usage.seats").value, "25");
    for text in touch.fields.iter().map(|field| &field.value).chain(touch.evidence.iter().map(|one| &one.text)) {
        let told = text.to_lowercase();
        assert!(["score", "band", "red", "yellow", "points", "c_"].iter().all(|word| !told.contains(word)), "{text}");
    }
}

#[test]
fn a_years_silence_is_known_and_not_health() {
    let mut world = usage_only();
    logins(&mut world, 0..60, 3);
    world.pass(at(425, 0));
    assert_eq!(world.metric("user_engagement").state, MetricState::Known);
    assert_eq!(world.metric("user_engagement").reason, "none of 3 users ever seen at once active in 28 days");
    assert_eq!((world.metric("usage_trend").state, world.metric("usage_trend").points), (MetricState::Stale, 0));
    assert_eq!((world.score().band, world.score().machine), (Band::Red, 0));
}

#[test]
fn daily_sums_that_come_a_day_late_are_no_fall() {
    let mut world = usage_only();
    for day in 0..70 {
        let sum = json!({ "day": at(day, 0).day(), "active_users": 40, "quantity": 400 });
        world.event(at(day + 1, 23), "usage.aggregated", &sum);
    }
    world.pass(at(71, 0));
    assert_eq!(world.metric("usage_trend").value, Some(10_000));
    assert!(world.scores().skip(50).all(|score| score.machine == 9_680), "{}", world.score().machine);
}

#[test]
fn programs_alone_have_a_trend_and_no_users() {
    let mut world = usage_only();
    world.event(at(0, 1), "account.created", &json!({ "kind": "customer", "started_on": "2025-01-01" }));
    for day in 0..70 {
        world.event(at(day, 23), "api.called", &json!({ "count": if day < 60 { 1_000 } else { 100 }, "errors": 0 }));
    }
    world.pass(at(71, 0));
    assert_eq!(world.metric("user_engagement").reason, "used by programs only: there are no users to count");
    assert_eq!(world.metric("usage_trend").state, MetricState::Known);
    assert!(world.metric("usage_trend").points < 20 && world.metric("usage_trend").reason.contains("calls"));
}

#[test]
fn steady_use_under_falling_words_is_said_once_a_month() {
    let mut world = World::new();
    world.event(at(0, 1), "account.created", &json!({ "kind": "customer", "started_on": "2025-01-01" }));
    let say = |world: &mut World, day: i64, tone: i64| {
        let said = json!({ "channel": "email", "direction": "inbound", "sentiment_bp": tone });
        world.event(at(day, 11), "conversation.recorded", &said);
    };
    for day in 0..80 {
        logins(&mut world, day..day + 1, 10);
        if day % 7 == 0 {
            say(&mut world, day, if day < 56 { 1_000 } else { -4_000 });
        }
    }
    world.pass(at(80, 0));
    let found: Vec<&DivergenceFound> = world
        .facts
        .iter()
        .filter_map(|(_, data)| if let Data::HealthDivergenceFound(found) = data { Some(found) } else { None })
        .collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].sentiment_bp <= -2_000 && found[0].reason.contains("use is steady"), "{}", found[0].reason);
}

#[test]
fn an_account_takes_about_a_kilobyte() {
    let mut quiet = World::new();
    quiet.event(at(0, 1), "account.created", &json!({ "kind": "customer", "started_on": "2025-01-01" }));
    quiet.pass(at(200, 0));
    let bytes = |world: &World| postcard::to_stdvec(&world.state).unwrap().len();
    assert!(bytes(&quiet) < 300, "{}", bytes(&quiet));
    let mut busy = World::new();
    super::worked::steady(&mut busy, 120, |_| 90);
    busy.pass(at(120, 0));
    // Everything there is, beside 43 users of 8 bytes each.
    assert!(bytes(&busy) < 1_300 + 43 * 8, "{}", bytes(&busy));
}
