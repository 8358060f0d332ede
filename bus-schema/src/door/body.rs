//! One event on its way through the door: its data, parted into what folds read and what is personal.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value, value::RawValue};

use super::{
    EXTENSIONS, SOURCE_ID, SOURCE_IDS, TEXT_BYTES_MAX, checks, is_pseudonym,
    json::{self, Fields},
    passage::{FIRST_DAY, Named, Passage, value},
    read,
    refusal::{Reason, cut},
    shape::{self, PERSONS, Shape},
};
use crate::{Data, Day, Entity, Kind, Time, data::words::Reading};

/// How far ahead a date in the data may be.
const AHEAD_DAYS_MAX: i32 = 5 * 366;

/// The data of an event that passed.
pub(super) struct Body {
    pub(super) data: Data,
    /// The person the event concerns, as a pseudonym.
    pub(super) contact: Option<String>,
}

/// Known fields by name, as JSON.
pub(super) type Known<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

impl<'a> Passage<'a> {
    /// Reads the data; what is personal or unknown goes to `personal`.
    pub(super) fn body(
        &mut self,
        named: &Named,
        entity: &Entity,
        contact: Option<String>,
        personal: &mut Map<String, Value>,
    ) -> Result<Body, Reason> {
        let kind = named.kind;
        let shape = shape::of(kind);
        let mut known = self.part(kind, shape, personal)?;
        if let Some((field, json)) = named.implied {
            known.entry(field.into()).or_insert_with(|| json.into());
        }
        if let (Kind::ContactAdded | Kind::ContactUpdated, Some(domain)) = (kind, domain(personal)) {
            known.entry("domain".into()).or_insert(domain.into());
        }
        if let Some(reader) = self.reader() {
            read::fill(kind, shape, reader, personal, &mut known);
        }
        let contact = person(shape, &mut known, entity, contact);
        dates(kind, shape, &known, self.received)?;
        let data = typed(kind, &known)?;
        checks::check(&data).map_err(|wrong| Reason::field(kind, wrong.field, wrong.problem))?;
        same_user(&data, entity)?;
        Ok(Body { data, contact })
    }

    /// Parts the fields; persons get their pseudonyms.
    fn part(&mut self, kind: Kind, shape: &Shape, personal: &mut Map<String, Value>) -> Result<Known<'a>, Reason> {
        let fields = match self.attributes.get("data") {
            None => Fields::default(),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|e| Reason::Data { kind, problem: format!("no object of fields: {}", cut(&e.to_string())) })?,
        };
        let mut known = Known::new();
        for (name, raw) in fields.0 {
            if shape.known.contains(name.as_ref()) {
                let json = if PERSONS.contains(&name.as_ref()) {
                    self.persons(raw).map_err(|problem| Reason::field(kind, &name, problem))?
                } else {
                    raw.get().into()
                };
                known.insert(name, json);
            } else {
                let value = value(raw).map_err(|problem| Reason::field(kind, &name, problem))?;
                if kind.personal().contains(&name.as_ref())
                    && value.as_str().is_some_and(|text| text.len() > TEXT_BYTES_MAX)
                {
                    return Err(Reason::field(kind, &name, format!("must have at most {TEXT_BYTES_MAX} bytes")));
                }
                // A producer must not say who a pseudonym is.
                let ours = [SOURCE_ID, SOURCE_IDS, EXTENSIONS].contains(&name.as_ref());
                personal.insert(if ours { format!("data_{name}") } else { name.into_owned() }, value);
            }
        }
        Ok(known)
    }

    /// The id of a person, or a list of them, as pseudonyms. Other JSON is left for the types to refuse.
    fn persons(&mut self, raw: &'a RawValue) -> Result<Cow<'a, str>, &'static str> {
        const WRONG: &str = "must hold ids of 1 to 512 bytes without control characters";
        if let Some(id) = json::text(raw) {
            return Ok(quoted(&self.person(&id).ok_or(WRONG)?).into());
        }
        match serde_json::from_str(raw.get()) {
            Ok(Value::Array(ids)) => {
                let mut pseudonyms = Vec::with_capacity(ids.len());
                for id in ids {
                    pseudonyms.push(match id {
                        Value::String(id) => Value::from(self.person(&id).ok_or(WRONG)?),
                        other => other,
                    });
                }
                Ok(Value::Array(pseudonyms).to_string().into())
            }
            Ok(_) | Err(_) => Ok(raw.get().into()),
        }
    }
}

