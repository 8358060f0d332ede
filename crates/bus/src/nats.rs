//! The real bus: one connection to a nats-server, as one role in one account.
//!
//! It speaks the `JetStream` API directly, because what the design asks for depends on exact error codes, on reads at
//! the leader and on resetting consumers.

mod api;
mod connect;
pub mod plain;
mod provision;
mod reader;
mod wire;

use async_nats::HeaderMap;
use bus_schema::{Time, subject::Stream};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use api::Failure;
pub use connect::{Connect, NatsBus};
pub(crate) use connect::{MIN_VERSION, version_of};
pub(crate) use reader::NatsReader;

use crate::{
    BusError, Doubt, Message, PublishError, Reader, Stored, StreamState, bus::PUBLISH_TIMEOUT, reader::Source,
};

/// The expected sequence of the subject's last message.
const EXPECTED_LAST: &str = "Nats-Expected-Last-Subject-Sequence";

#[derive(Deserialize)]
struct PubAck {
    seq: u64,
}

#[derive(Deserialize)]
struct MessageAnswer {
    message: wire::RawMessage,
}

#[derive(Deserialize)]
struct InfoAnswer {
    state: StateAnswer,
    /// When the server answered.
    ts: String,
}

#[derive(Deserialize)]
struct StateAnswer {
    first_seq: u64,
    last_seq: u64,
    messages: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct PurgeAnswer {
    purged: u64,
}

impl NatsBus {
    pub(crate) async fn publish(&self, message: Message, expect_last: Option<u64>) -> Result<u64, PublishError> {
        let headers = wire::to_client(&message.headers);
        let mut headers = headers.map_err(|text| PublishError::Refused { code: 0, text })?;
        if let Some(seq) = expect_last {
            headers.insert(EXPECTED_LAST, seq.to_string());
        }
        crate::failpoint("k3");
        let publishing = self.publish_raw(message.subject, headers, message.body);
        #[cfg(feature = "failpoints")]
        let publishing = self.in_flight(publishing);
        let published = publishing.await;
        crate::failpoint("k5");
        published
    }

    /// Comes to its point of failure once the message is with the server and its answer is not here.
    #[cfg(feature = "failpoints")]
    async fn in_flight<T>(&self, publishing: impl Future<Output = T>) -> T {
        let mut publishing = std::pin::pin!(publishing);
        if crate::failpoint::is_armed("k4") {
            let first = std::future::poll_fn(|context| std::task::Poll::Ready(publishing.as_mut().poll(context))).await;
            if let std::task::Poll::Ready(published) = first {
                return published;
            }
            self.client.flush().await.ok();
            crate::failpoint("k4");
        }
        publishing.await
    }

    async fn publish_raw(&self, subject: String, headers: HeaderMap, body: Bytes) -> Result<u64, PublishError> {
        let answer = self.request(subject, Some(headers), body, PUBLISH_TIMEOUT).await;
        let ack = answer.and_then(|message| api::read_answer::<PubAck>(&message.payload));
        ack.map(|ack| ack.seq).map_err(publish_error)
    }

    pub(crate) async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Stored>, BusError> {
        self.here(stream)?;
        self.message(stream.name(), &json!({ "last_by_subj": subject }))
            .await
            .map_err(|e| e.into_bus("the last message", Some(stream)))
    }

    pub(crate) async fn get(&self, stream: Stream, seq: u64) -> Result<Option<Stored>, BusError> {
        self.here(stream)?;
        self.message(stream.name(), &json!({ "seq": seq })).await.map_err(|e| e.into_bus("a message", Some(stream)))
    }

    /// `STREAM.MSG.GET` is answered by the leader; Direct Get may be answered by a follower that is behind.
    async fn message(&self, stream: &str, which: &serde_json::Value) -> Result<Option<Stored>, Failure> {
        match self.api::<MessageAnswer>(&format!("STREAM.MSG.GET.{stream}"), which).await {
            Ok(answer) => answer.message.read().map(Some).map_err(Failure::Answer),
            Err(Failure::Error(e)) if e.err_code == api::NO_MESSAGE => Ok(None),
            Err(e) => Err(e),
        }
    }

    pub(crate) async fn state(&self, stream: Stream) -> Result<StreamState, BusError> {
        let StateAnswer { first_seq, last_seq, messages, bytes } = self.info(stream, "the state").await?.state;
        let first_seq = if messages == 0 { last_seq + 1 } else { first_seq };
        Ok(StreamState { first_seq, last_seq, messages, bytes })
    }

    pub(crate) async fn time(&self, stream: Stream) -> Result<Time, BusError> {
        let operation = "the broker's time";
        let ts = self.info(stream, operation).await?.ts;
        let reason = || format!("`{ts}` is no time");
        Time::parse(&ts).map_err(|_| BusError::Answer { operation: operation.to_owned(), reason: reason() })
    }

    async fn info(&self, stream: Stream, operation: &str) -> Result<InfoAnswer, BusError> {
        self.here(stream)?;
        let answer = self.api(&format!("STREAM.INFO.{}", stream.name()), &json!({})).await;
        answer.map_err(|e| e.into_bus(operation, Some(stream)))
    }

