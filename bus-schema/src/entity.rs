//! What an event is about, its subject token and its partition.

use std::fmt;

use data_encoding::{BASE32_NOPAD, Encoding};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::data::words::has_control;

/// What an event is about: the `subject` of its envelope, `account/acme`.
///
/// An agent keeps one state per entity; an entity lives in one partition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Entity {
    /// A customer or vendor.
    Account(String),
    /// All accounts of one kind and segment.
    Segment(String, String),
    /// An issue pattern: product area and category.
    Pattern(String, String),
    /// A customer-success manager.
    Csm(String),
    /// A person at a producer whose account may not be known yet.
    User(String),
}

/// An entity that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntityError {
    /// The prefix is none of ours.
    #[error(
        "`{0}` is no entity: expected account/<id>, segment/<kind>/<segment>, pattern/<area>/<category>, csm/<id> or user/<id>"
    )]
    Form(String),
    /// The id is empty, too long, or has control characters.
    #[error("the id in `{0}` must have 1 to {ID_BYTES_MAX} bytes and no control characters")]
    Id(String),
}

/// Longest id in bytes.
pub const ID_BYTES_MAX: usize = 128;

impl Entity {
    /// Parses `account/acme` and its siblings.
    ///
    /// # Errors
    /// An unknown form, or an id outside its bounds.
    pub fn parse(text: &str) -> Result<Self, EntityError> {
        // What is shown of it stays on one line.
        let shown = || text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let form = || EntityError::Form(shown());
        let (kind, rest) = text.split_once('/').ok_or_else(form)?;
        let two = || rest.split_once('/').ok_or_else(form);
        let id = |id: &str| {
            if id.is_empty() || id.len() > ID_BYTES_MAX || has_control(id) {
                Err(EntityError::Id(shown()))
            } else {
                Ok(id.to_owned())
            }
        };
        match kind {
            "account" => Ok(Self::Account(id(rest)?)),
            "user" => Ok(Self::User(id(rest)?)),
            "csm" => Ok(Self::Csm(id(rest)?)),
            "segment" => two().and_then(|(a, b)| Ok(Self::Segment(id(a)?, id(b)?))),
            "pattern" => two().and_then(|(a, b)| Ok(Self::Pattern(id(a)?, id(b)?))),
            _ => Err(form()),
        }
    }

    /// An account by its id.
    pub fn account(id: impl Into<String>) -> Self {
        Self::Account(id.into())
    }

    /// The account's id, where this is one.
    pub fn account_id(&self) -> Option<&str> {
        if let Self::Account(id) = self { Some(id) } else { None }
    }

    /// The subject-safe token: lower-case base32 of the whole entity text.
    pub fn token(&self) -> String {
        token(&self.to_string())
    }

    /// 32-bit FNV-1a of the token; also the entity hash of the packing index.
    pub fn hash(&self) -> u32 {
        fnv1a(self.token().as_bytes())
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Segment(kind, segment) => write!(f, "segment/{kind}/{segment}"),
            Self::Pattern(area, category) => write!(f, "pattern/{area}/{category}"),
            Self::Csm(id) => write!(f, "csm/{id}"),
            Self::User(id) => write!(f, "user/{id}"),
        }
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl JsonSchema for Entity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Entity".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(account|segment|pattern|csm|user)/" })
    }
}

/// One of the log's partitions; two digits on the bus.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Partition(pub u8);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl Partition {
    /// Reads one or two digits (the server's own transform writes no leading zero).
    pub fn parse(token: &str) -> Option<Self> {
        let digits = token.len() <= 2 && token.bytes().all(|b| b.is_ascii_digit());
        if digits { token.parse().ok().map(Self) } else { None }
    }
}

/// How many partitions a log has: fixed for its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Partitions(pub u8);

impl Default for Partitions {
    fn default() -> Self {
        Self(16)
    }
}

impl Partitions {
    /// The partition of an entity: FNV-1a of its token modulo the count.
    pub fn of(self, entity: &Entity) -> Partition {
        self.of_token(&entity.token())
    }

    /// The partition of a token.
    pub fn of_token(self, token: &str) -> Partition {
        let index = fnv1a(token.as_bytes()) % u32::from(self.0.max(1));
        Partition(u8::try_from(index).unwrap_or(0))
    }

    /// All partitions in order.
    pub fn all(self) -> impl Iterator<Item = Partition> {
        (0..self.0).map(Partition)
    }
}

/// Lower-case base32 without padding of UTF-8 text.
pub fn token(text: &str) -> String {
    let mut token = BASE32_NOPAD.encode(text.as_bytes());
    token.make_ascii_lowercase();
    token
}

/// The text behind a token.
pub fn from_token(token: &str) -> Option<String> {
    let decoder: &Encoding = &BASE32_NOPAD;
    let bytes = decoder.decode(token.to_ascii_uppercase().as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

/// 32-bit FNV-1a, as the server's `partition()` uses it.
pub fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_read_back_what_they_write() {
        for text in ["account/a.b*c > d", "segment/customer/smb", "pattern/exports/bug", "csm/jo", "user/💡"] {
            let entity = Entity::parse(text).unwrap();
            assert_eq!(entity.to_string(), text);
            assert_eq!(from_token(&entity.token()).unwrap(), text);
            assert!(entity.token().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }
        for text in ["acme", "account/", "thing/x", "segment/customer", "account/a\u{0}b"] {
            let error = Entity::parse(text).unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }
}
