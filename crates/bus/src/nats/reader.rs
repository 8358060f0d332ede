//! A reader over a durable consumer that acknowledges nothing.
//!
//! The position is the caller's: at open, after a lost connection, after a gap and when the consumer stands still, the
//! consumer is reset to the first message that was not handed out. Deliveries are numbered by the consumer, so that a
//! gap cannot pass unseen. Every reader has a consumer of its own: of one that two of them reset, the first delivery
//! after a reset may be meant for the other, and its number does not tell. Invariant: messages are handed out in order,
//! none skipped, none twice.

use std::time::Duration;

use async_nats::{StatusCode, Subscriber};
use bus_schema::{Time, subject::Stream};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::watch,
    task::coop::unconstrained,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    NatsBus,
    api::{self, Failure},
    wire::{self, Delivery},
};
use crate::{BusError, Doubt, Stored, streams::kept_for_ever};

/// Messages and bytes of one pull. The bytes bound what a reader that is far behind holds in memory.
const PULL_MESSAGES: u64 = 512;
const PULL_BYTES: u64 = 8 * 1024 * 1024;
/// How long the server keeps a pull open, and how often it says that it still does. A reset does not end the pull of
/// a reader that stands still; until that pull expires, its successor is handed nothing.
const PULL_EXPIRES: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Without a word for this long, the pull is taken for lost.
const SILENCE_MAX: Duration = Duration::from_millis(3500);
/// After this long without a delivery, the consumer is asked whether it stands still.
const IDLE_CHECK: Duration = Duration::from_secs(10);
/// Between two tries while the bus is away.
const RETRY: Duration = Duration::from_millis(100);
/// Before a reset that follows an interruption.
const INTERRUPTED_PAUSE: Duration = Duration::from_millis(20);

/// How long the server keeps the consumer of a reader that does not pull any more.
const ABANDONED_AFTER: Duration = Duration::from_mins(2);

/// Reads one stream through one durable consumer.
#[derive(Debug)]
pub(crate) struct NatsReader {
    bus: NatsBus,
    stream: Stream,
    durable: String,
    filters: Vec<String>,
    next_seq: u64,
    pending: u64,
    lost: watch::Receiver<u64>,
    pull: Option<Pull>,
    /// The message handed out last: one server cannot write another one in its place.
    known: Option<(u64, Time)>,
    /// The connection or the consumer was away since the stream was last recognised.
    strange: bool,
    /// Deliveries were interrupted since the last reset.
    interrupted: bool,
    /// The consumer may not exist on the server.
    doubtful: bool,
}

/// A consumer that was reset, and what is delivered since.
#[derive(Debug)]
struct Pull {
    subscriber: Subscriber,
    inbox: String,
    /// The consumer's number of the last delivery.
    consumer_seq: u64,
    /// How many messages the open request may still bring; 0 when none is open.
    open: u64,
    heard: Instant,
    delivered: Instant,
}

/// What a message of the subscription is.
enum Heard {
    /// A delivery, and how many wait behind it.
    Message(Stored, u64),
    /// A heartbeat, or the end of a pull.
    Word,
    /// The deliveries cannot be continued: reset.
    Broken(&'static str),
    /// The consumer is gone: create it and reset.
    Gone,
}

#[derive(Deserialize)]
struct ConsumerInfo {
    #[serde(default)]
    num_pending: u64,
}

impl NatsReader {
    pub(super) async fn open(
        bus: NatsBus,
        stream: Stream,
        durable: &str,
        filters: &[String],
        from_seq: u64,
    ) -> Result<Self, BusError> {
        let lost = bus.lost.clone();
        let (durable, filters) = (own_name(&bus, durable), filters.to_vec());
        let mut reader = Self {
            bus,
            stream,
            durable,
            filters,
            next_seq: from_seq.max(1),
            pending: 0,
            lost,
            pull: None,
            known: None,
            strange: false,
            interrupted: false,
            doubtful: true,
        };
        reader.rewind().await?;
        Ok(reader)
    }

    pub(crate) async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, BusError> {
        let deadline = Instant::now() + wait;
        let mut found = Vec::new();
        loop {
            match self.ensure_pull().await {
                Ok(()) => {}
                Err(e) if e.is_transient() && Instant::now() < deadline => {
                    sleep_until(deadline.min(Instant::now() + RETRY)).await;
                    continue;
                }
                Err(e) => return Err(e),
            }
            self.drain(max, &mut found);
            if !found.is_empty() || Instant::now() >= deadline {
                break;
            }
            if let Some(message) = self.wait(deadline).await {
                self.take(message, &mut found);
            }
        }
        if self.pull.as_ref().is_some_and(|pull| pull.open == 0) {
            // The server fills the next pull while the caller works. A failure shows at the next call.
            self.request_more().await.ok();
        }
        Ok(found)
    }

    pub(crate) async fn reset(&mut self, from_seq: u64) -> Result<(), BusError> {
        self.next_seq = from_seq.max(1);
        self.pull = None;
        self.rewind().await
    }

