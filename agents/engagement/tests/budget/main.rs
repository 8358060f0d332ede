//! The budget under every order of requests, decisions, deliveries and time: no window ever holds more than its maximum.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod order;
mod world;

use agent::Agent;
use bus_schema::{
    Data, Time,
    data::{
        action::ClockMode,
        facts::{HeldReason, MessageClass, Priority, ReleaseReason},
        people::Verdict,
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use engagement::Engagement;
use proptest::prelude::*;

use crate::world::{Stand, World};

/// The table of the domain, for a small customer.
fn check(world: &World) -> Result<(), TestCaseError> {
    use MessageClass::{Commercial, Relationship, Survey, Transactional};
    let of = |class: MessageClass| move |sent: &(String, MessageClass, Time)| sent.1 == class;
    let all = |sent: &(String, MessageClass, Time)| sent.1 != Transactional;
    let account = [(Transactional, 7, 10), (Relationship, 7, 2), (Commercial, 30, 2), (Survey, 30, 3)];
    for (class, days, max) in account {
        prop_assert!(world.most(days, of(class)) <= max, "account {class:?} {days} d: {:?}", world.sent);
    }
    prop_assert!(world.most(30, all) <= 6);
    let contact = [
        (Transactional, 7, 5),
        (Relationship, 3, 1),
        (Relationship, 30, 4),
        (Commercial, 14, 1),
        (Commercial, 90, 2),
        (Survey, 30, 1),
    ];
    for who in ["c_a", "c_b", "c_c"] {
        for (class, days, max) in contact {
            let most = world.most(days, |sent| sent.0 == who && sent.1 == class);
            prop_assert!(most <= max, "{who} {class:?} {days} d: {:?}", world.sent);
        }
        prop_assert!(world.most(2, |sent| sent.0 == who && all(sent)) <= 1);
        prop_assert!(world.most(30, |sent| sent.0 == who && all(sent)) <= 5);
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Move {
    Request(usize, usize, usize),
    Approve(usize),
    Reject(usize),
    Sign(usize),
    Deliver(usize, u8),
    DeliverStray(usize, u8),
    End(usize, bool),
    RunOut(usize),
    Pass(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..6usize, 0..4usize, 0..11usize).prop_map(|(p, c, r)| Move::Request(p, c, r)),
        3 => any::<usize>().prop_map(Move::Approve),
        1 => any::<usize>().prop_map(Move::Reject),
        3 => any::<usize>().prop_map(Move::Sign),
        4 => (any::<usize>(), 0..3u8).prop_map(|(n, o)| Move::Deliver(n, o)),
        1 => (any::<usize>(), 0..3u8).prop_map(|(n, o)| Move::DeliverStray(n, o)),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(n, e)| Move::End(n, e)),
        1 => any::<usize>().prop_map(Move::RunOut),
        3 => (1..96i64).prop_map(|h| Move::Pass(h * HOUR_MS)),
        2 => (1..9i64).prop_map(|m| Move::Pass(m * MINUTE_MS)),
    ];
    prop::collection::vec(one, 1..160)
}

const CLASSES: [MessageClass; 4] =
    [MessageClass::Transactional, MessageClass::Relationship, MessageClass::Commercial, MessageClass::Survey];
const PRIORITIES: [Priority; 11] = [
    Priority::Incident,
    Priority::Escalation,
    Priority::Save,
    Priority::Renewal,
    Priority::Onboarding,
    Priority::ClosedLoop,
    Priority::Review,
    Priority::Adoption,
    Priority::Expansion,
    Priority::Advocacy,
    Priority::Survey,
];

fn play(world: &mut World, step: &Move) {
    let open = |stand: Stand| stand == Stand::Open;
    let held = |stand: Stand| stand == Stand::Held;
    let signed = |stand: Stand| matches!(stand, Stand::Signed(_));
    match *step {
        Move::Request(name, class, priority) => {
            world.request(&format!("play {name}"), CLASSES[class], PRIORITIES[priority]);
        }
        Move::Approve(n) => drop(world.pick(n, open).map(|id| world.decide(&id, Verdict::Approve))),
        Move::Reject(n) => drop(world.pick(n, open).map(|id| world.decide(&id, Verdict::Reject))),
        Move::Sign(n) => drop(world.pick(n, held).map(|id| world.sign(&id))),
        Move::Deliver(n, outcome) => drop(world.pick(n, signed).map(|id| world.deliver(&id, outcome))),
        Move::DeliverStray(n, outcome) => {
            let now = world.now;
            let alive = world.strays.iter().filter(|(_, (_, until))| now <= *until).map(|(id, _)| id.clone());
            let alive: Vec<String> = alive.collect();
            if let Some(id) = n.checked_rem(alive.len()).and_then(|n| alive.get(n)) {
                world.deliver(id, outcome);
            }
        }
        Move::End(n, expired) => drop(world.pick(n, |_| true).map(|id| world.end(&id, expired))),
        Move::RunOut(n) => drop(world.pick(n, signed).map(|id| world.run_out(&id))),
        Move::Pass(ms) => world.pass(ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_exceeds_a_budget(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
            check(&world)?;
            // One open proposal for each play and cause.
            let mut plays: Vec<&str> = world.proposals.values().map(|(draft, _)| draft.play.as_str()).collect();
            plays.sort_unstable();
            let all = plays.len();
            plays.dedup();
            prop_assert_eq!(plays.len(), all);
        }
    }

    #[test]
    fn every_reservation_is_given_back_once(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
        }
        let count = |wanted: &str| {
            let ids = world.said.iter().filter_map(|data| match data {
                Data::BudgetReserved(data) if wanted == "reserved" => Some(data.proposal.clone()),
                Data::BudgetReleased(data) if wanted == "released" => Some(data.proposal.clone()),
                _ => None,
            });
            let mut ids: Vec<String> = ids.collect();
            ids.sort_unstable();
            ids
        };
        let (reserved, released) = (count("reserved"), count("released"));
        let mut once = released.clone();
        once.dedup();
        prop_assert_eq!(&once, &released);
        prop_assert!(released.iter().all(|id| reserved.contains(id)));
        prop_assert_eq!(reserved.len() - released.len(), world.reserved());
    }
}

fn last_proposal(world: &World) -> String {
    world.proposals.keys().next_back().cloned().unwrap()
}

fn reasons(world: &World) -> Vec<ReleaseReason> {
    let released =
        world.said.iter().filter_map(|data| if let Data::BudgetReleased(d) = data { Some(d.reason) } else { None });
    released.collect()
}

fn held(world: &World) -> Option<HeldReason> {
    world.said.iter().rev().find_map(|data| if let Data::TouchpointHeld(d) = data { Some(d.reason) } else { None })
}

#[test]
fn a_rejected_play_gives_its_budget_back_and_rests_on_that_cause() {
    let mut world = World::with(&Engagement::DEFAULT_POLICY.replace("facts_min = 2", "facts_min = 0"));
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Reject);
    assert_eq!(reasons(&world), [ReleaseReason::Rejected]);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(held(&world), Some(HeldReason::Cooldown));
    world.pass(15 * DAY_MS);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(world.proposals.len(), 1);
}

#[test]
fn doubt_counts_as_sent_and_the_window_begins_with_the_send() {
    let mut world = World::new();
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Approve);
    world.pass(40 * HOUR_MS);
    world.sign(&id);
    world.deliver(&id, 1);
    assert_eq!(reasons(&world), [ReleaseReason::Unknown]);
    world.request("review", MessageClass::Relationship, Priority::Review);
    assert_eq!(held(&world), Some(HeldReason::Outranked));
    world.pass(71 * HOUR_MS);
    assert!(world.proposals.is_empty());
    world.pass(2 * HOUR_MS);
    assert_eq!(world.proposals.len(), 1, "three days after the send, not after the proposal");
}

