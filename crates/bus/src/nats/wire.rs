//! The forms a message has on the wire and in the answers of the API.

use std::str::FromStr as _;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bus_schema::Time;
use data_encoding::BASE64;
use serde::Deserialize;

use crate::{Headers, Stored};

/// A message as `STREAM.MSG.GET` answers it.
#[derive(Deserialize)]
pub(super) struct RawMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: String,
}

impl RawMessage {
    pub(super) fn read(self) -> Result<Stored, String> {
        let decode = |text: &str, what| BASE64.decode(text.as_bytes()).map_err(|e| format!("{what} is no base64: {e}"));
        let headers = decode(&self.hdrs, "the header block")?;
        let headers = std::str::from_utf8(&headers).map_err(|_| "the header block is no UTF-8".to_owned())?;
        let time = Time::parse(&self.time).map_err(|_| format!("`{}` is no time", self.time))?;
        Ok(Stored {
            seq: self.seq,
            subject: self.subject,
            time,
            headers: read_header_block(headers),
            body: decode(&self.data, "the body")?.into(),
        })
    }
}

/// Reads `NATS/1.0`, then `Name: value` per line.
fn read_header_block(text: &str) -> Headers {
    let lines = text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    let shown = lines.filter(|(name, _)| is_shown(name));
    Headers(shown.map(|(name, value)| (name.to_owned(), value.trim_start().to_owned())).collect())
}

/// The server's own headers say how a message was sent, not what it says.
fn is_shown(name: &str) -> bool {
    !name.starts_with("Nats-")
}

/// Headers for the client; names the header that cannot be sent.
pub(super) fn to_client(headers: &Headers) -> Result<HeaderMap, String> {
    headers.check()?;
    let mut map = HeaderMap::new();
    for (name, value) in &headers.0 {
        // The client's conversions that cannot fail panic instead.
        let name = HeaderName::from_str(name).map_err(|e| e.to_string())?;
        let value = HeaderValue::from_str(value).map_err(|e| e.to_string())?;
        map.insert(name, value);
    }
    Ok(map)
}

/// Headers from the client; of a repeated one, the first value.
pub(super) fn from_client(map: Option<&HeaderMap>) -> Headers {
    let rows = map.into_iter().flat_map(HeaderMap::iter);
    let shown = rows.filter_map(|(name, values)| {
        let name: &str = name.as_ref();
        is_shown(name).then(|| Some((name.to_owned(), values.first()?.as_str().to_owned()))).flatten()
    });
    Headers(shown.collect())
}

/// What the reply subject of a delivery says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Delivery {
    pub(super) stream_seq: u64,
    pub(super) consumer_seq: u64,
    pub(super) time: Time,
    pub(super) pending: u64,
}

impl Delivery {
    /// Reads `$JS.ACK.<stream>.<consumer>.<tries>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer
    /// form with domain and account before the stream.
    pub(super) fn parse(reply: &str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        let skip = match rest.split('.').count() {
            7 => 3,
            9.. => 5,
            _ => return None,
        };
        let mut numbers = rest.split('.').skip(skip).map(|token| token.parse::<u64>().ok());
        let stream_seq = numbers.next()??;
        let consumer_seq = numbers.next()??;
        let time_ms = numbers.next()?? / 1_000_000;
        let pending = numbers.next()??;
        Some(Self { stream_seq, consumer_seq, time: Time(i64::try_from(time_ms).ok()?), pending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_reply_are_read() {
        let expected = Delivery { stream_seq: 42, consumer_seq: 7, time: Time(1_700_000_000_123), pending: 3 };
        for reply in [
            "$JS.ACK.LOG.all-00.1.42.7.1700000000123456789.3",
            "$JS.ACK._.ACCHASH.LOG.all-00.1.42.7.1700000000123456789.3",
            "$JS.ACK.hub.ACCHASH.LOG.all-00.1.42.7.1700000000123456789.3.token",
        ] {
            assert_eq!(Delivery::parse(reply), Some(expected), "{reply}");
        }
        for reply in ["", "$JS.ACK.LOG.all-00", "$JS.ACK.LOG.all-00.1.x.7.1.3", "_INBOX.a.b.c.d.e.f.g.h"] {
            assert_eq!(Delivery::parse(reply), None, "{reply}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named() {
        let broken = Headers::new().with("Ms-Turn", "1.0.0\r\nMs-Epoch: 9");
        assert!(to_client(&broken).unwrap_err().contains("Ms-Turn"));
    }

    #[test]
    fn a_stored_message_is_read_without_the_servers_headers() {
        let block = "NATS/1.0\r\nMs-Turn: 3.0.1\r\nNats-Expected-Last-Subject-Sequence: 2\r\nMs-Epoch:7\r\n\r\n";
        let raw = RawMessage {
            subject: "cs.log.00.in".into(),
            seq: 9,
            hdrs: BASE64.encode(block.as_bytes()),
            data: BASE64.encode(b"[]"),
            time: "2026-11-21T09:17:39.634299872Z".into(),
        };
        let stored = raw.read().unwrap();
        assert_eq!(stored.headers, Headers::new().with("Ms-Turn", "3.0.1").with("Ms-Epoch", "7"));
        assert_eq!(stored.time, Time::parse("2026-11-21T09:17:39.634Z").unwrap());
        assert_eq!(&stored.body[..], b"[]");
    }
}
