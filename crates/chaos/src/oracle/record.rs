//! What stands on the streams, event by event.

use std::time::Duration;

use bus::{Bus, Role, Stored};
use bus_schema::{
    Envelope,
    batch::{decode_index, envelope},
    subject::Stream,
};

use crate::{Broken, Rig};

const MESSAGES_MAX: usize = 256;
const WAIT: Duration = Duration::from_secs(10);

/// An event with its place.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Sequence of its message.
    pub seq: u64,
    /// Subject of its message.
    pub subject: String,
    /// The event.
    pub envelope: Envelope,
}

/// The events of a stream on these subjects (all, where none is named) from a sequence to the end.
///
/// # Errors
/// The bus does not answer, or a message cannot be read.
pub async fn events(rig: &Rig, stream: Stream, filters: &[&str], from_seq: u64) -> Result<Vec<Happened>, Broken> {
    let role = match stream {
        Stream::In | Stream::Log | Stream::Dead => Role::Operator,
        Stream::People | Stream::Action => Role::GateOut,
    };
    let bus = rig.nats.connect(role).await?;
    let found = messages(&bus, stream, filters, from_seq).await;
    bus.close().await;
    let mut all = Vec::new();
    for stored in found? {
        all.extend(events_of(&stored)?);
    }
    Ok(all)
}

async fn messages(bus: &Bus, stream: Stream, filters: &[&str], from_seq: u64) -> Result<Vec<Stored>, Broken> {
    let filters: Vec<String> = filters.iter().map(|filter| (*filter).to_owned()).collect();
    let end = match filters.as_slice() {
        [one] => bus.last(stream, one).await?.map_or(0, |stored| stored.seq),
        _ => bus.state(stream).await?.last_seq,
    };
    let mut found = Vec::new();
    if from_seq > end {
        return Ok(found);
    }
    let mut reader = bus.reader(stream, "oracle", &filters, from_seq).await?;
    let mut at = from_seq.saturating_sub(1);
    while at < end {
        let messages = reader.next(MESSAGES_MAX, WAIT).await?;
        let Some(last) = messages.last() else {
            return Err(Broken::late(format!("message {end} of {}", stream.name()), WAIT, format!("it ends at {at}")));
        };
        at = last.seq;
        found.extend(messages.into_iter().take_while(|stored| stored.seq <= end));
    }
    Ok(found)
}

/// The events of a message.
///
/// # Errors
/// It is not packed as ours are.
pub fn events_of(stored: &Stored) -> Result<Vec<Happened>, Broken> {
    let unread = |error: String| Broken::Answer {
        asked: format!("message {} on {}", stored.seq, stored.subject),
        answer: error,
    };
    let Some(index) = stored.headers.index() else { return Ok(Vec::new()) };
    let index = decode_index(index).map_err(|error| unread(error.to_string()))?;
    let one = |at| {
        let envelope = envelope(&stored.body, &index, at).map_err(|error| unread(error.to_string()))?;
        Ok(Happened { seq: stored.seq, subject: stored.subject.clone(), envelope })
    };
    (0..index.len()).map(one).collect()
}
