//! Where the links in mails lead. Looking changes nothing; one POST stops the address.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus_schema::data::{facts::MessageClass, words::TouchClass};
use maud::html;

use crate::{
    app::App,
    decide,
    markup::{icon::Icon, layout, part},
    stop,
};

fn forged() -> Response {
    let page = layout::public(
        "Not found",
        &part::empty(
            Icon::Warning,
            "This link is not one of ours",
            &html! { "Copy the whole link from the message, or answer the message instead." },
            None,
        ),
    );
    (StatusCode::NOT_FOUND, page).into_response()
}

/// The page with the button.
pub(crate) async fn page(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    if app.stop_key.read(&token).is_none() {
        return forged();
    }
    let body = html! {
        h1 { "Stop messages" }
        p { "Press the button and no more messages are sent to the address this link was sent to." }
        form method="post" { button.btn.btn-primary { "Stop messages to this address" } }
        p.dim.small { "Nothing changes until you press it." }
    };
    layout::public("Stop messages", &body).into_response()
}

/// Stops the address, whether a person pressed the button or a mail program posted (RFC 8058).
pub(crate) async fn submit(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let Some(link) = app.stop_key.read(&token) else { return forged() };
    let class = match decide::case(&app, &link.proposal).await.ok().flatten().map(|case| case.proposal.draft.class) {
        Some(MessageClass::Transactional) => TouchClass::Transactional,
        Some(MessageClass::Commercial) | None => TouchClass::Commercial,
        Some(MessageClass::Relationship) => TouchClass::Relationship,
        Some(MessageClass::Survey) => TouchClass::Survey,
    };
    let now = app.now().await;
    match stop::unsubscribe((&app.out, &app.bus), app.config.partitions, &link, class, now).await {
        Ok(()) => {
            let body = html! {
                h1 { "Messages are stopped" }
                p { "No more messages are sent to this address from now on." }
            };
            layout::public("Messages are stopped", &body).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "an unsubscribe was not recorded");
            let body = part::empty(
                Icon::Warning,
                "This was not recorded",
                &html! { "The fault is ours. Please press the button again in a minute, or answer the message." },
                None,
            );
            (StatusCode::SERVICE_UNAVAILABLE, layout::public("Not recorded", &body)).into_response()
        }
    }
}
