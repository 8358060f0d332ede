//! The world every scenario begins in: customers who worked every day for some time, whose support then goes wrong.
//!
//! It is lived through once a run, on event time by `mainstay import`; each scenario gets a copy of the data folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use testkit::story;
pub use testkit::story::champion;

use crate::{Binaries, Broken};

/// The gateway's key.
pub const WRITE_KEY: &str = "key-of-the-rig";
/// What the gateway makes of it: the source of every event of the producer.
pub const SOURCE: &str = "segment/local";
/// Accounts for the scenarios. Each may ask for one touch.
pub const ACCOUNTS: [&str; 24] = [
    "acme",
    "globex",
    "initech",
    "umbrella",
    "hooli",
    "stark",
    "wayne",
    "tyrell",
    "cyberdyne",
    "soylent",
    "wonka",
    "dunder",
    "vandelay",
    "pied-piper",
    "massive",
    "oscorp",
    "monarch",
    "virtucon",
    "gringotts",
    "ollivander",
    "sirius",
    "nakatomi",
    "zorin",
    "duff",
];
/// Accounts by which the oracle sees that the system goes on.
pub const CANARIES: [&str; 4] = ["canary-1", "canary-2", "canary-3", "canary-4"];

/// Enough for a score that can fall; each day more is a day to live through before the first scenario.
const DAYS: i32 = 10;
const USERS: u32 = 2;
/// A data folder in which the history was lived through.
#[derive(Debug)]
pub struct Template {
    folder: PathBuf,
}

impl Template {
    /// Lives through the history in `folder`.
    ///
    /// # Errors
    /// `mainstay import` fails.
    pub fn live(binaries: &Binaries, folder: PathBuf) -> Result<Self, Broken> {
        let template = Self { folder };
        let policies = template.folder.join("policies");
        fs::create_dir_all(&policies).map_err(Broken::path("create", &policies))?;
        for (agent, text) in policies_text()? {
            write(&policies.join(format!("{agent}.toml")), &text)?;
        }
        let (rows, map) = (template.folder.join("logins.csv"), template.folder.join("map.toml"));
        let accounts: Vec<&str> = ACCOUNTS.iter().chain(&CANARIES).copied().collect();
        write(&rows, &story::history(&accounts, USERS, DAYS))?;
        write(&map, story::MAP)?;
        template.import(binaries, &template.data(), &settings())?;
        Ok(template)
    }

    /// Imports the history into a data folder; answers what the command said of it.
    pub(crate) fn import(
        &self,
        binaries: &Binaries,
        data: &Path,
        env: &BTreeMap<String, String>,
    ) -> Result<String, Broken> {
        let mut command = Command::new(binaries.mainstay());
        command.arg("import").arg("--json").arg(self.folder.join("logins.csv"));
        command.arg("--map").arg(self.folder.join("map.toml")).arg("--data").arg(data);
        command.envs(env).env_remove("MAINSTAY_DATA").env("MAINSTAY_POLICIES", self.folder.join("policies"));
        let imported = command.stdin(Stdio::null()).output().map_err(Broken::io("run mainstay import"))?;
        if imported.status.success() {
            return Ok(String::from_utf8_lossy(&imported.stdout).trim().to_owned());
        }
        Err(Broken::Ended {
            part: "mainstay import".into(),
            status: imported.status.to_string(),
            tail: String::from_utf8_lossy(&imported.stderr).into_owned(),
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Copies the data folder to `to`; the store of the bus to `nats_dir`, where one is named.
    pub(crate) fn copy_to(&self, to: &Path, nats_dir: Option<&Path>) -> Result<(), Broken> {
        copy(&self.data(), to)?;
        if let Some(nats_dir) = nats_dir {
            let own = to.join("nats");
            copy(&own, nats_dir)?;
            fs::remove_dir_all(&own).map_err(Broken::path("remove", &own))?;
        }
        Ok(())
    }
}

/// The settings of all parts: ticks every second, and a short way to the end of a delivery.
pub fn settings() -> BTreeMap<String, String> {
    [
        ("MAINSTAY_WRITE_KEY", WRITE_KEY),
        ("MAINSTAY_TICK_SECONDS", "1"),
        ("MAINSTAY_HOLD_TICK_SECONDS", "1"),
        ("MAINSTAY_HOLD_SECONDS", "5"),
        ("MAINSTAY_INTENT_DEADLINE_SECONDS", "3"),
        ("MAINSTAY_INTENT_GRACE_SECONDS", "1"),
        ("MAINSTAY_FROM", "Ana Silva <ana@mainstay.example>"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What goes wrong at an account, as calls of the Segment form with the same ids each time: enough for a proposal. The
/// mail goes to `address`.
pub fn bad_days(account: &str, address: &str) -> Vec<Value> {
    let calls = story::bad_days(account, address).into_iter().enumerate();
    calls.map(|(n, (kind, properties))| track(account, &format!("{account}-{n}"), kind, &properties)).collect()
}

/// One call of the Segment form about an account.
pub fn track(account: &str, id: &str, kind: &str, properties: &Value) -> Value {
    json!({
        "type": "track", "messageId": id, "userId": champion(account), "event": kind, "properties": properties,
        "context": {"groupId": account},
    })
}

/// A call that changes little: somebody uses the product.
pub fn login(account: &str, id: &str) -> Value {
    track(account, id, "user.logged_in", &json!({"user": champion(account)}))
}

/// The built-in rules, at any hour of any day, with the shortest hold, for a company that connects use and support and
/// takes a band for known after some days already.
fn policies_text() -> Result<Vec<(&'static str, String)>, Broken> {
    let all = [
        (
            "health",
            include_str!("../../../agents/health/policy.toml"),
            toml::toml! {
            sources = ["usage", "support"]
            band = { coverage_known_bp = 1_000, coverage_green_bp = 1_000 } },
        ),
        ("supervisor", include_str!("../../../agents/supervisor/policy.toml"), toml::toml! { gate.hold_seconds = 5 }),
        (
            "engagement",
            include_str!("../../../agents/engagement/policy.toml"),
            toml::toml! { hours = { from = 0, to = 24, weekend = [] } },
        ),
    ];
    all.into_iter().map(|(agent, text, over)| Ok((agent, edit(agent, text, over)?))).collect()
}

fn edit(agent: &str, text: &str, over: toml::Table) -> Result<String, Broken> {
    let unread = |error: String| Broken::Answer { asked: format!("the built-in policy of {agent}"), answer: error };
    let mut table: toml::Table = toml::from_str(text).map_err(|error| unread(error.to_string()))?;
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => under.extend(over),
            (_, value) => drop(table.insert(key, value)),
        }
    }
    toml::to_string(&table).map_err(|error| unread(error.to_string()))
}

fn write(path: &Path, text: &str) -> Result<(), Broken> {
    fs::write(path, text).map_err(Broken::path("write", path))
}

/// Copies a folder with everything in it.
///
/// # Errors
/// Something cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> Result<(), Broken> {
    fs::create_dir_all(to).map_err(Broken::path("create", to))?;
    for entry in fs::read_dir(from).map_err(Broken::path("list", from))? {
        let path = entry.map_err(Broken::path("list", from))?.path();
        let beside = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &beside)?;
        } else {
            // Keeps the mode: keys are readable by their owner alone.
            fs::copy(&path, &beside).map(drop).map_err(Broken::path("copy", &path))?;
        }
    }
    Ok(())
}
