//! A log made by hand, a console over it, and a gate that takes decisions as the real one does.
#![allow(dead_code, reason = "the tests and the preview use a part of it each")]

pub(crate) mod world;

use std::{sync::Arc, time::Duration};

use bus::{Bus, MemoryBus, Message, Stored};
use bus_schema::{
    Actor, Batch, Data, Entity, Envelope, Event, Header, Kind, Partitions, Position, Time,
    batch::{self, HEADER_INDEX},
    data::people::Verdict,
    subject::{self, Stream},
};
use mainstay_console::{Console, ConsoleConfig, NoControl, Parts, Readiness, Sender, SystemControl, Views};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

/// How long a condition may take to come true.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The hold of the test's gate.
pub(crate) const HOLD: Duration = Duration::from_secs(30);

/// Wall time.
pub(crate) fn now() -> Time {
    Time::from(jiff::Timestamp::now())
}

/// A form as a browser sends it.
pub(crate) fn with_form(request: reqwest::RequestBuilder, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let escaped = |text: &str| -> String {
        let escape = |byte: u8| {
            if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        };
        text.bytes().map(escape).collect()
    };
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"))
}

/// Writes events into the log as its writers do.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) bus: Bus,
    count: Arc<std::sync::atomic::AtomicU64>,
}

/// An event before it is written.
pub(crate) struct Said<'a> {
    pub(crate) writer: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) account: &'a str,
    pub(crate) at: Time,
    pub(crate) data: Value,
    pub(crate) personal: Value,
    pub(crate) contact: Option<&'a str>,
}

impl Log {
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus, count: Arc::default() }
    }

    /// One event as a message of its own; answers with its position.
    pub(crate) async fn say(&self, said: Said<'_>) -> Position {
        self.say_all(vec![said]).await
    }

    /// Some events of one account as one message; answers with the position of the last.
    pub(crate) async fn say_all(&self, said: Vec<Said<'_>>) -> Position {
        let first = said.first().expect("at least one event");
        let partition = Partitions::default().of(&Entity::account(first.account));
        let subject = match first.writer {
            "in" => subject::log_in(partition),
            "people" => subject::log_people(partition),
            "outcome" => subject::log_outcome(partition),
            agent => subject::log_fact(partition, agent, partition),
        };
        let mut batch = Batch::new();
        let last = said.len() - 1;
        for said in said {
            let number = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let kind = Kind::from_name(said.kind).unwrap_or_else(|| panic!("no kind {}", said.kind));
            let data = Data::from_json(kind, &said.data.to_string()).unwrap_or_else(|e| panic!("{}: {e}", said.kind));
            let entity = Entity::account(said.account);
            let header = Header {
                source: if said.writer == "in" { "segment/local".into() } else { said.writer.into() },
                id: format!("e{number}"),
                entity: entity.clone(),
                time: said.at,
                logtime: said.at,
                actor: None,
                contact: said.contact.map(str::to_owned),
                correlation: None,
                causation: None,
                stage: None,
                segment: None,
                late: false,
            };
            let personal = said.personal.as_object().cloned().unwrap_or_default();
            let envelope = Envelope::of(&Event { header, data }, Some(&personal));
            batch.push_raw(kind, entity.hash(), &serde_json::to_vec(&envelope).expect("an envelope"));
        }
        let (body, index) = batch.finish();
        let message = Message::new(subject, body).with_header(HEADER_INDEX, index);
        let seq = self.bus.publish(message, None).await.expect("the memory bus takes it");
        Position { seq, index: u16::try_from(last).expect("a small batch") }
    }
}

/// A running console over a memory bus.
pub(crate) struct Running {
    pub(crate) folder: TempDir,
    pub(crate) memory: MemoryBus,
    pub(crate) log: Log,
    pub(crate) url: String,
    pub(crate) login: String,
    pub(crate) views: Views,
    pub(crate) readiness: watch::Sender<Readiness>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// What a test wants of its console.
pub(crate) struct Wanted {
    pub(crate) readiness: Readiness,
    pub(crate) control: Arc<dyn SystemControl>,
    pub(crate) gate: bool,
    pub(crate) listen: &'static str,
    pub(crate) zone: &'static str,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            readiness: Readiness { ready: true, durable: true, ..Readiness::default() },
            control: Arc::new(NoControl),
            gate: true,
            listen: "127.0.0.1:0",
            zone: "UTC",
        }
    }
}

impl Running {
    pub(crate) async fn start(wanted: Wanted) -> Self {
        let memory = MemoryBus::new();
        Self::over(memory, tempfile::tempdir().expect("a folder"), wanted).await
    }

