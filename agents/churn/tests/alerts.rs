//! Alerts under any order of events: one open for each cause, closed as it was opened, quiet after a rejection.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use bus_schema::{
    Data,
    data::{
        Kind,
        facts::{CauseGroup, Tier},
    },
    time::DAY_MS,
};
use proptest::prelude::*;

use self::support::{World, moves, play};

#[test]
fn after_a_rejected_card_its_cause_is_quiet_for_14_days() {
    for (wait_days, alerts) in [(8, 1), (15, 2)] {
        let mut world = World::new();
        world.overdue("a", 20);
        let alert = world.opened(CauseGroup::Money).first().unwrap().clone();
        world.reject(&alert);
        world.paid("a");
        world.pass(4 * DAY_MS);
        assert!(world.state.alerts.is_empty());
        world.pass((wait_days - 4) * DAY_MS);
        world.overdue("b", 20);
        assert_eq!(world.opened(CauseGroup::Money).len(), alerts, "after {wait_days} days");
    }
}

#[test]
fn a_tier_that_rises_breaks_the_quiet() {
    let mut world = World::new();
    world.hear(Kind::BudgetReported, None, r#"{"state":"concern"}"#);
    let alert = world.opened(CauseGroup::Money).first().unwrap().clone();
    world.reject(&alert);
    world.hear(Kind::BudgetReported, None, r#"{"state":"confirmed"}"#);
    world.pass(4 * DAY_MS);
    world.hear(Kind::BudgetReported, None, r#"{"state":"concern"}"#);
    assert_eq!(world.opened(CauseGroup::Money).len(), 1, "the same tier stays quiet");
    world.overdue("a", 20);
    assert_eq!(world.opened(CauseGroup::Money).len(), 2, "a strong sign does not");
}

#[test]
fn a_play_is_asked_for_once_per_alert() {
    let mut world = World::new();
    world.overdue("a", 20);
    world.overdue("b", 40);
    world.pass(20 * DAY_MS);
    let asked = world.said.iter().filter(|(_, data)| data.kind() == Kind::TouchpointRequested).count();
    assert_eq!(asked, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn at_most_one_alert_is_open_for_each_cause(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
        }
        let mut open: BTreeMap<CauseGroup, (String, Tier, u32)> = BTreeMap::new();
        for (_, data) in &world.said {
            match data {
                Data::AlertOpened(data) => {
                    let before = open.insert(data.group, (data.alert.clone(), data.tier, 0));
                    prop_assert!(before.is_none(), "two alerts for {:?}", data.group);
                    prop_assert!(data.tier >= Tier::Monitor);
                }
                Data::AlertUpdated(data) => {
                    let known = open.get_mut(&data.group);
                    prop_assert!(known.is_some());
                    let (alert, tier, updates) = known.unwrap();
                    prop_assert_eq!(&*alert, &data.alert);
                    prop_assert_eq!((*tier, *updates + 1), (data.from_tier, data.updates));
                    (*tier, *updates) = (data.tier, data.updates);
                }
                Data::AlertClosed(data) => {
                    let known = open.remove(&data.group);
                    prop_assert_eq!(known.map(|(alert, tier, _)| (alert, tier)), Some((data.alert.clone(), data.tier)));
                }
                Data::ChurnForecasted(data) => {
                    prop_assert!(data.p30_bp <= data.p90_bp && data.p90_bp <= 10_000);
                    let sum: i32 = data.factors.iter().map(|factor| factor.counted_bp).sum();
                    prop_assert_eq!(sum, data.logodds_bp);
                }
                _ => {}
            }
        }
        let standing: Vec<&String> = world.state.alerts.values().map(|alert| &alert.id).collect();
        let told: Vec<&String> = open.values().map(|(alert, ..)| alert).collect();
        prop_assert_eq!(standing, told);
    }
}
