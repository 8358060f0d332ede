//! From a finished draft to the bytes of a mail.
//!
//! Equal drafts give equal bytes: date and message id are part of the draft, and the message has one part, so there is
//! no random boundary. What is hashed, shown, approved and sent is therefore the same thing.
//! Invariant: no text of a draft can add a header or a recipient; a control character in a header is an error, never
//! removed silently.

use std::time::{Duration, SystemTime};

use bus_schema::Time;
use lettre::message::{
    Mailbox, Message,
    header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
};
use sha2::{Digest, Sha256};

/// Longest subject in characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// Longest display name in characters.
pub const NAME_CHARS_MAX: usize = 128;
/// Longest body in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest unsubscribe link in bytes: a header line may not pass 998.
pub const URL_BYTES_MAX: usize = 900;

/// A mail address that was checked once: ASCII or internationalised, never with control characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address(lettre::Address);

/// A named person who writes or is written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Display name; may be empty.
    pub name: String,
    /// Address.
    pub address: Address,
}

/// A message with nothing left open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Who writes, and is known by name to the reader.
    pub from: Person,
    /// Who receives the answer.
    pub reply_to: Address,
    /// Who is written to.
    pub to: Person,
    /// Subject line.
    pub subject: String,
    /// Plain text; any line ends, written as CRLF.
    pub body_text: String,
    /// Link that ends further mail with one POST (RFC 8058).
    pub unsubscribe_url: String,
    /// `<unique>@<domain>`, without angle brackets.
    pub message_id: String,
    /// Date header, in whole seconds.
    pub date: Time,
}

