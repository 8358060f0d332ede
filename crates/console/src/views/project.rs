//! From a message of the log to rows: every event is kept, some change what an account or a proposal is.

use bus::Stored;
use bus_schema::{Data, Envelope, Event, Header, Kind, Position, Time, batch, data::facts::ClockMode, subject};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    ViewsError,
    project_account::{self, word},
    project_proposal, read_event,
};

/// An event with where it stands and who wrote it.
pub(crate) struct Placed<'a> {
    pub(crate) position: Position,
    pub(crate) envelope: &'a Envelope,
    pub(crate) event: Event,
    pub(crate) personal: serde_json::Map<String, serde_json::Value>,
    at: Time,
}

impl Placed<'_> {
    /// Log time, which is what "when" means on every page.
    pub(crate) fn at(&self) -> Time {
        self.at
    }

    /// A personal field as text.
    pub(crate) fn personal(&self, name: &str) -> Option<&str> {
        self.personal.get(name).and_then(serde_json::Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Projects one message. What cannot be read is skipped and said once: the runtime has already put it aside.
pub(crate) fn message(t: &Transaction<'_>, message: &Stored) -> Result<(), ViewsError> {
    let Some(index) = message.headers.index().and_then(|text| batch::decode_index(text).ok()) else {
        tracing::warn!(log.seq = message.seq, "a message of the log has no readable packing index");
        return Ok(());
    };
    let writer = subject::log_writer(&message.subject).unwrap_or_default();
    let mut read = Vec::with_capacity(index.len());
    for (at, entry) in index.iter().enumerate() {
        let position = Position { seq: message.seq, index: u16::try_from(at).unwrap_or(u16::MAX) };
        let found = batch::envelope(&message.body, &index, at)
            .map_err(|e| e.to_string())
            .and_then(|envelope| envelope.event().map(|event| (envelope, event)).map_err(|e| e.to_string()));
        match found {
            Ok((envelope, event)) => read.push((entry.kind, position, envelope, event)),
            Err(error) => tracing::warn!(log.position = %position, error, "an event of the log cannot be shown"),
        }
    }
    clock(t, read.iter().map(|(_, _, _, event)| event))?;
    for (kind, position, envelope, event) in read {
        // Ticks are most of a quiet log and say nothing about an account.
        if kind == Kind::ClockTicked.code() {
            continue;
        }
        let personal = envelope.open_personal();
        let at = when(t, &event.header)?;
        one(t, writer, &Placed { position, envelope: &envelope, event, personal, at })?;
    }
    Ok(())
}

fn one(t: &Transaction<'_>, writer: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    keep(t, writer, placed)?;
    if let Some(account) = placed.event.header.entity.account_id() {
        project_account::apply(t, account, placed)?;
    }
    project_proposal::apply(t, placed)
}

fn keep(t: &Transaction<'_>, writer: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let (header, envelope) = (&placed.event.header, placed.envelope);
    let data = envelope.data.as_deref().map_or("{}", serde_json::value::RawValue::get);
    let personal = (!placed.personal.is_empty()).then(|| serde_json::to_string(&placed.personal)).transpose()?;
    t.prepare_cached("INSERT OR REPLACE INTO events VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)")?
        .execute(params![
            placed.position.seq,
            placed.position.index,
            header.time.0,
            placed.at().0,
            header.entity.to_string(),
            header.entity.account_id(),
            envelope.kind,
            writer,
            header.source,
            header.contact,
            envelope.actor,
            header.late,
            data,
            personal,
        ])?;
    Ok(())
}

/// Moves the log's own time, and keeps which clock it runs on: once for the events of a message, since it stands still
/// or moves forward within one.
fn clock<'a>(t: &Transaction<'_>, events: impl Iterator<Item = &'a Event> + Clone) -> Result<(), ViewsError> {
    let latest = events.clone().map(|event| event.header.logtime).max().unwrap_or_default();
    if latest != Time(0) {
        t.prepare_cached(
            "INSERT INTO meta VALUES ('logtime', ?1)
             ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(?1 AS INTEGER))",
        )?
        .execute([latest.0])?;
    }
    let said = events.filter_map(|event| match &event.data {
        Data::ClockTicked(data) => Some(data.mode),
        Data::ClockResumed(_) => Some(ClockMode::Live),
        // Nothing else says which clock it is.
        _ => None,
    });
    let Some(mode) = said.last() else { return Ok(()) };
    t.prepare_cached("INSERT INTO meta VALUES ('clock', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1")?
        .execute([word(&mode)?])?;
    Ok(())
}

/// When an event was, on the log's clock. What people and the courier say carries wall time; a log that runs on the
/// time of its events must not be read by that.
fn when(t: &Transaction<'_>, header: &Header) -> Result<Time, ViewsError> {
    if header.logtime != Time(0) {
        return Ok(header.logtime);
    }
    let mode: Option<String> =
        t.prepare_cached("SELECT value FROM meta WHERE key = 'clock'")?.query_row([], |row| row.get(0)).optional()?;
    if mode == Some(word(&ClockMode::Event)?) { read_event::log_time(t) } else { Ok(header.time) }
}