/// The person an event concerns: its attribute, else the one its data names, else the user it is about. Where the data
/// has a place for them and is silent, the place is filled, so that a producer says it once.
fn person(shape: &Shape, known: &mut Known<'_>, entity: &Entity, contact: Option<String>) -> Option<String> {
    let user = if let Entity::User(id) = entity { Some(id.clone()) } else { None };
    let mut said = |field: &'static str| {
        if !shape.known.contains(field) {
            return None;
        }
        if let Some(said) = known.get(field).filter(|json| *json != "null") {
            return serde_json::from_str(said).ok();
        }
        let id = contact.clone().or_else(|| user.clone())?;
        known.insert(field.into(), quoted(&id).into());
        Some(id)
    };
    let in_data = [said("contact"), said("user")];
    contact.or_else(|| in_data.into_iter().flatten().next()).or(user)
}

/// The typed data of known fields; an error names the field it is in.
fn typed(kind: Kind, known: &Known<'_>) -> Result<Data, Reason> {
    let mut json =
        String::with_capacity(known.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2);
    json.push('{');
    let mut ends = Vec::with_capacity(known.len());
    for (name, value) in known {
        if json.len() > 1 {
            json.push(',');
        }
        json.push('"');
        json.push_str(name);
        json.push_str("\":");
        // One line, so that the column of an error is a place in the text.
        for (at, line) in value.split('\n').enumerate() {
            json.push_str(if at == 0 { "" } else { " " });
            json.push_str(line);
        }
        ends.push((json.len(), name));
    }
    json.push('}');
    Data::from_json(kind, &json).map_err(|error| {
        let text = error.to_string();
        let problem = cut(text.split(" at line ").next().unwrap_or_default());
        let within = ends.iter().find(|(end, _)| error.column() <= *end).map(|(_, name)| name.as_ref());
        match within.or_else(|| misread(known)) {
            Some(field) if error.is_data() && !problem.starts_with("missing field") => {
                Reason::field(kind, field, format!("is wrong: {problem}"))
            }
            Some(_) | None => Reason::Data { kind, problem },
        }
    })
}

/// The field of a reading that is wrong: fields that are shared between kinds report no place of their own.
fn misread<'a>(known: &'a Known<'_>) -> Option<&'a str> {
    let wrong = |name: &str, json: &str| serde_json::from_str::<Reading>(&format!("{{\"{name}\":{json}}}")).is_err();
    known.iter().find(|(name, json)| wrong(name, json)).map(|(name, _)| name.as_ref())
}

fn dates(kind: Kind, shape: &Shape, known: &Known<'_>, received: Time) -> Result<(), Reason> {
    let last = received.day().plus(AHEAD_DAYS_MAX);
    let in_range = |field: &String, day: Day| {
        if day < FIRST_DAY || day > last {
            return Err(Reason::field(kind, field, format!("is {day}: dates must be from {FIRST_DAY} to {last}")));
        }
        Ok(())
    };
    // What is no date at all is left for the types to refuse.
    for field in &shape.dates {
        if let Some(day) = known.get(field.as_str()).and_then(|json| serde_json::from_str(json).ok()) {
            in_range(field, day)?;
        }
    }
    for field in &shape.times {
        if let Some(time) = known.get(field.as_str()).and_then(|json| serde_json::from_str::<Time>(json).ok()) {
            in_range(field, time.day())?;
        }
    }
    Ok(())
}

/// What is said about a user must stand under that user, else it would be looked for in another partition.
fn same_user(data: &Data, entity: &Entity) -> Result<(), Reason> {
    let user = match data {
        Data::MembershipRecorded(d) => &d.user,
        Data::IdentityMerged(d) => &d.user,
        // Other kinds may name any user of the account they are about.
        _ => return Ok(()),
    };
    match entity {
        Entity::User(id) if *user == id.as_str() => Ok(()),
        _ => Err(Reason::field(data.kind(), "user", "must be the user that `subject` names")),
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    // Pseudonyms, which are most of them, have nothing to escape.
    if is_pseudonym(text) { format!("\"{text}\"") } else { Value::from(text).to_string() }
}

/// The domain of an address, as JSON: it says which company a contact is of without saying who.
fn domain(personal: &Map<String, Value>) -> Option<String> {
    let (_, domain) = personal.get("email")?.as_str()?.rsplit_once('@')?;
    let domain = domain.trim().to_ascii_lowercase();
    let plausible = !domain.is_empty()
        && domain.len() <= crate::data::words::LABEL_BYTES_MAX
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    plausible.then(|| Value::from(domain).to_string())
}
