//! A running `mainstay` for a test: the real binary, its own folder, free ports, its own nats-server.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of it, and fails by panicking"
)]

pub mod story;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long a condition may take to come true. Generous: machines are shared.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The binary under test.
pub fn mainstay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
    let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("MAINSTAY_"));
    for name in ours {
        command.env_remove(name);
    }
    command.env("RUST_BACKTRACE", "0");
    command
}

/// Runs a command to its end.
pub fn run(args: &[&str], data: &Path) -> Output {
    mainstay().args(args).arg("--data").arg(data).stdin(Stdio::null()).output().expect("mainstay runs")
}

/// Standard output as JSON; panics with both streams where it is none.
pub fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim().lines().last().unwrap_or_default()).unwrap_or_else(|error| {
        panic!("{error}: exit {:?}\n{text}\n{}", output.status.code(), String::from_utf8_lossy(&output.stderr))
    })
}

/// `mainstay up` on a folder.
pub struct Up {
    child: Child,
    data: PathBuf,
    run: Value,
    http: reqwest::Client,
}

impl Up {
    /// Starts it and waits until it is ready.
    pub async fn start(data: &Path, args: &[&str]) -> Self {
        Self::with(data, args, &BTreeMap::new()).await
    }

    /// Starts it with settings in its environment.
    pub async fn with(data: &Path, args: &[&str], env: &BTreeMap<String, String>) -> Self {
        let _ = std::fs::remove_file(data.join("run.json"));
        let log = std::fs::File::create(data.with_extension("log")).expect("a log file");
        let child = mainstay()
            .args(["up", "--console", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--nats-port", "0"])
            .args(args)
            .arg("--data")
            .arg(data)
            .envs(env)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("mainstay starts");
        let mut up = Self { child, data: data.to_owned(), run: Value::Null, http: reqwest::Client::new() };
        let started = Instant::now();
        loop {
            if let Some(status) = up.child.try_wait().expect("a child") {
                panic!("mainstay ended with {status}:\n{}", up.log());
            }
            if let Some(run) =
                std::fs::read_to_string(data.join("run.json")).ok().and_then(|t| serde_json::from_str(&t).ok())
            {
                up.run = run;
                let answer = up.http.get(format!("{}/readyz", up.console())).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return up;
                }
            }
            assert!(started.elapsed() < PATIENCE, "not ready:\n{}", up.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }

    /// Base address of the console.
    pub fn console(&self) -> &str {
        self.run["console"].as_str().expect("an address")
    }

    /// Base address of the gateway.
    pub fn gateway(&self) -> &str {
        self.run["gateway"].as_str().expect("an address")
    }

    /// Bearer token of its API.
    pub fn token(&self) -> &str {
        self.run["token"].as_str().expect("a token")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process of its nats-server.
    pub fn nats_pid(&self) -> u32 {
        self.run["nats_pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("the server's process")
    }

    /// The one-time link it printed.
    pub fn login_link(&self) -> String {
        let log = self.log();
        let link = log.split_whitespace().find(|word| word.contains("/login?token="));
        link.unwrap_or_else(|| panic!("no link in:\n{log}")).to_owned()
    }

    /// GET on the API.
    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(reqwest::Method::GET, path, None).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }

    /// POST on the API, with the status.
    pub async fn post(&self, path: &str, body: Value) -> (reqwest::StatusCode, Value) {
        self.call(reqwest::Method::POST, path, Some(body)).await
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (reqwest::StatusCode, Value) {
        let url = format!("{}/api/v1/{path}", self.console());
        let mut request = self.http.request(method, url).bearer_auth(self.run["token"].as_str().expect("a token"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The plain client, for pages.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Asks again until the answer is there.
    pub async fn until<T>(&self, what: &str, mut ask: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = ask(self).await {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "{what} did not come:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// kill −9, with or without its nats-server.
    pub fn kill(mut self, with_nats: bool) {
        let nats = self.nats_pid();
        self.child.kill().expect("a child");
        self.child.wait().expect("a child");
        if with_nats {
            let _ = Command::new("kill").args(["-9", &nats.to_string()]).stderr(Stdio::null()).status();
        }
    }

    /// SIGTERM, and a clean end.
    pub fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "{status}:\n{}", self.log());
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A test that failed leaves no server behind either.
        if let (false, Some(nats)) = (ended, self.run["nats_pid"].as_u64()) {
            let _ = Command::new("kill").args(["-9", &nats.to_string()]).stderr(Stdio::null()).status();
        }
    }
}
