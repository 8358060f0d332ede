//! From the bytes of a request to JSON texts of single events, within the limits.

use std::{borrow::Cow, collections::BTreeMap, io::Read, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header},
};
use bus_schema::binary;
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use tokio::time::timeout;

use crate::reply::Refused;

/// Most bytes of a body, after inflating.
pub(crate) const BODY_BYTES_MAX: usize = 500 * 1024;
/// Most bytes of one event as it was sent.
pub(crate) const EVENT_BYTES_MAX: usize = 32 * 1024;
/// Most events of one request.
pub(crate) const EVENTS_MAX: usize = 2_500;
/// How long a body may take to arrive.
const READ_SECONDS_MAX: u64 = 30;

/// Reads a body and inflates it, never beyond the limit: what is behind it is not even inflated.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    let read = timeout(Duration::from_secs(READ_SECONDS_MAX), to_bytes(body, BODY_BYTES_MAX)).await;
    let late = |_| Refused::Malformed(format!("the body did not arrive within {READ_SECONDS_MAX} s"));
    let bytes = read.map_err(late)?.map_err(|e| {
        let mut cause: &dyn std::error::Error = &e;
        while let Some(source) = cause.source() {
            cause = source;
        }
        // The type is not exported by axum; its text is the only mark.
        if cause.to_string().contains("length limit") {
            Refused::BodyTooLarge
        } else {
            Refused::Malformed("the body ended too early".into())
        }
    })?;
    match headers.get(header::CONTENT_ENCODING).map_or("identity", |value| value.to_str().unwrap_or_default()) {
        "identity" | "" => Ok(bytes),
        "gzip" | "x-gzip" => inflate(&bytes),
        other => {
            let other: String = other.chars().take(40).collect();
            Err(Refused::Malformed(format!("content encoding `{other}` is not known; send gzip or plain JSON")))
        }
    }
}

fn inflate(bytes: &[u8]) -> Result<Bytes, Refused> {
    let mut inflated = Vec::new();
    let limit = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut inflated)
        .map_err(|_| Refused::Malformed("the body is no gzip, though its content encoding says so".into()))?;
    if inflated.len() > BODY_BYTES_MAX { Err(Refused::BodyTooLarge) } else { Ok(inflated.into()) }
}

/// The parts of a Segment batch that are not events.
#[derive(Deserialize)]
pub(crate) struct SegmentBatch<'a> {
    /// Its events.
    #[serde(borrow)]
    pub(crate) batch: Vec<&'a RawValue>,
    /// The key, where no header has it.
    #[serde(default, rename = "writeKey")]
    pub(crate) write_key: Option<String>,
    /// When the sender sent it, by its own clock.
    #[serde(default, rename = "sentAt")]
    pub(crate) sent_at: Option<Value>,
    /// Context of every event that has none of its own.
    #[serde(default)]
    pub(crate) context: Option<Map<String, Value>>,
}

/// Reads a Segment batch.
pub(crate) fn segment_batch(body: &[u8]) -> Result<SegmentBatch<'_>, Refused> {
    let batch: SegmentBatch<'_> = serde_json::from_slice(body).map_err(|e| not_json("a batch call", &e))?;
    if batch.batch.len() > EVENTS_MAX {
        return Err(too_many(batch.batch.len()));
    }
    for (at, event) in batch.batch.iter().enumerate() {
        fits(at, event.get().len())?;
    }
    Ok(batch)
}

/// Reads one Segment call.
pub(crate) fn segment_call(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    fits(0, body.trim_ascii().len())?;
    serde_json::from_slice(body).map_err(|e| not_json("a call", &e))
}

/// Reads one event of a Segment batch.
pub(crate) fn segment_event(at: usize, json: &RawValue) -> Result<Map<String, Value>, Refused> {
    serde_json::from_str(json.get()).map_err(|_| Refused::Malformed(format!("event {at}: expected a JSON object")))
}

/// CloudEvents with their attributes in `ce-` headers as one structured event; any other body as it is.
pub(crate) fn structured<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Refused> {
    let attributes =
        headers.iter().filter(|(name, _)| *name == header::CONTENT_TYPE || name.as_str().starts_with("ce-"));
    let attributes = attributes.map(|(name, value)| {
        let value = value.to_str().map_err(|_| Refused::Malformed(format!("the header `{name}` is not ASCII")))?;
        Ok((name.as_str().to_owned(), value.to_owned()))
    });
    let attributes = attributes.collect::<Result<BTreeMap<_, _>, Refused>>()?;
    binary::structured(&attributes, body).map_err(|e| Refused::Malformed(e.to_string()))
}

/// The JSON texts of CloudEvents: one object, an array of them, or one after the other (lines).
pub(crate) fn cloud_events(body: &[u8]) -> Result<Vec<&RawValue>, Refused> {
    let mut events = Vec::new();
    for value in serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>() {
        let value = value.map_err(|e| not_json("CloudEvents", &e))?;
        if value.get().starts_with('[') {
            events.extend(serde_json::from_str::<Vec<&RawValue>>(value.get()).map_err(|e| not_json("a batch", &e))?);
        } else {
            events.push(value);
        }
        if events.len() > EVENTS_MAX {
            return Err(too_many(events.len()));
        }
    }
    for (at, event) in events.iter().enumerate() {
        fits(at, event.get().len())?;
    }
    if events.is_empty() { Err(Refused::Malformed("the body holds no event".into())) } else { Ok(events) }
}

fn fits(at: usize, bytes: usize) -> Result<(), Refused> {
    if bytes <= EVENT_BYTES_MAX {
        return Ok(());
    }
    let limit = EVENT_BYTES_MAX / 1024;
    Err(Refused::OverLimit(format!("event {at} has {bytes} bytes; one event may have {limit} KB")))
}

fn too_many(count: usize) -> Refused {
    Refused::OverLimit(format!("the batch has {count} events; one request may have {EVENTS_MAX}"))
}

fn not_json(what: &str, error: &serde_json::Error) -> Refused {
    Refused::Malformed(format!("the body is not the JSON of {what}: {error}"))
}
