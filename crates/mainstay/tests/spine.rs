//! From a call of an SDK to one mail: health falls, a card appears in an open inbox, a person edits and approves, and
//! exactly the approved bytes arrive once. Everything is real: the binary, nats-server, the SDK, the browser, the mail
//! server.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each file does in each way"
)]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{
    PATIENCE, Up,
    story::{self, Story},
};
use testkit::{browser::Browser, segment, smtp::SmtpServer};

const EDIT: &str = "\n\nP.S. I am in your city on Thursday.\n.and this line begins with a dot\n";

/// Where pictures of the pages are left to look at.
fn picture(name: &str) -> PathBuf {
    let folder = testkit::tool::folder().expect("a folder").join("pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}

async fn pictures(browser: &mut Browser, name: &str) {
    for width in [1280, 390] {
        let resize = "await page.setViewportSize({ width: args, height: 900 });";
        browser.run(resize, json!(width)).await.expect("a size");
        browser.screenshot("main", &picture(&format!("{name}-{width}.png"))).await.expect("a picture");
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let over = browser
            .run(&format!("return await page.evaluate(() => {{ {wide} }});"), Value::Null)
            .await
            .expect("a width");
        assert_eq!(over, 0, "{name} scrolls sideways at {width}");
    }
    browser.run("await page.setViewportSize({ width: 1280, height: 900 });", Value::Null).await.expect("a size");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_becomes_one_approved_mail() {
    let story = Story::begin(&["acme", "globex"], 20);
    let smtp = SmtpServer::start().await.expect("a mail server");
    let up = story.up(smtp.port()).await;
    let mut browser = Browser::start().await.expect("a browser");

    // The one-time link signs in once, and the inbox is empty.
    let open = "await page.goto(args); await expect.text('body', 'Nothing waits for you'); await page.evaluate(() => { window.stayed = true; });";
    browser.run(open, json!(up.login_link())).await.expect("an empty inbox");
    pictures(&mut browser, "inbox-empty").await;
    let again = up.http().get(up.login_link()).send().await.expect("an answer");
    assert!(!again.url().path().starts_with("/inbox"), "a link signs in once");

    // The SDK, unchanged but for the host.
    let (host, calls) = (up.gateway().to_owned(), story::calls("acme"));
    let sent = tokio::task::spawn_blocking(move || segment::node(&host, story::WRITE_KEY, &calls)).await;
    sent.expect("a thread").expect("the SDK sends");
    let card = up.until("a proposal", async |up| story::waiting(up, "acme").await).await;
    let id = card["id"].as_str().expect("an id").to_owned();
    let account = up.get("accounts/acme").await;
    assert_eq!(account["health"]["band"], "red", "{account}");
    assert_eq!(card["play"], "at_risk_intervention", "{card}");

    // It appears in the open page, which is still the same one.
    browser
        .run(
            "await expect.visible('#list a.row'); expect.equal(await page.evaluate(() => window.stayed), true);",
            Value::Null,
        )
        .await
        .expect("the card without reload");
    pictures(&mut browser, "inbox").await;
    browser.run(READ_CARD, Value::Null).await.expect("evidence and draft");
    pictures(&mut browser, "card").await;

    // Two tabs see the same card; the first edits and approves, the second is told.
    let url = format!("{}/inbox?card={id}", up.console());
    browser
        .run_in("second", "await page.goto(args); await expect.visible('#approve');", json!(url))
        .await
        .expect("a second tab");
    browser.run(EDIT_CARD, json!(EDIT)).await.expect("an approval");
    browser.run_in("second", LOSE, Value::Null).await.expect("the second is told");

    arrived(&up, &smtp, &id).await;
    browser
        .run("await page.goto(args); await expect.text('main', 'Sent to');", json!(url))
        .await
        .expect("the card says it");
    pictures(&mut browser, "card-sent").await;
    // The browser itself reports the refusal of the second tab.
    let problems = browser.problems().await.expect("the browser");
    assert!(problems.iter().all(|problem| problem.contains("409")), "{problems:?}");

    stopped(&up, &smtp).await;
    story::verify(&story.data());
    up.stop();
    assert!(!story.data().join("run.json").exists(), "a clean end leaves no address behind");
    assert_eq!(smtp.received().expect("mails").len(), 1);
}

/// The card with why now, the events behind it, and the draft with its sources.
const READ_CARD: &str = r"
await page.click('#list a.row');
await expect.visible('#card[data-card]');
await expect.text('#card', 'Acme Tools');
await expect.text('#card .lead', 'at risk');
await expect.visible('#card ul.evidence li');
await page.click('#evidence > summary');
await expect.visible('#evidence li a');
await expect.text('.sheet', 'dana@acme.example');
await expect.text('.sheet .prose', 'Hello Dana');
await expect.visible('.sheet ol.sources li');
await expect.text('#card', 'If you do nothing');
";

const EDIT_CARD: &str = r"
await page.click('#edit > summary');
const text = page.locator('#edit textarea[name=body]');
await text.fill((await text.inputValue()) + args);
await page.click('#edit button.save');
await expect.text('[role=status]', 'Acme Tools');
";

const LOSE: &str = r"
await page.click('#approve');
await expect.text('main', 'You approved version 1');
await expect.text('main', 'Yours was not recorded');
";

/// One mail, of exactly the bytes the decision names.
async fn arrived(up: &Up, smtp: &SmtpServer, id: &str) {
    let mails = smtp.wait_for(1, PATIENCE).await.expect("a mail");
    let proposal = up
        .until("the outcome", async |up| {
            let proposal = up.get(&format!("proposals/{id}")).await;
            (proposal["state"] == "sent").then_some(proposal)
        })
        .await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("ana@mainstay.example", &[story::champion("acme")][..]));
    // The courier sends CRLF line ends only, and the server has undone the dot-stuffing: no byte may differ.
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&mail.bytes));
    assert_eq!(proposal["decision"]["bytes_hash"], hash, "{}", String::from_utf8_lossy(&mail.bytes));
    assert_eq!(proposal["decision"]["edited"], true);
    let text = String::from_utf8_lossy(&mail.bytes);
    assert!(text.contains("P.S. I am in your city on Thursday."), "{text}");
    assert!(text.contains("\r\n.and this line begins with a dot"), "{text}");
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
}

