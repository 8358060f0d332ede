//! CloudEvents in NATS binary mode: attributes in `ce-` headers, data in the body. Read only; we write structured JSON.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value, value::RawValue};

/// A message in binary mode that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// A header whose value cannot be decoded.
    #[error("the header `{name}` is not percent-encoded UTF-8")]
    Header {
        /// Its name.
        name: String,
    },
    /// Two headers of one attribute.
    #[error("the header `{name}` stands twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A body that is no JSON.
    #[error("the body is no JSON: send one JSON object of fields, or structured mode with `content-type: {STRUCTURED}`", STRUCTURED = crate::envelope::STRUCTURED)]
    Body,
}

/// The structured JSON of one message from a producer, ready for the door.
///
/// A message is structured where `content-type` says so, and where it has no `ce-` headers at all: producers often
/// leave the content type out, as the binding's own example does.
///
/// # Errors
/// Headers or a body of binary mode that cannot be read. A structured body is not looked into.
pub fn structured<'a>(headers: &BTreeMap<String, String>, body: &'a [u8]) -> Result<Cow<'a, [u8]>, BinaryError> {
    let is_structured = |(name, value): (&String, &String)| {
        name.eq_ignore_ascii_case("content-type")
            && value.trim().to_ascii_lowercase().starts_with("application/cloudevents")
    };
    let is_binary = |name: &String| attribute(name).is_some();
    if headers.iter().any(is_structured) || !headers.keys().any(is_binary) {
        return Ok(Cow::Borrowed(body));
    }
    let mut attributes = Map::new();
    for (name, value) in headers {
        let Some(attribute) = attribute(name) else { continue };
        // What is shown of it stays on one line, and short.
        let shown = || name.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let value = decode(value).ok_or_else(|| BinaryError::Header { name: shown() })?;
        if attributes.insert(attribute, value.into()).is_some() {
            return Err(BinaryError::Twice { name: shown() });
        }
    }
    let mut json = Value::Object(attributes).to_string();
    if !body.is_empty() {
        // The body goes in as it is, so that the door sees what the producer wrote.
        let data: &RawValue = serde_json::from_slice(body).map_err(|_| BinaryError::Body)?;
        json.pop();
        json.push_str(",\"data\":");
        json.push_str(data.get());
        json.push('}');
    }
    Ok(Cow::Owned(json.into_bytes()))
}

/// The attribute of a header. `data` is the body and never a header.
fn attribute(header: &str) -> Option<String> {
    let header = header.to_ascii_lowercase();
    header
        .strip_prefix("ce-")
        .filter(|name| !name.is_empty() && !name.starts_with("data_") && *name != "data")
        .map(Into::into)
}

/// Decodes a header once: quotes around it, backslashes inside them, `%XX` of UTF-8.
fn decode(value: &str) -> Option<String> {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    let unquoted = if quoted { unescape(value.get(1..value.len() - 1)?) } else { value.to_owned() };
    let mut bytes = Vec::with_capacity(unquoted.len());
    let mut rest = unquoted.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? * 16 + hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn headers_become_attributes_and_the_body_data() {
        let headers = headers(&[
            ("ce-specversion", "1.0"),
            ("CE-Id", "a%20b"),
            ("ce-subject", "account/%E2%98%95 caf%c3%a9"),
            ("ce-source", "\"crm \\\"eu\\\"\""),
            ("Nats-Msg-Id", "a"),
        ]);
        let json = structured(&headers, br#"{"seconds": 3}"#).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["id"], "a b");
        assert_eq!(json["subject"], "account/☕ café");
        assert_eq!(json["source"], "crm \"eu\"");
        assert_eq!(json["data"]["seconds"], 3);
        assert_eq!(json.as_object().unwrap().len(), 5);
    }

    #[test]
    fn structured_messages_pass_untouched() {
        for pairs in [&[("Content-Type", "Application/CloudEvents+json; charset=utf-8")][..], &[]] {
            let body = br#"{"id":"1"}"#;
            assert_eq!(structured(&headers(pairs), body).unwrap().as_ref(), body);
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for value in ["%", "%4", "%zz", "%ff", "%C3"] {
            let error = structured(&headers(&[("ce-id", value)]), b"{}").unwrap_err();
            assert_eq!(error, BinaryError::Header { name: "ce-id".into() }, "{value}");
        }
        let twice = structured(&headers(&[("CE-id", "1"), ("ce-id", "2")]), b"{}").unwrap_err();
        assert_eq!(twice, BinaryError::Twice { name: "ce-id".into() });
        assert_eq!(structured(&headers(&[("ce-id", "1")]), b"{} x").unwrap_err(), BinaryError::Body);
        assert_eq!(structured(&headers(&[("ce-id", "1")]), b"").unwrap().as_ref(), br#"{"id":"1"}"#);
    }
}
