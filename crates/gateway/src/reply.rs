//! What a sender is told: `{"success":true}`, or a code and a sentence with the cure.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Why a request was not taken. Nothing of it is then promised to be stored.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The body, or one event in it, cannot be used.
    #[error("{0}")]
    Malformed(String),
    /// One event or one batch has more than its limit.
    #[error("{0}")]
    OverLimit(String),
    /// The body is too large.
    #[error("the body has more than {} KB; send smaller batches", crate::body::BODY_BYTES_MAX / 1024)]
    BodyTooLarge,
    /// No or another write key.
    #[error("the write key is missing or wrong; send it as the user name of Basic authentication, or as writeKey")]
    Key,
    /// More events wait than the gateway may hold, or the stream is full.
    #[error("{0}; try again later")]
    Busy(&'static str),
    /// The bus does not answer.
    #[error("the event bus does not answer; try again later")]
    BusAway,
    /// The bus refused for good.
    #[error("the event bus refused the events: {0}")]
    NotTaken(String),
}

/// How long a sender waits before it comes back.
const RETRY_AFTER_SECONDS: &str = "2";

impl Refused {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::OverLimit(_) => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Key => StatusCode::UNAUTHORIZED,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::BusAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotTaken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Stable, for programs.
    const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::OverLimit(_) => "over_limit",
            Self::BodyTooLarge => "body_too_large",
            Self::Key => "wrong_write_key",
            Self::Busy(_) => "busy",
            Self::BusAway => "bus_away",
            Self::NotTaken(_) => "bus_refused",
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = error(self.status(), self.code(), &self.to_string());
        let header = match self {
            Self::Busy(_) | Self::BusAway => Some((header::RETRY_AFTER, RETRY_AFTER_SECONDS)),
            Self::Key => Some((header::WWW_AUTHENTICATE, "Basic realm=\"write key\"")),
            Self::Malformed(_) | Self::OverLimit(_) | Self::BodyTooLarge | Self::NotTaken(_) => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Everything is stored.
pub(crate) fn success() -> Response {
    Json(json!({ "success": true })).into_response()
}

/// An error in the form the SDKs read.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}
