//! A forecast knows nothing of what comes after it, and the ledger keeps one a week and none after notice.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{Data, Day, Event, Kind, Partitions, Time};
use jiff::tz::TimeZone;
use rehearsal::{Rehearsal, Role};
use world::{HISTORY_DAYS, Happening, Size, World};

const START: Day = Day(20_094);
const KINDS: &[Kind] = &[
    Kind::AccountCreated,
    Kind::ChurnForecasted,
    Kind::ForecastSettled,
    Kind::ContractNoticeGiven,
    Kind::SubscriptionCancelled,
    Kind::AccountChurned,
];

/// What the agents say of a world whose events go through `change` on the way.
async fn said(size: Size, seed: u64, change: impl Fn(i32, Vec<Happening>) -> Vec<Happening>) -> Vec<Event> {
    let roles =
        [Role::of::<churn::Churn>(), Role::of::<escalation::Escalation>(), Role::of::<supervisor::Supervisor>()];
    let mut rehearsal = Rehearsal::start("leaks", Partitions(2), &roles, START.start()).await.expect("it starts");
    let mut world = World::new(seed, START, size);
    let mut out = Vec::new();
    for n in 0..HISTORY_DAYS + size.days {
        let events = change(n, world.day(START.plus(n)));
        rehearsal.take(&events).await.expect("a day passes");
        out.extend(rehearsal.said(KINDS));
    }
    assert_eq!(rehearsal.dead(), 0, "an event of the world did not pass the door");
    rehearsal.end().await;
    out
}

fn forecasts(events: &[Event], until: Time) -> Vec<(Time, String, String)> {
    let of = |event: &Event| match &event.data {
        Data::ChurnForecasted(data) => Some(told(data.p90_bp, data.p30_bp, data.logodds_bp)),
        _ => None,
    };
    let mut told: Vec<_> = events
        .iter()
        .filter(|event| event.header.logtime <= until)
        .filter_map(|event| Some((event.header.logtime, event.header.entity.to_string(), of(event)?)))
        .collect();
    // Partitions of one hour come into the log in any order.
    told.sort();
    told
}

fn told(p90: u16, p30: u16, logodds: i32) -> String {
    format!("{p90} {p30} {logodds}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_a_day_does_not_change_its_forecasts() {
    let (size, day) = (Size { accounts: 6, days: 12 }, HISTORY_DAYS + 3);
    let until = START.plus(day).start();
    let as_it_was = said(size, 11, |_, events| events).await;
    let otherwise = said(size, 11, |n, mut events| {
        if n >= day {
            events.retain(|event| event.kind == Kind::InvoiceIssued);
        }
        events
    })
    .await;
    let before = forecasts(&as_it_was, until);
    assert!(before.len() > 100, "{}", before.len());
    assert_eq!(before, forecasts(&otherwise, until));
    let end = Time(i64::MAX);
    assert_ne!(forecasts(&as_it_was, end), forecasts(&otherwise, end), "the change had no effect at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_forecast_a_week_is_kept_and_none_after_notice() {
    let size = Size { accounts: 12, days: 50 };
    let events = said(size, 2, |_, events| events).await;
    let (mut entered, mut left, mut zones, mut settled) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new(), 0);
    for event in &events {
        let account = event.header.entity.to_string();
        match &event.data {
            Data::ForecastSettled(data) => {
                settled += 1;
                let day = zones.get(&account).map_or(data.entered_at.day(), |zone| data.entered_at.day_in(zone));
                assert_eq!((day.0 + 3).rem_euclid(7), 0, "not of a Monday where the account is");
                assert!(entered.insert((account.clone(), data.horizon_days, data.entered_at)), "settled twice");
                let gone: Option<&Time> = left.get(&account);
                assert!(gone.is_none_or(|gone| data.entered_at <= *gone), "entered after the outcome");
            }
            Data::AccountCreated(data) => {
                let zone = data.time_zone.as_ref().map(|zone| TimeZone::get(zone.as_str()).expect("a known zone"));
                zones.extend(zone.map(|zone| (account, zone)));
            }
            Data::ContractNoticeGiven(_) | Data::SubscriptionCancelled(_) | Data::AccountChurned(_) => {
                left.entry(account).or_insert(event.header.logtime);
            }
            _ => {}
        }
    }
    assert!(settled > 60, "only {settled} forecasts were settled");
}
