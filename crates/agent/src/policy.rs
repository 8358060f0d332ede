//! Reading a policy: text once, validated values afterwards.

use serde::de::DeserializeOwned;

/// A policy that cannot be used. Names the field and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is no TOML of a policy; the message has line, column and field.
    #[error("{0}")]
    Syntax(String),
    /// A value is out of its bounds.
    #[error("{field}: {problem}")]
    Value {
        /// The field, dotted.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl PolicyError {
    /// A value out of its bounds.
    pub fn value(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Value { field: field.into(), problem: problem.into() }
    }
}

/// Reads TOML into the raw form of a policy; unknown keys are refused by the type's `deny_unknown_fields`.
///
/// # Errors
/// No TOML, unknown or missing keys, wrong types: with line and column.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, PolicyError> {
    toml::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string().trim_end().to_owned()))
}
