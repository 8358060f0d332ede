//! What a separate agent shows on its port: `/healthz`, `/readyz`, `/metrics`, `/status`, `/digest` and `/verify`.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::{error::RuntimeError, partition::with_causes, runtime::Runtime};

/// Messages an agent may be behind and still count as ready.
const LAG_MESSAGES_MAX: u64 = 1_000;

/// The text of all metrics.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// The port's address could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; free the port, or set MAINSTAY_AGENT to another address")]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A server that listens and has not begun to answer.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

#[derive(Clone)]
struct Shown {
    runtime: Runtime,
    metrics: MetricsText,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// It is taken, or not ours.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address).await.map_err(|source| ListenError { address, source })?;
        Ok(Self { listener })
    }

    /// The address, with the port that was given for port 0.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is done.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn serve(
        self,
        runtime: Runtime,
        metrics: MetricsText,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let app = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics_text))
            .route("/status", get(status))
            .route("/digest", get(digest))
            .route("/verify", get(verify))
            .with_state(Shown { runtime, metrics });
        axum::serve(self.listener, app).with_graceful_shutdown(stop).await
    }
}

async fn ready(State(shown): State<Shown>) -> Response {
    if shown.runtime.is_ready(LAG_MESSAGES_MAX) {
        return "ready\n".into_response();
    }
    let failure = shown.runtime.failure().map(|error| with_causes(&*error));
    let reason = failure.unwrap_or_else(|| "the bus is away, or the folds have not caught up yet".into());
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
}

async fn metrics_text(State(shown): State<Shown>) -> String {
    shown.runtime.record_metrics();
    (shown.metrics)()
}

async fn status(State(shown): State<Shown>) -> Response {
    Json(shown.runtime.status().await).into_response()
}

async fn digest(State(shown): State<Shown>) -> Response {
    answer(shown.runtime.digest(None).await)
}

/// Folds the log again beside the running folds, which takes a while and shows whether each is the fold of the log.
async fn verify(State(shown): State<Shown>) -> Response {
    answer(shown.runtime.verify().await)
}

fn answer<T: serde::Serialize>(result: Result<T, RuntimeError>) -> Response {
    match result {
        Ok(found) => Json(found).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, with_causes(&error) + "\n").into_response(),
    }
}
