//! The forms of a card: approve, edit and approve, undo. Each ends in a redirect, or says why nothing was recorded.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use bus_schema::{Actor, ActorKind, data::people::Verdict};
use serde::Deserialize;

use super::refused::{self, Kept};
use crate::{
    app::{App, Settled},
    decide::{self, Seen, Wish},
    fault::Fault,
    letter::Text,
    markup::part,
    routes::User,
};

/// The form of an approval as it stands.
#[derive(Deserialize)]
pub(crate) struct Approval {
    version: u32,
    draft_hash: String,
}

/// The form of an approval in other words.
#[derive(Deserialize)]
pub(crate) struct Edit {
    version: u32,
    draft_hash: String,
    subject: String,
    body: String,
    #[serde(default)]
    note: String,
}

/// The person of a session as the log names them.
pub(super) fn actor(user: &User) -> Actor {
    Actor { kind: ActorKind::Person, id: user.0.clone() }
}

/// A card by its own address.
pub(crate) async fn card(State(app): State<Arc<App>>, _user: User, Path(id): Path<String>) -> Result<Redirect, Fault> {
    let case = decide::case(&app, &id).await?.ok_or(Fault::NotFound("There is no such card"))?;
    Ok(Redirect::to(&format!("/inbox?card={}", part::segment(&case.proposal.id))))
}

/// Approves the draft as it stands.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Approval>,
) -> Result<Response, Fault> {
    let seen = Seen { version: Some(form.version), draft_hash: Some(form.draft_hash) };
    finish(&app, &user, &id, seen, None, None).await
}

/// Approves what a person made of the draft.
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Edit>,
) -> Result<Response, Fault> {
    let seen = Seen { version: Some(form.version), draft_hash: Some(form.draft_hash) };
    let text = Text { subject: form.subject, body: form.body.replace("\r\n", "\n") };
    let note = Some(form.note.trim().chars().take(500).collect::<String>()).filter(|note| !note.is_empty());
    finish(&app, &user, &id, seen, Some(text), note).await
}

async fn finish(
    app: &Arc<App>,
    user: &User,
    id: &str,
    seen: Seen,
    text: Option<Text>,
    note: Option<String>,
) -> Result<Response, Fault> {
    let kept = Kept { text: text.clone() };
    match decide::decide(app, actor(user), id, &seen, Wish::Approve { text, note }).await {
        Ok(_) => {
            app.settled(id, Settled::Decided(Verdict::Approve)).await?;
            Ok(Redirect::to(&format!("/inbox?did=approved&on={}", part::segment(id))).into_response())
        }
        Err(refusal) => refused::page(app, &user.0, id, refusal, kept).await,
    }
}

/// Takes an approval back while it is held.
pub(crate) async fn undo(State(app): State<Arc<App>>, user: User, Path(id): Path<String>) -> Result<Response, Fault> {
    match decide::decide(&app, actor(&user), &id, &Seen::default(), Wish::Undo).await {
        Ok(_) => match decide::undone(&app, &id).await? {
            // The hold may have ended while the undo was on its way: then the card must not say that it was stopped.
            Some(refusal) => refused::page(&app, &user.0, &id, refusal, Kept::default()).await,
            None => Ok(Redirect::to(&format!("/inbox?card={0}&did=undone&on={0}", part::segment(&id))).into_response()),
        },
        Err(refusal) => refused::page(&app, &user.0, &id, refusal, Kept::default()).await,
    }
}
