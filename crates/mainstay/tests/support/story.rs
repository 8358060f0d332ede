//! The story several tests tell: customers who work every day, until the support of one of them goes wrong.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use agent::Agent as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::story;
pub use testkit::story::champion;

use super::{Up, mainstay};

/// The gateway's key.
pub const WRITE_KEY: &str = "key-of-the-story";
/// The sender of mail.
pub const FROM: &str = "Ana Silva <ana@mainstay.example>";
const DAYS: i32 = 60;

/// A data folder with its rules and history beside it.
pub struct Story {
    dir: TempDir,
    more: Vec<(String, String)>,
}

impl Story {
    /// Writes rules and a history in which `users` people of each account log in every day, and imports it.
    pub fn begin(accounts: &[&str], users: u32) -> Self {
        let story = Self::without_history();
        let imported =
            mainstay().envs(story.env()).args(story.import(accounts, users)).output().expect("mainstay runs");
        let found = super::json(&imported);
        assert!(imported.status.success(), "{found}");
        assert_eq!((&found["mode"], &found["dead"]), (&json!("event"), &json!(0)), "{found}");
        story
    }

    /// Rules only.
    pub fn without_history() -> Self {
        let story = Self { dir: tempfile::tempdir().expect("a folder"), more: Vec::new() };
        std::fs::create_dir(story.path("policies")).expect("a folder");
        for (agent, text) in policies() {
            std::fs::write(story.path("policies").join(format!("{agent}.toml")), text).expect("a policy");
        }
        story
    }

    /// Writes the history; returns how to import it.
    pub fn import(&self, accounts: &[&str], users: u32) -> Vec<OsString> {
        let (rows, map) = (self.path("logins.csv"), self.path("map.toml"));
        std::fs::write(&rows, story::history(accounts, users, DAYS)).expect("a history");
        std::fs::write(&map, story::MAP).expect("a map");
        vec![
            "import".into(),
            "--json".into(),
            rows.into(),
            "--map".into(),
            map.into(),
            "--data".into(),
            self.data().into(),
        ]
    }

    /// A file of the story.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The settings of its commands.
    pub fn env(&self) -> BTreeMap<String, String> {
        let policies = self.path("policies").to_string_lossy().into_owned();
        [
            ("MAINSTAY_POLICIES", policies.as_str()),
            ("MAINSTAY_WRITE_KEY", WRITE_KEY),
            ("MAINSTAY_TICK_SECONDS", "1"),
            ("MAINSTAY_HOLD_TICK_SECONDS", "1"),
            ("MAINSTAY_INTENT_DEADLINE_SECONDS", "3"),
            ("MAINSTAY_INTENT_GRACE_SECONDS", "1"),
            ("MAINSTAY_FROM", FROM),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .chain(self.more.clone())
        .collect()
    }

    /// Adds to the settings.
    pub fn set(&mut self, more: Vec<(String, String)>) {
        self.more.extend(more);
    }

    /// Starts the system on it, with mail to that port.
    pub async fn up(&self, smtp_port: u16) -> Up {
        Up::with(&self.data(), &["--smtp", &format!("smtp://127.0.0.1:{smtp_port}")], &self.env()).await
    }
}

/// The built-in rules, at any hour of any day, with the shortest hold, for a company that connects use and support.
fn policies() -> Vec<(&'static str, String)> {
    let edit = |text: &str, over: toml::Table| {
        let mut table: toml::Table = toml::from_str(text).expect("a policy");
        for (key, value) in over {
            match (table.get_mut(&key), value) {
                (Some(toml::Value::Table(under)), toml::Value::Table(over)) => under.extend(over),
                (_, value) => drop(table.insert(key, value)),
            }
        }
        toml::to_string(&table).expect("a policy")
    };
    vec![
        ("health", edit(health::Health::DEFAULT_POLICY, toml::toml! { sources = ["usage", "support"] })),
        ("supervisor", edit(supervisor::Supervisor::DEFAULT_POLICY, toml::toml! { gate.hold_seconds = 5 })),
        (
            "engagement",
            edit(engagement::Engagement::DEFAULT_POLICY, toml::toml! { hours = { from = 0, to = 24, weekend = [] } }),
        ),
    ]
}

/// Calls of the Node SDK: who is who, and then three bad days of support.
pub fn calls(account: &str) -> String {
    let dana = champion(account);
    let mut calls = format!(
        "const context = {{ groupId: {account:?} }};\n\
         analytics.identify({{ userId: {dana:?}, traits: {{ name: 'Dana Whitfield', email: {dana:?} }}, context }});\n\
         analytics.group({{ userId: {dana:?}, groupId: {account:?}, traits: {{ name: 'Acme Tools' }} }});\n\
         const track = (event, properties) => analytics.track({{ userId: {dana:?}, event, properties, context }});\n"
    );
    for (kind, properties) in story::bad_days(account, &dana) {
        writeln!(calls, "track({}, {properties});", json!(kind)).expect("text");
    }
    calls
}

/// The same as one request of the Segment API. Its ids are always the same: sent twice, it counts once.
pub async fn post(up: &Up, account: &str, address: &str) -> reqwest::Result<()> {
    let dana = champion(account);
    let mut batch = Vec::new();
    for (n, (kind, properties)) in story::bad_days(account, address).into_iter().enumerate() {
        batch.push(json!({
            "type": "track", "messageId": format!("{account}-{n}"), "userId": dana, "event": kind,
            "properties": properties, "context": {"groupId": account},
        }));
    }
    let url = format!("{}/v1/batch", up.gateway());
    let request = up.http().post(url).basic_auth(WRITE_KEY, Some("")).json(&json!({ "batch": batch }));
    request.send().await?.error_for_status().map(drop)
}

/// The proposal that waits on an account, if there is one.
pub async fn waiting(up: &Up, account: &str) -> Option<Value> {
    let found = up.get("proposals?state=waiting").await;
    found["proposals"].as_array().into_iter().flatten().find(|proposal| proposal["account"] == account).cloned()
}

/// Folds everything again and compares, through the command.
pub fn verify(data: &Path) {
    let output = super::run(&["verify", "--json"], data);
    let found = super::json(&output);
    assert!(output.status.success() && found["equal"] == true, "{found}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(found["compared"].as_u64() > Some(0), "{found}");
}
