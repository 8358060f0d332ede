//! The tools of the kit do what tests rely on.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::json;
use testkit::{
    browser::Browser,
    smtp::{Behaviour, SmtpServer},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Speaks SMTP line by line; the reply to each line, or nothing once the server is gone.
async fn talk(server: &SmtpServer, lines: &[&str]) -> Vec<String> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut replies = Vec::new();
    for line in std::iter::once("").chain(lines.iter().copied()) {
        if !line.is_empty() && write.write_all(format!("{line}\r\n").as_bytes()).await.is_err() {
            break;
        }
        let mut reply = String::new();
        if read.read_line(&mut reply).await.unwrap_or(0) == 0 {
            break;
        }
        replies.push(reply.chars().take(3).collect());
    }
    replies
}

#[tokio::test]
async fn the_mail_server_behaves_as_the_recipient_says() {
    let server = SmtpServer::start().await.unwrap();
    let to = |behaviour: Behaviour| format!("RCPT TO:<{}>", behaviour.address("x"));
    let mail = |to: String| {
        let text = "Subject: x\r\n\r\n..dot\r\n.".to_owned();
        ["HELO me".to_owned(), "MAIL FROM:<a@vendor.example>".to_owned(), to, "DATA".to_owned(), text]
    };
    let cases = [
        (Behaviour::Accept, 5, ["220", "250", "250", "250", "354", "250"].as_slice()),
        (Behaviour::Refuse550, 3, &["220", "250", "250", "550"]),
        (Behaviour::Busy451, 3, &["220", "250", "250", "451"]),
        (Behaviour::ResetAtData, 4, &["220", "250", "250", "250"]),
        (Behaviour::ResetAfterDot, 5, &["220", "250", "250", "250", "354"]),
        (Behaviour::Data554, 5, &["220", "250", "250", "250", "354", "554"]),
        (Behaviour::Data452, 5, &["220", "250", "250", "250", "354", "452"]),
    ];
    for (behaviour, sent, wanted) in cases {
        let lines = mail(to(behaviour));
        let lines: Vec<&str> = lines.iter().map(String::as_str).take(sent).collect();
        let replies = talk(&server, &lines).await;
        assert_eq!(replies, wanted, "{behaviour:?}");
    }
    let received = server.wait_for(2, Duration::from_secs(5)).await.unwrap();
    assert_eq!(received.len(), 2, "accepted, and taken before the reset");
    assert_eq!(received[0].to, [Behaviour::Accept.address("x")]);
    assert_eq!(received[0].bytes, b"Subject: x\r\n\r\n.dot\r\n");
    assert!(!received[0].encrypted);
}

#[tokio::test]
async fn the_browser_clicks_waits_and_takes_pictures() {
    let mut browser = Browser::start().await.unwrap();
    let page = "data:text/html;charset=utf-8,<button onclick=\"setTimeout(()=>{document.body.append('Gr%C3%BC%C3%9Fe 5 %E2%82%AC')},50)\">go</button>";
    let script = "await page.goto(args.url); await page.click('button'); await expect.text('body', 'Grüße 5 €'); \
                  return await page.locator('button').count();";
    assert_eq!(browser.run(script, json!({ "url": page })).await.unwrap(), json!(1));
    let width = "return await page.evaluate(() => { const s = document.createElement('span'); s.textContent = 'mmm'; \
                 document.body.append(s); return s.offsetWidth; });";
    assert!(browser.run(width, json!({})).await.unwrap().as_i64().unwrap() > 20, "text has a font");
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("page.png");
    browser.screenshot("main", &picture).await.unwrap();
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    browser.context("plain", json!({ "javaScriptEnabled": false })).await.unwrap();
    let dead = "await page.goto(args.url); await page.click('button'); return await page.content();";
    let content = browser.run_in("plain/one", dead, json!({ "url": page })).await.unwrap();
    assert!(!content.as_str().unwrap().contains("</button>Grüße"), "{content}");
    assert_eq!(browser.problems().await.unwrap(), Vec::<String>::new());
    browser.run("await page.evaluate(() => console.error('oh'))", json!({})).await.unwrap();
    assert_eq!(browser.problems().await.unwrap(), ["console in main: oh"]);
    let error = browser.run("expect.equal(1, 2)", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("found 1, wanted 2"), "{error}");
}
