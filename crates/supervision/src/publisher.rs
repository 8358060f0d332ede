//! From `approval.signed` to the bytes on ACTION.
//!
//! The gate is a fold and has no bytes: it names the decision it signed. The publisher takes the bytes verbatim from
//! that decision and publishes them with compare-and-set on the proposal's subject, which is kept for ever; so a replay
//! from any position sends nothing twice, and nothing whose time has passed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError, Stored};
use bus_schema::{
    Batch, Data, Entity, Envelope, Event, Header, Kind, Partition, Position, Time,
    batch::{self, BatchError, HEADER_INDEX},
    data::{
        action::{ClockMode, DeliveryApproved, FailureReason},
        facts::ApprovalSigned,
        words::{Channel, Label},
    },
    subject::{self, Stream},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{SupervisionError, position_file::PositionFile};

const PART: &str = "publisher";
/// Messages taken at a time.
const BATCH_MESSAGES_MAX: usize = 64;
/// How long a read waits before it looks whether it should stop, and between tries.
const WAIT: Duration = Duration::from_millis(500);

/// The keyed hash under which an address is stopped.
pub type AddressHash = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What a publisher needs.
#[derive(Clone)]
pub struct PublisherConfig {
    /// BUS as the gate: reads the log.
    pub log: Bus,
    /// OUT as the gate: writes ACTION.
    pub out: Bus,
    /// Folder of local positions.
    pub state: PathBuf,
    /// Hash of addresses, the same one that unsubscribing uses.
    pub address_hash: AddressHash,
    /// Log time now, for approvals on event time.
    pub log_time: Arc<dyn Fn() -> Time + Send + Sync>,
    /// The broker's time now, for approvals on live time.
    pub wall_time: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl std::fmt::Debug for PublisherConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublisherConfig").field("state", &self.state).finish_non_exhaustive()
    }
}

/// A running publisher.
#[derive(Debug)]
pub struct Publisher {
    published: watch::Receiver<u64>,
    failed: watch::Receiver<Option<SupervisionError>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Publisher {
    /// Starts publishing behind the last position kept.
    ///
    /// # Errors
    /// The log cannot be read, or the local folder cannot be used.
    pub async fn start(config: PublisherConfig) -> Result<Self, SupervisionError> {
        let read = |source| SupervisionError::read(PART, source);
        let file = PositionFile::new(&config.state, "publisher.position")?;
        let last = config.log.state(Stream::Log).await.map_err(read)?.last_seq;
        // A position behind the end is of another log: begin again.
        let done = Some(file.read()).filter(|done| *done <= last).unwrap_or(0);
        let filter = ["cs.log.*.supervisor".to_owned()];
        let mut reader = config.log.reader(Stream::Log, PART, &filter, done + 1).await.map_err(read)?;
        let (published_tx, published) = watch::channel(done);
        let (failed_tx, failed) = watch::channel(None);
        let (stop, mut stopped) = watch::channel(false);
        let work = Work { config, file };
        let task = tokio::spawn(async move {
            loop {
                let batch = tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return,
                    batch = reader.next(BATCH_MESSAGES_MAX, WAIT) => batch,
                };
                let batch = match batch {
                    Ok(batch) => batch,
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the log cannot be read, trying on");
                        tokio::time::sleep(WAIT).await;
                        continue;
                    }
                };
                let Some(last) = batch.last().map(|stored| stored.seq) else { continue };
                if let Err(error) = work.all(&batch).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "publishing approvals stopped");
                    failed_tx.send_replace(Some(error));
                    return;
                }
                published_tx.send_replace(last);
            }
        });
        Ok(Self { published, failed, stop, task })
    }

    /// Waits until the approvals of all supervisor messages up to a sequence of the log are published.
    ///
    /// # Errors
    /// Publishing ended.
    pub async fn wait(&self, seq: u64) -> Result<(), SupervisionError> {
        let mut published = self.published.clone();
        if published.wait_for(|published| *published >= seq).await.is_ok() {
            return Ok(());
        }
        let why = "publishing approvals ended".to_owned();
        Err(self.failed.borrow().clone().unwrap_or(SupervisionError::Unrest { why }))
    }

    /// Waits until publishing cannot go on. Never ends while all is well.
    pub async fn failed(&self) -> SupervisionError {
        crate::copies::failure(self.failed.clone()).await
    }

    /// Stops.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut published = self.published.clone();
        // The task drops its sender when it ends.
        while published.changed().await.is_ok() {}
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Work {
    config: PublisherConfig,
    file: PositionFile,
}

/// An approval with everything its message needs.
struct Approval {
    signed: ApprovalSigned,
    partition: Partition,
    account: String,
}

impl Work {
    async fn all(&self, batch: &[Stored]) -> Result<(), SupervisionError> {
        for stored in batch {
            for approval in approvals(stored)? {
                self.one(&approval).await?;
            }
            self.file.write(stored.seq)?;
        }
        Ok(())
    }

