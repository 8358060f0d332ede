//! From `approval.signed` to the bytes on ACTION, and back: what the gate takes back is withdrawn there.
//!
//! The gate is a fold and has no bytes: it names the decision it signed. The publisher takes the bytes verbatim from
//! that decision and publishes them with compare-and-set on the proposal's subject, which is kept for ever; so a replay
//! from any position sends nothing twice, and nothing whose time has passed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError, Stored};
use bus_schema::{
    Actor, ActorKind, Batch, Data, Entity, Envelope, Event, Header, Kind, Partition, Position, Time,
    batch::{self, BatchError, HEADER_INDEX},
    data::{
        action::{ClockMode, DeliveryApproved, DeliveryWithdrawn, FailureReason},
        facts::ApprovalSigned,
        words::{Channel, Label, LabelError},
    },
    subject::{self, Stream},
    time::HOUR_MS,
};
use runtime::store::Disk;
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
    /// The disk the folder is on.
    pub disk: Disk,
    /// Folder of local positions.
    pub state: PathBuf,
    /// Hash of addresses, the same one that unsubscribing uses.
    pub address_hash: AddressHash,
    /// Log time now, for approvals on event time.
    pub log_time: Arc<dyn Fn() -> Time + Send + Sync>,
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
        let file = PositionFile::new(&config.disk, &config.state, "publisher.position")?;
        // A position of another log, or of a longer copy of this one, is none: begin again.
        let done = file.read(&config.log, Stream::Log).await.map_err(read)?;
        let filter = ["cs.log.*.supervisor".to_owned()];
        let mut reader = config.log.reader(Stream::Log, PART, &filter, done + 1).await.map_err(read)?;
        let (published_tx, published) = watch::channel(done);
        let (failed_tx, failed) = watch::channel(None);
        let (stop, mut stopped) = watch::channel(false);
        let work = Work { config, file };
        let task = tokio::spawn(async move {
            loop {
                let batch = tokio::select! {
                    biased;
                    _ = stopped.wait_for(|stop| *stop) => return,
                    batch = reader.next(BATCH_MESSAGES_MAX, WAIT) => batch,
                };
                let batch = match batch {
                    Ok(batch) => batch,
                    Err(error) if error.is_another_stream() => {
                        tracing::error!(error = &error as &dyn std::error::Error, "publishing approvals stopped");
                        failed_tx.send_replace(Some(SupervisionError::read(PART, error)));
                        return;
                    }
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

/// What the gate said about one proposal.
struct Said {
    fact: Fact,
    event: Header,
    partition: Partition,
    account: String,
}

enum Fact {
    /// The courier may send it.
    Signed(ApprovalSigned),
    /// Void, expired or open again: an approval of an earlier decision must not be sent any more.
    TakenBack { proposal: String, at: Position },
}

impl Work {
    async fn all(&self, batch: &[Stored]) -> Result<(), SupervisionError> {
        for stored in batch {
            for said in said(stored)? {
                match &said.fact {
                    Fact::Signed(signed) => self.signed(&said, signed).await?,
                    Fact::TakenBack { proposal, at } => self.withdraw(&said, proposal, *at).await?,
                }
            }
            self.file.write(stored.seq, stored.hash())?;
        }
        Ok(())
    }

    /// Whether the time of an approval is over, by the clock it counts in: the broker's, or log time.
    async fn is_over(&self, signed: &ApprovalSigned) -> bool {
        let now = match signed.clock {
            ClockMode::Live => self.broker_time().await,
            // Event time moves by the hour: what is stamped within one belongs to the tick at its start, before whose
            // successor everything signed is published.
            ClockMode::Event => Time((self.config.log_time)().0.div_euclid(HOUR_MS) * HOUR_MS),
        };
        now > signed.not_after
    }

    /// The broker's time, however long it is away.
    async fn broker_time(&self) -> Time {
        loop {
            match self.config.out.time(Stream::Action).await {
                Ok(time) => return time,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the broker's time is not told, trying on"
                    );
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    }

    async fn signed(&self, said: &Said, signed: &ApprovalSigned) -> Result<(), SupervisionError> {
        if self.is_over(signed).await {
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
        let Ok(data) = delivery(said, signed, &(self.config.address_hash)(recipient)) else {
            tracing::error!(proposal = signed.proposal, "the approval has a name that is no label");
            return Ok(());
        };
        let keep = ["message", "recipient"];
        let personal = personal.into_iter().filter(|(key, _)| keep.contains(&key.as_str())).collect();
        let event = Event {
            header: Header {
                source: "gate".into(),
                id: approval_id(&signed.proposal, signed.decision),
                entity: Entity::account(&said.account),
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
        let subject = subject::action(said.partition, &signed.proposal);
        self.publish(subject, signed, &event, &personal).await
    }

    /// Publishes unless the subject already says more than that an earlier approval ran out or was taken back.
    async fn publish(
        &self,
        subject: String,
        signed: &ApprovalSigned,
        event: &Event,
        personal: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), SupervisionError> {
        // The bus may be away for longer than the approval is good for.
        while !self.is_over(signed).await {
            let expect = match self.last(&subject).await {
                None => 0,
                Some(last) if is_free(&last, signed.decision) => last.seq,
                Some(_) => return Ok(()),
            };
            if self.put(message(subject.clone(), event, personal), expect).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Withdraws an approval that the courier has not begun with, if it is of a decision before `at`.
    async fn withdraw(&self, said: &Said, proposal: &str, at: Position) -> Result<(), SupervisionError> {
        let subject = subject::action(said.partition, proposal);
        loop {
            let Some(last) = self.last(&subject).await else { return Ok(()) };
            let decision = match read_data(&last) {
                Some((_, Data::DeliveryApproved(approved))) if approved.decision < at => approved.decision,
                Some(_) | None => return Ok(()),
            };
            let Ok(label) = Label::new(proposal) else { return Ok(()) };
            let header = Header {
                source: "gate".into(),
                id: format!("{proposal}/withdrawn/{at}"),
                entity: Entity::account(&said.account),
                actor: Some(Actor { kind: ActorKind::Agent, id: "supervisor".into() }),
                causation: Some(approval_id(proposal, decision)),
                logtime: Time(0),
                ..said.event.clone()
            };
            let event = Event { header, data: Data::DeliveryWithdrawn(DeliveryWithdrawn { proposal: label }) };
            if self.put(message(subject.clone(), &event, &serde_json::Map::new()), last.seq).await? {
                return Ok(());
            }
        }
    }

    /// The last message of a subject of ACTION, however long the bus is away.
    async fn last(&self, subject: &str) -> Option<Stored> {
        loop {
            match self.config.out.last(Stream::Action, subject).await {
                Ok(last) => return last,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "ACTION cannot be read, trying on");
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    }

    /// Publishes behind `expect`. False where the next look has to tell whether it is stored.
    async fn put(&self, message: Message, expect: u64) -> Result<bool, SupervisionError> {
        match self.config.out.publish(message, Some(expect)).await {
            Ok(_) => Ok(true),
            Err(PublishError::WrongLast | PublishError::Unknown(_) | PublishError::Full) => {
                tokio::time::sleep(WAIT / 10).await;
                Ok(false)
            }
            Err(error @ PublishError::Refused { .. }) => Err(SupervisionError::publish(PART, error)),
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

/// What a message of the supervisor says that matters here.
fn said(stored: &Stored) -> Result<Vec<Said>, SupervisionError> {
    let unpack = |source| SupervisionError::unpack(PART, stored.seq, source);
    let text = stored.headers.index().ok_or(BatchError::Index).map_err(unpack)?;
    let index = batch::decode_index(text).map_err(unpack)?;
    let kinds = [Kind::ApprovalSigned, Kind::ProposalVoided, Kind::ProposalExpired, Kind::ProposalReopened];
    let mut out = Vec::new();
    for (number, entry) in (0_u16..).zip(&index) {
        if !kinds.iter().any(|kind| kind.code() == entry.kind) {
            continue;
        }
        let at = usize::from(number);
        let envelope = batch::envelope(&stored.body, &index, at).map_err(unpack)?;
        let event = envelope.event().map_err(|source| unpack(BatchError::Event { index: at, source }))?;
        let Some(partition) = subject::partition_of(&stored.subject) else { continue };
        let at = Position { seq: stored.seq, index: number };
        let fact = match event.data {
            Data::ApprovalSigned(signed) => Fact::Signed(signed),
            Data::ProposalVoided(data) => Fact::TakenBack { proposal: data.proposal, at },
            Data::ProposalExpired(data) => Fact::TakenBack { proposal: data.proposal, at },
            Data::ProposalReopened(data) => Fact::TakenBack { proposal: data.proposal, at },
            // The other kinds were passed over by index.
            _ => continue,
        };
        let account = event.header.entity.account_id().unwrap_or_default().to_owned();
        out.push(Said { fact, event: event.header, partition, account });
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

fn delivery(said: &Said, signed: &ApprovalSigned, address_hash: &str) -> Result<DeliveryApproved, LabelError> {
    Ok(DeliveryApproved {
        proposal: Label::new(&signed.proposal)?,
        account: Label::new(&said.account)?,
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

/// Whether the subject's last word leaves room for an approval of this decision: the approval of an earlier decision ran
/// out unattempted, or the gate withdrew it. A replay of that earlier approval finds no room.
fn is_free(last: &Stored, decision: Position) -> bool {
    let Some((header, data)) = read_data(last) else { return false };
    let over = match data {
        Data::DeliveryFailed(failed) => failed.reason == FailureReason::Expired,
        Data::DeliveryWithdrawn(_) => header.actor.is_some_and(|actor| actor.kind == ActorKind::Agent),
        // An approval, an intent, a message that is out or may be.
        _ => false,
    };
    let earlier = header.causation.as_deref().and_then(decision_of);
    over && earlier.is_some_and(|earlier| earlier < decision)
}

/// The id of an approval on ACTION; what ends it names it as its cause.
fn approval_id(proposal: &str, decision: Position) -> String {
    format!("{proposal}/{decision}")
}

/// The decision that such an id names.
fn decision_of(approval: &str) -> Option<Position> {
    approval.rsplit('/').next()?.parse().ok()
}

fn read_data(last: &Stored) -> Option<(Header, Data)> {
    let event = read_event(last, Position { seq: last.seq, index: 0 })?.event().ok()?;
    Some((event.header, event.data))
}

fn message(subject: String, event: &Event, personal: &serde_json::Map<String, serde_json::Value>) -> Message {
    let json = serde_json::to_vec(&Envelope::of(event, Some(personal))).unwrap_or_default();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    Message::new(subject, body).with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH).with_header(HEADER_INDEX, index)
}

#[cfg(test)]
mod tests;
