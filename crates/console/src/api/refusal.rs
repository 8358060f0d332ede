//! Errors of the API, with their codes and cures.

use axum::{
    Json,
    extract::rejection::QueryRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    control::ControlError,
    decide::Refusal,
    fault::Fault,
    views::{ViewsError, follow::chain},
};

/// An error of the API.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
    cure: String,
    more: Value,
}

impl Error {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: &str, cure: &str) -> Self {
        Self { status, code, message: message.into(), cure: cure.into(), more: Value::Null }
    }

    fn with(mut self, more: Value) -> Self {
        self.more = more;
        self
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let id: String = id.chars().take(200).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            &format!("there is no {what} `{id}`"),
            "list them first; an event may still be on its way",
        )
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut body = json!({ "code": self.code, "message": self.message, "cure": self.cure });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), self.more) {
            body.extend(more);
        }
        (self.status, Json(body)).into_response()
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        let cure = "write the query with the names of this address, and numbers in digits";
        Self::new(StatusCode::BAD_REQUEST, "bad_query", &rejection.body_text(), cure)
    }
}

impl From<ViewsError> for Error {
    fn from(error: ViewsError) -> Self {
        tracing::error!(error = %chain(&error), "the API could not read the views");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "views", &error.to_string(), "the fault is ours; see the log")
    }
}

impl From<ControlError> for Error {
    fn from(error: ControlError) -> Self {
        let message = error.to_string();
        match error {
            ControlError::NotFound { cure, .. } => Self::new(StatusCode::NOT_FOUND, "not_found", &message, &cure),
            ControlError::Refused { cure, .. } => Self::new(StatusCode::CONFLICT, "refused", &message, &cure),
            ControlError::Failed { cure, .. } => Self::new(StatusCode::BAD_GATEWAY, "failed", &message, &cure),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound(what) => Self::new(StatusCode::NOT_FOUND, "not_found", what, "list them first"),
            Fault::Views(error) => error.into(),
            Fault::Control(error) => error.into(),
        }
    }
}

/// A decision that was not recorded. `id` is the proposal's.
pub(super) fn of_decision(id: &str, refusal: Refusal) -> Error {
    match refusal {
        Refusal::NotFound => Error::not_found("proposal", id),
        Refusal::Paused(why) => {
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "volatile_bus", why, "nothing was recorded; reject still works")
        }
        Refusal::Expired(at) => Error::new(
            StatusCode::GONE,
            "expired",
            &format!("this proposal expired at {at}; nothing was sent"),
            "wait for another proposal if the account is still at risk",
        ),
        Refusal::Voided => Error::new(
            StatusCode::GONE,
            "void",
            "the facts moved and the proposal is void; nothing was sent",
            "read the account again",
        ),
        Refusal::Moved { version } => Error::new(
            StatusCode::CONFLICT,
            "moved",
            &format!("the draft is version {version} now"),
            "read it again before you decide",
        )
        .with(json!({ "version": version })),
        Refusal::Conflict(winner) => Error::new(
            StatusCode::CONFLICT,
            "decided",
            &format!("{} decided first, at {}", winner.by, winner.at),
            "read the proposal again",
        )
        .with(json!({ "by": winner.by, "at": winner.at, "verdict": winner.verdict, "version": winner.version })),
        Refusal::NothingHeld => Error::new(
            StatusCode::CONFLICT,
            "nothing_held",
            "nothing is held that could be undone",
            "only an approval within its hold can be undone",
        ),
        Refusal::TooLate(at) => Error::new(
            StatusCode::CONFLICT,
            "too_late",
            &format!("the hold ended at {at}; it was sent or is being sent"),
            "it can no longer be stopped",
        ),
        Refusal::Letter(error) => Error::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "cannot_be_sent",
            &error.to_string(),
            "change the text, or complete the contact's record",
        ),
        Refusal::Bus(error) => Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "bus",
            &format!("the bus did not take the decision: {error}"),
            "nothing was recorded; try again in a moment",
        ),
        Refusal::Doubt => Error::new(
            StatusCode::GATEWAY_TIMEOUT,
            "doubt",
            "the bus gave no answer; the decision may or may not be recorded",
            "read the proposal again; a decision is recorded once at most",
        ),
        Refusal::Views(error) => error.into(),
    }
}
