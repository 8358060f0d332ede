//! Accounts and their events.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use bus_schema::Position;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Error, json as form};
use crate::{
    app::App,
    views::{read_account, read_event, read_proposal},
};

const CONTACTS_MAX: usize = 200;
const PROPOSALS_MAX: usize = 100;
/// Events of one answer: default and most.
const EVENTS_DEFAULT: usize = 100;
const EVENTS_MAX: usize = 1_000;

/// `GET accounts`
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<Value>, Error> {
    let accounts = app.views.read(read_account::all).await?;
    Ok(Json(json!({ "accounts": accounts.iter().map(form::account).collect::<Vec<_>>() })))
}

/// `GET accounts/{id}`
pub(super) async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Error> {
    let wanted = id.clone();
    let detail = app
        .views
        .read(move |c| {
            let Some(account) = read_account::one(c, &wanted)? else { return Ok(None) };
            let score = account.health.map(|health| read_account::score(c, health.position)).transpose()?.flatten();
            let forecast = account.churn.map(|churn| read_account::forecast(c, churn.position)).transpose()?.flatten();
            let (contacts, _) = read_account::contacts(c, &wanted, CONTACTS_MAX)?;
            let proposals = read_proposal::of_account(c, &wanted, PROPOSALS_MAX)?;
            let detail =
                form::Detail { account: &account, score, forecast, contacts: &contacts, proposals: &proposals };
            Ok(Some(form::detail(&detail)))
        })
        .await?;
    detail.map(Json).ok_or_else(|| Error::not_found("account", &id))
}

/// Which events.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    before: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    limit: Option<usize>,
}

/// `GET accounts/{id}/events?before=&type=&limit=`: the latest first.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Error> {
    let Query(page) = page?;
    let before: Option<Position> = page.before.as_deref().map(str::parse).transpose().map_err(|error| {
        let message = format!("before: {error}");
        Error::new(StatusCode::BAD_REQUEST, "bad_position", &message, "give a position like 1204118.3")
    })?;
    let limit = page.limit.unwrap_or(EVENTS_DEFAULT).clamp(1, EVENTS_MAX);
    let wanted = id.clone();
    let events = app
        .views
        .read(move |c| {
            if read_account::one(c, &wanted)?.is_none() {
                return Ok(None);
            }
            Ok(Some(read_event::page(c, &wanted, before, page.kind.as_deref(), limit)?))
        })
        .await?;
    let events = events.ok_or_else(|| Error::not_found("account", &id))?;
    let next = (events.len() == limit).then(|| events.last().map(|event| event.position)).flatten();
    Ok(Json(json!({ "events": events.iter().map(form::event).collect::<Vec<_>>(), "next": next })))
}
