//! Addresses of `/api/v1` that the running system answers itself: events from standard input, imports, and clocks that
//! stand still.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bus_schema::{
    Actor, ActorKind, Day, Entity, Kind, Partition, Time,
    data::facts::ClockMode,
    time::{DAY_MS, HOUR_MS},
};
use serde::Deserialize;
use serde_json::{Value, json};
use supervision::{Clock, EventTime, Incoming, Quiesce as _, RouterStats, Rule, RuleKind, StoppedPartition};
use tokio::sync::Mutex;

use super::{parts::Parts, policies, rest::Rest, wall};
use crate::{
    books::{self, Accounts},
    error::chain,
};

/// Most bytes of one request with events.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the addresses share.
pub(crate) struct Shared {
    pub(crate) parts: Arc<Parts>,
    /// The import under way.
    pub(crate) import: Mutex<Option<Session>>,
    /// The person who acts through a command.
    pub(crate) user: String,
}

/// An import under way.
pub(crate) struct Session {
    mode: Mode,
    last: Option<Time>,
    before: RouterStats,
}

enum Mode {
    /// Log time follows the events.
    Event(Box<EventTime>),
    /// The log has seen the present: folded by event time, without outreach.
    Backfill,
}

/// The addresses.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/events", post(events))
        .route("/import/begin", post(begin))
        .route("/import/events", post(import))
        .route("/import/end", post(end))
        .route("/clock", get(clock))
        .route("/ledger", get(ledger))
        .route("/ledger/contacts", get(contacts))
        .route("/clock/accept", post(accept))
        .route("/books", get(books))
        .route("/setup", get(setup))
        .route("/policies", get(policies::list))
        .route("/policies/{agent}", get(policies::one).post(policies::publish))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shared)
}

/// A refusal in the form of the API.
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str, pub(super) String, pub(super) &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, code, message, cure) = self;
        (status, Json(json!({"code": code, "message": message, "cure": cure}))).into_response()
    }
}

pub(super) fn unavailable(error: &supervision::SupervisionError) -> Refused {
    let cure = "look at `mainstay status`; what was sent again is recognised";
    Refused(StatusCode::SERVICE_UNAVAILABLE, "bus", chain(error), cure)
}

