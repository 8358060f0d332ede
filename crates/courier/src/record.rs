//! Appending the next step of a proposal: by compare-and-set, and certain about the result.

use std::time::Duration;

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError};
use bus_schema::{
    Actor, ActorKind, Batch, Data, Envelope, Event, Header, Kind, Time, batch::HEADER_INDEX, subject::Stream,
};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::{action, config::Unique};

/// Who writes here.
const SOURCE: &str = "courier";
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A step that is ready to be appended.
#[derive(Clone)]
pub(crate) struct Record {
    subject: String,
    expect: u64,
    kind: Kind,
    id: String,
    message: Message,
}

/// What became of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Appended {
    /// It is stored under this sequence.
    Stored(u64),
    /// Another step came first.
    Lost,
}

impl Record {
    /// The step after message `expect` of the subject, taken at the broker's `time`, about the same entity and contact as
    /// the event it answers.
    pub(crate) fn new(
        unique: &Unique,
        (subject, expect): (&str, u64),
        cause: &Event,
        time: Time,
        data: Data,
        text: Option<String>,
    ) -> Self {
        let kind = data.kind();
        let id = format!("{}/{}", kind.name(), (unique.0)());
        let header = Header {
            source: SOURCE.into(),
            id: id.clone(),
            time,
            logtime: Time::default(),
            actor: Some(Actor { kind: ActorKind::System, id: SOURCE.into() }),
            causation: Some(cause.header.id.clone()),
            late: false,
            ..cause.header.clone()
        };
        let personal: Map<String, Value> = text.map(|text| ("text".to_owned(), text.into())).into_iter().collect();
        let envelope = Envelope::of(&Event { header, data }, Some(&personal));
        let mut batch = Batch::new();
        // An envelope of our own types always serialises.
        batch.push_raw(kind, cause.header.entity.hash(), &serde_json::to_vec(&envelope).unwrap_or_default());
        let (body, index) = batch.finish();
        let message = Message::new(subject, body)
            .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
            .with_header(HEADER_INDEX, index);
        Self { subject: subject.to_owned(), expect, kind, id, message }
    }

    /// Appends it, and goes on until it is certain whether it is stored.
    pub(crate) async fn append(&self, bus: &Bus) -> Appended {
        let mut wait = FIRST_WAIT;
        loop {
            match bus.publish(self.message.clone(), Some(self.expect)).await {
                Ok(seq) => return Appended::Stored(seq),
                Err(error @ (PublishError::Full | PublishError::Refused { .. })) => {
                    tracing::error!(courier.subject = self.subject, courier.error = %error, "cannot record a step");
                }
                // Either may hide that it is stored.
                Err(PublishError::WrongLast | PublishError::Unknown(_)) => {
                    if let Some(appended) = self.found(bus).await {
                        return appended;
                    }
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Looks at the subject's last message; nothing where it still is the expected one, or cannot be read.
    async fn found(&self, bus: &Bus) -> Option<Appended> {
        match bus.last(Stream::Action, &self.subject).await {
            Ok(Some(last)) if last.seq == self.expect => None,
            Ok(Some(last)) if action::is_ours(&last, self.kind, &self.id) => Some(Appended::Stored(last.seq)),
            Ok(Some(_)) => Some(Appended::Lost),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(courier.subject = self.subject, courier.error = %error, "cannot read back a step");
                None
            }
        }
    }
}
