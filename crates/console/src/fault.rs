//! What a page says when it cannot do what was asked.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;

use crate::{
    control::ControlError,
    markup::{icon::Icon, layout, part},
    views::{ViewsError, follow::chain},
};

/// A page that could not be made.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no such page, account or card.
    NotFound(&'static str),
    /// The views failed: ours.
    Views(ViewsError),
    /// The running system did not do it.
    Control(ControlError),
}

impl From<ViewsError> for Fault {
    fn from(error: ViewsError) -> Self {
        Self::Views(error)
    }
}

impl From<ControlError> for Fault {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}

/// A short code that a person can read out and an operator can find.
fn code() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string().to_uppercase();
    format!("MS-{}", id.get(20..26).unwrap_or(&id))
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, title, body) = match self {
            Self::NotFound(what) => {
                (StatusCode::NOT_FOUND, what.to_owned(), html! { "It may have another address. Nothing was changed." })
            }
            Self::Views(error) => {
                let code = code();
                tracing::error!(fault.code = code, error = %chain(&error), "a page did not load");
                let body = html! { "The fault is ours and no decision was recorded. Code " (code) "." };
                (StatusCode::INTERNAL_SERVER_ERROR, "This page did not load".to_owned(), body)
            }
            Self::Control(error) => {
                let (status, cure) = match &error {
                    ControlError::NotFound { cure, .. } => (StatusCode::NOT_FOUND, cure.clone()),
                    ControlError::Refused { cure, .. } => (StatusCode::CONFLICT, cure.clone()),
                    ControlError::Failed { cure, .. } => (StatusCode::BAD_GATEWAY, cure.clone()),
                };
                (status, error.to_string(), html! { (cure) })
            }
        };
        let page =
            layout::outside(&title, &part::empty(Icon::Warning, &title, &body, Some(("/inbox", "Back to the inbox"))));
        (status, page).into_response()
    }
}