    /// A console over a bus that is there already.
    pub(crate) async fn over(memory: MemoryBus, folder: TempDir, wanted: Wanted) -> Self {
        let bus: Bus = memory.clone().into();
        let readiness = watch::Sender::new(wanted.readiness);
        let config = ConsoleConfig {
            listen: wanted.listen.parse().expect("an address"),
            public_url: None,
            data: folder.path().to_owned(),
            user: "local".into(),
            zone: wanted.zone.into(),
            sender: Sender { name: "Jo Doe".into(), email: "jo@vendor.example".into() },
            hold: HOLD,
            partitions: Partitions::default(),
            token: "api-token".into(),
        };
        let parts = Parts {
            bus: bus.clone(),
            out: bus.clone(),
            control: wanted.control,
            readiness: readiness.subscribe(),
            metrics: None,
            api: axum::Router::new(),
        };
        let console = Console::bind(config, parts).await.expect("a console");
        let url = format!("http://{}", console.address());
        let login = console.login_link().expect("a link");
        let views = console.views();
        let stop = watch::Sender::new(false);
        let running = console.run(stop.subscribe());
        let mut tasks = vec![tokio::spawn(async move { running.await.expect("it serves") })];
        let log = Log::new(bus.clone());
        if wanted.gate {
            tasks.push(tokio::spawn(gate(bus)));
        }
        Self { folder, memory, log, url, login, views, readiness, stop, tasks }
    }

    /// A browser that is not signed in.
    pub(crate) fn stranger() -> reqwest::Client {
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
    }

    /// The session cookie of a sign-in with the printed link.
    pub(crate) async fn sign_in(&self) -> String {
        let answer = Self::stranger().get(&self.login).send().await.expect("an answer");
        assert_eq!(answer.status(), 303, "{:?}", answer.text().await);
        let cookie = answer.headers()["set-cookie"].to_str().expect("text");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().expect("a pair").to_owned()
    }

    /// Waits until the views have read a position.
    pub(crate) async fn reached(&self, position: Position) {
        let mut changes = self.views.changes();
        let wait = changes.wait_for(|at| *at >= position.seq);
        tokio::time::timeout(PATIENCE, wait).await.expect("the views follow").expect("they live");
    }

    /// How many things people said so far.
    pub(crate) async fn said_by_people(&self) -> u64 {
        self.log.bus.state(Stream::People).await.expect("a stream").messages
    }

    pub(crate) async fn stop(mut self) -> (MemoryBus, TempDir) {
        self.stop.send_replace(true);
        let serving = self.tasks.remove(0);
        tokio::time::timeout(PATIENCE, serving).await.expect("it stops").expect("cleanly");
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
        (self.memory, self.folder)
    }
}

/// Takes what people say as the real gate does: copies it, then says what follows from it.
async fn gate(bus: Bus) {
    let mut reader = bus.reader(Stream::People, "gate", &[], 1).await.expect("a reader");
    let log = Log::new(bus.clone());
    loop {
        for stored in reader.next(16, Duration::from_secs(1)).await.unwrap_or_default() {
            take(&bus, &log, &stored).await;
        }
    }
}

/// The event of a message of one.
pub(crate) fn event_of(stored: &Stored) -> (Envelope, Event) {
    let index = batch::decode_index(stored.headers.index().expect("an index")).expect("readable");
    let envelope = batch::envelope(&stored.body, &index, 0).expect("an envelope");
    let event = envelope.event().expect("an event");
    (envelope, event)
}

async fn take(bus: &Bus, log: &Log, stored: &Stored) {
    let (envelope, event) = event_of(stored);
    let partition = Partitions::default().of(&event.header.entity);
    let copy = Message::new(subject::log_people(partition), stored.body.clone())
        .with_header(HEADER_INDEX, stored.headers.index().expect("an index"));
    let seq = bus.publish(copy, None).await.expect("a copy");
    let account = event.header.entity.account_id().expect("an account").to_owned();
    let by = event.header.actor.as_ref().map(Actor::to_string).expect("a decider");
    let fact = |kind, data| Said {
        writer: "supervisor",
        kind,
        account: &account,
        at: now(),
        data,
        personal: Value::Null,
        contact: None,
    };
    let decision = Position { seq, index: 0 };
    match &event.data {
        Data::DecisionRecorded(data) => {
            let hold = (data.verdict == Verdict::Approve)
                .then(|| now().plus_ms(i64::try_from(HOLD.as_millis()).expect("a short hold")));
            let fact = fact(
                "proposal.decided",
                json!({
                    "proposal": data.proposal, "version": data.version, "verdict": data.verdict, "by": by,
                    "edited": data.edited, "hold_until": hold, "reason": data.reason, "decision": decision,
                    "bytes_hash": data.bytes_hash,
                }),
            );
            log.say(fact).await;
        }
        Data::DecisionUndone(data) => {
            log.say(fact("proposal.reopened", json!({ "proposal": data.proposal, "by": by }))).await;
        }
        other => panic!("the gate does not know {}: {envelope:?}", other.kind()),
    }
}

/// Personal fields of a message of one.
pub(crate) fn personal_of(stored: &Stored) -> Map<String, Value> {
    event_of(stored).0.open_personal()
}
