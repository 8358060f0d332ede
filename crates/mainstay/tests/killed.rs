//! kill −9 at random moments of the way from an event to a mail, with and without the nats-server: started again, the
//! mail arrives once, and everything folded again is equal.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says which moments it chose"
)]

mod support;

use std::time::{Duration, Instant};

use bus::server::{FindServer, find_server};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::json;
use support::{
    PATIENCE, Up,
    story::{self, Story},
};
use testkit::smtp::SmtpServer;

const MOMENTS: u32 = 10;
/// What a killed system may leave of a delivery that was under way, and what it must else come to.
const ENDS: [&str; 2] = ["sent", "unknown"];

/// Which moments: `MAINSTAY_TEST_SEED`, else another one each time. It is printed, so that a failure can be had again.
fn seed() -> u64 {
    let wanted = std::env::var("MAINSTAY_TEST_SEED").ok().map(|text| text.parse().expect("a number"));
    let seed = wanted.unwrap_or_else(|| rand::rng().random());
    println!("MAINSTAY_TEST_SEED={seed}");
    seed
}

/// Brings an account from its events to the end of its mail, from wherever it stands.
async fn live(up: &Up, account: &str) -> String {
    let dana = story::champion(account);
    // A producer sends again until it has a 2xx; the router drops the repeats.
    story::post(up, account, &dana).await.expect("the gateway takes events");
    let proposal = up.until("a proposal", async |up| any(up, account).await).await;
    up.until("an end", async |up| {
        let path = format!("proposals/{proposal}");
        let state = up.get(&path).await["state"].as_str().expect("a state").to_owned();
        if state == "waiting" {
            // A decision before the kill may be recorded though nobody was told: then this one is refused.
            let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
            assert!(status.is_success() || status == StatusCode::CONFLICT, "{status} {answer}");
        }
        assert!(!["failed", "rejected", "expired", "void"].contains(&state.as_str()), "{state}");
        ENDS.contains(&state.as_str()).then_some(state)
    })
    .await
}

/// How long the stages take: from the events to the decision, and to the end.
#[derive(Debug)]
struct Way {
    decided: Duration,
    ended: Duration,
}

impl Way {
    async fn measure(up: &Up, account: &str) -> Self {
        let began = Instant::now();
        story::post(up, account, &story::champion(account)).await.expect("the gateway takes events");
        let proposal = up.until("a proposal", async |up| any(up, account).await).await;
        let (status, answer) = up.post(&format!("proposals/{proposal}/approve"), json!({})).await;
        assert!(status.is_success(), "{answer}");
        let decided = began.elapsed();
        assert_eq!(live(up, account).await, "sent");
        Self { decided, ended: began.elapsed() }
    }

    /// The moment at a share of the way. Between decision and delivery nothing happens but the hold, so that it counts
    /// for a fifth of the way however long it is, and its last second with what follows for two.
    fn moment(&self, share: f64) -> Duration {
        let hold = self.ended.saturating_sub(Duration::from_secs(1)).max(self.decided);
        let stages = [(0.4, Duration::ZERO, self.decided), (0.2, self.decided, hold), (0.4, hold, self.ended)];
        let mut rest = share;
        for (weight, from, to) in stages {
            if rest < weight {
                return from + to.saturating_sub(from).mul_f64(rest / weight);
            }
            rest -= weight;
        }
        self.ended
    }
}

/// The proposal of an account, in whatever state.
async fn any(up: &Up, account: &str) -> Option<String> {
    let found = up.get("proposals?state=all").await;
    let mut all = found["proposals"].as_array().into_iter().flatten();
    let own = all.find(|proposal| proposal["account"] == account && proposal["state"] != "drafted");
    own.and_then(|proposal| proposal["id"].as_str()).map(ToOwned::to_owned)
}

fn mails(smtp: &SmtpServer, account: &str) -> usize {
    let address = story::champion(account);
    smtp.received().expect("mails").iter().filter(|mail| mail.to.contains(&address)).count()
}

/// Settings under which the nats-server outlives a killed system: without the program that ties it to its parent.
async fn outliving(story: &Story) -> Vec<(String, String)> {
    let server = find_server(&FindServer::from_env()).await.expect("a nats-server");
    let empty = story.path("nothing");
    std::fs::create_dir_all(&empty).expect("a folder");
    vec![
        ("NATS_SERVER_BIN".into(), server.to_string_lossy().into_owned()),
        ("PATH".into(), empty.to_string_lossy().into_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_once_whenever_the_system_is_killed() {
    let mut random = StdRng::seed_from_u64(seed());
    let accounts: Vec<String> = (0..=MOMENTS).map(|n| format!("account-{n}")).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let mut story = Story::begin(&names, 4);
    story.set(outliving(&story).await);
    let smtp = SmtpServer::start().await.expect("a mail server");
    let mut up = story.up(smtp.port()).await;

    // Undisturbed once: so long is the way that the moments are spread over.
    let way = Way::measure(&up, names[0]).await;
    assert_eq!(mails(&smtp, names[0]), 1);
    println!("{way:?}");

    for (n, account) in (0..MOMENTS).zip(&names[1..]) {
        // One moment in each tenth of the way, so that every stage has its turn.
        let moment = way.moment((f64::from(n) + random.random::<f64>()) / f64::from(MOMENTS));
        let with_nats = n % 2 == 0;
        let lived = tokio::time::timeout(moment, live(&up, account)).await;
        println!("{account}: killed after {moment:?}, nats-server too: {with_nats}, at its end: {}", lived.is_ok());
        up.kill(with_nats);
        up = story.up(smtp.port()).await;
        let state = live(&up, account).await;
        let arrived = mails(&smtp, account);
        assert!(arrived <= 1, "{account} got {arrived} mails");
        assert!(state == "unknown" || arrived == 1, "{account} is {state} with {arrived} mails");
        println!("{account}: {state}, {arrived} mails");
        story::verify(&story.data());
    }
    up.stop();
    // Nothing came later, neither for those in doubt nor for the first.
    for account in &names {
        assert!(mails(&smtp, account) <= 1, "{account}");
    }
    let doubts = names.iter().filter(|account| mails(&smtp, account) == 0).count();
    assert!(doubts <= 2, "{doubts} of {MOMENTS} mails did not arrive: the moment of doubt is short");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_cut_off_is_in_doubt_and_not_repeated() {
    let story = Story::begin(&["acme"], 4);
    let smtp = SmtpServer::start().await.expect("a mail server");
    // Takes the whole message and then says nothing: the intent stands, the outcome does not.
    let address = testkit::smtp::Behaviour::SlowAfterDot.address("cut-off");
    let up = story.up(smtp.port()).await;
    story::post(&up, "acme", &address).await.expect("the gateway takes events");
    let proposal = up.until("a proposal", async |up| story::waiting(up, "acme").await).await;
    let path = format!("proposals/{}", proposal["id"].as_str().expect("an id"));
    let (status, answer) = up.post(&format!("{path}/approve"), json!({})).await;
    assert!(status.is_success(), "{answer}");
    smtp.wait_for(1, PATIENCE).await.expect("the mail");
    up.kill(true);

    let up = story.up(smtp.port()).await;
    let ended = up
        .until("its end", async |up| {
            let proposal = up.get(&path).await;
            ["sent", "failed", "unknown"].iter().any(|state| proposal["state"] == *state).then_some(proposal)
        })
        .await;
    assert_eq!(ended["state"], "unknown", "{ended}");
    story::verify(&story.data());
    up.stop();
    assert_eq!(smtp.received().expect("mails").len(), 1);
}
