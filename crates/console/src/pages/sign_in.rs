//! Signing in by the one-time link, signing out.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    app::App,
    markup::{
        icon::Icon,
        layout,
        part::{self, Notice, Tone},
    },
    routes, session,
};

/// The address of the sign-in page that leads back to another.
pub(crate) fn address(back: &Uri) -> String {
    let back = back.path_and_query().map_or("/inbox", |path| path.as_str());
    if back == "/" || back == "/inbox" { "/sign-in".into() } else { format!("/sign-in?next={}", part::segment(back)) }
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

/// What a link carries.
#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
    next: Option<String>,
}

fn body(next: Option<&str>, used: bool) -> Markup {
    html! {
        h1 { "Sign in" }
        @if used {
            (part::notice(&Notice {
                tone: Tone::Warn, icon: Icon::Warning, title: "This link does not work any more",
                body: html! { p { "A link works once. Ask for another one." } }, alert: true,
            }))
        }
        p { "Mainstay printed a sign-in link when it started. It works once." }
        p { "For another one, run this on the machine where Mainstay runs:" }
        p { code.token { "mainstay login" } }
        form action="/login" {
            div.field {
                label for="token" { "Or paste the link’s token" }
                input.input #token name="token" type="text" autocomplete="off" required aria-describedby="token-h";
                small #token-h { "Pasting and password managers work here." }
            }
            @if let Some(next) = next.and_then(routes::local) { input type="hidden" name="next" value=(next); }
            button.btn.btn-primary { "Sign in" }
        }
        p.dim.small { "You are signed out after 30 minutes without activity, and after 12 hours in any case." }
    }
}

/// The page.
pub(crate) async fn page(Query(next): Query<Next>) -> Markup {
    layout::outside("Sign in", &body(next.next.as_deref(), false))
}

/// Uses a link up: a session, then the page that was asked for.
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Response {
    let to = link.next.as_deref().and_then(routes::local).unwrap_or("/inbox");
    // A look ahead (by a chat program that shows the link, by a browser that guesses) must not use the link up.
    let looks_ahead = headers.get("sec-purpose").is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"));
    if method == Method::HEAD || looks_ahead {
        return StatusCode::NO_CONTENT.into_response();
    }
    // Whoever is signed in keeps their session, and the link for another browser.
    if app.sessions.user_of(&headers).is_some() {
        return Redirect::to(to).into_response();
    }
    // A pasted link is as good as its token.
    let token = link.token.trim().rsplit("token=").next().unwrap_or_default();
    let Some(secret) = app.sessions.sign_in(token) else {
        let page = layout::outside("Sign in", &body(link.next.as_deref(), true));
        return (StatusCode::FORBIDDEN, page).into_response();
    };
    let cookie = session::set_cookie(Some(&secret), app.secure());
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Ends the session.
pub(crate) async fn out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.sessions.sign_out(&headers);
    let cookie = session::set_cookie(None, app.secure());
    ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
}