    pub(crate) const fn pending(&self) -> u64 {
        self.pending
    }

    pub(crate) const fn position(&self) -> u64 {
        self.next_seq
    }

    /// Sees to it that the consumer was reset after the last interruption and that a pull is open.
    async fn ensure_pull(&mut self) -> Result<(), BusError> {
        if self.pull.is_some() && self.lost.has_changed().unwrap_or(false) {
            self.interrupt("the connection was lost");
        }
        if self.pull.as_ref().is_some_and(|pull| pull.delivered.elapsed() > IDLE_CHECK) {
            self.check_idle().await?;
        }
        if self.pull.is_none() {
            self.rewind().await?;
        }
        if self.pull.as_ref().is_some_and(|pull| pull.open == 0) {
            self.request_more().await?;
        }
        Ok(())
    }

    /// Takes what is already here. The cooperative budget would end this after some hundred messages.
    fn drain(&mut self, max: usize, found: &mut Vec<Stored>) {
        while found.len() < max {
            let Some(pull) = &mut self.pull else { return };
            let Some(message) = unconstrained(pull.subscriber.next()).now_or_never() else { return };
            self.take(message, found);
        }
    }

    /// Waits for a message, and no longer than the deadline, a lost connection or too long a silence allow.
    async fn wait(&mut self, deadline: Instant) -> Option<Option<async_nats::Message>> {
        let pull = self.pull.as_mut()?;
        if pull.open == 0 {
            return None;
        }
        let silent = pull.heard + SILENCE_MAX;
        let mut lost = self.lost.clone();
        let message = tokio::select! {
            message = timeout_at(deadline.min(silent), pull.subscriber.next()) => message.ok(),
            _ = lost.changed() => return None,
        };
        if message.is_none() && Instant::now() >= silent {
            self.interrupt("the server fell silent");
        }
        message
    }

    fn take(&mut self, message: Option<async_nats::Message>, found: &mut Vec<Stored>) {
        let Some(pull) = &mut self.pull else { return };
        let heard = message.map_or(Heard::Broken("the subscription ended"), |message| pull.hear(message));
        match heard {
            Heard::Message(stored, pending) => {
                self.next_seq = stored.seq + 1;
                self.known = Some((stored.seq, stored.time));
                self.pending = pending;
                found.push(stored);
            }
            Heard::Word => {}
            Heard::Broken(reason) => self.interrupt(reason),
            Heard::Gone => self.lose_consumer(),
        }
    }

    /// Forgets the deliveries under way; the next call resets the consumer to the first message not handed out.
    fn interrupt(&mut self, reason: &'static str) {
        tracing::debug!(bus.consumer = %self.durable, bus.position = self.next_seq, reason, "a reader starts over");
        self.pull = None;
        self.interrupted = true;
        self.strange = true;
    }

    fn lose_consumer(&mut self) {
        self.interrupt("the consumer is gone");
        self.doubtful = true;
    }

    /// Resets the consumer to the position and subscribes afresh, so that nothing sent before can be taken for new.
    async fn rewind(&mut self) -> Result<(), BusError> {
        self.lost.mark_unchanged();
        if std::mem::take(&mut self.interrupted) {
            // A consumer that is deleted again and again must not spin.
            sleep(INTERRUPTED_PAUSE).await;
        }
        // A server that came back may have come back with an older copy of the stream.
        let (position, last) = (self.next_seq, self.bus.state(self.stream).await?.last_seq);
        if position > last + 1 {
            return Err(BusError::Shrunk { stream: self.stream, position, last });
        }
        if self.strange {
            self.recognise().await?;
            self.strange = false;
        }
        if self.doubtful {
            self.create().await?;
        }
        // A consumer that is not there is not answered for: the next try creates it first.
        self.doubtful = true;
        self.reset_consumer().await.map_err(|e| e.into_bus("a reset of a reader", Some(self.stream)))?;
        self.doubtful = false;
        let inbox = self.bus.client.new_inbox();
        let subscriber = self.bus.client.subscribe(inbox.clone()).await.map_err(|e| BusError::Answer {
            operation: format!("a subscription for {}", self.durable),
            reason: e.to_string(),
        })?;
        let now = Instant::now();
        self.pull = Some(Pull { subscriber, inbox, consumer_seq: 0, open: 0, heard: now, delivered: now });
        Ok(())
    }

    /// Whether the message handed out last is still there. A copy that is older can have grown past the position before
    /// anybody looked at its end.
    async fn recognise(&self) -> Result<(), BusError> {
        let Some((seq, time)) = self.known else { return Ok(()) };
        let same = match self.bus.get(self.stream, seq).await? {
            Some(stored) => stored.time == time,
            // Routed input and old dead letters are purged.
            None => !kept_for_ever(self.stream),
        };
        if same { Ok(()) } else { Err(BusError::Replaced { stream: self.stream, seq }) }
    }

