//! Requests to the server and the reading of its answers.

use std::time::Duration;

use async_nats::{HeaderMap, Request, client::RequestErrorKind};
use bus_schema::subject::Stream;
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::NatsBus;
use crate::{BusError, Doubt};

/// The stream does not exist.
pub(super) const NO_STREAM: u64 = 10059;
/// The consumer does not exist.
pub(super) const NO_CONSUMER: u64 = 10014;
/// No message is there.
pub(super) const NO_MESSAGE: u64 = 10037;
/// A stream of this name exists with another configuration.
pub(super) const NAME_IN_USE: u64 = 10058;
/// The subject's last message is another one.
pub(super) const WRONG_LAST: u64 = 10071;
/// The subject's last message is another one, or another publish is in process.
pub(super) const WRONG_LAST_IN_PROCESS: u64 = 10164;
/// The stream lets nobody purge it; one of the few refusals that look like a failure of the server.
const PURGE_DENIED: u64 = 10110;
/// The store took the message for one reason or another not.
const STORE_FAILED: u64 = 10077;
/// A limit of the account, of the server or of the disk is reached.
const RESOURCES: [u64; 3] = [10002, 10023, 10047];

/// An error as the server writes it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiError {
    /// A number like those of HTTP.
    pub(super) code: u64,
    /// The precise number.
    #[serde(default)]
    pub(super) err_code: u64,
    /// In words.
    #[serde(default)]
    pub(super) description: String,
}

/// Whether a limit was reached, so that nothing was stored.
pub(super) fn is_full(error: &ApiError) -> bool {
    RESOURCES.contains(&error.err_code) || (error.err_code == STORE_FAILED && error.description.contains("maximum"))
}

/// A request that brought no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer.
    Doubt(Doubt),
    /// An answer that says no.
    Error(ApiError),
    /// An answer that cannot be read.
    Answer(String),
}

impl Failure {
    /// As an error of `operation`, on a stream where it is about one.
    pub(super) fn into_bus(self, operation: &str, stream: Option<Stream>) -> BusError {
        let operation = || match stream {
            Some(stream) => format!("{operation} of {}", stream.name()),
            None => operation.to_owned(),
        };
        match (self, stream) {
            (Self::Error(e), Some(stream)) if e.err_code == NO_STREAM => BusError::NoStream(stream),
            // The server is there and cannot right now: no leader, still recovering.
            (Self::Error(e), _) if e.code >= 500 && e.err_code != PURGE_DENIED => {
                BusError::Unavailable { operation: operation(), doubt: Doubt::NoResponders }
            }
            (Self::Error(e), _) => BusError::Refused { operation: operation(), code: e.err_code, text: e.description },
            (Self::Doubt(doubt), _) => BusError::Unavailable { operation: operation(), doubt },
            (Self::Answer(reason), _) => BusError::Answer { operation: operation(), reason },
        }
    }
}

impl NatsBus {
    /// Sends a request and waits for the answer; gives up at once when the connection is lost meanwhile.
    pub(super) async fn request(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<async_nats::Message, Failure> {
        let mut lost = self.lost.clone();
        lost.mark_unchanged();
        if !self.is_connected() {
            return Err(Failure::Doubt(Doubt::Disconnected));
        }
        let mut request = Request::new().payload(payload).timeout(Some(timeout));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let answer = tokio::select! {
            answer = self.client.send_request(subject, request) => answer,
            _ = lost.changed() => return Err(Failure::Doubt(Doubt::Disconnected)),
        };
        answer.map_err(|e| match e.kind() {
            RequestErrorKind::TimedOut => Failure::Doubt(Doubt::Timeout),
            RequestErrorKind::NoResponders => Failure::Doubt(Doubt::NoResponders),
            RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                Failure::Error(ApiError { code: 400, err_code: 0, description: e.to_string() })
            }
            RequestErrorKind::Other => Failure::Doubt(Doubt::Disconnected),
        })
    }

    /// Calls the `JetStream` API.
    pub(super) async fn api<T: DeserializeOwned>(
        &self,
        call: &str,
        payload: &(impl Serialize + Sync),
    ) -> Result<T, Failure> {
        let payload = serde_json::to_vec(payload).map_err(|e| Failure::Answer(e.to_string()))?;
        let answer = self.request(format!("$JS.API.{call}"), None, payload.into(), API_TIMEOUT).await?;
        read_answer(&answer.payload)
    }
}

/// How long a call of the API may take; creating a stream on a slow disk is the longest.
const API_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks for `error` first: an answer that says no also carries fields of the good answer.
pub(super) fn read_answer<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct MaybeError {
        error: Option<ApiError>,
    }
    let read = |e: serde_json::Error| Failure::Answer(e.to_string());
    if let Some(error) = serde_json::from_slice::<MaybeError>(payload).map_err(read)?.error {
        return Err(Failure::Error(error));
    }
    serde_json::from_slice(payload).map_err(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Ack {
        seq: u64,
    }

    #[test]
    fn an_error_answer_is_an_error_although_it_names_a_sequence() {
        let refused = br#"{"error":{"code":400,"err_code":10071,"description":"wrong"},"stream":"LOG","seq":0}"#;
        assert!(matches!(read_answer::<Ack>(refused), Err(Failure::Error(e)) if e.err_code == WRONG_LAST));
        assert_eq!(read_answer::<Ack>(br#"{"stream":"LOG","seq":7}"#).unwrap().seq, 7);
        assert!(matches!(read_answer::<Ack>(b"not json"), Err(Failure::Answer(_))));
    }
}
