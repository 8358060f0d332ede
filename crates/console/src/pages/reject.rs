//! Saying no: eight reasons, in a dialog where the script runs, on a page of its own everywhere else.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use bus_schema::data::people::{RejectReason, Verdict};
use maud::{Markup, html};
use serde::Deserialize;

use super::{decision, outcome, refused};
use crate::{
    app::{App, Settled},
    decide::{self, Seen, Wish},
    fault::Fault,
    markup::{
        layout::{self, Nav},
        part,
    },
    routes::User,
    views::row::Proposal,
};

/// The reasons in the order of their keys.
const REASONS: [RejectReason; 8] = [
    RejectReason::WrongFacts,
    RejectReason::BadTiming,
    RejectReason::WrongPerson,
    RejectReason::AlreadyHandled,
    RejectReason::Tone,
    RejectReason::NotARealSignal,
    RejectReason::CustomerAskedNotTo,
    RejectReason::Other,
];

/// Longest note in characters.
const NOTE_CHARS_MAX: usize = 500;

/// The form of a rejection.
#[derive(Deserialize)]
pub(crate) struct Rejection {
    reason: RejectReason,
    #[serde(default)]
    note: String,
    version: Option<u32>,
    draft_hash: Option<String>,
}

fn choices() -> Markup {
    html! {
        fieldset {
            legend.vh { "Reason" }
            @for (index, reason) in REASONS.iter().enumerate() {
                label.choice {
                    input type="radio" name="reason" value=(name(*reason)) required;
                    (outcome::reason_words(*reason)) kbd { (index + 1) }
                }
            }
        }
    }
}

/// The word of a reason as it travels.
fn name(reason: RejectReason) -> String {
    serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn form(proposal: &Proposal, foot: &Markup) -> Markup {
    html! {
        form method="post" action=(format!("/cards/{}/reject", part::segment(&proposal.id))) {
            (outcome::seen(proposal))
            div.head {
                h2 #reject-h { "Why reject this card?" }
                p.dim.small { "Nothing is sent. The reason is kept with the card." }
            }
            div.body {
                (choices())
                div.field {
                    label for="reject-note" { "Note " span.dim { "(optional)" } }
                    input.input #reject-note name="note" maxlength=(NOTE_CHARS_MAX);
                }
            }
            div.foot { (foot) button.btn.btn-primary { "Reject" } }
        }
    }
}

/// The dialog of a card.
pub(super) fn dialog(proposal: &Proposal) -> Markup {
    let keep = html! {
        button.btn.btn-quiet type="submit" formmethod="dialog" formnovalidate { "Keep the card " kbd { "Esc" } }
    };
    html! { dialog #reject aria-labelledby="reject-h" { (form(proposal, &keep)) } }
}

/// The same form as a page.
pub(crate) async fn page(State(app): State<Arc<App>>, user: User, Path(id): Path<String>) -> Result<Markup, Fault> {
    let case = decide::case(&app, &id).await?.ok_or(Fault::NotFound("There is no such card"))?;
    let shell = app.shell(&user.0).await?;
    let back = format!("/inbox?card={}", part::segment(&id));
    let title = format!("Reject the card of {}", case.account.title());
    let keep = html! { a.btn.btn-quiet href=(back) { "Keep the card" } };
    let body = html! {
        main.page #main tabindex="-1" {
            div.page-head { h1 { (title) } }
            section.panel.narrow { div.sheet-form { (form(&case.proposal, &keep)) } }
        }
    };
    Ok(layout::page(&shell, &title, Nav::Inbox, &body))
}

/// Records the rejection.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Rejection>,
) -> Result<Response, Fault> {
    let note: String = form.note.trim().chars().take(NOTE_CHARS_MAX).collect();
    let wish = Wish::Reject { reason: form.reason, note: Some(note).filter(|note| !note.is_empty()) };
    let seen = Seen { version: form.version, draft_hash: form.draft_hash };
    match decide::decide(&app, decision::actor(&user), &id, &seen, wish).await {
        Ok(_) => {
            app.settled(&id, Settled::Decided(Verdict::Reject)).await?;
            Ok(Redirect::to(&format!("/inbox?did=rejected&on={}", part::segment(&id))).into_response())
        }
        Err(refusal) => refused::page(&app, &user.0, &id, refusal, refused::Kept::default()).await,
    }
}
