//! Streams that end before what the log has seen of them, and how an operator goes on with one.
//!
//! A bus that lost at a power cut what was not on its disk yet, or that was put back in parts, may have kept the log and
//! not the end of what the log was made from. Router and copies refuse to start on it: what such a stream takes in next
//! would stand under sequences that count as done, and would be passed by without a word. Where there is no newer copy,
//! the sequences that are gone are filled with messages that hold no event, so that whatever comes next stands behind
//! what was seen. Invariants: filling tells nothing and takes nothing away; it happens because a person said so.

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message};
use bus_schema::{
    Batch, Partition, Partitions,
    batch::HEADER_INDEX,
    subject::{self, Stream},
};
use futures_util::future::try_join_all;

use crate::SupervisionError;

const PART: &str = "shortened streams";
/// Messages on their way at once while a stream is filled.
const FILL_MESSAGES_MAX: u64 = 256;
/// Fills ACTION; no stop has such a scope, and the courier takes what begins with `cs.stop.` for no step of a proposal.
const STOP_OF_NOTHING: &str = "cs.stop.lost";

/// A stream that ends too early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shortened {
    /// The stream.
    pub stream: Stream,
    /// Its last sequence.
    pub found: u64,
    /// The sequence up to which the log has seen it.
    pub seen: u64,
    /// A subject of the stream that nobody asks for its last message.
    fill: String,
}

/// A stream, the connection to its account, the log's subject of it in a partition, and a subject to fill it with.
type Place<'a> = (Stream, &'a Bus, fn(Partition) -> String, String);

/// The streams that end before what the log has seen of them. `log` is a connection to account BUS, `out` to OUT.
///
/// # Errors
/// The bus cannot be read.
pub async fn shortened(log: &Bus, out: &Bus, partitions: Partitions) -> Result<Vec<Shortened>, SupervisionError> {
    let read = |source| SupervisionError::read(PART, source);
    let mut all = Vec::new();
    let places: [Place<'_>; 3] = [
        (Stream::In, log, subject::log_in, subject::in_batch(Partition(0))),
        (Stream::People, out, subject::log_people, subject::people_all("lost")),
        (Stream::Action, out, subject::log_outcome, STOP_OF_NOTHING.into()),
    ];
    for (stream, bus, subject, fill) in places {
        let mut seen = 0;
        for p in partitions.all() {
            let last = log.last(Stream::Log, &subject(p)).await.map_err(read)?;
            seen = last.and_then(|stored| stored.headers.turn()).map_or(0, |turn| turn.seq).max(seen);
        }
        let found = bus.state(stream).await.map_err(read)?.last_seq;
        if found < seen {
            all.push(Shortened { stream, found, seen, fill });
        }
    }
    Ok(all)
}

impl Shortened {
    /// Accepts that the end is lost: fills the stream up to what was seen. It can be done again after a failure. `bus` is
    /// a connection to the stream's account.
    ///
    /// # Errors
    /// The bus cannot be read, or does not take the messages.
    pub async fn accept(&self, bus: &Bus) -> Result<(), SupervisionError> {
        loop {
            let state = bus.state(self.stream).await.map_err(|source| SupervisionError::read(PART, source))?;
            let missing = self.seen.saturating_sub(state.last_seq);
            if missing == 0 {
                return Ok(());
            }
            let fill = (0..missing.min(FILL_MESSAGES_MAX)).map(|_| bus.publish(self.nothing(), None));
            try_join_all(fill).await.map_err(|source| SupervisionError::publish(PART, source))?;
        }
    }

    /// A message without an event.
    fn nothing(&self) -> Message {
        let (body, index) = Batch::new().finish();
        Message::new(&*self.fill, body)
            .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
            .with_header(HEADER_INDEX, index)
    }
}
