//! The door, the two forms of CloudEvents, the envelope and the packing of the bus.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{
    Batch, Data, Envelope, Kind, Origin,
    batch::{self, decode_index, encode_index},
    binary::structured,
    door::{Admitted, check, is_pseudonym},
    schema,
};
use serde_json::{Map, Value, value::RawValue};

use crate::{head, headers, readable, received, tenant};

/// Fields that hold a person or a list of them.
const PERSONS: [&str; 7] = ["contact", "user", "successor", "previous", "invited", "attended", "participants"];

/// The door: every answer is the same twice; a refusal can be read; what is admitted has no personal field and no field
/// that its schema does not know, survives its JSON, and passes again unchanged when the router sends it on.
pub(crate) fn door(data: &[u8]) {
    let admit = || tenant().admit(data, received());
    match (admit(), admit()) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.event, second.event, "two answers for the same bytes");
            assert_eq!(first.personal, second.personal, "two answers for the same bytes");
            admitted(&first);
        }
        (Err(first), Err(second)) => {
            assert_eq!(first, second, "two answers for the same bytes");
            readable(&first.to_string());
            assert!(!first.reason.code().is_empty());
        }
        (first, second) => assert_eq!(first.is_ok(), second.is_ok(), "two answers for the same bytes"),
    }
    // What looks like the router's own message gets an answer too.
    if let Err(refusal) = tenant().readmit(data, received()) {
        readable(&refusal.to_string());
    }
}

pub(crate) fn admitted(one: &Admitted) {
    let event = &one.event;
    assert_eq!(event.kind().origin(), Origin::Input, "a kind that nobody outside may send");
    check(&event.data).expect("an admitted event keeps the rules of its kind");
    let data: Value = serde_json::from_str(event.data.to_raw().get()).expect("data is JSON");
    let data = data.as_object().expect("data is an object");
    let schema = schema::incoming(event.kind());
    let known: BTreeSet<&str> = schema.get("properties").and_then(Value::as_object).map_or_else(BTreeSet::new, names);
    for (name, value) in data {
        assert!(known.contains(name.as_str()), "the field {name} is not in the schema");
        assert!(!event.kind().personal().contains(&name.as_str()), "the personal field {name} is left in the data");
        if PERSONS.contains(&name.as_str()) {
            persons(name, value);
        }
    }
    if let Some(contact) = &event.header.contact {
        assert!(is_pseudonym(contact), "the contact {contact} is no pseudonym");
    }
    let json = serde_json::to_vec(&Envelope::of(event, Some(&one.personal))).expect("an envelope is JSON");
    let back: Envelope = serde_json::from_slice(&json).expect("an envelope reads back");
    assert_eq!(&back.event().expect("an event reads back"), event);
    assert_eq!(rounded(back.open_personal()), rounded(one.personal.clone()));
    let again = tenant().readmit(&json, received()).expect("what is admitted passes again");
    assert_eq!(&again.event, event, "sent on, it became another event");
    assert_eq!(rounded(again.personal), rounded(one.personal.clone()), "sent on, other fields are personal");
}

/// Fields without the last digits of numbers that no integer holds: JSON readers differ there, and no fold sees them.
fn rounded(mut fields: Map<String, Value>) -> Map<String, Value> {
    fn round(value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => {
                *value = Value::from(format!("{:.12e}", number.as_f64().unwrap_or_default()));
            }
            Value::Array(list) => list.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    fields.values_mut().for_each(round);
    fields
}

fn names(properties: &Map<String, Value>) -> BTreeSet<&str> {
    properties.keys().map(String::as_str).collect()
}

fn persons(name: &str, value: &Value) {
    let ids: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
    for id in ids {
        assert!(id.is_null() || id.as_str().is_some_and(is_pseudonym), "the person in {name} is no pseudonym");
    }
}

/// CloudEvents in binary mode, lines of headers above the body: a structured message passes as it is; else the answer is
/// an object with the body as its data, byte by byte, or an error that can be read.
pub(crate) fn binary(data: &[u8]) {
    let (list, body) = headers(data);
    let list: BTreeMap<String, String> = list.into_iter().collect();
    let marked = |(name, value): (&String, &String)| {
        name.eq_ignore_ascii_case("content-type")
            && value.trim().to_ascii_lowercase().starts_with("application/cloudevents")
    };
    match structured(&list, body) {
        Err(error) => readable(&error.to_string()),
        Ok(json) if list.iter().any(marked) => assert_eq!(json.as_ref(), body, "a structured message was changed"),
        Ok(json) => {
            if json.as_ref() != body && !body.is_empty() {
                let object: BTreeMap<String, &RawValue> =
                    serde_json::from_slice(&json).expect("headers and body become JSON");
                let sent: &RawValue = serde_json::from_slice(body).expect("a body that was taken is JSON");
                assert_eq!(object.get("data").map(|raw| raw.get()), Some(sent.get()), "the data is not the body");
            }
            door(&json);
        }
    }
}

/// Any bytes as the envelope of a stored event: an event reads back as what it was.
pub(crate) fn envelope(data: &[u8]) {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(data) else { return };
    let event = match envelope.event() {
        Ok(event) => event,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(Kind::from_code(event.kind().code()), Some(event.kind()), "the code of a kind leads back to it");
    let json = serde_json::to_vec(&Envelope::of(&event, Some(&envelope.open_personal()))).expect("an envelope is JSON");
    let back: Envelope = serde_json::from_slice(&json).expect("an envelope reads back");
    assert_eq!(back.event().expect("an event reads back"), event);
    assert_eq!(rounded(back.open_personal()), rounded(envelope.open_personal()));
    let raw = event.data.to_raw();
    assert_eq!(Data::from_json(event.kind(), raw.get()).expect("data reads back"), event.data);
}

/// The packing index on the first line above the body. Any index is refused or reads back as it was written; any event
/// it names is one of the body, within its bounds. And what is packed is unpacked again.
pub(crate) fn packing(data: &[u8]) {
    let (header, body) = head(data);
    if let Ok(header) = std::str::from_utf8(header)
        && let Ok(index) = decode_index(header)
    {
        assert_eq!(encode_index(&index), header, "the index is written in another way than it is read");
        for at in 0..=index.len() {
            match batch::slice(body, &index, at) {
                Ok(json) => {
                    assert!(at < index.len(), "an event that the index does not name");
                    assert_eq!(json.first(), Some(&b'{'));
                    assert!(json.len() < body.len());
                }
                Err(error) => readable(&error.to_string()),
            }
            if let Ok(envelope) = batch::envelope(body, &index, at) {
                drop(envelope.event());
            }
        }
    }
    let pieces: Vec<&[u8]> = body.split(|byte| *byte == b'\n').take(batch::BATCH_EVENTS_MAX).collect();
    let mut packed = Batch::new();
    for (at, piece) in (0_u32..).zip(&pieces) {
        packed.push_code(u16::from_le_bytes([piece.len().to_le_bytes()[0], 1]), at, piece);
    }
    assert_eq!(packed.len(), pieces.len());
    let (whole, header) = packed.finish();
    let index = decode_index(&header).expect("our own index reads back");
    assert_eq!(index.len(), pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        match batch::slice(&whole, &index, at) {
            Ok(json) => assert_eq!(json, *piece, "an event came out of its batch as another"),
            Err(_) => assert_ne!(piece.first(), Some(&b'{'), "an event was lost in its batch"),
        }
    }
}
