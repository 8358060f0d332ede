//! Local state that is deleted or damaged: it is folded again from the log, equal, and nothing is said or sent twice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not each file does in each way"
)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{
    PATIENCE, Up,
    story::{self, Story},
};
use testkit::smtp::SmtpServer;

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Turns bits over in the whole of every file.
fn damage(folder: &Path) -> usize {
    let mut damaged = 0;
    for path in files(folder) {
        let mut bytes = std::fs::read(&path).expect("a file");
        for byte in bytes.iter_mut().skip(7).step_by(61) {
            *byte ^= 0x10;
            damaged += 1;
        }
        std::fs::write(&path, bytes).expect("a file");
    }
    damaged
}

/// What must be the same afterwards: accounts with their reasons, and proposals.
async fn said(up: &Up) -> (Value, Value, u64) {
    let facts = up.get("status").await["bus"]["streams"]["ACTION"]["last_seq"].as_u64().expect("a number");
    (up.get("accounts/acme").await["explanation"].clone(), up.get("proposals?state=all").await, facts)
}

async fn seen_again(up: &Up, before: &(Value, Value, u64)) {
    up.until("the views", async |up| {
        let now = said(up).await;
        (now.0 == before.0 && now.1 == before.1).then_some(())
    })
    .await;
    assert_eq!(said(up).await.2, before.2, "nothing was done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_and_damaged_state_is_folded_again_and_sends_nothing() {
    let story = Story::begin(&["acme", "globex"], 6);
    let smtp = SmtpServer::start().await.expect("a mail server");
    let up = story.up(smtp.port()).await;
    story::post(&up, "acme", &story::champion("acme")).await.expect("events");
    let proposal = up.until("a proposal", async |up| story::waiting(up, "acme").await).await;
    let path = format!("proposals/{}", proposal["id"].as_str().expect("an id"));
    let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
    assert!(status.is_success(), "{answer}");
    smtp.wait_for(1, PATIENCE).await.expect("a mail");
    up.until("the outcome", async |up| (up.get(&path).await["state"] == "sent").then_some(())).await;
    let before = said(&up).await;
    up.stop();

    let data = story.data();
    let losses: [(&str, &dyn Fn()); 4] = [
        ("the state is deleted", &|| std::fs::remove_dir_all(data.join("state")).expect("a folder")),
        ("bits of the state are turned over", &|| assert!(damage(&data.join("state")) > 100)),
        ("the views are deleted", &|| {
            for name in ["views.sqlite", "views.sqlite-wal", "views.sqlite-shm"] {
                let _ = std::fs::remove_file(data.join(name));
            }
        }),
        ("the views are damaged", &|| {
            let path = data.join("views.sqlite");
            let bytes = std::fs::read(&path).expect("views");
            std::fs::write(&path, bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>()).expect("views");
        }),
    ];
    for (what, lose) in losses {
        println!("{what}");
        lose();
        let up = story.up(smtp.port()).await;
        story::verify(&data);
        seen_again(&up, &before).await;
        up.stop();
    }
    assert_eq!(smtp.received().expect("mails").len(), 1);
    // Damaged stores are kept to be looked at.
    assert!(!files(&data.join("quarantine")).is_empty());
}
