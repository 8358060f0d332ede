//! For whoever runs the console: alive, ready, measured.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::app::App;

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The system can do its work; else why not.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let readiness = app.readiness();
    if !(app.bus.is_connected() && app.out.is_connected()) {
        return (StatusCode::SERVICE_UNAVAILABLE, "the bus is away\n").into_response();
    }
    if readiness.ready {
        return "ready\n".into_response();
    }
    let reason = readiness.reason.unwrap_or_else(|| "starting".into());
    (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response()
}

/// Metrics in the form Prometheus reads.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let Some(render) = &app.metrics else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], render()).into_response()
}
