//! Proposals, and decisions on them.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use bus_schema::data::people::{RejectReason, Verdict};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Caller, Error, json as form, refusal};
use crate::{
    app::{App, Settled},
    decide::{self, Seen, Wish},
    letter::Text,
    views::{read_proposal, row::State as Stage},
};

const PROPOSALS_MAX: usize = 1_000;
const STATES: &str = "waiting, held, signed, intended, sent, failed, unknown, rejected, expired, void, drafted or all";

/// Which proposals.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    state: Option<String>,
}

/// `GET proposals?state=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Value>, Error> {
    let Query(filter) = filter?;
    let states = match filter.state.as_deref() {
        None | Some("waiting" | "filed") => vec![Stage::Filed],
        Some("all") => Stage::ALL.to_vec(),
        Some(name) => vec![Stage::parse(name).ok_or_else(|| {
            let message = format!("`{name}` is no state of a proposal");
            Error::new(StatusCode::BAD_REQUEST, "bad_state", &message, &format!("ask for {STATES}"))
        })?],
    };
    let proposals = app.views.read(move |c| read_proposal::in_states(c, &states, PROPOSALS_MAX)).await?;
    Ok(Json(json!({ "proposals": proposals.iter().map(form::proposal).collect::<Vec<_>>() })))
}

async fn show(app: &App, id: &str) -> Result<Json<Value>, Error> {
    let wanted = id.to_owned();
    let proposal = app.views.read(move |c| read_proposal::one(c, &wanted)).await?;
    proposal.map(|proposal| Json(form::proposal(&proposal))).ok_or_else(|| Error::not_found("proposal", id))
}

/// `GET proposals/{id}`
pub(super) async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Error> {
    show(&app, &id).await
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Approve {
    version: Option<u32>,
    draft_hash: Option<String>,
    subject: Option<String>,
    body: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    reason: RejectReason,
    note: Option<String>,
    version: Option<u32>,
}

/// A JSON body; none at all means an empty one.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Error> {
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(text).map_err(|error| {
        let message = format!("the body cannot be read: {error}");
        Error::new(StatusCode::BAD_REQUEST, "bad_body", &message, "send a JSON object with the fields named there")
    })
}

async fn decided(
    app: &App,
    caller: Caller,
    id: &str,
    seen: &Seen,
    wish: Wish,
    until: Settled,
) -> Result<Json<Value>, Error> {
    decide::decide(app, caller.0, id, seen, wish).await.map_err(|error| refusal::of_decision(id, error))?;
    app.settled(id, until).await?;
    show(app, id).await
}

/// `POST proposals/{id}/approve`: as drafted, or with another subject or body.
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Error> {
    let wanted: Approve = body(&bytes)?;
    let text = if wanted.subject.is_some() || wanted.body.is_some() {
        let case = decide::case(&app, &id).await?.ok_or_else(|| Error::not_found("proposal", &id))?;
        let draft = Text::of(&case.proposal.draft);
        Some(Text { subject: wanted.subject.unwrap_or(draft.subject), body: wanted.body.unwrap_or(draft.body) })
    } else {
        None
    };
    let seen = Seen { version: wanted.version, draft_hash: wanted.draft_hash };
    let wish = Wish::Approve { text, note: wanted.reason };
    decided(&app, caller, &id, &seen, wish, Settled::Decided(Verdict::Approve)).await
}

/// `POST proposals/{id}/reject`
pub(super) async fn reject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Error> {
    let wanted: Reject = body(&bytes)?;
    let seen = Seen { version: wanted.version, draft_hash: None };
    let wish = Wish::Reject { reason: wanted.reason, note: wanted.note };
    decided(&app, caller, &id, &seen, wish, Settled::Decided(Verdict::Reject)).await
}

/// `POST proposals/{id}/undo`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Error> {
    let recorded = decide::decide(&app, caller.0, &id, &Seen::default(), Wish::Undo).await;
    recorded.map_err(|error| refusal::of_decision(&id, error))?;
    match decide::undone(&app, &id).await? {
        Some(late) => Err(refusal::of_decision(&id, late)),
        None => show(&app, &id).await,
    }
}
