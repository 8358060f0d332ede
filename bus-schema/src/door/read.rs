//! What is read from an event's texts before they become personal.

use serde_json::{Map, Value};

use super::{TextReader, body::Known, shape::Shape};
use crate::Kind;

/// Personal fields that hold what somebody wrote, in the order of reading.
const TEXTS: [&str; 6] = ["subject", "title", "query", "text", "body", "notes"];

/// Fills fields that the producer left out. What the producer says stands, and what a kind demands is the producer's
/// to say.
pub(super) fn fill(
    kind: Kind,
    shape: &Shape,
    reader: &dyn TextReader,
    personal: &Map<String, Value>,
    known: &mut Known<'_>,
) {
    let mut add = |name: &str, value: &Value| {
        if shape.known.contains(name) && !shape.required.contains(name) && !known.contains_key(name) {
            known.insert(name.to_owned().into(), value.to_string().into());
        }
    };
    if shape.known.contains("sentiment_bp") {
        // The subject of an answer is ours.
        let ours = |name: &str| kind == Kind::OutreachReplied && name == "subject";
        let texts = TEXTS.iter().filter(|name| kind.personal().contains(*name) && !ours(name));
        let texts: Vec<_> = texts.filter_map(|name| personal.get(*name)).filter_map(Value::as_str).collect();
        // A title and a text are two sentences.
        let reading = (!texts.is_empty()).then(|| reader.text(&texts.join("\n")));
        let fields = reading.and_then(|reading| serde_json::to_value(reading).ok());
        for (name, value) in fields.as_ref().and_then(Value::as_object).into_iter().flatten() {
            add(name, value);
        }
    }
    if shape.known.contains("seniority")
        && let Some(title) = personal.get("title").and_then(Value::as_str)
    {
        let title = reader.title(title);
        if let Some(department) = &title.department {
            add("department", &Value::from(department.as_str()));
        }
        if let Some(seniority) = &title.seniority {
            add("seniority", &Value::from(seniority.as_str()));
        }
    }
}
