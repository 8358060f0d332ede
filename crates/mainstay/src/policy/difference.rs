//! How one policy differs from another, key by key. Comments and order say nothing.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// A key whose value is another one; absent where a policy does not have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Difference {
    /// The key, dotted; an item of a list by its name, or by its place.
    pub(super) key: String,
    /// The value in force.
    pub(super) from: Option<String>,
    /// The other value.
    pub(super) to: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "  {}: {from} -> {to}", self.key),
            (Some(from), None) => write!(f, "- {}: {from}", self.key),
            (None, Some(to)) => write!(f, "+ {}: {to}", self.key),
            (None, None) => write!(f, "  {}", self.key),
        }
    }
}

/// What changes from one policy to another, by key.
pub(super) fn between(from: &str, to: &str) -> Vec<Difference> {
    let (from, to) = (keys(from), keys(to));
    let all: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    all.into_iter()
        .filter(|key| from.get(*key) != to.get(*key))
        .map(|key| Difference { key: key.clone(), from: from.get(key).cloned(), to: to.get(key).cloned() })
        .collect()
}

fn keys(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // Both texts passed the check of their agent, or are empty.
    flatten("", &Value::Table(text.parse::<Table>().unwrap_or_default()), &mut found);
    found
}

fn flatten(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (place, item) in items.iter().enumerate() {
                let name = item.get("name").or_else(|| item.get("id")).and_then(Value::as_str);
                let name = name.map_or_else(|| (place + 1).to_string(), ToOwned::to_owned);
                flatten(&format!("{path}[{name}]"), item, found);
            }
        }
        other => {
            found.insert(path.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(from: &str, to: &str) -> Vec<String> {
        between(from, to).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_are_compared_and_comments_and_order_are_not() {
        let from = "# a comment\n[gate]\nhold = 30\nlate = \"no\"\n[old]\na = [1, 2]";
        let to = "[gate]\nlate = \"no\"\nhold = 60 # more\n[fresh]\nb = true";
        assert_eq!(lines(from, to), ["+ fresh.b: true", "  gate.hold: 30 -> 60", "- old.a: [1, 2]"]);
        assert!(lines(from, from).is_empty());
        assert!(lines("[gate]\na = 1\nb = 2", "[gate]\nb = 2\na = 1").is_empty());
    }

    #[test]
    fn an_item_of_a_list_is_known_by_its_name_and_else_by_its_place() {
        let named = "[[play]]\nname = \"a\"\ndays = 1\n[[play]]\nname = \"b\"\ndays = 2";
        let moved = "[[play]]\nname = \"b\"\ndays = 3\n[[play]]\nname = \"a\"\ndays = 1";
        assert_eq!(lines(named, moved), ["  play[b].days: 2 -> 3"]);
        assert_eq!(lines("[[x]]\nd = 1", "[[x]]\nd = 1\n[[x]]\nd = 2"), ["+ x[2].d: 2"]);
    }
}
