//! From a message of the log to rows: every event is kept, some change what an account or a proposal is.

use std::cell::OnceCell;

use bus::Stored;
use bus_schema::{
    Data, Header, Kind, Position, Time, batch,
    data::facts::ClockMode,
    envelope::{self, Unread},
    subject,
};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Map, Value};

use super::{
    ViewsError,
    project_account::{self, word},
    project_proposal, read_event,
    seen::Seen,
};

/// Kinds of which a view shows nothing but that they came: most of a log. Their data is kept as it is.
const COUNTLESS: [Kind; 5] =
    [Kind::UserLoggedIn, Kind::SessionEnded, Kind::UsageRecorded, Kind::ApiCalled, Kind::PageViewed];

/// An event with where it stands.
pub(crate) struct Placed<'a> {
    pub(crate) position: Position,
    pub(crate) header: &'a Header,
    pub(crate) data: &'a Data,
    sealed: Option<&'a str>,
    personal: OnceCell<Map<String, Value>>,
    at: Time,
}

impl Placed<'_> {
    /// Log time, which is what "when" means on every page.
    pub(crate) fn at(&self) -> Time {
        self.at
    }

    /// A personal field as text.
    pub(crate) fn personal(&self, name: &str) -> Option<&str> {
        let opened = self.personal.get_or_init(|| self.sealed.and_then(envelope::unseal).unwrap_or_default());
        opened.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Projects messages in the order of the log.
pub(crate) fn messages(t: &Transaction<'_>, messages: &[Stored]) -> Result<(), ViewsError> {
    let mut seen = Seen::default();
    messages.iter().try_for_each(|stored| message(t, stored, &mut seen))?;
    seen.write(t)
}

/// Projects one message. What cannot be read is skipped and said once: the runtime has already put it aside.
fn message(t: &Transaction<'_>, message: &Stored, seen: &mut Seen) -> Result<(), ViewsError> {
    let Some(index) = message.headers.index().and_then(|text| batch::decode_index(text).ok()) else {
        tracing::warn!(log.seq = message.seq, "a message of the log has no readable packing index");
        return Ok(());
    };
    let writer = subject::log_writer(&message.subject).unwrap_or_default();
    let mut clock = LogClock::default();
    for at in 0..index.len() {
        let position = Position { seq: message.seq, index: u16::try_from(at).unwrap_or(u16::MAX) };
        let found = batch::unread(&message.body, &index, at)
            .map_err(|e| e.to_string())
            .and_then(|unread| data(&unread).map(|data| (unread, data)));
        match found {
            Ok((unread, data)) => {
                clock.note(&unread.header, data.as_ref());
                // Ticks are most of a quiet log and say nothing about an account.
                if unread.kind != Kind::ClockTicked {
                    one(t, writer, position, &unread, data.as_ref(), seen)?;
                }
            }
            Err(error) => tracing::warn!(log.position = %position, error, "an event of the log cannot be shown"),
        }
    }
    clock.write(t)
}

/// The data, where a view looks into it.
fn data(unread: &Unread<'_>) -> Result<Option<Data>, String> {
    let countless = COUNTLESS.contains(&unread.kind);
    if countless { Ok(None) } else { unread.data().map(Some).map_err(|e| e.to_string()) }
}

fn one(
    t: &Transaction<'_>,
    writer: &str,
    position: Position,
    unread: &Unread<'_>,
    data: Option<&Data>,
    seen: &mut Seen,
) -> Result<(), ViewsError> {
    let (header, at, sealed) = (&unread.header, when(t, &unread.header)?, unread.sealed());
    keep(t, writer, position, at, unread, sealed.as_deref())?;
    let Some(data) = data else {
        seen.note(header, at);
        return Ok(());
    };
    let placed = Placed { position, header, data, sealed: sealed.as_deref(), personal: OnceCell::new(), at };
    if let Some(account) = header.entity.account_id() {
        seen.settle(t, account)?;
        project_account::apply(t, account, &placed)?;
    }
    project_proposal::apply(t, &placed)
}

fn keep(
    t: &Transaction<'_>,
    writer: &str,
    position: Position,
    at: Time,
    unread: &Unread<'_>,
    sealed: Option<&str>,
) -> Result<(), ViewsError> {
    let header = &unread.header;
    t.prepare_cached("INSERT OR REPLACE INTO events VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)")?
        .execute(params![
            position.seq,
            position.index,
            header.time.0,
            at.0,
            header.entity.to_string(),
            header.entity.account_id(),
            unread.kind.name(),
            writer,
            header.source,
            header.contact,
            header.actor.as_ref().map(ToString::to_string),
            header.late,
            unread.data,
            sealed,
        ])?;
    Ok(())
}

/// The log's own time, and which clock it runs on: kept once for the events of a message, since it stands still or moves
/// forward within one.
#[derive(Default)]
struct LogClock {
    latest: Time,
    mode: Option<ClockMode>,
}

impl LogClock {
    fn note(&mut self, header: &Header, data: Option<&Data>) {
        self.latest = self.latest.max(header.logtime);
        match data {
            Some(Data::ClockTicked(data)) => self.mode = Some(data.mode),
            Some(Data::ClockResumed(_)) => self.mode = Some(ClockMode::Live),
            // Nothing else says which clock it is.
            Some(_) | None => {}
        }
    }

    fn write(&self, t: &Transaction<'_>) -> Result<(), ViewsError> {
        if self.latest != Time(0) {
            t.prepare_cached(
                "INSERT INTO meta VALUES ('logtime', ?1)
                 ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(?1 AS INTEGER))",
            )?
            .execute([self.latest.0])?;
        }
        if let Some(mode) = &self.mode {
            t.prepare_cached("INSERT INTO meta VALUES ('clock', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1")?
                .execute([word(mode)?])?;
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use bus::Headers;
    use bus_schema::{Batch, batch::HEADER_INDEX};
    use rusqlite::types::Value;

    use super::*;
    use crate::views::Views;

    fn message(seq: u64, kind: Kind, contact: &str, data: &str) -> Stored {
        let json = format!(
            r#"{{"specversion":"1.0","id":"{seq}","source":"app","type":"{kind}","subject":"account/a",
               "time":"2026-01-05T08:00:00Z","logtime":"2026-01-05T08:00:0{seq}Z"{contact},"data":{data}}}"#
        );
        let mut batch = Batch::new();
        batch.push_raw(kind, 1, json.as_bytes());
        let (body, index) = batch.finish();
        let headers = Headers::new().with(HEADER_INDEX, index);
        Stored { seq, subject: "cs.log.00.in".into(), time: Time(0), headers, body: body.into() }
    }

    /// Every row after these transactions, with a proposal there from the start.
    fn rows<'a>(transactions: impl IntoIterator<Item = &'a [Stored]>) -> Vec<Vec<Value>> {
        let folder = tempfile::tempdir().unwrap();
        let views = Views::open(&folder.path().join("views.sqlite")).unwrap();
        let proposal = "INSERT INTO proposals (id, account, contact, state, version, play, proposed, seq, idx,
                            proposed_at, expires, changed_at)
                        VALUES ('p1', 'a', 'c_x', 'signed', 1, 'play', '{}', 1, 0, 0, 0, 0)";
        views.write("log", 0, |t| Ok(t.execute(proposal, [])?)).unwrap();
        for (seq, transaction) in (1..).zip(transactions) {
            views.write("log", seq, |t| messages(t, transaction)).unwrap();
        }
        let read = |t: &Transaction<'_>| {
            let mut rows = Vec::new();
            for table in ["events", "accounts", "contacts", "proposals"] {
                let mut statement = t.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = statement.column_count();
                let found = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect())?;
                rows.extend(found.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(rows)
        };
        views.write("log", 9, read).unwrap()
    }

    #[test]
    fn one_transaction_or_many_make_the_same_rows() {
        let by = r#","contact":"c_x""#;
        let log = [
            message(1, Kind::UserLoggedIn, by, r#"{"user":"c_x"}"#),
            message(2, Kind::DeliverySent, "", r#"{"proposal":"p1","bytes_hash":"00"}"#),
            message(3, Kind::UsageRecorded, by, r#"{"user":"c_x","feature":"f","quantity":1}"#),
            message(4, Kind::UserLoggedIn, by, r#"{"user":"c_x"}"#),
        ];
        let apart = rows(log.chunks(1));
        assert_eq!(rows([log.as_slice()]), apart);
        let contact = apart.iter().find(|row| row.get(1) == Some(&Value::Text("c_x".into()))).unwrap();
        assert!(matches!(contact.last(), Some(Value::Integer(_))), "the contact has a last touch: {contact:?}");
    }
}
