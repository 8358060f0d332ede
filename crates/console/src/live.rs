//! Tells open pages that the views have moved; what they show then they ask for themselves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Deserialize;

use crate::{app::App, routes::User};

/// Shortest time between two tellings. The first change after a quiet time is told at once.
const QUIET: Duration = Duration::from_millis(200);

/// What the page has seen.
#[derive(Deserialize)]
pub(crate) struct Seen {
    at: Option<u64>,
}

/// One `views` event for each time the views moved, until the console stops. What moved between the reading of a page
/// and its call here is told at once.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    _user: User,
    Query(seen): Query<Seen>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = app.views.changes();
    if seen.at.is_some_and(|at| at < *changes.borrow_and_update()) {
        changes.mark_changed();
    }
    let stopping = app.stopping.subscribe();
    let first = tokio::time::Instant::now();
    let stream = stream::unfold((changes, stopping, first), |(mut changes, mut stopping, earliest)| async move {
        let moved = tokio::select! {
            moved = changes.changed() => moved,
            _ = stopping.wait_for(|stop| *stop) => return None,
        };
        moved.ok()?;
        tokio::time::sleep_until(earliest).await;
        let position = *changes.borrow_and_update();
        let event = Event::default().event("views").data(position.to_string());
        let next = tokio::time::Instant::now() + QUIET;
        Some((Ok(event), (changes, stopping, next)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