    async fn one(&self, approval: &Approval) -> Result<(), SupervisionError> {
        let signed = &approval.signed;
        let now = match signed.clock {
            ClockMode::Live => (self.config.wall_time)(),
            ClockMode::Event => (self.config.log_time)(),
        };
        if now > signed.not_after {
            return Ok(());
        }
        let Some(decision) = self.decision(signed).await? else {
            tracing::error!(proposal = signed.proposal, decision = %signed.decision, "the decision signed is not in the log");
            return Ok(());
        };
        let personal = decision.open_personal();
        let recipient = personal.get("recipient").and_then(serde_json::Value::as_str).unwrap_or_default();
        if !same_recipient(&decision, recipient) {
            tracing::error!(proposal = signed.proposal, "the recipient is not the one that was approved");
            return Ok(());
        }
        let Ok(data) = delivery(approval, &(self.config.address_hash)(recipient)) else {
            tracing::error!(proposal = signed.proposal, "the approval has a name that is no label");
            return Ok(());
        };
        let keep = ["message", "recipient"];
        let personal = personal.into_iter().filter(|(key, _)| keep.contains(&key.as_str())).collect();
        let event = Event {
            header: Header {
                source: "gate".into(),
                id: format!("{}/{}", signed.proposal, signed.decision),
                entity: Entity::account(&approval.account),
                time: signed.not_after.plus_ms(-bus_schema::time::MINUTE_MS),
                logtime: Time(0),
                actor: None,
                contact: Some(data.contact.to_string()),
                correlation: decision.correlation.clone(),
                causation: Some(signed.decision.to_string()),
                stage: None,
                segment: None,
                late: false,
            },
            data: Data::DeliveryApproved(data),
        };
        let subject = subject::action(approval.partition, &signed.proposal);
        self.publish(subject, &event, &personal).await
    }

    /// Publishes unless the subject already says more than that an earlier approval ran out.
    async fn publish(
        &self,
        subject: String,
        event: &Event,
        personal: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), SupervisionError> {
        loop {
            let last = self.config.out.last(Stream::Action, &subject).await;
            let last = match last {
                Ok(last) => last,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "ACTION cannot be read, trying on");
                    tokio::time::sleep(WAIT).await;
                    continue;
                }
            };
            let expect = match &last {
                None => 0,
                Some(stored) if ran_out(stored) => stored.seq,
                Some(_) => return Ok(()),
            };
            match self.config.out.publish(message(subject.clone(), event, personal), Some(expect)).await {
                Ok(_) => return Ok(()),
                // Stored by us before, or by another gate, or not at all: the next look tells.
                Err(PublishError::WrongLast | PublishError::Unknown(_) | PublishError::Full) => {
                    tokio::time::sleep(WAIT / 10).await;
                }
                Err(error @ PublishError::Refused { .. }) => return Err(SupervisionError::publish(PART, error)),
            }
        }
    }

    /// The envelope of the decision that was signed.
    async fn decision(&self, signed: &ApprovalSigned) -> Result<Option<Envelope>, SupervisionError> {
        let stored = self.get(signed.decision.seq).await?;
        Ok(stored.and_then(|stored| read_event(&stored, signed.decision)))
    }

    async fn get(&self, seq: u64) -> Result<Option<Stored>, SupervisionError> {
        loop {
            match self.config.log.get(Stream::Log, seq).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the log cannot be read, trying on");
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    }
}

/// The approvals in a message of the supervisor.
fn approvals(stored: &Stored) -> Result<Vec<Approval>, SupervisionError> {
    let unpack = |source| SupervisionError::unpack(PART, stored.seq, source);
    let text = stored.headers.index().ok_or(BatchError::Index).map_err(unpack)?;
    let index = batch::decode_index(text).map_err(unpack)?;
    let mut out = Vec::new();
    for (at, entry) in index.iter().enumerate() {
        if entry.kind != Kind::ApprovalSigned.code() {
            continue;
        }
        let envelope = batch::envelope(&stored.body, &index, at).map_err(unpack)?;
        let event = envelope.event().map_err(|source| unpack(BatchError::Event { index: at, source }))?;
        let (Data::ApprovalSigned(signed), Some(partition)) = (event.data, subject::partition_of(&stored.subject))
        else {
            continue;
        };
        let account = event.header.entity.account_id().unwrap_or_default().to_owned();
        out.push(Approval { signed, partition, account });
    }
    Ok(out)
}

fn read_event(stored: &Stored, position: Position) -> Option<Envelope> {
    let index = batch::decode_index(stored.headers.index()?).ok()?;
    batch::envelope(&stored.body, &index, usize::from(position.index)).ok()
}

fn same_recipient(decision: &Envelope, recipient: &str) -> bool {
    match decision.event().map(|event| event.data) {
        Ok(Data::DecisionRecorded(data)) => {
            let hash = agent::digest::sha256_hex(recipient.as_bytes());
            !recipient.is_empty() && data.recipients_hash.is_some_and(|approved| *approved == *hash)
        }
        Ok(_) | Err(_) => false,
    }
}

fn delivery(approval: &Approval, address_hash: &str) -> Result<DeliveryApproved, bus_schema::data::words::LabelError> {
    let signed = &approval.signed;
    Ok(DeliveryApproved {
        proposal: Label::new(&signed.proposal)?,
        account: Label::new(&approval.account)?,
        play: Label::new(&signed.play)?,
        channel: Channel::from_word(&signed.channel)?,
        contact: Label::new(&signed.contact)?,
        address_hmac: Label::new(address_hash)?,
        decision: signed.decision,
        bytes_hash: Label::new(&signed.bytes_hash)?,
        not_after: signed.not_after,
        clock: signed.clock,
    })
}

/// Whether the subject's last word is that an approval ran out before it was attempted.
fn ran_out(last: &Stored) -> bool {
    let read = read_event(last, Position { seq: last.seq, index: 0 }).and_then(|envelope| envelope.event().ok());
    match read.map(|event| event.data) {
        Some(Data::DeliveryFailed(failed)) => failed.reason == FailureReason::Expired,
        Some(_) | None => false,
    }
}

fn message(subject: String, event: &Event, personal: &serde_json::Map<String, serde_json::Value>) -> Message {
    let json = serde_json::to_vec(&Envelope::of(event, Some(personal))).unwrap_or_default();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    Message::new(subject, body).with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH).with_header(HEADER_INDEX, index)
}
