//! An incident is told to each account it covers, in the account's partition, once.

use bus_schema::{Data, Entity};

use super::rig::{Rig, event};

const AREA: &str = r#"{"incident":"i1","scope":"product_areas","product_areas":["exports"],"severity":"major"}"#;
const ALL: &str = r#"{"incident":"i2","scope":"all","severity":"critical"}"#;

async fn covered(rig: &Rig, account: &str) -> Vec<(String, bool)> {
    let log = rig.log(&Entity::account(account)).await;
    let of_account = log.iter().filter(|envelope| envelope.subject == format!("account/{account}"));
    let covers = of_account.filter_map(|envelope| match envelope.event().unwrap().data {
        Data::IncidentCovers(data) => Some((data.incident, data.opened)),
        _ => None,
    });
    covers.collect()
}

#[tokio::test]
async fn each_account_that_is_covered_is_told_once_also_when_it_is_reported_twice_and_after_a_crash() {
    let rig = Rig::new();
    let router = rig.start().await;
    let names: Vec<String> = (0..40).map(|n| format!("a{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let feature = if n % 2 == 0 { "exports" } else { "reports" };
        let used = format!(r#"{{"user":"u","feature":"{feature}","quantity":1}}"#);
        rig.put(
            &format!("account/{name}"),
            &event(&format!("account/{name}"), "app", &n.to_string(), "usage.recorded", &used),
        )
        .await;
    }
    rig.rest(&router).await;
    let opened = event("account/us", "desk", "o", "incident.opened", AREA);
    rig.put("account/us", &opened).await;
    rig.put("account/us", &opened).await;
    rig.rest(&router).await;
    router.stop().await;
    rig.lose_state();
    let router = rig.start().await;
    rig.put("account/us", &event("account/us", "desk", "r", "incident.resolved", AREA)).await;
    rig.put("account/us", &event("account/us", "desk", "all", "incident.opened", ALL)).await;
    rig.rest(&router).await;
    for (n, name) in names.iter().enumerate() {
        let mut told = vec![("i2".to_owned(), true)];
        if n % 2 == 0 {
            told.splice(..0, [("i1".to_owned(), true), ("i1".to_owned(), false)]);
        }
        assert_eq!(covered(&rig, name).await, told, "{name}");
    }
    assert_eq!(rig.dead().await, []);
    router.stop().await;
}
