//! A source that goes silent is told to every account, once, and so is its return; a router that starts anew in between
//! says the same.

use bus_schema::{
    Data, Entity, Partitions, Time,
    data::facts::ClockMode,
    time::{DAY_MS, HOUR_MS},
};

use super::rig::{Rig, login};
use crate::{Clock, RouterHandle};

async fn told(rig: &Rig, account: &str) -> Vec<(bool, Time)> {
    let log = rig.log(&Entity::account(account)).await;
    let of_account = log.iter().filter(|envelope| envelope.subject == format!("account/{account}"));
    let words = of_account.filter_map(|envelope| match envelope.event().unwrap().data {
        Data::SourceStalled(data) => Some((true, data.since)),
        Data::SourceResumed(data) => Some((false, data.stalled_at)),
        _ => None,
    });
    words.collect()
}

/// Hours in which the source sends two events of each account, or none.
async fn live(rig: &Rig, router: &RouterHandle, names: &[String], hours: i64, speaks: bool) {
    let clock = Clock::new(rig.bus.clone(), Partitions::default());
    for _ in 0..hours {
        clock.tick(rig.now(), ClockMode::Live).await.unwrap();
        for name in names.iter().filter(|_| speaks) {
            let account = format!("account/{name}");
            rig.put(&account, &login(&account, "app", &format!("{name}/{}", rig.now().0), "u")).await;
        }
        rig.rest(router).await;
        rig.pass(HOUR_MS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_account_is_told_once_that_a_source_is_silent_and_that_it_speaks_again() {
    let rig = Rig::new();
    let router = rig.start().await;
    let names: Vec<String> = (0..4).map(|n| format!("a{n}")).collect();
    for name in &names {
        let account = format!("account/{name}");
        let zone = super::rig::event(&account, "crm", name, "account.updated", r#"{"time_zone":"UTC"}"#);
        rig.put(&account, &zone).await;
    }
    live(&rig, &router, &names, 24 * 15, true).await;
    let last = rig.now().plus_ms(-HOUR_MS);
    live(&rig, &router, &names, 3, false).await;
    router.stop().await;
    rig.lose_state();
    let router = rig.start().await;
    live(&rig, &router, &names, 30, false).await;
    for name in &names {
        assert_eq!(told(&rig, name).await, [(true, last)], "{name}");
    }
    router.stop().await;
    let router = rig.start().await;
    live(&rig, &router, &names, 4, true).await;
    for name in &names {
        assert_eq!(told(&rig, name).await, [(true, last), (false, last)], "{name}");
    }
    assert_eq!(rig.dead().await, []);
    assert!(last.since_ms(super::rig::BEGIN) > 14 * DAY_MS);
    router.stop().await;
}