/// Looking at the link of the mail changes nothing; a mail program's POST stops the address, whoever's account it is.
async fn stopped(up: &Up, smtp: &SmtpServer) {
    let mail = &smtp.received().expect("mails")[0];
    let text = String::from_utf8_lossy(&mail.bytes).replace("\r\n ", " ").replace("=\r\n", "");
    let link =
        text.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).and_then(|rest| rest.split('>').next());
    let link = link.unwrap_or_else(|| panic!("{text}")).to_owned();
    assert!(link.starts_with(up.console()), "{link}");
    let before = up.get("status").await["bus"]["streams"]["ACTION"]["last_seq"].clone();
    let looked = up.http().get(&link).send().await.expect("an answer");
    assert!(looked.status().is_success());
    let looked_at = up.get("status").await["bus"]["streams"]["ACTION"]["last_seq"].clone();
    assert_eq!(before, looked_at, "looking changes nothing");
    let posted = up.http().post(&link).body("List-Unsubscribe=One-Click").send().await.expect("an answer");
    assert!(posted.status().is_success());
    let after = up.get("status").await["bus"]["streams"]["ACTION"]["last_seq"].clone();
    assert!(after.as_u64() > before.as_u64(), "the stop stands where the courier reads: {before} {after}");

    story::post(up, "globex", &story::champion("acme")).await.expect("events of another account");
    let other = up.until("another proposal", async |up| story::waiting(up, "globex").await).await;
    let path = format!("proposals/{}", other["id"].as_str().expect("an id"));
    let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
    assert!(status.is_success(), "{answer}");
    let ended = up
        .until("its end", async |up| {
            let proposal = up.get(&path).await;
            ["sent", "failed", "unknown"].iter().any(|state| proposal["state"] == *state).then_some(proposal)
        })
        .await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(ended["detail"].as_str().is_some_and(|detail| detail.contains("stop")), "{ended}");
}
