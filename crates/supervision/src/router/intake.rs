//! From a message on `IN` to the single events in it.

use std::borrow::Cow;

use bus::{HEADER_CONTENT_TYPE, Stored};
use bus_schema::{Kind, Origin, batch, binary, envelope};
use serde_json::value::RawValue;

use crate::HEADER_OWN;

/// Which of our own messages one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Own {
    /// Ticks, with imported events beside them.
    Clock,
    /// Events sent on by the router.
    Forward,
}

/// One event as it came.
pub(super) struct Raw<'a> {
    pub(super) json: Cow<'a, [u8]>,
    /// Written by the router itself: pseudonyms stay as they are.
    pub(super) ours: bool,
}

/// The events of a message, or why there are none to be read.
pub(super) fn events(stored: &Stored) -> Result<Vec<Raw<'_>>, String> {
    let own = own(stored);
    if !is_batch(stored) {
        let json = binary::structured(&stored.headers.0, &stored.body).map_err(|error| error.to_string())?;
        return Ok(vec![Raw { json, ours: false }]);
    }
    if let Some(events) = indexed(stored, own) {
        return Ok(events);
    }
    let list: Vec<&RawValue> = serde_json::from_slice(&stored.body)
        .map_err(|error| format!("the message is no JSON array of events: {error}"))?;
    Ok(list
        .into_iter()
        .map(|raw| Raw { json: Cow::Borrowed(raw.get().as_bytes()), ours: own == Some(Own::Forward) })
        .collect())
}

/// Whether a message is one of ours. Only on the subject of batches: a producer's single event never is.
fn own(stored: &Stored) -> Option<Own> {
    if stored.subject.rsplit('.').next() != Some("batch") {
        return None;
    }
    match stored.headers.get(HEADER_OWN)? {
        "clock" => Some(Own::Clock),
        "forward" => Some(Own::Forward),
        _ => None,
    }
}

fn is_batch(stored: &Stored) -> bool {
    let media = stored.headers.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(HEADER_CONTENT_TYPE));
    stored.headers.index().is_some()
        || media.is_some_and(|(_, media)| media.trim().to_ascii_lowercase().starts_with(envelope::BATCH))
}

/// By the packing index, where there is a sound one.
fn indexed(stored: &Stored, own: Option<Own>) -> Option<Vec<Raw<'_>>> {
    let index = batch::decode_index(stored.headers.index()?).ok()?;
    (0..index.len())
        .map(|at| {
            let json = batch::slice(&stored.body, &index, at).ok()?;
            let kind = index.get(at).and_then(|entry| Kind::from_code(entry.kind));
            let ours = match own {
                Some(Own::Forward) => true,
                Some(Own::Clock) => kind.is_some_and(|kind| kind.origin() == Origin::Router),
                None => false,
            };
            Some(Raw { json: Cow::Borrowed(json), ours })
        })
        .collect()
}
