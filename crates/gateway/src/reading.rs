//! The events of a request's body, by the route it came on: what the server publishes, without a server.

use axum::http::HeaderMap;
use bus_schema::Time;
use serde_json::{Map, Value};

use crate::{
    body::{self, SegmentBatch},
    cloud_event,
    event::Event,
    reply::Refused,
    segment::{self, Arrival, Call},
};

/// A route that takes events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// `/v1/events`: CloudEvents.
    Events,
    /// `/v1/batch` and its other names: many Segment calls.
    Batch,
    /// `/v1/<call>`: one Segment call.
    Call(Call),
}

impl Route {
    /// The route of the last part of a path, as in `batch`, `track` or `t`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "events" => Some(Self::Events),
            "batch" | "b" | "import" => Some(Self::Batch),
            _ => Call::named(name).map(Self::Call),
        }
    }

    /// The events of an inflated body that came at `received` under the write key named `key`.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing of the body is then taken.
    pub fn read(self, headers: &HeaderMap, body: &[u8], key: &str, received: Time) -> Result<Vec<Event>, Refused> {
        match self {
            Self::Events => events(headers, body),
            Self::Batch => batch(&body::segment_batch(body)?, key, received),
            Self::Call(name) => call(name, body::segment_call(body)?, key, received),
        }
    }
}

/// The events of CloudEvents, structured or in headers.
pub(crate) fn events(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Event>, Refused> {
    let body = body::structured(headers, body)?;
    let events = body::cloud_events(&body)?;
    events.into_iter().enumerate().map(|(at, raw)| cloud_event::place(at, raw)).collect()
}

/// The events of a Segment batch.
pub(crate) fn batch(batch: &SegmentBatch<'_>, key: &str, received: Time) -> Result<Vec<Event>, Refused> {
    let arrival = Arrival { key, received, sent_at: batch.sent_at.as_ref(), context: batch.context.as_ref() };
    let mut events = Vec::with_capacity(batch.batch.len());
    for (at, raw) in batch.batch.iter().enumerate() {
        events.extend(segment::map(at, None, body::segment_event(at, raw)?, &arrival)?);
    }
    Ok(events)
}

/// The events of one Segment call.
pub(crate) fn call(call: Call, fields: Map<String, Value>, key: &str, received: Time) -> Result<Vec<Event>, Refused> {
    segment::map(0, Some(call), fields, &Arrival { key, received, sent_at: None, context: None })
}
