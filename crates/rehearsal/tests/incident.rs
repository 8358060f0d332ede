//! An incident that takes nearly all use away turns no account red and raises no alarm about use.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use bus_schema::{
    Data, Day, Event, Kind, Partitions,
    data::facts::{Band, CauseGroup},
};
use rehearsal::{Rehearsal, Role};
use world::{HISTORY_DAYS, Outage, Size, World};

const START: Day = Day(20_094);
const KINDS: &[Kind] = &[Kind::HealthBandChanged, Kind::AlertOpened, Kind::IncidentCovers];
const SIZE: Size = Size { accounts: 14, days: 9 };
const OUTAGE: Outage = Outage { day: 2, days: 3, accounts: 7, left: 100 };

async fn said(mut world: World) -> Vec<Event> {
    let roles = [
        Role::of::<health::Health>(),
        Role::of::<churn::Churn>(),
        Role::of::<escalation::Escalation>(),
        Role::of::<supervisor::Supervisor>(),
    ];
    let mut rehearsal = Rehearsal::start("incident", Partitions(2), &roles, START.start()).await.expect("it starts");
    let mut out = Vec::new();
    let mut keep = |_: i32, events: Vec<Event>| out.extend(events);
    rehearsal::live(&mut rehearsal, &mut world, SIZE.days, KINDS, &mut keep).await.expect("it lives");
    assert_eq!(rehearsal.dead(), 0, "an event of the world did not pass the door");
    rehearsal.end().await;
    let first = START.plus(HISTORY_DAYS + OUTAGE.day).start();
    out.retain(|event| event.header.logtime >= first);
    out
}

/// Accounts that an alert about use was opened for, and those that turned red.
fn alarmed(events: &[Event]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut usage, mut red) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let account = event.header.entity.to_string();
        match &event.data {
            Data::AlertOpened(data) if data.group == CauseGroup::Usage => drop(usage.insert(account)),
            Data::HealthBandChanged(data) if data.to == Band::Red => drop(red.insert(account)),
            _ => {}
        }
    }
    (usage, red)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_no_fault_of_the_customers() {
    let calm = said(World::new(4, START, SIZE)).await;
    let dark = said(World::new(4, START, SIZE).with_outage(OUTAGE)).await;
    let covered: BTreeSet<String> = dark
        .iter()
        .filter(|event| event.kind() == Kind::IncidentCovers)
        .map(|event| event.header.entity.to_string())
        .collect();
    assert_eq!(covered.len(), 7, "{covered:?}");
    let ((calm_usage, calm_red), (dark_usage, dark_red)) = (alarmed(&calm), alarmed(&dark));
    let more: Vec<&String> = dark_usage.difference(&calm_usage).filter(|account| covered.contains(*account)).collect();
    assert!(more.is_empty(), "an alarm about use because of an incident: {more:?}");
    let more: Vec<&String> = dark_red.difference(&calm_red).filter(|account| covered.contains(*account)).collect();
    assert!(more.is_empty(), "red because of an incident: {more:?}");
}
