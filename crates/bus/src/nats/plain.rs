//! Publishing as anybody would with the client library: one event a message, many in flight, every acknowledgement
//! awaited. What the product's packed appends are measured against; nothing in the product publishes like this.

use std::{
    collections::VecDeque,
    future::IntoFuture as _,
    time::{Duration, Instant},
};

use async_nats::jetstream;
use bytes::Bytes;

use crate::BusError;

/// How long an acknowledgement may take: a server that syncs each message answers late, not never.
const ACK_MAX: Duration = Duration::from_secs(30);

/// Publishes bodies one by one on a server that asks for no user, with at most so many in flight; answers how long it
/// took, without connecting.
///
/// # Errors
/// The server does not answer, or a message is not acknowledged.
pub async fn publish_plainly(
    url: &str,
    subjects: &[String],
    bodies: &[Bytes],
    in_flight_max: usize,
) -> Result<Duration, BusError> {
    let failed = |text: String| BusError::Refused { operation: "a plain publish".into(), code: 0, text };
    let client = async_nats::connect(url).await;
    let client = client.map_err(|source| BusError::Connect { url: url.into(), role: "anybody".into(), source })?;
    client.flush().await.map_err(|error| failed(error.to_string()))?;
    let context =
        jetstream::ContextBuilder::new().timeout(ACK_MAX).max_ack_inflight(in_flight_max).build(client.clone());
    let started = Instant::now();
    let mut waiting = VecDeque::new();
    for (body, subject) in bodies.iter().zip(subjects.iter().cycle()) {
        if waiting.len() >= in_flight_max
            && let Some(first) = waiting.pop_front()
        {
            acknowledged(first).await.map_err(failed)?;
        }
        let ack = context.publish(subject.clone(), body.clone()).await;
        waiting.push_back(ack.map_err(|error| failed(error.to_string()))?);
    }
    for ack in waiting {
        acknowledged(ack).await.map_err(failed)?;
    }
    Ok(started.elapsed())
}

async fn acknowledged(ack: jetstream::context::PublishAckFuture) -> Result<(), String> {
    ack.into_future().await.map(drop).map_err(|error| error.to_string())
}