/// A message sent while the courier's clock was so far ahead of log time, and the log's clock two days later.
fn sent_ahead(clock: ClockMode, ahead_ms: i64) -> World {
    let mut world = World::new();
    world.clock = clock;
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Approve);
    world.sign(&id);
    world.ahead_ms = ahead_ms;
    world.deliver(&id, 0);
    world.ahead_ms = 0;
    world.pass(2 * DAY_MS);
    world
}

#[test]
fn the_window_begins_with_the_send_even_where_log_time_stood_still() {
    let mut world = sent_ahead(ClockMode::Live, 2 * DAY_MS);
    world.request("review", MessageClass::Relationship, Priority::Review);
    world.pass(71 * HOUR_MS);
    assert!(world.proposals.is_empty(), "less than three days after the send");
    world.pass(2 * HOUR_MS);
    assert_eq!(world.proposals.len(), 1);
}

#[test]
fn a_clock_far_ahead_closes_a_contact_for_a_while_and_not_for_ever() {
    let mut world = sent_ahead(ClockMode::Live, 36_500 * DAY_MS);
    world.pass(122 * DAY_MS);
    world.request("review", MessageClass::Relationship, Priority::Review);
    assert_eq!(world.proposals.len(), 1);
}

#[test]
fn in_event_time_the_clock_of_the_courier_says_nothing() {
    let mut world = sent_ahead(ClockMode::Event, 200 * DAY_MS);
    world.request("review", MessageClass::Relationship, Priority::Review);
    world.pass(25 * HOUR_MS);
    assert_eq!(world.proposals.len(), 1);
}

#[test]
fn an_approval_that_is_out_keeps_its_budget_until_it_cannot_be_sent_any_more() {
    let mut world = World::new();
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Approve);
    world.sign(&id);
    world.end(&id, false);
    assert_eq!(reasons(&world), []);
    world.pass(3 * HOUR_MS);
    assert_eq!(reasons(&world), [ReleaseReason::Voided]);
}

#[test]
fn what_was_sent_is_not_drafted_again_for_the_same_reader() {
    let mut world = World::with(
        &Engagement::DEFAULT_POLICY
            .replace("facts_min = 2", "facts_min = 0")
            .replace("max = 2, days = 7", "max = 9, days = 7"),
    );
    for _ in 0..3 {
        world.request("save", MessageClass::Relationship, Priority::Save);
        let id = last_proposal(&world);
        world.decide(&id, Verdict::Approve);
        world.sign(&id);
        world.deliver(&id, 0);
        world.pass(35 * DAY_MS);
    }
    let mut readers: Vec<&str> = world.sent.iter().map(|(contact, ..)| contact.as_str()).collect();
    readers.sort_unstable();
    assert_eq!(readers, ["c_a", "c_b", "c_c"]);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(held(&world), Some(HeldReason::ReadsGeneric));
}
