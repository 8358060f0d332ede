//! JSON Schema of each kind, and one `AsyncAPI` 3 document of the bus, both generated from the types.
//!
//! The files in `schemas/` and `asyncapi.json` are what [`files`] gives; a test keeps them the same.

mod asyncapi;

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    Kind, Origin,
    door::{ATTRIBUTE_BYTES_MAX, PERSONS},
};

/// Name of the document of the whole bus.
pub const ASYNCAPI: &str = "asyncapi.json";

/// The schema of a kind's data as folds see it.
pub(crate) fn data(kind: Kind) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = kind.data_schema(&mut settings.into_generator()).to_value();
    // A field that two structs of one kind share is described by the looser of the two.
    let required = names(&schema);
    for (name, property) in properties(&mut schema) {
        if required.contains(name) {
            unwrap_optional(property);
        }
    }
    schema
}

/// The schema of a kind's data as it is sent: with its personal fields, and with persons by the producer's own ids.
pub fn incoming(kind: Kind) -> Value {
    let mut schema = data(kind);
    let from_outside = kind.origin() == Origin::Input;
    for (name, property) in properties(&mut schema) {
        if from_outside && PERSONS.contains(&name.as_str()) {
            by_source_id(property);
        }
    }
    if from_outside && let Some(Value::Array(required)) = schema.get_mut("required") {
        // The attribute `contact` or a subject `user/<id>` says them as well.
        required.retain(|name| name != "contact" && name != "user");
    }
    let mut whole = Map::new();
    whole.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("$id".into(), kind.dataschema().into());
    whole.insert("title".into(), kind.name().into());
    whole.insert("x-kind-code".into(), kind.code().into());
    whole.insert("x-origin".into(), origin(kind.origin()).into());
    if let Value::Object(fields) = schema {
        whole.extend(fields);
    }
    if !kind.personal().is_empty() {
        let properties = whole.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        for name in kind.personal() {
            let property = json!({
                "description": "Personal: parted from the data, no fold reads it.",
                "x-personal": true,
            });
            properties.as_object_mut().map(|all| all.insert((*name).to_owned(), property));
        }
    }
    Value::Object(whole)
}

/// Every generated file: its path below this crate, and its text.
pub fn files() -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> =
        Kind::ALL.iter().map(|kind| (format!("schemas/{kind}.json"), text(&incoming(*kind)))).collect();
    files.insert(ASYNCAPI.into(), text(&asyncapi::document()));
    files
}

/// Who brings kinds of this origin into the log.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Input => "input",
        Origin::People => "people",
        Origin::Router => "router",
        Origin::Action => "action",
        Origin::Agent(name) => name,
        Origin::AnyAgent => "any agent",
    }
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

fn names(schema: &Value) -> Vec<String> {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect()
}

fn properties(schema: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
}

/// Takes `null` out of a property.
fn unwrap_optional(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
    }
}

/// Rewrites the property of a person: outside they go by the producer's own id.
fn by_source_id(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    let said = object.get("description").and_then(Value::as_str).unwrap_or_default();
    let said = said.replace(", as a pseudonym", "").replace(", as pseudonyms", "");
    object.insert("description".into(), format!("{said} By the producer's own id; kept as a pseudonym.").into());
    let bounds = |object: &mut Map<String, Value>| {
        if object.contains_key("maxLength") {
            object.insert("maxLength".into(), ATTRIBUTE_BYTES_MAX.into());
        }
    };
    bounds(object);
    for inner in ["items", "anyOf"] {
        match object.get_mut(inner) {
            Some(Value::Object(item)) => bounds(item),
            Some(Value::Array(choices)) => choices.iter_mut().filter_map(Value::as_object_mut).for_each(bounds),
            Some(_) | None => {}
        }
    }
}
