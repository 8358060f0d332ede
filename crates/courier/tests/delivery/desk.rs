//! A bus with approvals on it, a courier, and what became of each.

use std::{path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::{Bus, MemoryBus, Message, Stored};
use bus_schema::{
    Batch, Data, Entity, Envelope, Event, Header, Partitions, Position, Time,
    batch::{HEADER_INDEX, decode_index, envelope},
    data::{
        action::{ClockMode, DeliveryApproved, DeliveryFailed, DeliveryIntended, FailureReason, StopSet},
        words::{Channel, Label},
    },
    subject::{self, Stop, Stream},
};
use courier::{Address, Config, Courier, CourierError, Draft, Person, Progress, Smtp, bytes_hash, compose};
use serde_json::{Map, Value};
use tempfile::TempDir;
use testkit::smtp::SmtpServer;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A bus and the settings of couriers on it.
pub(crate) struct Desk {
    pub(crate) memory: MemoryBus,
    pub(crate) bus: Bus,
    pub(crate) folder: TempDir,
    pub(crate) config: Config,
}

/// A courier that runs.
pub(crate) struct Running {
    pub(crate) progress: Progress,
    stop: oneshot::Sender<()>,
    pub(crate) task: JoinHandle<Result<(), CourierError>>,
}

/// An approval that is being made.
pub(crate) struct Approval {
    pub(crate) data: DeliveryApproved,
    pub(crate) bytes: Vec<u8>,
    pub(crate) recipient: String,
}

/// How a proposal ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) data: Data,
    pub(crate) envelope: Envelope,
    pub(crate) kinds: Vec<&'static str>,
}

impl Desk {
    pub(crate) fn new(server: Option<&SmtpServer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memory = MemoryBus::new();
        let config = Config {
            smtp: server.map(|server| Smtp::parse(&format!("smtp://{}", server.address())).unwrap()),
            deadline: Duration::from_secs(8),
            grace: Duration::from_millis(300),
            retry_after: vec![Duration::from_millis(50), Duration::from_millis(100)],
            ..Config::new(folder.path().join("outbox"), Address::parse("bounces@vendor.example").unwrap())
        };
        Self { bus: Bus::from(memory.clone()), memory, folder, config }
    }

