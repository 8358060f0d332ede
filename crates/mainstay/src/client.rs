//! Speaking with a running system over its `/api/v1`: the only way any command acts on it.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{error::Error, folder::Folder};

/// How to reach a running system: `<data>/run.json`, readable by its owner only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Process id.
    pub(crate) pid: u32,
    /// Process id of its nats-server, where that is its own.
    #[serde(default)]
    pub(crate) nats_pid: Option<u32>,
    /// Base address of the console.
    pub(crate) console: String,
    /// Base address of the gateway.
    pub(crate) gateway: String,
    /// Bearer token of the API.
    pub(crate) token: String,
}

impl Run {
    /// The name of the file in a data folder.
    pub(crate) const FILE: &'static str = "run.json";

    /// Says it in a data folder.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        folder.write(Self::FILE, &text)
    }

    /// What a data folder says of its running system, if anything.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(Self::FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// A connection to a running system.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    run: Run,
    simulated: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
    cure: Option<String>,
}

impl Client {
    /// The system that runs on this data folder and answers, if one does.
    pub(crate) async fn find(data: &Path) -> Option<Self> {
        let client = Self::new(Run::read(data)?);
        let url = format!("{}/healthz", client.run.console);
        let answer = client.http.get(url).timeout(std::time::Duration::from_secs(2)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success()).then_some(client)
    }

    /// A client of a system whose address is known.
    pub(crate) fn new(run: Run) -> Self {
        Self { http: reqwest::Client::new(), run, simulated: None }
    }

    /// Base address of the console.
    pub(crate) fn console(&self) -> &str {
        &self.run.console
    }

    /// The same client, deciding as a made-up person of a demo.
    pub(crate) fn simulated(&self, csm: &str) -> Self {
        Self { simulated: Some(csm.to_owned()), ..self.clone() }
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Method::GET, path, None).await
    }

    /// Acts.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.call(Method::POST, path, Some(("application/json", body.to_string()))).await
    }

    /// Sends one JSON object a line.
    pub(crate) async fn post_lines<T: DeserializeOwned>(&self, path: &str, lines: String) -> Result<T, Error> {
        self.call(Method::POST, path, Some(("application/x-ndjson", lines))).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Result<T, Error> {
        let url = format!("{}/api/v1/{path}", self.run.console);
        let silent = |source| Error::Silent { url: self.run.console.clone(), source: Box::new(source) };
        let mut request = self.http.request(method, &url).bearer_auth(&self.run.token);
        if let Some(csm) = &self.simulated {
            request = request.header("x-mainstay-simulated", csm);
        }
        if let Some((kind, text)) = body {
            request = request.header("content-type", kind).body(text);
        }
        let answer = request.send().await.map_err(silent)?;
        let status = answer.status();
        let text = answer.text().await.map_err(silent)?;
        if status.is_success() {
            let text = if text.is_empty() { "null" } else { &text };
            return serde_json::from_str(text).map_err(|error| Error::Answer { url, problem: error.to_string() });
        }
        Err(refusal(&url, status, &text))
    }
}

fn refusal(url: &str, status: StatusCode, text: &str) -> Error {
    match serde_json::from_str::<Refusal>(text) {
        Ok(Refusal { code, message, cure }) => Error::Refused { code, message, cure },
        Err(_) => Error::Answer { url: url.to_owned(), problem: format!("status {status}") },
    }
}
