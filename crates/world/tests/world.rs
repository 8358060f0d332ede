//! Worlds from outside: what comes out is the same for ever, passes the door, and tells no cause.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{Day, door::Door};
use sha2::{Digest as _, Sha256};
use world::{Archetype, Happening, Size, World};

const START: Day = Day(20_000);

fn lived(seed: u64, size: Size) -> (Vec<Happening>, World) {
    let mut world = World::new(seed, START, size);
    let days = world::HISTORY_DAYS + size.days;
    let events = (0..days).flat_map(|n| world.day(START.plus(n))).collect();
    (events, world)
}

fn small() -> Size {
    Size { accounts: 12, days: 60 }
}

#[test]
fn a_number_means_the_same_bytes_for_ever() {
    let mut hash = Sha256::new();
    let (events, world) = lived(7, small());
    for event in &events {
        hash.update(event.json().to_string());
        hash.update("\n");
    }
    hash.update(serde_json::to_string(&world.truth()).unwrap());
    let hash = data_encoding::HEXLOWER.encode(&hash.finalize());
    assert_eq!(hash, include_str!("seed_7.sha256").trim());
    assert_ne!(events, lived(8, small()).0);
}

#[test]
fn every_event_passes_the_door() {
    let door = Door::new([7; 32]);
    let received = START.plus(400).start();
    let (events, _) = lived(3, Size { accounts: 85, days: 130 });
    let mut kinds = BTreeMap::new();
    for event in &events {
        *kinds.entry(event.kind.name()).or_insert(0) += 1;
        let text = event.json().to_string();
        if let Err(refusal) = door.admit(text.as_bytes(), received) {
            panic!("{refusal:?}: {text}");
        }
    }
    assert!((150_000..500_000).contains(&events.len()), "{} events: {kinds:?}", events.len());
    assert!(kinds.len() > 50, "{kinds:?}");
    let ids: BTreeSet<(&str, &str)> = events.iter().map(|event| (event.source, event.id.as_str())).collect();
    assert_eq!(ids.len(), events.len(), "an id came twice");
    assert!(events.is_sorted_by_key(|event| event.time));
}

#[test]
fn nothing_visible_names_a_cause() {
    let (events, world) = lived(5, small());
    let words: Vec<String> = world
        .truth()
        .accounts
        .iter()
        .map(|account| serde_json::to_value(account.archetype).unwrap().as_str().unwrap().to_owned())
        .filter(|word| !["growing", "steady", "competitor"].contains(&word.as_str()))
        .collect();
    for event in &events {
        let text = event.json().to_string();
        assert!(!words.iter().any(|word| text.contains(word.as_str())), "{text}");
        assert!(!text.contains("archetype"), "{text}");
    }
}

/// Over many worlds the leavers stand evenly in the order of ids and in the order in which accounts become known.
#[test]
fn no_order_tells_who_leaves() {
    let (mut before, mut pairs) = (0_u64, 0_u64);
    for seed in 0..60 {
        let truth = World::new(seed, START, Size { accounts: 85, days: 180 }).truth();
        let causes: Vec<bool> = truth.accounts.iter().map(|account| account.archetype.is_cause()).collect();
        for (at, _) in causes.iter().enumerate().filter(|(_, cause)| **cause) {
            before += causes.iter().take(at).filter(|cause| !**cause).count() as u64;
            pairs += causes.iter().filter(|cause| !**cause).count() as u64;
        }
    }
    let share = before * 1_000 / pairs;
    assert!((470..=530).contains(&share), "a cause stands behind {share} of 1000 others");
}

#[test]
fn a_day_does_not_depend_on_what_comes_after() {
    let mut short = World::new(9, START, small());
    let mut helped = World::new(9, START, small());
    let until = world::HISTORY_DAYS + 20;
    let first: Vec<_> = (0..until).flat_map(|n| short.day(START.plus(n))).collect();
    let second: Vec<_> = (0..until).flat_map(|n| helped.day(START.plus(n))).collect();
    assert_eq!(first, second);
    let accounts: Vec<String> = helped.truth().accounts.into_iter().map(|account| account.account).collect();
    for account in accounts {
        for _ in 0..20 {
            helped.delivered(&account, START.plus(until));
        }
    }
    let rest = |world: &mut World| (until..until + 40).flat_map(|n| world.day(START.plus(n))).collect::<Vec<_>>();
    assert_ne!(rest(&mut short), rest(&mut helped), "what people do has no effect on the world");
}

#[test]
fn eighty_five_accounts_are_a_company_with_a_problem() {
    let (mut left, mut causes, mut revenue) = (0, 0, 0);
    for seed in 0..3 {
        let (_, world) = lived(seed, Size { accounts: 85, days: 180 });
        let truth = world.truth();
        left += truth.accounts.iter().filter(|account| account.notice_on.is_some()).count();
        causes += truth.accounts.iter().filter(|account| account.archetype.is_cause()).count();
        revenue += truth.accounts.iter().map(|account| account.arr_minor).sum::<i64>() / 100;
        assert!(truth.accounts.iter().any(|account| account.archetype == Archetype::Growing));
    }
    assert!((20..=54).contains(&left), "{left} of 255 left");
    assert!((60..=84).contains(&causes), "{causes} of 255 have a cause");
    assert!((4_000_000..7_000_000).contains(&(revenue / 3)), "{}", revenue / 3);
}
