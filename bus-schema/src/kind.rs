//! The closed list of kinds: one table from which codes, names, typed data and schemas follow.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use crate::data::Kind;

/// Who brings a kind into the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A product system, through the door.
    Input,
    /// A person, through the console (stream PEOPLE).
    People,
    /// The router.
    Router,
    /// The courier or the gate, on stream ACTION, copied into the log.
    Action,
    /// The agent of this name.
    Agent(&'static str),
    /// Any agent.
    AnyAgent,
}

impl Kind {
    /// `mainstay:<kind>:<version>`.
    pub fn dataschema(self) -> String {
        format!("mainstay:{}:1", self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.serialize_str(self.name()) } else { s.serialize_u16(self.code()) }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let name = String::deserialize(d)?;
            Self::from_name(&name).ok_or_else(|| D::Error::custom(format!("unknown kind `{name}`")))
        } else {
            let code = u16::deserialize(d)?;
            Self::from_code(code).ok_or_else(|| D::Error::custom(format!("unknown kind code {code}")))
        }
    }
}

impl schemars::JsonSchema for Kind {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Kind".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z_]+\\.[a-z_]+$" })
    }
}
