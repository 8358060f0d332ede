//! How a row of a foreign file becomes an event: a TOML file, checked before the first row is read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bus_schema::{Kind, Origin};
use serde::Deserialize;

use crate::error::Error;

/// A row by column name.
pub(crate) type Row = BTreeMap<String, String>;

/// A map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Map {
    /// Names the source: `import/<name>`.
    pub(crate) name: String,
    /// Column of the event time: a date (its midnight in UTC) or RFC 3339.
    pub(crate) time: String,
    /// A second file beside the first, joined by a column.
    pub(crate) join: Option<Join>,
    /// Events made of each row.
    #[serde(rename = "event")]
    pub(crate) events: Vec<Template>,
    /// Settings laid over the default policies, by agent, published before the first event.
    #[serde(default)]
    pub(crate) policy: BTreeMap<String, toml::Table>,
}

/// A lookup in a second file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    /// The file, beside the first.
    pub(crate) file: PathBuf,
    /// Column of the first file.
    pub(crate) left: String,
    /// Column of the second file.
    pub(crate) right: String,
    /// Columns taken over.
    pub(crate) take: Vec<String>,
}

/// One event of a row; `{column}` stands for the row's value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// The kind.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The entity, `account/{org}`.
    pub(crate) subject: String,
    /// The customer's person.
    pub(crate) contact: Option<String>,
    /// Only rows where this column has this value.
    #[serde(default)]
    pub(crate) only: BTreeMap<String, String>,
    /// Its data; text is filled in, numbers and booleans may be written as `"{column:int}"` and `"{column:bool}"`.
    #[serde(default)]
    pub(crate) data: toml::Table,
}

impl Map {
    /// Reads and checks a map.
    ///
    /// # Errors
    /// No TOML, unknown keys, unknown kinds, no events: with the place.
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.into(), source })?;
        let bad = |problem: String| Error::Map { path: path.into(), problem };
        let map: Self = toml::from_str(&text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?;
        if map.name.is_empty() || !map.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(bad(format!("name `{}` must have letters, digits, - and _ only", map.name)));
        }
        if map.events.is_empty() {
            return Err(bad("has no [[event]]; say what a row becomes".into()));
        }
        for event in &map.events {
            let kind = Kind::from_name(&event.kind);
            if kind.is_none_or(|kind| kind.origin() != Origin::Input) {
                return Err(bad(format!("event type `{}` is none that comes from outside", event.kind)));
            }
        }
        Ok(map)
    }

    /// The columns the map reads; each must be there.
    pub(crate) fn columns(&self) -> Vec<String> {
        let mut columns = vec![self.time.clone()];
        columns.extend(self.join.iter().map(|join| join.left.clone()));
        columns
    }
}

/// Fills `{column}` in text.
///
/// # Errors
/// A column the row does not have, or a brace that is not closed.
pub(crate) fn fill(text: &str, row: &Row) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{text}` has a brace that is not closed"))?;
        out.push_str(before);
        out.push_str(row.get(name).ok_or_else(|| format!("no column `{name}`"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Fills a value: text, or a number or boolean read from a column.
pub(crate) fn value(template: &toml::Value, row: &Row) -> Result<serde_json::Value, String> {
    use serde_json::Value;
    match template {
        toml::Value::String(text) => typed(text, row),
        toml::Value::Integer(n) => Ok(Value::from(*n)),
        toml::Value::Boolean(b) => Ok(Value::from(*b)),
        toml::Value::Float(_) => Err("fractions are not used: write minor units, seconds or basis points".into()),
        toml::Value::Datetime(t) => Ok(Value::from(t.to_string())),
        toml::Value::Array(items) => {
            items.iter().map(|item| value(item, row)).collect::<Result<_, _>>().map(Value::Array)
        }
        toml::Value::Table(fields) => {
            let pairs = fields.iter().map(|(key, field)| value(field, row).map(|v| (key.clone(), v)));
            pairs.collect::<Result<serde_json::Map<_, _>, _>>().map(Value::Object)
        }
    }
}

fn typed(text: &str, row: &Row) -> Result<serde_json::Value, String> {
    let whole = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).and_then(|t| t.split_once(':'));
    let Some((name, kind)) = whole else { return fill(text, row).map(Into::into) };
    let cell = row.get(name).ok_or_else(|| format!("no column `{name}`"))?;
    match kind {
        "int" => {
            cell.trim().parse::<i64>().map(Into::into).map_err(|_| format!("`{cell}` in `{name}` is no whole number"))
        }
        "bool" => match cell.trim() {
            "1" | "true" | "yes" => Ok(true.into()),
            "0" | "false" | "no" | "" => Ok(false.into()),
            _ => Err(format!("`{cell}` in `{name}` is neither true nor false")),
        },
        _ => Err(format!("`{text}`: a column is read as int or bool, else as text without a colon")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        [("org", "7"), ("user", "u.1"), ("n", "12"), ("yes", "1")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into_iter()
            .collect()
    }

    #[test]
    fn braces_are_filled_from_the_row() {
        assert_eq!(fill("account/{org}", &row()), Ok("account/7".into()));
        assert_eq!(fill("plain", &row()), Ok("plain".into()));
        assert_eq!(fill("{nope}", &row()), Err("no column `nope`".into()));
        assert!(fill("{org", &row()).is_err());
    }

    #[test]
    fn values_keep_their_types() {
        let table: toml::Table = toml::from_str("user='{user}'\nn='{n:int}'\nb='{yes:bool}'\nx=3").unwrap();
        let json = value(&toml::Value::Table(table), &row()).unwrap();
        assert_eq!(json, serde_json::json!({"user": "u.1", "n": 12, "b": true, "x": 3}));
        assert!(value(&toml::Value::String("{user:int}".into()), &row()).is_err());
    }
}