/// A draft that cannot become a mail.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Not an address.
    #[error("`{0}` is no mail address: expected name@domain")]
    Address(String),
    /// A header would have a line break or another control character.
    #[error("the {0} has a line break or control character: a header is one line of text")]
    Control(&'static str),
    /// A mail program would show other text than the one approved.
    #[error("the {0} has `=?`, which mail programs decode into other text: write it differently")]
    Encoded(&'static str),
    /// Too long, or empty where something is needed.
    #[error("the {field} must have {min} to {max} {unit}")]
    Length {
        /// Which part.
        field: &'static str,
        /// Least.
        min: usize,
        /// Most.
        max: usize,
        /// `characters` or `bytes`.
        unit: &'static str,
    },
    /// Not a link that a mail program could post to.
    #[error("the unsubscribe link must be an http or https URL in ASCII without spaces or angle brackets")]
    Url,
    /// Not a message id.
    #[error("the message id must be <unique>@<domain> in ASCII without spaces or angle brackets")]
    MessageId,
    /// The date is before 1970 or not representable.
    #[error("the date must lie between 1970 and 9999")]
    Date,
    /// The builder refused it.
    #[error("the mail cannot be written: {0}")]
    Build(String),
}

impl Address {
    /// Reads `name@domain`.
    ///
    /// # Errors
    /// Text that is no address.
    pub fn parse(text: &str) -> Result<Self, ComposeError> {
        let refused = || ComposeError::Address(text.chars().filter(|c| !c.is_control()).take(100).collect());
        if text.chars().any(char::is_control) {
            return Err(refused());
        }
        text.parse().map(Self).map_err(|_| refused())
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    pub(crate) fn inner(&self) -> &lettre::Address {
        &self.0
    }
}

impl Person {
    /// Reads `Jo Doe <jo@vendor.example>`, or an address alone.
    ///
    /// # Errors
    /// Text without an address.
    pub fn parse(text: &str) -> Result<Self, ComposeError> {
        let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text.trim()),
        };
        line("name", name, 0, NAME_CHARS_MAX)?;
        Ok(Self { name: name.to_owned(), address: Address::parse(address)? })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// SHA-256 of a message's bytes in lower-case hex: what a decision is bound to.
pub fn bytes_hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The RFC 5322 bytes of a draft: text/plain in UTF-8, CRLF line ends, ending with one.
///
/// # Errors
/// A part that is too long, has control characters, or is no address, link or message id.
pub fn compose(draft: &Draft) -> Result<Vec<u8>, ComposeError> {
    line("subject", &draft.subject, 1, SUBJECT_CHARS_MAX)?;
    line("sender's name", &draft.from.name, 1, NAME_CHARS_MAX)?;
    line("recipient's name", &draft.to.name, 0, NAME_CHARS_MAX)?;
    let body = body(&draft.body_text)?;
    let message = Message::builder()
        .from(mailbox(&draft.from))
        .reply_to(Mailbox::new(None, draft.reply_to.0.clone()))
        .to(mailbox(&draft.to))
        .date(date(draft.date)?)
        .message_id(Some(message_id(&draft.message_id)?))
        .raw_header(unsubscribe(&draft.unsubscribe_url)?)
        .raw_header(as_is("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?)
        .subject(draft.subject.clone())
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .body(body)
        .map_err(|e| ComposeError::Build(e.to_string()))?;
    let mut bytes = message.formatted();
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    Ok(bytes)
}

fn mailbox(person: &Person) -> Mailbox {
    let name = Some(person.name.trim()).filter(|name| !name.is_empty());
    Mailbox::new(name.map(str::to_owned), person.address.0.clone())
}

fn line(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), ComposeError> {
    // U+2028 and U+2029 are line breaks to some mail programs and invisible in an approval.
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(ComposeError::Control(field));
    }
    if text.contains("=?") {
        return Err(ComposeError::Encoded(field));
    }
    if (min..=max).contains(&text.trim().chars().count()) {
        Ok(())
    } else {
        Err(ComposeError::Length { field, min, max, unit: "characters" })
    }
}

fn body(text: &str) -> Result<String, ComposeError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_end();
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(ComposeError::Control("body"));
    }
    if text.is_empty() || text.len() > BODY_BYTES_MAX {
        return Err(ComposeError::Length { field: "body", min: 1, max: BODY_BYTES_MAX, unit: "bytes" });
    }
    Ok(text.replace('\n', "\r\n") + "\r\n")
}

fn date(time: Time) -> Result<SystemTime, ComposeError> {
    // Year 9999 is where the date format ends.
    const LAST_SECOND: u64 = 253_402_300_799;
    let seconds = u64::try_from(time.0.div_euclid(1_000)).map_err(|_| ComposeError::Date)?;
    if seconds > LAST_SECOND {
        return Err(ComposeError::Date);
    }
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Printable ASCII that can stand between angle brackets.
fn bare(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
}

fn message_id(id: &str) -> Result<String, ComposeError> {
    let parts = id.split_once('@').filter(|(unique, domain)| !unique.is_empty() && !domain.is_empty());
    if parts.is_none() || !bare(id) || id.len() > 250 {
        return Err(ComposeError::MessageId);
    }
    Ok(format!("<{id}>"))
}

fn unsubscribe(url: &str) -> Result<HeaderValue, ComposeError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(str::is_empty) || !bare(url) || url.len() > URL_BYTES_MAX {
        return Err(ComposeError::Url);
    }
    as_is("List-Unsubscribe", format!("<{url}>"))
}

/// A header whose value is checked already and must be neither folded nor encoded: a broken link unsubscribes nobody.
fn as_is(name: &str, value: String) -> Result<HeaderValue, ComposeError> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|e| ComposeError::Build(e.to_string()))?;
    Ok(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, address: &str) -> Person {
        Person { name: name.into(), address: Address::parse(address).unwrap() }
    }

    fn draft() -> Draft {
        Draft {
            from: person("Jo Doe", "jo@vendor.example"),
            reply_to: Address::parse("jo@vendor.example").unwrap(),
            to: person("Ana Pérez", "ana@customer.example"),
            subject: "Your exports last week".into(),
            body_text: "Hello Ana,\nthree exports failed.\r\n.\nJo".into(),
            unsubscribe_url: "http://127.0.0.1:7700/u/abc?x=1".into(),
            message_id: "p1@mainstay.example".into(),
            date: Time::parse("2026-03-01T09:00:00.250Z").unwrap(),
        }
    }

    fn text(draft: &Draft) -> String {
        String::from_utf8(compose(draft).unwrap()).unwrap()
    }

    #[test]
    fn a_draft_becomes_the_same_bytes_every_time() {
        let bytes = compose(&draft()).unwrap();
        assert_eq!(bytes, compose(&draft()).unwrap());
        assert_eq!(bytes_hash(&bytes).len(), 64);
        let expected = "From: \"Jo Doe\" <jo@vendor.example>\r\n\
            Reply-To: jo@vendor.example\r\n\
            To: =?utf-8?b?QW5hIFDDqXJleg==?= <ana@customer.example>\r\n\
            Date: Sun, 01 Mar 2026 09:00:00 +0000\r\n\
            Message-ID: <p1@mainstay.example>\r\n\
            List-Unsubscribe: <http://127.0.0.1:7700/u/abc?x=1>\r\n\
            List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
            Subject: Your exports last week\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 7bit\r\n\
            \r\n\
            Hello Ana,\r\nthree exports failed.\r\n.\r\nJo\r\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn every_byte_is_ascii_with_crlf_only_whatever_the_text() {
        for body in ["Grüße 🎉\nzwei", &"x".repeat(3_000), &"wörter ".repeat(900), ".\n..\n."] {
            let bytes = compose(&Draft { body_text: body.to_owned(), ..draft() }).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.is_ascii());
            assert!(text.ends_with("\r\n") && !text.ends_with("\r\n\r\n"), "{text:?}");
            assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
            assert!(text.split("\r\n").all(|line| line.len() <= 998));
        }
    }

    #[test]
    fn no_text_adds_a_header() {
        let bad = "x\r\nBcc: all@elsewhere.example";
        let control = |field| Err(ComposeError::Control(field));
        assert_eq!(compose(&Draft { subject: bad.into(), ..draft() }), control("subject"));
        for breaks in ["a\rb", "a\nb", "a\u{0}b", "a\u{85}b", "a\u{2028}b"] {
            assert_eq!(compose(&Draft { subject: breaks.into(), ..draft() }), control("subject"), "{breaks:?}");
        }
        let from = Person { name: bad.into(), ..draft().from };
        assert_eq!(compose(&Draft { from, ..draft() }), control("sender's name"));
        let to = Person { name: bad.into(), ..draft().to };
        assert_eq!(compose(&Draft { to, ..draft() }), control("recipient's name"));
        let url = format!("https://x.example/{bad}");
        assert_eq!(compose(&Draft { unsubscribe_url: url, ..draft() }), Err(ComposeError::Url));
        assert_eq!(compose(&Draft { message_id: format!("{bad}@x"), ..draft() }), Err(ComposeError::MessageId));
        for address in ["jo@x.example\r\nBcc: a@b.example", "jo", "@x", "jo@x.example, b@c.example", "a b@c.example"] {
            assert!(matches!(Address::parse(address), Err(ComposeError::Address(_))), "{address:?}");
        }
        let encoded = "=?utf-8?q?=0D=0ABcc:_x?=".to_owned();
        assert_eq!(compose(&Draft { subject: encoded, ..draft() }), Err(ComposeError::Encoded("subject")));
        let names = ["Jo, Inc. <boss@other.example>", "\"quoted\" \\ name"];
        for name in names {
            let text = text(&Draft { from: Person { name: name.into(), ..draft().from }, ..draft() });
            let head = text.split("\r\n\r\n").next().unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
            assert_eq!(head.lines().filter(|line| line.starts_with("From:")).count(), 1);
        }
    }

    #[test]
    fn people_are_read_with_and_without_a_name() {
        assert_eq!(Person::parse("Jo Doe <jo@x.example>").unwrap(), person("Jo Doe", "jo@x.example"));
        assert_eq!(Person::parse(" \"Jo, D\" <jo@x.example> ").unwrap(), person("Jo, D", "jo@x.example"));
        assert_eq!(Person::parse("jo@x.example").unwrap(), person("", "jo@x.example"));
        assert!(
            ["Jo", "Jo <>", "J\no <jo@x.example>", "<jo@x.example> Jo"].iter().all(|text| Person::parse(text).is_err())
        );
    }

    #[test]
    fn bounds_are_named() {
        let length = |result: Result<Vec<u8>, ComposeError>| matches!(result, Err(ComposeError::Length { .. }));
        assert!(length(compose(&Draft { subject: "x".repeat(201), ..draft() })));
        assert!(length(compose(&Draft { subject: "  ".into(), ..draft() })));
        assert!(length(compose(&Draft { body_text: " \n ".into(), ..draft() })));
        assert!(length(compose(&Draft { body_text: "x".repeat(BODY_BYTES_MAX + 1), ..draft() })));
        for url in ["mailto:x@y.example", "https://", "https://a b", "https://ü.example", &"https://x".repeat(200)] {
            assert_eq!(compose(&Draft { unsubscribe_url: url.to_owned(), ..draft() }), Err(ComposeError::Url), "{url}");
        }
        assert_eq!(compose(&Draft { date: Time(-1), ..draft() }), Err(ComposeError::Date));
        assert_eq!(compose(&Draft { date: Time(i64::MAX), ..draft() }), Err(ComposeError::Date));
    }
}
