//! A producer that keeps what was acknowledged: the first half of the conservation check.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::{Broken, world};

const RETRY: Duration = Duration::from_millis(100);

/// Sends events to a gateway and remembers which it answered with 2xx.
#[derive(Clone, Debug)]
pub struct Producer {
    http: reqwest::Client,
    gateway: String,
    acknowledged: BTreeSet<String>,
}

impl Producer {
    pub(crate) fn new(http: reqwest::Client, gateway: String) -> Self {
        Self { http, gateway, acknowledged: BTreeSet::new() }
    }

    /// The ids that were acknowledged.
    pub const fn acknowledged(&self) -> &BTreeSet<String> {
        &self.acknowledged
    }

    /// Forgets an id: the scenario knows that it ends in DEAD.
    pub fn disown(&mut self, id: &str) {
        self.acknowledged.remove(id);
    }

    /// Takes over what another producer was told.
    pub fn adopt(&mut self, other: &Self) {
        self.acknowledged.extend(other.acknowledged.iter().cloned());
    }

    /// Sends calls as one batch, once. True where it was acknowledged.
    pub async fn send(&mut self, calls: &[Value]) -> bool {
        self.post(calls).await.is_some_and(|status| self.note(status, calls))
    }

    /// Sends calls as one batch, once; answers the status, where there is an answer.
    pub async fn status(&mut self, calls: &[Value]) -> Option<StatusCode> {
        let status = self.post(calls).await?;
        self.note(status, calls);
        Some(status)
    }

    /// Sends calls until they are acknowledged, as a producer does.
    ///
    /// # Errors
    /// They are refused for good, or not acknowledged in time.
    pub async fn send_until_acknowledged(&mut self, calls: &[Value], limit: Duration) -> Result<(), Broken> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.post(calls).await;
            if status.is_some_and(|status| self.note(status, calls)) {
                return Ok(());
            }
            let refused =
                status.is_some_and(|status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS);
            if refused || Instant::now() >= deadline {
                let seen = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                return Err(Broken::late("an acknowledgement of events", limit, seen));
            }
            sleep(RETRY).await;
        }
    }

    fn note(&mut self, status: StatusCode, calls: &[Value]) -> bool {
        if status.is_success() {
            let ids = calls.iter().filter_map(|call| call.get("messageId").and_then(Value::as_str));
            self.acknowledged.extend(ids.map(ToOwned::to_owned));
        }
        status.is_success()
    }

    async fn post(&self, calls: &[Value]) -> Option<StatusCode> {
        let request = self.http.post(format!("{}/v1/batch", self.gateway)).basic_auth(world::WRITE_KEY, Some(""));
        request.json(&json!({ "batch": calls })).send().await.ok().map(|answer| answer.status())
    }

    /// Sends bytes as they are; any status is an answer.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send_raw(&self, path: &str, body: Vec<u8>) -> Result<(StatusCode, String), Broken> {
        let request = self.http.post(format!("{}{path}", self.gateway)).basic_auth(world::WRITE_KEY, Some(""));
        let answer = request.header("content-type", "application/json").body(body).send().await?;
        let status = answer.status();
        Ok((status, answer.text().await?))
    }
}