    pub(crate) async fn reader(
        &self,
        stream: Stream,
        durable: &str,
        filters: &[String],
        from_seq: u64,
    ) -> Result<Reader, BusError> {
        self.here(stream)?;
        let reader = NatsReader::open(self.clone(), stream, durable, filters, from_seq).await?;
        Ok(Reader(Source::Nats(Box::new(reader))))
    }

    pub(crate) async fn purge(&self, stream: Stream, filter: Option<&str>, below_seq: u64) -> Result<u64, BusError> {
        self.here(stream)?;
        // A purge beyond the end would move the end: the sequences between would be lost for good.
        let below_seq = below_seq.min(self.state(stream).await?.last_seq + 1);
        if below_seq <= 1 {
            // The server takes 0 for "everything".
            return Ok(0);
        }
        let mut which = json!({ "seq": below_seq });
        if let (Some(filter), Some(which)) = (filter, which.as_object_mut()) {
            which.insert("filter".into(), filter.into());
        }
        let answer: PurgeAnswer = self
            .api(&format!("STREAM.PURGE.{}", stream.name()), &which)
            .await
            .map_err(|e| e.into_bus("purge", Some(stream)))?;
        Ok(answer.purged)
    }

    pub(crate) async fn next_epoch(&self, writer: &str) -> Result<u64, BusError> {
        let operation = || format!("the next epoch of {writer}");
        let subject = format!("$KV.{}.{writer}", provision::EPOCHS);
        let bucket = format!("KV_{}", provision::EPOCHS);
        let mut doubts = 0;
        loop {
            let last = self
                .message(&bucket, &json!({ "last_by_subj": subject }))
                .await
                .map_err(|e| e.into_bus(&operation(), None))?;
            let (seq, epoch) = match &last {
                None => (0, 0),
                Some(stored) => (stored.seq, read_epoch(stored, &operation)?),
            };
            let mut headers = HeaderMap::new();
            headers.insert(EXPECTED_LAST, seq.to_string());
            let next = epoch + 1;
            match self.publish_raw(subject.clone(), headers, next.to_string().into()).await {
                Ok(_) => return Ok(next),
                // Somebody else took this number, or nobody knows: the next one is free.
                Err(PublishError::WrongLast) => {}
                Err(PublishError::Unknown(_)) if doubts < 3 => doubts += 1,
                Err(PublishError::Unknown(doubt)) => {
                    return Err(BusError::Unavailable { operation: operation(), doubt });
                }
                Err(e @ (PublishError::Full | PublishError::Refused { .. })) => {
                    return Err(BusError::Refused { operation: operation(), code: 0, text: e.to_string() });
                }
            }
        }
    }

    /// Whether the stream is in this connection's account.
    fn here(&self, stream: Stream) -> Result<(), BusError> {
        if stream.account() == self.role.account() { Ok(()) } else { Err(BusError::WrongAccount(stream)) }
    }
}

fn read_epoch(stored: &Stored, operation: &impl Fn() -> String) -> Result<u64, BusError> {
    let number = std::str::from_utf8(&stored.body).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| BusError::Answer {
        operation: operation(),
        reason: format!("message {} holds no number", stored.seq),
    })
}

fn publish_error(failure: Failure) -> PublishError {
    match failure {
        Failure::Doubt(doubt) => PublishError::Unknown(doubt),
        Failure::Error(e) if matches!(e.err_code, api::WRONG_LAST | api::WRONG_LAST_IN_PROCESS) => {
            PublishError::WrongLast
        }
        Failure::Error(e) if api::is_full(&e) => PublishError::Full,
        // No leader, or a store that fails: it may or may not have been written.
        Failure::Error(e) if e.code >= 500 => PublishError::Unknown(Doubt::NoResponders),
        Failure::Error(e) => PublishError::Refused { code: e.err_code, text: e.description },
        // A service that answers on this subject in the stream's place.
        Failure::Answer(text) => PublishError::Refused { code: 0, text },
    }
}

#[cfg(test)]
mod tests {
    use super::{api::ApiError, *};

    #[test]
    fn errors_are_sorted_by_what_a_writer_can_do() {
        let of = |code, err_code, text: &str| {
            publish_error(Failure::Error(ApiError { code, err_code, description: text.into() }))
        };
        assert_eq!(of(400, 10071, "wrong last sequence: 5"), PublishError::WrongLast);
        assert_eq!(of(400, 10164, "wrong last sequence"), PublishError::WrongLast);
        assert_eq!(of(503, 10077, "maximum bytes exceeded"), PublishError::Full);
        assert_eq!(of(500, 10047, "insufficient storage resources available"), PublishError::Full);
        // A disk that fails may have taken the message.
        assert_eq!(of(503, 10077, "write error"), PublishError::Unknown(Doubt::NoResponders));
        assert_eq!(of(503, 10008, "system temporarily unavailable"), PublishError::Unknown(Doubt::NoResponders));
        assert!(matches!(of(400, 10054, "message size exceeds"), PublishError::Refused { code: 10054, .. }));
    }
}
