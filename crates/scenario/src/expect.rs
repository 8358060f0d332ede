//! Comparing expected facts with those that were said.

use std::fmt::Write as _;

use serde_json::Value;

use crate::file::Fields;

/// A fact as it was said: its envelope's fields of interest beside its data.
pub(crate) struct Said {
    pub(crate) kind: &'static str,
    pub(crate) entity: String,
    pub(crate) contact: Option<String>,
    pub(crate) at: String,
    pub(crate) data: Fields,
}

impl Said {
    /// Why this fact is not the expected one; none where it is.
    pub(crate) fn differs(&self, expected: &Fields, default_entity: &str) -> Option<String> {
        let entity = expected.get("entity").and_then(Value::as_str).unwrap_or(default_entity);
        if expected.get("fact").and_then(Value::as_str) != Some(self.kind) {
            return Some(format!("is {}", self.kind));
        }
        if entity != self.entity {
            return Some(format!("is about {}", self.entity));
        }
        expected.iter().find_map(|(key, value)| match key.as_str() {
            "fact" | "entity" => None,
            "absent" => self.present(value),
            "at" => (value.as_str() != Some(self.at.as_str())).then(|| format!("at is {}", self.at)),
            "contact" if !self.data.contains_key("contact") => {
                (value.as_str() != self.contact.as_deref()).then(|| format!("contact is {:?}", self.contact))
            }
            _ => match self.data.get(key) {
                None => Some(format!("{key} is absent")),
                Some(found) => (!matches(value, found)).then(|| format!("{key} is {found}")),
            },
        })
    }

    fn present(&self, absent: &Value) -> Option<String> {
        let mut names = absent.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.find_map(|name| self.data.get(name).map(|v| format!("{name} is {v}")))
    }

    fn line(&self) -> String {
        let mut line = format!("  {} {} {}", self.at, self.kind, self.entity);
        if let Some(contact) = &self.contact {
            let _ = write!(line, " ({contact})");
        }
        let _ = write!(line, " {}", Value::Object(self.data.clone()));
        line
    }
}

/// All facts, one a line.
pub(crate) fn listing<'a>(said: impl IntoIterator<Item = &'a Said>) -> String {
    let lines: Vec<String> = said.into_iter().map(Said::line).collect();
    if lines.is_empty() { "  nothing".into() } else { lines.join("\n") }
}

/// Exactly these, in this order.
pub(crate) fn exactly(expected: &[Fields], said: &[&Said], entity: &str) -> Result<(), String> {
    for (number, (want, found)) in expected.iter().zip(said).enumerate() {
        if let Some(why) = found.differs(want, entity) {
            let want = Value::Object(want.clone());
            return Err(format!(
                "fact {} should be {want}\n  but {why}\nsaid:\n{}",
                number + 1,
                listing(said.iter().copied())
            ));
        }
    }
    if expected.len() == said.len() {
        return Ok(());
    }
    Err(format!("{} facts expected, {} said:\n{}", expected.len(), said.len(), listing(said.iter().copied())))
}

/// These in this order, others between them.
pub(crate) fn some(expected: &[Fields], said: &[Said], entity: &str) -> Result<(), String> {
    let mut rest = said.iter();
    for want in expected {
        if !rest.any(|found| found.differs(want, entity).is_none()) {
            let want = Value::Object(want.clone());
            return Err(format!("not said (in this order): {want}\nsaid:\n{}", listing(said)));
        }
    }
    Ok(())
}

/// None that matches.
pub(crate) fn none(unwanted: &[Fields], said: &[Said], entity: &str) -> Result<(), String> {
    for unwanted in unwanted {
        if said.iter().any(|found| found.differs(unwanted, entity).is_none()) {
            let unwanted = Value::Object(unwanted.clone());
            return Err(format!("should not be said: {unwanted}\nsaid:\n{}", listing(said)));
        }
    }
    Ok(())
}

fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| matches(value, found)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| matches(e, f))
        }
        (Value::String(expected), Value::String(found)) => glob(expected, found),
        (expected, found) => expected == found,
    }
}

/// Text in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(tail)
}
