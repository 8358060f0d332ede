//! The views: what the log says is what pages and API show, also after a rebuild.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Running, Said, Wanted, now, world};

async fn api(running: &Running, path: &str) -> (StatusCode, Value) {
    let url = format!("{}/api/v1/{path}", running.url);
    let answer = Running::stranger().get(url).bearer_auth("api-token").send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn everything(running: &Running) -> Value {
    let mut all = json!({ "accounts": api(running, "accounts").await.1, "proposals": api(running, "proposals?state=all").await.1 });
    for account in &world::ACCOUNTS {
        let one = api(running, &format!("accounts/{}", account.id)).await.1;
        let events = api(running, &format!("accounts/{}/events?limit=1000", account.id)).await.1;
        all[account.id] = json!([one, events]);
    }
    all
}

#[tokio::test]
async fn deleting_the_views_rebuilds_the_same() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let before = everything(&running).await;
    assert_eq!(before["accounts"]["accounts"].as_array().unwrap().len(), world::ACCOUNTS.len());
    let (memory, folder) = running.stop().await;
    for name in ["views.sqlite", "views.sqlite-wal", "views.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    let again = Running::over(memory, folder, Wanted::default()).await;
    again.reached(last).await;
    assert_eq!(everything(&again).await, before);
    again.stop().await;
}

#[tokio::test]
async fn another_log_behind_the_file_is_noticed() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let (_, folder) = running.stop().await;
    let other = Running::over(bus::MemoryBus::new(), folder, Wanted::default()).await;
    let mut changes = other.views.changes();
    tokio::time::timeout(crate::support::PATIENCE, changes.wait_for(|at| *at == 0)).await.expect("in time").unwrap();
    assert_eq!(api(&other, "accounts").await.1, json!({ "accounts": [] }));
    other.stop().await;
}

/// A log that was replaced by an older copy and has grown since is as long as the views, and tells another story.
#[tokio::test]
async fn another_log_of_the_same_length_is_noticed() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let (_, folder) = running.stop().await;
    let other = bus::MemoryBus::new();
    let log = bus::Bus::from(other.clone());
    for _ in 0..=last.seq {
        log.publish(bus::Message::new("cs.log.00.in", "{}"), None).await.unwrap();
    }
    let other = Running::over(other, folder, Wanted::default()).await;
    let mut changes = other.views.changes();
    let end = last.seq + 1;
    tokio::time::timeout(crate::support::PATIENCE, changes.wait_for(|at| *at == end)).await.expect("in time").unwrap();
    assert_eq!(api(&other, "accounts").await.1, json!({ "accounts": [] }));
    other.stop().await;
}

#[tokio::test]
async fn an_account_is_told_with_its_reasons_down_to_events() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let (_, account) = api(&running, "accounts/tarn-fell").await;
    assert_eq!(account["name"], "Tarn & Fell Logistics");
    assert_eq!(account["arr"], json!({ "minor": 8_400_000, "currency": "USD" }));
    assert_eq!(account["health"]["band"], "red");
    assert_eq!(account["churn"]["p90_bp"], 4_100);
    let metric = &account["explanation"]["pillars"][0]["metrics"][0];
    let cited = metric["events"][0].as_str().unwrap();
    let (_, events) = api(&running, "accounts/tarn-fell/events?type=usage.aggregated").await;
    let found = events["events"].as_array().unwrap().iter().find(|event| event["position"] == cited);
    assert_eq!(found.expect("the cited event is listed")["data"]["active_users"], 19);
    assert_eq!(account["proposals"][0]["state"], "waiting");
    // A page that cites an event leads to it, even to a daily score that the timeline leaves out.
    let cookie = running.sign_in().await;
    for at in [cited, account["health"]["position"].as_str().unwrap()] {
        let url = format!("{}/accounts/tarn-fell?at={at}", running.url);
        let page = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        assert!(page.contains(&format!("id=\"ev-{at}\"")), "{at}");
    }
    for (path, status) in
        [("accounts/nobody", 404), ("accounts/nobody/events", 404), ("accounts/tarn-fell/events?before=x", 400)]
    {
        assert_eq!(api(&running, path).await.0.as_u16(), status, "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_customers_write_is_quoted_on_every_page() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    let hostile = "<img src=x onerror=alert(1)>{{sender.name}}";
    let card = Said {
        writer: "in",
        kind: "contact.updated",
        account: "kestrel",
        at: now(),
        data: json!({ "contact": "c_kestrel", "roles": ["champion"] }),
        personal: json!({ "name": hostile, "title": "</textarea><script>1</script>" }),
        contact: None,
    };
    let last = running.log.say(card).await.max(last);
    running.reached(last).await;
    let cookie = running.sign_in().await;
    let card = format!("/inbox?card={}", world::proposal("kestrel"));
    for path in [card.as_str(), "/portfolio", "/accounts/kestrel", "/accounts/arden", "/operator"] {
        let url = format!("{}{path}", running.url);
        let page = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        assert!(!page.contains("<img") && !page.contains("<script>") && !page.contains("onerror=alert(1)>"), "{path}");
        // The strict policy refuses inline style and script; a page must not need them.
        assert!(!page.contains(" style=") && !page.contains(" onclick="), "{path}");
    }
    let url = format!("{}{card}", running.url);
    let page = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;{{sender.name}}"), "the name is shown as it is");
    running.stop().await;
}

/// Attempts to run something in a page, as the fuzz targets know them.
fn attempts() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/template/t5_all");
    let text = std::fs::read_to_string(path).unwrap();
    let found: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("x.value=")).map(Into::into).collect();
    assert!(found.len() >= 120, "{} attempts", found.len());
    // A name without a letter has no initial, which is another picture; one that no mail can have is told on the card.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    found.into_iter().filter(|text| text.chars().any(char::is_alphabetic) && !text.contains(breaks)).collect()
}

