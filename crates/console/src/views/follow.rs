//! Follows the log and the dead letters for as long as the console runs.

use std::time::{Duration, Instant};

use bus::Bus;
use bus_schema::subject::Stream;
use tokio::sync::watch;

use super::{Views, ViewsError, dead, project};

/// Messages projected in one transaction at most.
const MESSAGES_MAX: usize = 256;
/// Longest pause between two transactions. A page of the file is written once for all rows that a transaction puts on
/// it, so what comes while one is written, and four times as long again, goes into the next one.
const APART_MAX: Duration = Duration::from_millis(200);
/// How long one call waits for a message.
const WAIT: Duration = Duration::from_secs(5);
/// Pause after a failure, so that a bus that is away is not asked without end.
const PAUSE: Duration = Duration::from_millis(500);

/// Names under which the positions are kept, on the bus and in the views.
const DURABLE_LOG: &str = "console";
const DURABLE_DEAD: &str = "console-dead";

/// A stream that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    /// The bus did not answer.
    #[error("the bus did not answer")]
    Bus(#[from] bus::BusError),
    /// The views could not take it.
    #[error(transparent)]
    Views(#[from] ViewsError),
}

/// Projects the log and the dead letters until `stop` turns true. Failures are said and tried again.
pub(crate) async fn run(views: Views, bus: Bus, stop: watch::Receiver<bool>) {
    tokio::join!(
        follow(&views, &bus, Stream::Log, DURABLE_LOG, stop.clone()),
        follow(&views, &bus, Stream::Dead, DURABLE_DEAD, stop),
    );
}

async fn follow(views: &Views, bus: &Bus, stream: Stream, durable: &str, mut stop: watch::Receiver<bool>) {
    let mut failing = false;
    while !*stop.borrow() {
        let work = once(views, bus, stream, durable);
        let done = tokio::select! {
            done = work => done,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Err(error) = done {
            // Said once for each outage, not for each attempt.
            if !failing {
                tracing::warn!(stream = stream.name(), error = %chain(&error), "the console cannot follow a stream");
            }
            failing = true;
            tokio::time::sleep(PAUSE).await;
        } else {
            failing = false;
        }
    }
}

/// An error with the errors behind it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = source.source();
    }
    text
}

async fn once(views: &Views, bus: &Bus, stream: Stream, durable: &str) -> Result<(), FollowError> {
    let key = key(stream);
    let (mut at, hash) = (views.position_of(key)?, views.hash_of(key)?);
    if at > 0 && is_another(bus, stream, at, &hash).await? {
        tracing::warn!(stream = stream.name(), "the views are of another stream and are built again");
        views.reset()?;
        at = 0;
    }
    let mut reader = bus.reader(stream, durable, &[], at + 1).await?;
    loop {
        let messages = reader.next(MESSAGES_MAX, WAIT).await?;
        let views = views.clone();
        let behind = u32::try_from(reader.pending()).unwrap_or(u32::MAX);
        let Some((last, hash)) = messages.last().map(|message| (message.seq, message.hash())) else { continue };
        let (full, began) = (messages.len() == MESSAGES_MAX, Instant::now());
        let work = move || {
            views.write(key, last, |t| {
                Views::set_hash(t, key, &hash.to_string())?;
                match stream {
                    Stream::Dead => messages.iter().try_for_each(|message| dead::message(t, message)),
                    _ => project::messages(t, &messages),
                }
            })
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| ViewsError::Interrupted)??;
        metrics::gauge!("mainstay_console_behind", "stream" => stream.name()).set(f64::from(behind));
        if !full {
            tokio::time::sleep((began.elapsed() * 4).min(APART_MAX)).await;
        }
    }
}

/// Whether the stream is another one than the views were made of: what they ended with is another message there, or gone.
async fn is_another(bus: &Bus, stream: Stream, at: u64, hash: &str) -> Result<bool, bus::BusError> {
    if bus.state(stream).await?.last_seq < at {
        return Ok(true);
    }
    Ok(match bus.get(stream, at).await? {
        Some(found) => found.hash().to_string() != hash,
        // Old dead letters are deleted.
        None => stream != Stream::Dead,
    })
}

fn key(stream: Stream) -> &'static str {
    match stream {
        Stream::Dead => "dead",
        _ => "log",
    }
}
