//! Every address of the console.

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{Uri, request::Parts},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tower_http::csrf::CsrfLayer;

use crate::{
    api,
    app::App,
    assets,
    fault::Fault,
    live, ops,
    pages::{account, decision, inbox, operator, portfolio, reject, sign_in, unsubscribe},
    secure,
};

/// Longest body of a form or an API call in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// All routes over one shared app, and what the running system adds to the API.
pub(crate) fn router(app: Arc<App>, more: Router) -> Router {
    let pages = Router::new()
        .route("/", get(|| async { Redirect::to("/inbox") }))
        .route("/inbox", get(inbox::page))
        .route("/inbox/live", get(inbox::live))
        .route("/cards/{id}", get(decision::card))
        .route("/cards/{id}/approve", post(decision::approve))
        .route("/cards/{id}/edit", post(decision::edit))
        .route("/cards/{id}/reject", get(reject::page).post(reject::submit))
        .route("/cards/{id}/undo", post(decision::undo))
        .route("/accounts/{id}", get(account::page))
        .route("/portfolio", get(portfolio::page))
        .route("/operator", get(operator::page))
        .route("/operator/dead/replay", post(operator::replay))
        .route("/events", get(live::events))
        .route("/sign-in", get(sign_in::page))
        .route("/sign-out", post(sign_in::out))
        .route("/login", get(sign_in::login))
        .route("/u/{token}", get(unsubscribe::page).post(unsubscribe::submit))
        .route("/assets/{version}/{name}", get(assets::serve))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .fallback(|| async { Fault::NotFound("There is no such page") });
    Router::new()
        .nest("/api/v1", api::router(&app, more))
        .merge(pages)
        .layer(CsrfLayer::new())
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::map_response(secure::headers))
        .with_state(app)
}

/// Who is signed in. Without a session a page leads to the sign-in page and back.
pub(crate) struct User(pub(crate) String);

impl FromRequestParts<Arc<App>> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        app.sessions.user_of(&parts.headers).map(Self).ok_or_else(|| {
            // htmx follows this header; a redirect would put the sign-in page into a part of another page.
            if parts.headers.contains_key("hx-request") {
                return [("hx-redirect", "/sign-in")].into_response();
            }
            Redirect::to(&sign_in::address(&parts.uri)).into_response()
        })
    }
}

/// Where a page leads back to: only addresses of this console.
pub(crate) fn local(address: &str) -> Option<&str> {
    let own = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']);
    (own && address.parse::<Uri>().is_ok()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_addresses_are_led_back_to() {
        assert_eq!(local("/inbox?card=a"), Some("/inbox?card=a"));
        for other in ["//evil.example", "https://evil.example", "/\\evil.example", "inbox", ""] {
            assert_eq!(local(other), None, "{other}");
        }
    }
}