    pub(crate) fn courier(&self) -> Running {
        let courier = Courier::new(self.config.clone(), self.bus.clone());
        let progress = courier.progress();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(courier.run(async { drop(stopped.await) }));
        Running { progress, stop, task }
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(Instant::now() < deadline, "{what} did not come");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the bus was found away so often.
    pub(crate) async fn missed(&self, times: u64) {
        self.until("somebody who misses the bus", async || self.memory.missed() >= times).await;
    }

    pub(crate) fn eml(&self, proposal: &str) -> PathBuf {
        self.folder.path().join("outbox").join(format!("{proposal}.eml"))
    }

    pub(crate) async fn approve(&self, approval: &Approval) -> u64 {
        let mut personal = Map::new();
        personal.insert("message".into(), STANDARD.encode(&approval.bytes).into());
        personal.insert("recipient".into(), approval.recipient.clone().into());
        let subject = subject_of(approval.data.proposal.as_str());
        let last = self.bus.last(Stream::Action, &subject).await.unwrap().map_or(0, |stored| stored.seq);
        self.put(&subject, last, Data::DeliveryApproved(approval.data.clone()), &personal).await
    }

    /// Appends a step of somebody else.
    pub(crate) async fn put(&self, subject: &str, last: u64, data: Data, personal: &Map<String, Value>) -> u64 {
        let header = Header {
            source: "gate".into(),
            id: format!("{}/{subject}/{last}", data.kind().name()),
            entity: Entity::account("acme"),
            time: now(),
            logtime: Time(0),
            actor: None,
            contact: Some("c_ana".into()),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        let event = Event { header, data };
        let json = serde_json::to_vec(&Envelope::of(&event, Some(personal))).unwrap();
        let mut batch = Batch::new();
        batch.push_raw(event.kind(), event.header.entity.hash(), &json);
        let (body, index) = batch.finish();
        let message = Message::new(subject, body).with_header(HEADER_INDEX, index);
        self.bus.publish(message, Some(last)).await.unwrap()
    }

    pub(crate) async fn stop(&self, scope: Stop) {
        let set = Data::StopSet(StopSet { scope: scope.clone(), by: Label::nearest("tests") });
        self.put(&scope.subject(), 0, set, &Map::new()).await;
    }

    /// Appends an intent as another courier would.
    pub(crate) async fn intend(&self, proposal: &str, approved: u64, deadline: Time) -> u64 {
        let data = DeliveryIntended { proposal: Label::nearest(proposal), deadline };
        self.put(&subject_of(proposal), approved, Data::DeliveryIntended(data), &Map::new()).await
    }

    /// Waits for the end of a proposal, and reads its whole chain.
    pub(crate) async fn ended(&self, proposal: &str) -> Ended {
        let until = Instant::now() + PATIENCE;
        loop {
            let chain = self.chain(proposal).await;
            if let Some((envelope, event)) = chain.last()
                && !matches!(event.data, Data::DeliveryApproved(_) | Data::DeliveryIntended(_))
            {
                let kinds = chain.iter().map(|(_, event)| event.kind().name()).collect();
                return Ended { data: event.data.clone(), envelope: envelope.clone(), kinds };
            }
            let kinds: Vec<_> = chain.iter().map(|(_, event)| event.kind()).collect();
            assert!(Instant::now() < until, "no outcome of {proposal}: {kinds:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Every step of a proposal, in order.
    pub(crate) async fn chain(&self, proposal: &str) -> Vec<(Envelope, Event)> {
        let steps = self.stored(&subject_of(proposal)).await;
        steps
            .iter()
            .map(|stored| {
                let index = decode_index(stored.headers.index().unwrap()).unwrap();
                assert_eq!(index.len(), 1);
                let envelope = envelope(&stored.body, &index, 0).unwrap();
                let event = envelope.event().unwrap();
                assert_eq!(index[0].kind, event.kind().code());
                (envelope, event)
            })
            .collect()
    }

    async fn stored(&self, subject: &str) -> Vec<Stored> {
        let mut all = Vec::new();
        for seq in 1..=self.bus.state(Stream::Action).await.unwrap().last_seq {
            all.extend(self.bus.get(Stream::Action, seq).await.unwrap().filter(|stored| stored.subject == subject));
        }
        all
    }

    /// Waits until the courier has nothing left to do.
    pub(crate) async fn settled(&self, courier: &Running) {
        let last = self.bus.state(Stream::Action).await.unwrap().last_seq;
        self.until("the end of the courier's work", async || courier.progress.is_settled(last)).await;
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a killed process ends: nothing is finished.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// A message to an address.
pub(crate) fn approval(proposal: &str, recipient: &str) -> Approval {
    let draft = Draft {
        from: Person { name: "Jo Doe".into(), address: Address::parse("jo@vendor.example").unwrap() },
        reply_to: Address::parse("jo@vendor.example").unwrap(),
        to: Person { name: "Ana Pérez".into(), address: Address::parse(recipient).unwrap() },
        subject: format!("About {proposal}"),
        body_text: "Hello Ana,\n.\n..\n.leading dots, größer als 1 €\n".into(),
        unsubscribe_url: "https://console.vendor.example/u/x".into(),
        message_id: format!("{proposal}@vendor.example"),
        date: now(),
    };
    let bytes = compose(&draft).unwrap();
    let data = DeliveryApproved {
        proposal: Label::nearest(proposal),
        account: Label::nearest("acme"),
        play: Label::nearest("usage-drop"),
        channel: Channel::Email,
        contact: Label::nearest("c_ana"),
        address_hmac: Label::nearest("hmac-of-ana"),
        decision: Position { seq: 1, index: 0 },
        bytes_hash: Label::nearest(&bytes_hash(&bytes)),
        not_after: now().plus_ms(600_000),
        clock: ClockMode::Live,
    };
    Approval { data, bytes, recipient: recipient.into() }
}

/// The reason of a failure, and whether another proposal may try again.
pub(crate) fn failure(ended: &Ended) -> (FailureReason, bool) {
    let Data::DeliveryFailed(DeliveryFailed { reason, retryable, .. }) = &ended.data else {
        panic!("not failed: {ended:?}")
    };
    (*reason, *retryable)
}

/// What a failure says in words.
pub(crate) fn text(ended: &Ended) -> String {
    ended.envelope.open_personal()["text"].as_str().unwrap().to_owned()
}

pub(crate) fn subject_of(proposal: &str) -> String {
    subject::action(Partitions::default().of(&Entity::account("acme")), proposal)
}

pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time(i64::try_from(since.as_millis()).unwrap())
}