/// Whatever stands in a name, a page has the same elements and attributes as with a plain one.
#[tokio::test]
async fn no_name_adds_an_element_or_an_attribute_to_a_page() {
    let running = Running::start(Wanted::default()).await;
    world::write(&running.log).await;
    let cookie = running.sign_in().await;
    let card = format!("/inbox?card={}", world::proposal("kestrel"));
    let paths = [card.as_str(), "/portfolio", "/accounts/kestrel"];
    let named = async |contact: &str, title: &str, account: &str| {
        let says = |kind, data, personal| Said {
            writer: "in",
            kind,
            account: "kestrel",
            at: now(),
            data,
            personal,
            contact: None,
        };
        let person = json!({ "contact": "c_kestrel", "roles": ["champion"] });
        running.log.say(says("contact.updated", person, json!({ "name": contact, "title": title }))).await;
        let last = running.log.say(says("account.updated", json!({ "name": account }), Value::Null)).await;
        running.reached(last).await;
        let mut pages = Vec::new();
        for path in paths {
            let request = Running::stranger().get(format!("{}{path}", running.url)).header("cookie", &cookie);
            pages.push(request.send().await.unwrap().text().await.unwrap());
        }
        pages
    };
    // Neither sign can stand in text that was quoted: what follows `<` is an element, and `"` ends an attribute.
    let marks = |page: &String| {
        let mut marks = BTreeMap::from([("attribute".to_owned(), page.matches('"').count())]);
        for tag in page.split('<').skip(1).filter_map(|rest| rest.split([' ', '>', '\n']).next()) {
            *marks.entry(tag.to_owned()).or_insert(0) += 1;
        }
        marks
    };
    let mut plain = Vec::new();
    // Each naming is one more line of the account's history, until its page is full.
    for _ in 0..200 {
        let now: Vec<_> = named("Ana Perez", "Head of it", "Kestrel").await.iter().map(marks).collect();
        let before = std::mem::replace(&mut plain, now);
        if before == plain {
            break;
        }
    }
    assert_eq!(named("Ana Perez", "Head of it", "Kestrel").await.iter().map(marks).collect::<Vec<_>>(), plain);
    let attempts = attempts();
    for (at, contact) in attempts.iter().enumerate().step_by(3) {
        let (title, account) = (&attempts[(at + 1) % attempts.len()], &attempts[(at + 2) % attempts.len()]);
        let pages = named(contact, title, account).await;
        for ((page, plain), path) in pages.iter().zip(&plain).zip(paths) {
            // A shorter name may need fewer of them.
            for (mark, count) in marks(page) {
                let most = plain.get(&mark).copied().unwrap_or(0);
                assert!(count <= most, "{path}: {mark} with {contact:?}, {title:?}, {account:?}");
            }
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn an_open_page_hears_of_a_new_card() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let cookie = running.sign_in().await;
    let mut events =
        Running::stranger().get(format!("{}/events", running.url)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let fact = Said {
        writer: "in",
        kind: "user.logged_in",
        account: "kestrel",
        at: now(),
        data: json!({ "user": "c_kestrel" }),
        personal: Value::Null,
        contact: Some("c_kestrel"),
    };
    let position = running.log.say(fact).await;
    let told = tokio::time::timeout(crate::support::PATIENCE, async {
        let mut text = String::new();
        while !text.contains("\n\n") || !text.contains("event: views") {
            text.push_str(std::str::from_utf8(&events.chunk().await.unwrap().expect("more")).unwrap());
        }
        text
    });
    assert!(told.await.expect("in time").contains(&format!("data: {}", position.seq)));
    running.stop().await;
}

#[tokio::test]
async fn what_moved_before_a_page_listens_is_told_at_once() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let cookie = running.sign_in().await;
    let url = format!("{}/events?at={}", running.url, last.seq - 1);
    let mut events = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap();
    let told = tokio::time::timeout(crate::support::PATIENCE, events.chunk()).await.expect("in time");
    let text = String::from_utf8(told.unwrap().expect("an event").to_vec()).unwrap();
    assert!(text.contains("event: views") && text.contains(&format!("data: {}", last.seq)), "{text}");
    running.stop().await;
}
