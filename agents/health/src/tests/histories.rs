//! What holds for every history: bounds, repeatability, parts that add up, monotony.

use bus_schema::{
    Data,
    data::facts::{Band, HealthScored, HealthSettled},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{
    with_sources,
    world::{World, at},
};
use crate::Health;
use agent::Agent;

/// Something that happens to the account: how many hours after the last, and what.
#[derive(Clone, Debug)]
enum Happens {
    Login(u8),
    Feature(u8, u8),
    Sum(u8),
    Calls(u16),
    Opened(u8, u8, i32),
    Resolved(u8),
    Reopened(u8),
    Rated(u8),
    Said(i32),
    Met(bool),
    Missed,
    Delivered(u8),
    Replied(u8),
    Named(u8),
    Left(u8, bool),
    Goal(u8, u8),
    Worth(u32),
    Contract(u32),
    Seats(u8),
    ByHand(Option<u16>),
    Incident(bool),
    Stalled(bool),
    Segment(u8),
    Policy(u8),
    Quiet,
    Beyond(usize, u16),
}

/// Kinds beyond the four pillars, with their data; `$` is one of a few numbers, `DAY` the day.
const BEYOND: &[(&str, &str)] = &[
    ("session.ended", r#"{ "user": "c_$", "seconds": $00 }"#),
    ("help.viewed", r#"{ "article": "a$" }"#),
    ("community.participated", r#"{ "type": "post" }"#),
    ("advocacy.completed", r#"{ "act": "review", "contact": "c_ann" }"#),
    ("milestone.reached", r#"{ "milestone": "first_value" }"#),
    ("kpi.measured", r#"{ "kpi": "k$", "value": $, "target": 2, "higher_is_better": true, "period": "2026" }"#),
    ("use_case.defined", r#"{ "use_case": "u$" }"#),
    ("use_case.live", r#"{ "use_case": "u$" }"#),
    ("plan.edited", r#"{ "plan": "success", "item": "i$", "state": "open", "due_on": "DAY" }"#),
    ("plan.edited", r#"{ "plan": "success", "item": "i$", "state": "done" }"#),
    ("invoice.issued", r#"{ "invoice": "n$", "amount": { "minor": 100, "currency": "USD" }, "due_on": "DAY" }"#),
    ("invoice.paid", r#"{ "invoice": "n$", "amount": { "minor": 100, "currency": "USD" } }"#),
    ("invoice.payment_failed", r#"{ "invoice": "n$", "amount": { "minor": 100, "currency": "USD" } }"#),
    ("invoice.overdue", r#"{ "invoice": "n$", "amount": { "minor": 100, "currency": "USD" }, "days_late": $ }"#),
    ("dispute.opened", r#"{ "invoice": "n$", "amount": { "minor": 1, "currency": "USD" }, "reason": "wrong" }"#),
    (
        "renewal.stage_changed",
        r#"{ "contract": "k", "stage": "proposed", "amount": { "minor": 1, "currency": "USD" } }"#,
    ),
    ("contract.notice_given", r#"{ "contract": "k", "effective_on": "2026-12-31" }"#),
    ("contract.auto_renew_disabled", r#"{ "contract": "k", "effective_on": "2026-12-31" }"#),
    (
        "opportunity.created",
        r#"{ "opportunity": "o$", "type": "seats", "amount": { "minor": 1, "currency": "USD" }, "stage": "new", "close_on": "2026-12-31" }"#,
    ),
    (
        "opportunity.lost",
        r#"{ "opportunity": "o$", "type": "seats", "amount": { "minor": 1, "currency": "USD" }, "stage": "lost", "close_on": "2026-12-31" }"#,
    ),
    ("budget.reported", r#"{ "state": "concern" }"#),
    ("budget.reported", r#"{ "state": "increased" }"#),
    ("competitor.mentioned", r#"{ "competitor": "other", "stage": "evaluation", "where": "call" }"#),
    ("listing.published", r#"{ "listing": "l$" }"#),
    ("listing.delisted", r#"{ "listing": "l$" }"#),
    ("order.placed", r#"{ "order": "r$", "amount": { "minor": $00, "currency": "USD" } }"#),
    ("order.fulfilled", r#"{ "order": "r$", "hours": 9, "on_time": true }"#),
    ("order.cancelled", r#"{ "order": "r$", "by": "vendor" }"#),
    ("rating.received", r#"{ "rating": 4 }"#),
    ("rating.received", r#"{ "rating": 1 }"#),
    ("sales.summed", r#"{ "day": "DAY", "orders": 1$, "gross": { "minor": $000, "currency": "USD" } }"#),
    ("escalation.raised", r#"{ "escalation": "e$", "cause": "a/b", "severity": 50, "level": "urgent" }"#),
    ("escalation.resolved", r#"{ "escalation": "e$", "opened_at": "2026-01-05T00:00:00Z", "reason": "done" }"#),
    ("review.held", r#"{ "type": "review_executive", "attended": ["c_ann"] }"#),
    ("season.measured", r#"{ "fall_bp": $000, "n": 12 }"#),
    ("account.updated", r#"{ "name": "x", "kind": "vendor" }"#),
    ("account.updated", r#"{ "name": "x", "kind": "customer" }"#),
    ("stage.changed", r#"{ "from": "onboarding", "to": "adoption", "reason": "ready" }"#),
];

fn happens() -> impl Strategy<Value = Happens> {
    use Happens::*;
    prop_oneof![
        6 => (0..30_u8).prop_map(Login),
        4 => (0..30_u8, 0..10_u8).prop_map(|(user, feature)| Feature(user, feature)),
        1 => (0..40_u8).prop_map(Sum),
        1 => (0..500_u16).prop_map(Calls),
        2 => (0..9_u8, 1..5_u8, -10_000..10_000).prop_map(|(ticket, priority, tone)| Opened(ticket, priority, tone)),
        1 => (0..9_u8).prop_map(Resolved),
        1 => (0..9_u8).prop_map(Reopened),
        1 => (1..6_u8).prop_map(Rated),
        1 => (-10_000..10_000).prop_map(Said),
        1 => any::<bool>().prop_map(Met),
        1 => Just(Missed),
        1 => (0..9_u8).prop_map(Delivered),
        1 => (0..9_u8).prop_map(Replied),
        1 => (0..3_u8).prop_map(Named),
        1 => (0..3_u8, any::<bool>()).prop_map(|(who, follows)| Left(who, follows)),
        1 => (0..6_u8, 0..3_u8).prop_map(|(goal, state)| Goal(goal, state)),
        1 => (0..9_000_000_u32).prop_map(Worth),
        1 => (0..9_000_000_u32).prop_map(Contract),
        1 => (1..60_u8).prop_map(Seats),
        1 => proptest::option::of(0..11_000_u16).prop_map(ByHand),
        1 => any::<bool>().prop_map(Incident),
        1 => any::<bool>().prop_map(Stalled),
        1 => (0..4_u8).prop_map(Segment),
        1 => (0..5_u8).prop_map(Policy),
        2 => Just(Quiet),
        12 => (0..BEYOND.len(), 0..4_u16).prop_map(|(n, k)| Beyond(n, k)),
    ]
}

/// Policies that differ in weights, sources and numbers.
fn policy(n: u8) -> String {
    let default = Health::DEFAULT_POLICY;
    match n {
        0 => default.to_owned(),
        1 => default.replace(
            "feature_adoption = 1000, user_engagement = 1200",
            "feature_adoption = 200, user_engagement = 2000",
        ),
        2 => with_sources(default, r#"["usage", "features", "support", "outcomes"]"#),
        3 => default
            .replace("\ncustomer = \"four_pillar_v1\"", "\ncustomer = \"five_pillar_v1\"")
            .replace("[shadow]\ncustomer = []", "[shadow]\ncustomer = [\"four_pillar_v1\"]"),
        _ => default.replace("exception = []", r#"exception = [{ segment = "strategic", model = "five_pillar_v1" }]"#),
    }
}

/// The event on the bus.
fn event(what: &Happens, day: i64) -> Option<(&'static str, Value)> {
    use Happens::*;
    let contact = |n: u8| ["c_ann", "c_bob", "c_eve"][usize::from(n)];
    let role = |n: u8| ["sponsor", "champion", "user"][usize::from(n)];
    Some(match what {
        Login(user) => ("user.logged_in", json!({ "user": format!("c_{user}") })),
        Feature(user, feature) => {
            ("usage.recorded", json!({ "user": format!("c_{user}"), "feature": format!("f{feature}"), "quantity": 1 }))
        }
        Sum(users) => {
            let told = at(day - 1, 0).day();
            ("usage.aggregated", json!({ "day": told, "active_users": users, "quantity": users }))
        }
        Calls(count) => ("api.called", json!({ "count": count, "errors": 0 })),
        Opened(ticket, priority, tone) => (
            "ticket.opened",
            json!({ "ticket": format!("t{ticket}"), "priority": format!("p{priority}"), "category": "bug",
                "channel": "email", "contact": "c_ann", "sentiment_bp": tone }),
        ),
        Resolved(ticket) => ("ticket.resolved", json!({ "ticket": format!("t{ticket}") })),
        Reopened(ticket) => ("ticket.reopened", json!({ "ticket": format!("t{ticket}") })),
        Rated(score) => ("csat.responded", json!({ "score": score })),
        Said(tone) => {
            ("conversation.recorded", json!({ "channel": "email", "direction": "inbound", "sentiment_bp": tone }))
        }
        Met(came) => {
            let attended: &[&str] = if *came { &["c_ann"] } else { &[] };
            ("meeting.held", json!({ "meeting": "m", "type": "check_in", "attended": attended }))
        }
        Missed => ("meeting.missed", json!({ "meeting": "m", "type": "check_in" })),
        Delivered(n) => ("outreach.delivered", json!({ "message": format!("o{n}"), "class": "relationship" })),
        Replied(n) => ("outreach.replied", json!({ "message": format!("o{n}"), "class": "relationship" })),
        Named(who) => ("contact.added", json!({ "contact": contact(*who), "roles": [role(*who)] })),
        Left(who, follows) => {
            let mut left = json!({ "contact": contact(*who), "on": at(day, 0).day(), "confirmed": true });
            if *follows {
                left["successor"] = json!("c_new");
            }
            ("contact.left", left)
        }
        Goal(goal, 0) => ("goal.set", json!({ "goal": format!("g{goal}"), "due_on": at(day + 5, 0).day() })),
        Goal(goal, 1) => ("goal.achieved", json!({ "goal": format!("g{goal}") })),
        Goal(goal, _) => ("goal.missed", json!({ "goal": format!("g{goal}") })),
        Worth(minor) => (
            "roi.reported",
            json!({ "value": { "minor": minor, "currency": "USD" }, "period": "2026-Q1", "attested_by": "csm" }),
        ),
        Contract(minor) => (
            "contract.signed",
            json!({ "contract": "k", "arr": { "minor": minor, "currency": "USD" }, "term_start": "2026-01-01",
                "term_end": "2026-12-31", "auto_renew": true, "notice_days": 30 }),
        ),
        Seats(n) => ("seats.measured", json!({ "assigned": n, "licensed": n })),
        ByHand(score) => ("override.set", json!({ "score": score, "reason": "they told me" })),
        Incident(opened) => ("incident.covers", json!({ "incident": "i1", "opened": opened, "at": at(day, 0) })),
        Stalled(true) => ("source.stalled", json!({ "source": "test", "since": at(day, 0) })),
        Stalled(false) => ("source.resumed", json!({ "source": "test", "stalled_at": at(day, 0) })),
        Segment(n) => {
            let to = ["smb", "mid_market", "enterprise", "strategic"][usize::from(*n)];
            ("segment.changed", json!({ "to": to, "reason": "ARR", "unclassified": false }))
        }
        Beyond(n, k) => {
            let (kind, data) = BEYOND[*n];
            let data = data.replace("$0", &format!("{}0", k + 1)).replace('$', &k.to_string());
            let data = data.replace("DAY", &at(day, 0).day().to_string());
            (kind, serde_json::from_str(&data).unwrap())
        }
        Policy(_) | Quiet => return None,
    })
}

fn live(history: &[(u8, Happens)]) -> World {
    lived(World::new(), history)
}

fn lived(mut world: World, history: &[(u8, Happens)]) -> World {
    let core: Vec<String> = (0..5).map(|n| format!("f{n}")).collect();
    world.event(
        at(0, 1),
        "account.created",
        &json!({ "kind": "customer", "started_on": "2025-01-01", "core_features": core }),
    );
    let mut hour = 1;
    for (gap, what) in history {
        hour += i64::from(*gap);
        if let Happens::Policy(n) = what {
            world.publish(&policy(*n));
        }
        match event(what, hour / 24) {
            Some((kind, data)) => world.event_of(at(0, hour), kind, &data, Some("c_ann"), Some("person/jo")),
            None => world.pass(at(0, hour + 24 * 9)),
        }
        if event(what, 0).is_none() {
            hour += 24 * 9;
        }
    }
    world.pass(at(2, hour));
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_score_is_bounded_and_its_parts_add_up(history in vec((0..60_u8, happens()), 1..120)) {
        let world = live(&history);
        let mut before = None;
        for score in world.scores() {
            prop_assert!(score.machine <= 10_000 && score.final_score <= 10_000);
            prop_assert!(score.coverage_bp <= 10_000 && score.freshness_bp <= 10_000);
            let pillars: u32 = score.pillars.iter().map(|pillar| pillar.points_bp).sum();
            prop_assert_eq!(pillars, u32::from(score.machine), "pillars add up to the score");
            let metrics = || score.pillars.iter().flat_map(|pillar| &pillar.metrics);
            prop_assert_eq!(metrics().map(|metric| u32::from(metric.weight_bp)).sum::<u32>(), 10_000);
            prop_assert!(metrics().all(|metric| metric.points <= 100 && metric.events.len() <= 8));
            prop_assert!(score.band != Band::Green || score.coverage_bp >= 6_000, "too little is known for green");
            prop_assert!(score.band == Band::Unknown || score.coverage_bp >= 4_000, "too little is known for a band");
            prop_assert_eq!(score.daily, score.indicators.is_some());
            for shadow in &score.shadows {
                prop_assert!(shadow.machine <= 10_000 && shadow.coverage_bp <= 10_000 && shadow.model != score.model);
                let pillars: u32 = shadow.pillars.iter().map(|pillar| pillar.points_bp).sum();
                prop_assert_eq!(pillars, u32::from(shadow.machine));
            }
            if let (Some(before), Some(change)) = (before, &score.change) {
                prop_assert_eq!(change.from, before);
                let parts = change.from + change.customer + change.time + change.model;
                prop_assert_eq!(parts, i32::from(score.machine), "the parts of a change add up");
            }
            before = Some(i32::from(score.machine));
        }
        prop_assert!(before.is_some());
    }

    #[test]
    fn the_same_history_gives_the_same_facts_and_state(history in vec((0..60_u8, happens()), 1..80)) {
        let (one, two) = (live(&history), live(&history));
        prop_assert_eq!(&one.facts, &two.facts);
        let bytes = postcard::to_stdvec(&one.state).unwrap();
        prop_assert_eq!(&bytes, &postcard::to_stdvec(&two.state).unwrap());
        let read: crate::State = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(read, one.state, "the state survives being kept");
        let mut kept = World::new();
        kept.kept = true;
        prop_assert_eq!(&lived(kept, &history).facts, &two.facts, "kept and read again after every turn");
    }

    /// A shadow is said and moves nothing.
    #[test]
    fn a_shadow_changes_nothing_but_what_is_said_of_it(history in vec((0..60_u8, happens()), 1..80)) {
        let history: Vec<_> = history.into_iter().filter(|(_, what)| !matches!(what, Happens::Policy(_))).collect();
        let shadow = "[shadow]\ncustomer = [\"five_pillar_v1\"]";
        let beside = lived(World::with(&Health::DEFAULT_POLICY.replace("[shadow]\ncustomer = []", shadow)), &history);
        let alone = live(&history);
        let bare = |world: &World| -> Vec<Data> {
            let own = world.facts.iter().map(|(_, data)| data.clone());
            let used = own.filter(|data| !matches!(data, Data::HealthSettled(word) if word.model == "five_pillar_v1"));
            let strip = |data| match data {
                Data::HealthScored(scored) => Data::HealthScored(HealthScored { shadows: Vec::new(), ..scored }),
                Data::HealthSettled(word) => Data::HealthSettled(HealthSettled { metrics: Vec::new(), ..word }),
                other => other,
            };
            used.map(strip).collect()
        };
        prop_assert_eq!(bare(&beside), bare(&alone));
    }

    /// A producer that falls silent, and is known to, freezes what it feeds; after its life that counts 70 at most.
    #[test]
    fn losing_a_source_never_lifts_the_score(history in vec((0..60_u8, happens()), 20..120), five in any::<bool>()) {
        let calm = |what: &Happens| !matches!(what, Happens::Stalled(_) | Happens::Policy(_) | Happens::ByHand(_));
        let history: Vec<_> = history.into_iter().filter(|(_, what)| calm(what)).collect();
        let mut world = live(&history);
        let preset = policy(if five { 3 } else { 0 });
        world.publish(&preset.replace("said_from = 100", "said_from = 1"));
        let end = world.now();
        world.pass(end.plus_ms(bus_schema::time::DAY_MS));
        let end = world.now();
        let before = world.score().machine;
        world.event(end, "source.stalled", &json!({ "source": "test", "since": end }));
        let mut last = world.score().machine;
        prop_assert!(last <= before, "{before} rose to {last} when the source fell silent");
        for days in [20, 40, 100, 200] {
            world.pass(end.plus_ms(days * bus_schema::time::DAY_MS));
            prop_assert!(world.score().machine <= last, "{last} rose to {} after {days} days", world.score().machine);
            last = world.score().machine;
        }
    }

    /// More of the seats' users who come every day never score lower on engagement.
    #[test]
    fn more_daily_users_never_score_lower_on_engagement(users in vec(0..20_u8, 40), extra in 0..20_u8) {
        let run = |extra: u8| {
            let mut world = World::with(&with_sources(Health::DEFAULT_POLICY, r#"["usage"]"#));
            world.event(at(0, 1), "seats.measured", &json!({ "assigned": 40, "licensed": 40 }));
            for (day, users) in (0..).zip(&users) {
                for user in (0..*users).chain(100..100 + extra) {
                    world.event(at(day, 10), "user.logged_in", &json!({ "user": format!("c_{user}") }));
                }
            }
            world.pass(at(41, 0));
            world.metric("user_engagement").points
        };
        prop_assert!(run(extra) >= run(0));
    }
}

#[test]
fn weights_changed_without_an_event_are_the_models_alone() {
    let mut world = World::new();
    world.event(
        at(0, 1),
        "account.created",
        &json!({ "kind": "customer", "started_on": "2025-01-01", "licensed_seats": 10 }),
    );
    for day in 0..50 {
        world.event(at(day, 10), "user.logged_in", &json!({ "user": "c_1" }));
    }
    world.pass(at(50, 0));
    let before = world.score().clone();
    world.publish(&policy(1));
    // An event that says nothing of health makes the agent look again.
    let now = world.now();
    world.event(now, "csm.assigned", &json!({ "csm": "jo" }));
    let score = world.score();
    let change = score.change.as_ref().unwrap();
    assert_ne!(score.machine, before.machine);
    assert_eq!((change.customer, change.time), (0, 0));
    assert_eq!(change.model, i32::from(score.machine) - i32::from(before.machine));
    assert_eq!(score.policy_version, 2);
}

#[test]
fn an_account_that_left_is_scored_no_more_until_it_returns() {
    let mut world = World::new();
    world.event(at(0, 1), "account.created", &json!({ "kind": "customer", "started_on": "2025-01-01" }));
    world.pass(at(3, 0));
    world.event(
        at(3, 1),
        "account.churned",
        &json!({ "service_ended_on": "2026-01-08", "reason_code": "price", "voluntary": true }),
    );
    let said = world.facts.len();
    world.event(at(4, 1), "user.logged_in", &json!({ "user": "c_1" }));
    world.pass(at(60, 0));
    assert_eq!(world.facts.len(), said);
    world.event(
        at(60, 1),
        "account.won_back",
        &json!({ "on": "2026-03-06", "arr": { "minor": 100, "currency": "USD" } }),
    );
    world.pass(at(62, 2));
    assert!(world.facts[said..].iter().any(|(_, data)| matches!(data, Data::HealthScored(_))));
}

#[test]
fn every_active_account_has_a_score_younger_than_26_hours() {
    let mut world = World::new();
    world.event(at(0, 1), "account.created", &json!({ "kind": "customer", "started_on": "2025-01-01" }));
    world.pass(at(30, 0));
    let times: Vec<_> = world.facts.iter().filter(|(_, data)| matches!(data, Data::HealthScored(_))).collect();
    assert!(times.len() >= 29);
    assert!(times.windows(2).all(|pair| pair[1].0.since_ms(pair[0].0) <= 26 * bus_schema::time::HOUR_MS));
}