/// `POST events`: one CloudEvents object a line, acknowledged by the bus before the answer.
async fn events(State(shared): State<Arc<Shared>>, body: String) -> Result<Json<Value>, Refused> {
    let events = lines(&shared, &body)?;
    let clock = Clock::new(shared.parts.gateway_bus.clone(), shared.parts.partitions);
    clock.send(&events).await.map_err(|error| unavailable(&error))?;
    Ok(Json(json!({"accepted": events.len()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    source: String,
    #[serde(default)]
    policies: BTreeMap<String, String>,
    #[serde(default)]
    first: Option<Time>,
}

/// `POST import/begin`: publishes the map's policies, and says on which clock the import runs.
async fn begin(State(shared): State<Arc<Shared>>, Json(begin): Json<Begin>) -> Result<Json<Value>, Refused> {
    let parts = &shared.parts;
    let mut import = shared.import.lock().await;
    let actor = Actor { kind: ActorKind::Install, id: begin.source.replace('/', "-") };
    let now = begin.first.unwrap_or_else(wall);
    for (agent, text) in begin.policies {
        let rule = Rule { kind: RuleKind::Policy, name: agent, text };
        let published = supervision::publish(&parts.gate_out, &rule, &actor, now).await;
        let published = published.map_err(|error| unavailable(&error))?;
        parts.people.wait(published.seq).await.map_err(|error| unavailable(&error))?;
    }
    let live = parts.router.mode() == Some(ClockMode::Live);
    let mode = if live { Mode::Backfill } else { Mode::Event(Box::new(parts.event_time())) };
    let name = if live { "backfill" } else { "event" };
    *import = Some(Session { mode, last: None, before: parts.router.stats() });
    Ok(Json(json!({"mode": name})))
}

/// `POST import/events`: events in order of time, answered when they are applied.
async fn import(State(shared): State<Arc<Shared>>, body: String) -> Result<Json<Value>, Refused> {
    let events = lines(&shared, &body)?;
    let mut import = shared.import.lock().await;
    let session = import.as_mut().ok_or_else(no_import)?;
    if !events.is_sorted_by_key(|event| event.time) {
        let cure = "sort the events by time and send them again";
        return Err(Refused(StatusCode::BAD_REQUEST, "order", "the events are not in order of time".into(), cure));
    }
    session.last = session.last.max(events.last().map(|event| event.time));
    match &mut session.mode {
        Mode::Event(event_time) => event_time.advance(&events).await.map_err(|error| unavailable(&error))?,
        Mode::Backfill => {
            let clock = Clock::new(shared.parts.gateway_bus.clone(), shared.parts.partitions);
            clock.send(&events).await.map_err(|error| unavailable(&error))?;
        }
    }
    Ok(Json(json!({"accepted": events.len()})))
}

/// `POST import/end`: lets the last day end, waits until everything is applied, and says what became of it.
async fn end(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refused> {
    let mut import = shared.import.lock().await;
    let session = import.take().ok_or_else(no_import)?;
    if let (Mode::Event(mut event_time), Some(last)) = (session.mode, session.last) {
        let midnight = Time(last.0.div_euclid(DAY_MS) * DAY_MS + DAY_MS + HOUR_MS);
        event_time.finish(midnight).await.map_err(|error| unavailable(&error))?;
    }
    Rest::of(&shared.parts).wait().await.map_err(|error| unavailable(&error))?;
    let after = shared.parts.router.stats();
    Ok(Json(json!({
        "repeats": after.repeats - session.before.repeats,
        "dead": after.dead - session.before.dead,
    })))
}

fn standing((partition, stopped): (&Partition, &StoppedPartition)) -> Value {
    json!({"partition": partition.0, "last": stopped.last, "next": stopped.next})
}

/// `GET clock`: the partitions that stand still because time made a step of more than an hour.
async fn clock(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let stopped: Vec<Value> = shared.parts.router.stopped().iter().map(standing).collect();
    Json(json!({"stopped": stopped}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    /// None means all that stand still.
    #[serde(default)]
    partitions: Vec<u8>,
}

/// `POST clock/accept`: lets partitions that stand still take the step.
async fn accept(State(shared): State<Arc<Shared>>, Json(accept): Json<Accept>) -> Result<Json<Value>, Refused> {
    let router = &shared.parts.router;
    let stopped = router.stopped();
    if let Some(other) = accept.partitions.iter().find(|p| !stopped.contains_key(&Partition(**p))) {
        let cure = "`mainstay clock list` names those that do";
        return Err(Refused(
            StatusCode::CONFLICT,
            "not_stopped",
            format!("partition {} does not stand still", Partition(*other)),
            cure,
        ));
    }
    let chosen: Vec<_> = stopped
        .iter()
        .filter(|(partition, _)| accept.partitions.is_empty() || accept.partitions.contains(&partition.0))
        .collect();
    for (partition, stopped) in &chosen {
        tracing::warn!(router.partition = %partition, router.last = %stopped.last, router.next = %stopped.next, "a step of the clock is accepted");
        router.accept_clock(**partition);
    }
    let accepted: Vec<Value> = chosen.into_iter().map(standing).collect();
    Ok(Json(json!({"accepted": accepted})))
}

fn unread(error: &crate::error::Error) -> Refused {
    let cure = "look at `mainstay status`, and ask again";
    Refused(StatusCode::SERVICE_UNAVAILABLE, "bus", chain(error), cure)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsOf {
    /// As of the beginning of this day; of now otherwise.
    at: Option<Day>,
    /// Forecasts made fewer days before the outcome are left out.
    #[serde(default)]
    lead: u32,
}

/// `GET ledger`: how good the forecasts of the log were.
async fn ledger(State(shared): State<Arc<Shared>>, Query(asked): Query<AsOf>) -> Result<Json<Value>, Refused> {
    let until = asked.at.map(Day::start).or_else(|| shared.parts.router.log_time()).unwrap_or_default();
    let mut found = ledger::Ledger::default();
    let read = crate::ledger::read::log(&shared.parts.router_bus, ledger::READS, |event| {
        if event.header.logtime <= until {
            found.take(event);
        }
    });
    read.await.map_err(|error| unread(&error))?;
    let window = ledger::Window { from: Time(0), until, lead_days_min: asked.lead };
    Ok(Json(crate::ledger::json_of(&found.report(window))))
}

async fn accounts(shared: &Shared) -> Result<Accounts, Refused> {
    let mut found = Accounts::default();
    let read = crate::ledger::read::log(&shared.parts.router_bus, books::READS, |event| found.take(event));
    read.await.map_err(|error| unread(&error))?;
    Ok(found)
}

/// `GET books`: whose accounts are whose, and how full each book is.
async fn books(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refused> {
    Ok(Json(json!({"books": accounts(&shared).await?.books()})))
}

/// `GET setup`: what is connected, in the four steps of setting up.
async fn setup(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refused> {
    let found = accounts(&shared).await?;
    Ok(Json(json!({"steps": found.setup(), "unclassified": found.unclassified()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Silent {
    at: Day,
    horizon: i32,
}

/// `GET ledger/contacts`: which contacts were about to fall silent as of a day, and which did.
async fn contacts(State(shared): State<Arc<Shared>>, Query(asked): Query<Silent>) -> Result<Json<Value>, Refused> {
    use agent::Agent as _;
    let mut days = crate::ledger::contacts::Days::default();
    let mut rules = churn::Churn::policy(churn::Churn::DEFAULT_POLICY).ok();
    let kinds = [crate::ledger::contacts::READS, &[Kind::PolicyPublished]].concat();
    let read = crate::ledger::read::log(&shared.parts.router_bus, &kinds, |event| match &event.data {
        // The rules in force at the end of the log judge the day.
        bus_schema::Data::PolicyPublished(data) if data.name == churn::Churn::NAME => {
            rules = churn::Churn::policy(&data.text).ok().or(rules.take());
        }
        _ => days.take(event, asked.at),
    });
    read.await.map_err(|error| unread(&error))?;
    let found = rules.map(|rules| days.judge(&rules, asked.at, asked.horizon));
    Ok(Json(serde_json::to_value(found).unwrap_or_default()))
}

fn no_import() -> Refused {
    let cure = "start with `mainstay import FILE --map MAP`";
    Refused(StatusCode::CONFLICT, "no_import", "no import is under way".into(), cure)
}

/// Reads one CloudEvents object a line, as far as sending it needs; the door reads the rest.
fn lines(shared: &Shared, body: &str) -> Result<Vec<Incoming>, Refused> {
    let mut out = Vec::new();
    for (number, line) in (1..).zip(body.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        out.push(one(shared, line).map_err(|problem| {
            let cure = "send one CloudEvents 1.0 JSON object a line, with type, subject `account/<id>` and time";
            Refused(StatusCode::BAD_REQUEST, "bad_event", format!("line {number}: {problem}"), cure)
        })?);
    }
    Ok(out)
}

#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: Time,
}

fn one(shared: &Shared, line: &str) -> Result<Incoming, String> {
    let outline: Outline = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let entity = Entity::parse(&outline.subject).map_err(|error| error.to_string())?;
    let kind = Kind::from_name(&outline.kind).ok_or_else(|| format!("unknown event type `{}`", outline.kind))?;
    Ok(Incoming {
        time: outline.time,
        partition: shared.parts.partitions.of(&entity),
        kind,
        entity_hash: entity.hash(),
        json: line.trim().as_bytes().to_vec(),
    })
}
