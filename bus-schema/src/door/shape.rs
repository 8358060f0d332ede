//! What the door must know of each kind's fields, taken from its schema, so that the two cannot drift apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::Value;

use crate::{Kind, schema};

/// Fields of `data` that hold the id of a person, or a list of them.
pub(crate) const PERSONS: [&str; 7] =
    ["contact", "user", "successor", "previous", "invited", "attended", "participants"];

/// The fields of one kind.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// All that its data has.
    pub(super) known: BTreeSet<String>,
    /// Civil dates.
    pub(super) dates: Vec<String>,
    /// Instants.
    pub(super) times: Vec<String>,
    /// What its data must have.
    pub(super) required: BTreeSet<String>,
}

/// The shape of a kind.
pub(super) fn of(kind: Kind) -> &'static Shape {
    static SHAPES: OnceLock<BTreeMap<Kind, Shape>> = OnceLock::new();
    static EMPTY: Shape =
        Shape { known: BTreeSet::new(), dates: Vec::new(), times: Vec::new(), required: BTreeSet::new() };
    let shapes = SHAPES.get_or_init(|| Kind::ALL.iter().map(|kind| (*kind, read(*kind))).collect());
    shapes.get(&kind).unwrap_or(&EMPTY)
}

fn read(kind: Kind) -> Shape {
    let mut shape = Shape::default();
    let schema = schema::data(kind);
    let required = schema.get("required").and_then(Value::as_array);
    shape.required = required.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        shape.known.insert(name.clone());
        match property.get("format").and_then(Value::as_str) {
            Some("date") => shape.dates.push(name.clone()),
            Some("date-time") => shape.times.push(name.clone()),
            Some(_) | None => {}
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_found_whether_required_or_not() {
        assert_eq!(of(Kind::ContractSigned).dates, ["term_end", "term_start"]);
        assert_eq!(of(Kind::ApiCalled).dates, ["day"]);
        assert_eq!(of(Kind::ApiCalled).times, ["hour"]);
        assert!(of(Kind::TicketOpened).known.contains("asks_for_manager"));
    }

    #[test]
    fn no_field_is_both_data_and_personal() {
        for kind in Kind::ALL {
            let both: Vec<_> = kind.personal().iter().filter(|name| of(*kind).known.contains(**name)).collect();
            assert!(both.is_empty(), "{kind}: {both:?}");
        }
    }
}
