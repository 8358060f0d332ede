//! The words data is made of: bounded text and lists, enums that lose nothing, and what the door reads from text.

use std::{fmt, ops::Deref, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Most bytes of a [`Label`].
pub const LABEL_BYTES_MAX: usize = 128;
/// Most items of a [`List`].
pub const LIST_ITEMS_MAX: usize = 100;

/// An id, a name, a feature, a step: text of 1 to 128 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("minLength" = 1, "maxLength" = LABEL_BYTES_MAX))]
pub struct Label(String);

/// Text that is no label.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LabelError {
    /// Nothing.
    #[error("must not be empty")]
    Empty,
    /// More than 128 bytes.
    #[error("must have at most {LABEL_BYTES_MAX} bytes")]
    Long,
    /// A line break, a zero byte and the like.
    #[error("must have no control characters")]
    Control,
}

impl Label {
    /// The text as a label.
    ///
    /// # Errors
    /// Empty or too long text, or control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, LabelError> {
        let text = text.into();
        if text.is_empty() {
            Err(LabelError::Empty)
        } else if text.len() > LABEL_BYTES_MAX {
            Err(LabelError::Long)
        } else if has_control(&text) {
            Err(LabelError::Control)
        } else {
            Ok(Self(text))
        }
    }

    /// The nearest label to any text: control characters become spaces, what is too long is cut, nothing becomes `-`.
    ///
    /// For names that other systems choose freely, where refusing the event would lose more than the end of a name.
    pub fn nearest(text: &str) -> Self {
        let mut kept = String::new();
        for c in text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }) {
            if kept.len() + c.len_utf8() > LABEL_BYTES_MAX {
                break;
            }
            kept.push(c);
        }
        Self(if kept.is_empty() { "-".into() } else { kept })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Label {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for Label {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Label {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl FromStr for Label {
    type Err = LabelError;
    fn from_str(text: &str) -> Result<Self, LabelError> {
        Self::new(text)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(D::Error::custom)
    }
}

/// Whether a text has a control character. Few texts have a byte of one; only those are looked at character by character.
pub(crate) fn has_control(text: &str) -> bool {
    text.bytes().any(|b| !(b' '..0x7f).contains(&b)) && text.chars().any(char::is_control)
}

/// At most 100 items.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("maxItems" = LIST_ITEMS_MAX))]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// Takes the first 100.
impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().take(LIST_ITEMS_MAX).collect())
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(d)?;
        if items.len() > LIST_ITEMS_MAX {
            return Err(D::Error::custom(format!("must have at most {LIST_ITEMS_MAX} items, not {}", items.len())));
        }
        Ok(Self(items))
    }
}

/// Makes an enum that is closed for us and loses nothing of others: a word it does not know is kept in `Other`.
macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[expect(missing_docs, reason = "each variant is its word on the wire")]
        pub enum $name {
            $($variant,)+
            /// A word of the producer's own, kept as it came.
            Other($crate::data::words::Label),
        }

        impl $name {
            /// The words it knows.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $word,)+ Self::Other(word) => word }
            }

            /// The value of a word.
            ///
            /// # Errors
            /// A word that is no label.
            pub fn from_word(word: &str) -> Result<Self, $crate::data::words::LabelError> {
                match word { $($word => Ok(Self::$variant),)+ other => $crate::data::words::Label::new(other).map(Self::Other) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = String::deserialize(d)?;
                Self::from_word(&word).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::data::words::open_words(Self::WORDS)
            }
        }
    };
}
pub(crate) use closed;

/// The schema of an enum that keeps words it does not know.
pub(crate) fn open_words(words: &[&str]) -> schemars::Schema {
    schemars::json_schema!({
        "anyOf": [
            { "enum": words },
            { "type": "string", "minLength": 1, "maxLength": LABEL_BYTES_MAX, "description": "Any other word is kept as it came." },
        ],
    })
}

closed! {
    /// By which way people talk to each other.
    Channel {
        Email "email",
        Chat "chat",
        Call "call",
        Community "community",
        Web "web",
        InApp "in_app",
        Slack "slack",
        Sms "sms",
    }
}

closed! {
    /// What a message to a customer is for; consent and the contact budget count by it.
    TouchClass {
        Transactional "transactional",
        Relationship "relationship",
        Commercial "commercial",
        Survey "survey",
    }
}

/// From -10,000 (worst) to 10,000 (best).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("minimum" = -10_000, "maximum" = 10_000))]
pub struct Sentiment(i32);

impl Sentiment {
    /// A sentiment in basis points, where it is in range.
    pub fn new(bp: i32) -> Option<Self> {
        (-10_000..=10_000).contains(&bp).then_some(Self(bp))
    }

    /// Basis points.
    pub const fn bp(self) -> i32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Sentiment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bp = i32::deserialize(d)?;
        Self::new(bp).ok_or_else(|| D::Error::custom(format!("{bp} is not between -10000 and 10000")))
    }
}

/// What was read from a text before it became personal: all a fold ever learns of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// How it sounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment_bp: Option<Sentiment>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub topics: List<Label>,
    /// Area of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_area: Option<Label>,
    /// Category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Label>,
    /// Language tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Label>,
    /// Length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<u32>,
    /// Asks for a manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks_for_manager: Option<bool>,
    /// Threatens to leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threatens_to_leave: Option<bool>,
    /// Mentions a competitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions_competitor: Option<bool>,
}
