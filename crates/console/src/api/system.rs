//! The running system: status, digests, rebuilds, dead letters, sign-in links.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Error, json as form};
use crate::{
    app::App,
    control::{DeadSelection, Digest, Rebuilt, Replayed, Verification},
    pages::operator,
    views::{dead as letters, read_account, read_event, read_proposal},
};

/// Dead letters of one answer.
const LETTERS_MAX: usize = 1_000;

/// `GET status`
pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<Value>, Error> {
    let status = app.control.status().await?;
    app.look_at_dead().await;
    let (accounts, events, facts, counts, dead) = app
        .views
        .read(|c| {
            let facts = read_event::facts(c)?;
            Ok((
                read_account::count(c)?,
                read_event::count(c)?,
                facts,
                read_proposal::counts(c)?,
                letters::list(c, 0)?.1,
            ))
        })
        .await?;
    let proposals: Map<String, Value> =
        counts.iter().map(|(state, count)| (state.name().to_owned(), (*count).into())).collect();
    let readiness = app.readiness();
    let mut value = json!(status);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("ready".into(), readiness.ready.into());
        fields.insert("reason".into(), json!(readiness.reason));
        fields.insert("approvals".into(), readiness.refuses_approvals().map_or("open", |_| "refused").into());
        fields.insert("console".into(), format!("http://{}", app.address).into());
        fields.insert("views".into(), json!({ "position": app.views.position(), "events": events, "facts": facts }));
        fields.insert("accounts".into(), accounts.into());
        fields.insert("proposals".into(), proposals.into());
        fields.insert("dead_letters".into(), dead.into());
    }
    Ok(Json(value))
}

/// `GET digest`
pub(super) async fn digest(State(app): State<Arc<App>>) -> Result<Json<Vec<Digest>>, Error> {
    Ok(Json(app.control.digest().await?))
}

/// `POST verify`
pub(super) async fn verify(State(app): State<Arc<App>>) -> Result<Json<Verification>, Error> {
    Ok(Json(app.control.verify().await?))
}

/// `POST rebuild/{agent}`
pub(super) async fn rebuild(State(app): State<Arc<App>>, Path(agent): Path<String>) -> Result<Json<Rebuilt>, Error> {
    Ok(Json(app.control.rebuild(agent).await?))
}

/// `POST login`: another one-time link.
pub(super) async fn login(State(app): State<Arc<App>>) -> Result<Json<Value>, Error> {
    let link = app.login_link().ok_or_else(|| {
        Error::new(StatusCode::INTERNAL_SERVER_ERROR, "random", "the system gives no random bytes", "try again")
    })?;
    Ok(Json(json!({ "link": link })))
}

/// `GET dead`
pub(super) async fn dead(State(app): State<Arc<App>>) -> Result<Json<Value>, Error> {
    app.look_at_dead().await;
    let (list, waiting) = app.views.read(|c| letters::list(c, LETTERS_MAX)).await?;
    Ok(Json(json!({ "dead": list.iter().map(form::dead).collect::<Vec<_>>(), "waiting": waiting })))
}

/// Which letters: `{"ids": […]}` or `{"all": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    ids: Vec<u64>,
    #[serde(default)]
    all: bool,
}

/// `POST dead/replay`
pub(super) async fn replay(State(app): State<Arc<App>>, Json(which): Json<Which>) -> Result<Json<Replayed>, Error> {
    let selection = match (which.all, which.ids.is_empty()) {
        (true, true) => DeadSelection::All,
        (false, false) => DeadSelection::Ids(which.ids),
        (true, false) | (false, true) => {
            return Err(Error::new(
                StatusCode::BAD_REQUEST,
                "bad_selection",
                "the body must name either `ids` or `all`",
                "send {\"ids\": [3]} or {\"all\": true}",
            ));
        }
    };
    Ok(Json(operator::replayed(&app, selection).await?))
}