    async fn reset_consumer(&self) -> Result<(), Failure> {
        let call = format!("CONSUMER.RESET.{}.{}", self.stream.name(), self.durable);
        self.bus.api::<ConsumerInfo>(&call, &json!({ "seq": self.next_seq })).await.map(|_| ())
    }

    /// Creates the consumer, or gives an existing one the filters of this reader.
    async fn create(&self) -> Result<(), BusError> {
        let (stream, durable) = (self.stream.name(), &self.durable);
        let config = json!({
            "durable_name": durable,
            "name": durable,
            "deliver_policy": "all",
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subjects": self.filters,
            "inactive_threshold": ABANDONED_AFTER.as_nanos(),
        });
        let request = json!({ "stream_name": stream, "config": config, "action": "" });
        let call = format!("CONSUMER.CREATE.{stream}.{durable}");
        let answer = self.bus.api::<ConsumerInfo>(&call, &request).await;
        answer.map(|_| ()).map_err(|e| e.into_bus("a reader", Some(self.stream)))
    }

    async fn request_more(&mut self) -> Result<(), BusError> {
        let Some(pull) = &mut self.pull else { return Ok(()) };
        let call = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream.name(), self.durable);
        let request = json!({
            "batch": PULL_MESSAGES,
            "max_bytes": PULL_BYTES,
            "expires": PULL_EXPIRES.as_nanos(),
            "idle_heartbeat": HEARTBEAT.as_nanos(),
        });
        let sent = self.bus.client.publish_with_reply(call, pull.inbox.clone(), request.to_string().into()).await;
        sent.map_err(|_| BusError::Unavailable {
            operation: format!("a pull for {}", self.durable),
            doubt: Doubt::Disconnected,
        })?;
        pull.open = PULL_MESSAGES;
        pull.heard = Instant::now();
        Ok(())
    }

    /// Asks the server whether something waits although nothing is delivered.
    async fn check_idle(&mut self) -> Result<(), BusError> {
        let call = format!("CONSUMER.INFO.{}.{}", self.stream.name(), self.durable);
        match self.bus.api::<ConsumerInfo>(&call, &json!({})).await {
            Ok(info) if info.num_pending == 0 => self.pending = 0,
            Ok(_) => self.interrupt("messages wait and none is delivered"),
            Err(Failure::Error(e)) if e.err_code == api::NO_CONSUMER => self.lose_consumer(),
            Err(e) => return Err(e.into_bus("the state of a reader", Some(self.stream))),
        }
        if let Some(pull) = &mut self.pull {
            pull.delivered = Instant::now();
        }
        Ok(())
    }
}

impl Drop for NatsReader {
    /// Removes the consumer, where there is still a runtime to do it in; else it goes when it is abandoned.
    fn drop(&mut self) {
        let Ok(handle) = tokio::runtime::Handle::try_current() else { return };
        let (client, stream) = (self.bus.client.clone(), self.stream.name());
        let call = format!("$JS.API.CONSUMER.DELETE.{stream}.{}", self.durable);
        handle.spawn(async move { client.publish(call, "".into()).await.ok() });
    }
}

/// `name-` and what no other reader has: the client's own word for an inbox that is used once.
fn own_name(bus: &NatsBus, name: &str) -> String {
    let inbox = bus.client.new_inbox();
    format!("{name}-{}", inbox.rsplit('.').next().unwrap_or_default())
}

impl Pull {
    fn hear(&mut self, message: async_nats::Message) -> Heard {
        self.heard = Instant::now();
        if let Some(status) = message.status {
            return self.hear_status(status, &message);
        }
        let Some(delivery) = message.reply.as_deref().and_then(Delivery::parse) else {
            return Heard::Broken("a delivery without a place");
        };
        if delivery.consumer_seq != self.consumer_seq + 1 {
            return Heard::Broken("a delivery is missing");
        }
        self.consumer_seq = delivery.consumer_seq;
        self.open = self.open.saturating_sub(1);
        self.delivered = self.heard;
        let stored = Stored {
            seq: delivery.stream_seq,
            time: delivery.time,
            headers: wire::from_client(message.headers.as_ref()),
            subject: message.subject.into_string(),
            body: message.payload,
        };
        Heard::Message(stored, delivery.pending)
    }

    fn hear_status(&mut self, status: StatusCode, message: &async_nats::Message) -> Heard {
        let description = message.description.as_deref().unwrap_or_default();
        match status.as_u16() {
            100 => {
                let last = message.headers.as_ref().and_then(|headers| headers.get("Nats-Last-Consumer"));
                let last = last.and_then(|value| value.as_str().parse::<u64>().ok());
                if last.is_some_and(|last| last > self.consumer_seq) {
                    return Heard::Broken("a delivery got lost");
                }
            }
            503 => return Heard::Gone,
            409 if description.contains("Deleted") => return Heard::Gone,
            // Expired or full: this pull is over, the consumer goes on.
            _ => self.open = 0,
        }
        Heard::Word
    }
}
