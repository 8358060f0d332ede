//! The pages in a real browser: with the script, without it, and on a small screen.

use serde_json::json;
use testkit::browser::Browser;

use crate::support::{Running, Wanted, world};

async fn started() -> (Running, Browser) {
    let (running, browser) = tokio::join!(Running::start(Wanted::default()), Browser::start());
    let last = world::write(&running.log).await;
    running.reached(last).await;
    (running, browser.expect("a browser"))
}

/// Fails with what the browser complained about: a script error, or something the strict policy refused.
async fn no_complaints(browser: &mut Browser) {
    assert_eq!(browser.problems().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn cards_appear_by_themselves_and_keys_decide() {
    let (running, mut browser) = started().await;
    let open = "await page.goto(args.link); await expect.text('#card-h', 'Tarn & Fell Logistics'); \
                await expect.text('#inbox-count', '4');";
    browser.run(open, json!({ "link": running.login })).await.unwrap();
    world::another(&running.log).await;
    let appears = "await expect.text('#list', 'Newcomer & Sons'); await expect.text('#inbox-count', '5'); \
                   await expect.text('#card-h', 'Tarn & Fell Logistics');";
    browser.run(appears, json!({})).await.unwrap();
    let approve = "await page.keyboard.press('a'); await expect.text('.said', 'Approved Tarn & Fell Logistics, 4 left'); \
                   await expect.text('.list .toast', 'Sends in 0:'); await expect.text('#card-h', 'Kestrel Mutual'); \
                   await expect.visible('.rows .row:focus');";
    browser.run(approve, json!({})).await.unwrap();
    assert_eq!(running.said_by_people().await, 1);
    let undo = "await page.keyboard.press('u'); await expect.text('.said', 'Stopped. It was not sent.'); \
                await expect.text('#card-h', 'Tarn & Fell Logistics');";
    browser.run(undo, json!({})).await.unwrap();
    let reject = "await page.keyboard.press('x'); await expect.visible('dialog#reject'); \
                  await page.keyboard.press('2'); await expect.text('.said', 'Rejected Tarn & Fell Logistics');";
    browser.run(reject, json!({})).await.unwrap();
    assert_eq!(running.said_by_people().await, 3);
    // In a field a key is a letter.
    let typing = "await page.keyboard.press('e'); await page.keyboard.press('Control+End'); \
                  await page.keyboard.type(' axu'); await page.waitForTimeout(0); \
                  expect.equal(await page.evaluate(() => document.activeElement.value.endsWith(' axu')), true); \
                  await page.keyboard.press('Control+Enter'); await expect.text('.said', 'Approved Kestrel Mutual');";
    browser.run(typing, json!({})).await.unwrap();
    assert_eq!(running.said_by_people().await, 4);
    no_complaints(&mut browser).await;
    running.stop().await;
}

#[tokio::test]
async fn everything_can_be_decided_without_the_script() {
    let (running, mut browser) = started().await;
    browser.context("plain", json!({ "javaScriptEnabled": false })).await.unwrap();
    let approve = "await page.goto(args.link); await page.click('#approve'); \
                   await expect.text('.said', 'Approved Tarn & Fell Logistics'); \
                   await page.click('.list .toast button'); await expect.text('.said', 'Stopped. It was not sent.');";
    browser.run_in("plain/x", approve, json!({ "link": running.login })).await.unwrap();
    let edit = "await page.click('#edit > summary'); await page.fill('#edit textarea', 'Dear {{contact.first_name}}, short.'); \
                await page.click('#edit button.save'); await expect.text('.said', 'Approved Tarn & Fell Logistics');";
    browser.run_in("plain/x", edit, json!({})).await.unwrap();
    let reject = "await page.click('#reject-link'); await expect.text('h1', 'Reject the card of Kestrel Mutual'); \
                  await page.check('input[value=wrong_person]'); await page.click('form .btn-primary'); \
                  await expect.text('.said', 'Rejected Kestrel Mutual');";
    browser.run_in("plain/x", reject, json!({})).await.unwrap();
    assert_eq!(running.said_by_people().await, 4);
    no_complaints(&mut browser).await;
    running.stop().await;
}

#[tokio::test]
async fn no_page_scrolls_sideways_on_a_small_screen() {
    let (running, mut browser) = started().await;
    let id = world::proposal("tarn-fell");
    let pages = [
        "/inbox".to_owned(),
        format!("/inbox?card={id}"),
        format!("/cards/{id}/reject"),
        "/accounts/tarn-fell".into(),
        "/accounts/arden".into(),
        "/portfolio".into(),
        "/operator".into(),
        "/sign-in".into(),
    ];
    let look = "await page.setViewportSize({ width: args.width, height: 800 }); await page.goto(args.url); \
                return await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);";
    browser.run("await page.goto(args.link);", json!({ "link": running.login })).await.unwrap();
    for width in [390, 320] {
        for page in &pages {
            let url = format!("{}{page}", running.url);
            let over = browser.run(look, json!({ "url": url, "width": width })).await.unwrap();
            assert_eq!(over, json!(0), "{page} at {width}");
        }
    }
    no_complaints(&mut browser).await;
    running.stop().await;
}
