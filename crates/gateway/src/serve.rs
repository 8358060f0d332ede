//! The HTTP side: routes, who may send, and the graceful stop.

use std::{future::Future, sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::Bus;
use bus_schema::Time;
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    body,
    config::{Config, WriteKeys},
    event::Event,
    publisher::Publisher,
    reading,
    reply::{self, Refused},
    segment::Call,
};

/// Why the gateway did not start or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nobody could send.
    #[error("no write key is set: set write_keys in the configuration, or MAINSTAY_WRITE_KEY")]
    NoKey,
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: stop what listens there, or choose another address")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The bus does not say how many partitions there are.
    #[error("the event bus cannot be used")]
    Bus(#[from] bus::BusError),
    /// The listener broke.
    #[error("the HTTP server ended")]
    Serve(#[source] std::io::Error),
}

/// Text of all metrics, for `/metrics`.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

struct Gateway {
    keys: WriteKeys,
    bus: Bus,
    publisher: Publisher,
    metrics: MetricsText,
}

/// Serves until `shutdown` is done; then finishes the requests under way and publishes what waits.
///
/// With a listener the address of the configuration is not used.
///
/// # Errors
/// No write key, no listener, or a bus without a log.
pub async fn serve(
    config: Config,
    bus: Bus,
    metrics: MetricsText,
    listener: Option<TcpListener>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), GatewayError> {
    if config.write_keys.is_empty() {
        return Err(GatewayError::NoKey);
    }
    let listener = match listener {
        Some(listener) => listener,
        None => TcpListener::bind(config.listen)
            .await
            .map_err(|source| GatewayError::Listen { address: config.listen, source })?,
    };
    let partitions = bus.log_info().await?.partitions;
    let (publisher, publishing) = Publisher::start(&bus, partitions, config.waiting_events_max);
    let gateway = Arc::new(Gateway { keys: config.write_keys, bus, publisher, metrics });
    let stopping = Arc::new(Notify::new());
    let told = Arc::clone(&stopping);
    let server = axum::serve(listener, routes(gateway)).with_graceful_shutdown(async move {
        shutdown.await;
        told.notify_one();
    });
    let drained = async {
        stopping.notified().await;
        tokio::time::sleep(config.drain).await;
    };
    tokio::select! {
        result = server.into_future() => result.map_err(GatewayError::Serve)?,
        () = drained => tracing::warn!("requests were still open at the end of the graceful stop"),
    }
    publishing.stop().await;
    Ok(())
}

fn routes(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/v1/events", post(events))
        .route("/v1/batch", post(batch))
        .route("/v1/b", post(batch))
        .route("/v1/import", post(batch))
        .route("/v1/{call}", post(call))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(gateway): State<Arc<Gateway>>| async move { (gateway.metrics)() }))
        .fallback(|| async { reply::error(StatusCode::NOT_FOUND, "not_found", "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            reply::error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "send a POST")
        })
        // The limit is ours, after inflating, with an answer of our form.
        .layer(DefaultBodyLimit::disable())
        .with_state(gateway)
}

async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    if gateway.bus.is_connected() { "ready\n".into_response() } else { Refused::BusAway.into_response() }
}

async fn batch(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Body) -> Response {
    let read = async {
        let named = gateway.named(&headers)?;
        let body = body::read(&headers, body).await?;
        let batch = body::segment_batch(&body)?;
        let key = gateway.key(named, batch.write_key.as_deref())?;
        reading::batch(&batch, key, now())
    };
    let events = read.await;
    gateway.answer("batch", events).await
}

async fn call(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(call) = Call::named(&name) else {
        return reply::error(StatusCode::NOT_FOUND, "not_found", "there is no such call");
    };
    let read = async {
        let named = gateway.named(&headers)?;
        let body = body::read(&headers, body).await?;
        let fields = body::segment_call(&body)?;
        let key = gateway.key(named, fields.get("writeKey").and_then(serde_json::Value::as_str))?;
        reading::call(call, fields, key, now())
    };
    let events = read.await;
    gateway.answer(call.name(), events).await
}

async fn events(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Body) -> Response {
    let read = async {
        let named = gateway.named(&headers)?;
        gateway.key(named, None)?;
        let body = body::read(&headers, body).await?;
        reading::events(&headers, &body)
    };
    let events = read.await;
    gateway.answer("events", events).await
}

impl Gateway {
    /// The key name of the header; none where there is no header, so that the body may have the key.
    fn named(&self, headers: &HeaderMap) -> Result<Option<&str>, Refused> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let basic = value.to_str().ok().and_then(|text| text.split_once(' '));
        let encoded = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, encoded)| encoded);
        let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded.trim()).ok());
        let user = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let key = user.as_deref().map(|user| user.split_once(':').map_or(user, |(user, _)| user));
        key.and_then(|key| self.keys.name_of(key)).map(Some).ok_or(Refused::Key)
    }

    fn key<'a>(&'a self, named: Option<&'a str>, in_body: Option<&str>) -> Result<&'a str, Refused> {
        named.or_else(|| in_body.and_then(|key| self.keys.name_of(key))).ok_or(Refused::Key)
    }

    async fn answer(&self, call: &'static str, events: Result<Vec<Event>, Refused>) -> Response {
        let count = events.as_ref().map_or(0, Vec::len);
        let result = match events {
            Ok(events) => self.publisher.publish(events).await,
            Err(refused) => Err(refused),
        };
        let response = result.map_or_else(IntoResponse::into_response, |()| reply::success());
        let status = response.status().as_u16().to_string();
        metrics::counter!("mainstay_gateway_requests_total", "call" => call, "status" => status).increment(1);
        if response.status().is_success() {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            metrics::counter!("mainstay_gateway_events_total", "call" => call).increment(count);
        }
        response
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
