//! JSON objects read one level deep, without losing or guessing anything: a name that stands twice is an error.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::envelope::Lent;

/// The fields of one object, their values still as they came.
#[derive(Default)]
pub(super) struct Fields<'a>(pub(super) BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Reads an object.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// A value; null is as good as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// A text for a report about an event that is refused: whatever can be read, cut to a bearable length.
    pub(super) fn readable(&self, name: &str) -> Option<String> {
        let text = text(self.get(name)?)?;
        Some(text.chars().filter(|c| !c.is_control()).take(200).collect())
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some(Lent(name)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    match fields.entry(name) {
                        Entry::Vacant(place) => place.insert(value),
                        Entry::Occupied(there) => {
                            let shown: String = there.key().chars().take(60).collect();
                            return Err(A::Error::custom(format!("`{shown}` stands twice")));
                        }
                    };
                }
                Ok(Fields(fields))
            }
        }
        d.deserialize_map(Object)
    }
}

/// A value that is a text.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok().map(|Lent(text)| text)
}

/// The deepest nesting of arrays and objects, without parsing. Exact for JSON; any number for other bytes.
pub(super) fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_text() {
        for (json, deep) in [("1", 0), ("{}", 1), (r#"{"a":[{}],"b":"[[[[\"[["}"#, 3), ("[[],[],[]]", 2), ("]]]", 0)] {
            assert_eq!(depth(json.as_bytes()), deep, "{json}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_an_error() {
        assert!(Fields::read(br#"{"a":1,"b":2}"#).is_ok());
        let error = Fields::read(br#"{"a":1,"\u0061":2}"#).err().unwrap().to_string();
        assert!(error.starts_with("`a` stands twice"), "{error}");
    }
}
