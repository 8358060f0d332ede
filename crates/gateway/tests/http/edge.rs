//! A running gateway over a memory bus, and what arrived there.

use std::{sync::Arc, time::Duration};

use bus::{Bus, MemoryBus};
use bus_schema::{
    Entity, Kind, Partitions,
    batch::{decode_index, slice},
    subject::{self, Stream},
};
use gateway::{Config, GatewayError, WriteKeys};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// The key that may send.
pub(crate) const KEY: &str = "key-of-tests";

/// A running gateway.
pub(crate) struct Edge {
    pub(crate) memory: MemoryBus,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), GatewayError>>,
}

impl Edge {
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let memory = MemoryBus::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let config = Config { write_keys: WriteKeys::one("tests", KEY), ..config };
        let bus = Bus::from(memory.clone());
        let server = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            gateway::serve(config, bus, Arc::new(|| "some_total 1\n".into()), Some(listener), shutdown).await
        });
        Self { memory, url, http: reqwest::Client::new(), stop, server }
    }

    /// Posts a body with the right key.
    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.http.post(format!("{}{path}", self.url)).basic_auth(KEY, Some(""));
        request.body(body).send().await.unwrap()
    }

    /// Posts a body; the answer must be 200 and in the right form.
    pub(crate) async fn accepted(&self, path: &str, body: impl Into<reqwest::Body>) {
        let response = self.post(path, body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!((status, text.as_str()), (StatusCode::OK, r#"{"success":true}"#), "{path}");
    }

    /// Posts a body that must be refused; gives the code and the message.
    pub(crate) async fn refused(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, String, String) {
        refusal(self.post(path, body).await).await
    }

    /// Every event on the bus in order, after checking how each message is packed.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        for message in self.messages().await {
            assert_eq!(message.headers.get("Content-Type"), Some("application/cloudevents-batch+json"));
            let index = decode_index(message.headers.index().unwrap()).unwrap();
            assert!(message.body.len() <= 512 * 1024 && index.len() <= 256);
            let whole: Vec<Value> = serde_json::from_slice(&message.body).unwrap();
            assert_eq!(whole.len(), index.len());
            for (at, entry) in index.iter().enumerate() {
                let event: Value = serde_json::from_slice(slice(&message.body, &index, at).unwrap()).unwrap();
                assert_eq!(event, whole[at]);
                let entity = Entity::parse(event["subject"].as_str().unwrap()).unwrap();
                assert_eq!(message.subject, subject::in_batch(Partitions::default().of(&entity)));
                assert_eq!(entry.entity, entity.hash());
                let kind = Kind::from_name(event["type"].as_str().unwrap()).map_or(0, Kind::code);
                assert_eq!(entry.kind, kind);
                events.push(event);
            }
        }
        events
    }

    /// The messages on the bus.
    pub(crate) async fn messages(&self) -> Vec<bus::Stored> {
        let bus = Bus::from(self.memory.clone());
        let mut reader = bus.reader(Stream::In, "tests", &[], 1).await.unwrap();
        let mut all = Vec::new();
        loop {
            let some = reader.next(1_000, Duration::from_millis(1)).await.unwrap();
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.server.await.unwrap().unwrap();
    }
}

/// Status, code and message of an error.
pub(crate) async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (status, text("code"), text("message"))
}
