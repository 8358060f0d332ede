//! `/api/v1`: the same views and decisions as JSON, for commands and programs.
//!
//! Behind the bearer token of `run.json` or a session. Errors are `{code, message, cure}`.

mod accounts;
mod json;
mod proposals;
mod refusal;
mod system;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bus_schema::{Actor, ActorKind};

pub(crate) use self::refusal::Error;
use crate::app::App;

/// Header that names a made-up person of a demo.
const SIMULATED: &str = "x-mainstay-simulated";

/// The API over one shared app, and what the running system adds to it.
pub(crate) fn router(app: &Arc<App>, more: Router) -> Router<Arc<App>> {
    Router::new()
        .route("/status", get(system::status))
        .route("/digest", get(system::digest))
        .route("/verify", post(system::verify))
        .route("/rebuild/{agent}", post(system::rebuild))
        .route("/login", post(system::login))
        .route("/dead", get(system::dead))
        .route("/dead/replay", post(system::replay))
        .route("/accounts", get(accounts::list))
        .route("/accounts/{id}", get(accounts::one))
        .route("/accounts/{id}/events", get(accounts::events))
        .route("/proposals", get(proposals::list))
        .route("/proposals/{id}", get(proposals::one))
        .route("/proposals/{id}/approve", post(proposals::approve))
        .route("/proposals/{id}/reject", post(proposals::reject))
        .route("/proposals/{id}/undo", post(proposals::undo))
        .merge(more.with_state(()))
        .fallback(|| async {
            Error::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such address",
                "ask for status, accounts, proposals, dead or digest",
            )
        })
        .layer(middleware::from_fn_with_state(app.clone(), guard))
}

/// Nobody without a token or a session gets an answer, whatever the address.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if app.sessions.has_token(headers) || app.sessions.user_of(headers).is_some() {
        next.run(request).await
    } else {
        Error::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "the request has neither a valid bearer token nor a session",
            "send `Authorization: Bearer <token of run.json>`",
        )
        .into_response()
    }
}

/// Who acts through the API: the local user, or a made-up person on a log that the demo made.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let Some(simulated) = parts.headers.get(SIMULATED) else {
            return Ok(Self(Actor { kind: ActorKind::Person, id: app.sessions.user().to_owned() }));
        };
        let id = simulated.to_str().unwrap_or_default().trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
            let message = format!("`{SIMULATED}` must be 1 to 64 letters, digits, `-`, `_` or `.`");
            return Err(Error::new(StatusCode::BAD_REQUEST, "bad_actor", &message, "name a CSM of the demo"));
        }
        if !(app.readiness().demo && app.sessions.has_token(&parts.headers)) {
            return Err(Error::new(
                StatusCode::FORBIDDEN,
                "simulated_refused",
                "made-up people may decide only on a log that `mainstay demo` made",
                "decide as yourself: leave the header out",
            ));
        }
        Ok(Self(Actor { kind: ActorKind::Simulated, id: id.to_owned() }))
    }
}
