//! CloudEvents that are already in the bus's own form: checked for what is needed to place them, forwarded as they came.

use std::borrow::Cow;

use bus_schema::{Entity, Kind, Origin};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{event::Event, reply::Refused};

/// The attributes that place an event.
#[derive(Deserialize)]
struct Placed<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
}

/// Places one event.
///
/// A type that is none of ours travels on, so that the router can keep it with the reason. A type that only Mainstay
/// itself may write is refused here: behind this door it could not be told from a real one.
pub(crate) fn place(at: usize, raw: &RawValue) -> Result<Event, Refused> {
    let wrong = |what: String| Refused::Malformed(format!("event {at}: {what}"));
    let placed: Placed<'_> =
        serde_json::from_str(raw.get()).map_err(|e| wrong(format!("no CloudEvents 1.0 JSON with a subject ({e})")))?;
    if placed.specversion != "1.0" {
        return Err(wrong("specversion must be `1.0`".into()));
    }
    for (name, value) in [("id", &placed.id), ("source", &placed.source), ("type", &placed.kind)] {
        if value.is_empty() {
            return Err(wrong(format!("`{name}` must not be empty")));
        }
    }
    let kind = Kind::from_name(&placed.kind);
    if kind.is_some_and(|kind| kind.origin() != Origin::Input) {
        return Err(wrong(format!("type `{}` is written by Mainstay itself and cannot be sent", placed.kind)));
    }
    let entity = Entity::parse(&placed.subject).map_err(|e| wrong(format!("subject: {e}")))?;
    Ok(Event::forwarded(kind, entity, raw.get()))
}
