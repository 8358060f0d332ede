//! Reading events: one by its position, an account's timeline page by page.

use bus_schema::{Position, Time, envelope};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::{ViewsError, row::LogEvent};

const COLUMNS: &str = "seq, idx, time, logtime, entity, kind, writer, source, contact, actor, late, data, personal";

fn event(r: &Row<'_>) -> rusqlite::Result<LogEvent> {
    let unreadable = |e| rusqlite::Error::FromSqlConversionFailure(11, Type::Text, Box::new(e));
    let sealed: Option<String> = r.get("personal")?;
    Ok(LogEvent {
        position: Position { seq: r.get("seq")?, index: r.get("idx")? },
        time: Time(r.get("time")?),
        logtime: Time(r.get("logtime")?),
        entity: r.get("entity")?,
        kind: r.get("kind")?,
        writer: r.get("writer")?,
        source: r.get("source")?,
        contact: r.get("contact")?,
        actor: r.get("actor")?,
        late: r.get("late")?,
        data: serde_json::from_str(&r.get::<_, String>("data")?).map_err(unreadable)?,
        personal: sealed.as_deref().and_then(envelope::unseal).map(serde_json::Value::Object),
    })
}

/// One event by its position.
pub(crate) fn one(c: &Connection, position: Position) -> Result<Option<LogEvent>, ViewsError> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE seq = ?1 AND idx = ?2"))?;
    Ok(statement.query_row(params![position.seq, position.index], event).optional()?)
}

/// Some events by their positions, those that are in the view.
pub(crate) fn some(c: &Connection, positions: &[Position]) -> Result<Vec<LogEvent>, ViewsError> {
    positions.iter().filter_map(|position| one(c, *position).transpose()).collect()
}

/// Kinds that say that the product was used: most of a log, and little of a story.
const USAGE: &str =
    "'user.logged_in', 'session.ended', 'usage.recorded', 'usage.aggregated', 'api.called', 'page.viewed',
    'seats.measured', 'plan.usage_measured', 'help.searched', 'help.viewed'";

/// What a timeline shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "five boxes of a form, each on or off")]
pub(crate) struct Show {
    /// What came from outside, use of the product aside.
    pub(crate) events: bool,
    /// Use of the product.
    pub(crate) usage: bool,
    /// Scores and forecasts.
    pub(crate) scores: bool,
    /// Proposals and decisions.
    pub(crate) decisions: bool,
    /// What became of messages.
    pub(crate) sends: bool,
}

impl Show {
    fn condition(self) -> String {
        let decision = "kind LIKE 'proposal.%' OR kind LIKE 'decision.%' OR kind LIKE 'approval.%' \
                        OR kind LIKE 'outreach.proposed' OR kind LIKE 'touchpoint.%'";
        let parts = [
            (self.events, format!("writer = 'in' AND kind NOT IN ({USAGE})")),
            (self.usage, format!("kind IN ({USAGE})")),
            (
                self.scores,
                "writer IN ('health', 'churn', 'supervisor') AND NOT (".to_owned()
                    + decision
                    + ") AND kind NOT LIKE 'delivery.%'",
            ),
            (self.decisions, decision.to_owned()),
            (self.sends, "kind LIKE 'delivery.%'".to_owned()),
        ];
        let chosen: Vec<String> =
            parts.into_iter().filter(|(on, _)| *on).map(|(_, text)| format!("({text})")).collect();
        if chosen.is_empty() { "0".into() } else { chosen.join(" OR ") }
    }
}

/// A page of an account's events, the latest first, at or before a position.
pub(crate) fn timeline(
    c: &Connection,
    account: &str,
    show: Show,
    until: Option<Position>,
    most: usize,
) -> Result<Vec<LogEvent>, ViewsError> {
    let until = until.unwrap_or(Position { seq: i64::MAX.unsigned_abs(), index: u16::MAX });
    // A daily score that says the same as the day before would bury what happened; the event that is looked for is
    // always there.
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events
         WHERE account = ?1 AND (seq, idx) <= (?2, ?3) AND (
           (seq, idx) = (?2, ?3)
           OR (({})
             AND NOT (kind IN ('health.scored', 'churn.forecasted') AND data LIKE '%\"daily\":true%')
             AND kind NOT IN ('budget.reserved', 'budget.released')))
         ORDER BY seq DESC, idx DESC LIMIT ?4",
        show.condition()
    ))?;
    let rows = statement.query_map(params![account, until.seq, until.index, most], event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// All events of an account as the API gives them, the latest first, before a position.
pub(crate) fn page(
    c: &Connection,
    account: &str,
    before: Option<Position>,
    kind: Option<&str>,
    most: usize,
) -> Result<Vec<LogEvent>, ViewsError> {
    let before = before.unwrap_or(Position { seq: i64::MAX.unsigned_abs(), index: u16::MAX });
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE account = ?1 AND (seq, idx) < (?2, ?3) AND (?4 IS NULL OR kind = ?4)
         ORDER BY seq DESC, idx DESC LIMIT ?5"
    ))?;
    let rows = statement.query_map(params![account, before.seq, before.index, kind, most], event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The latest log time the views have seen.
pub(crate) fn log_time(c: &Connection) -> Result<Time, ViewsError> {
    let mut statement = c.prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'logtime'")?;
    Ok(statement.query_row([], |r| r.get(0).map(Time)).optional()?.unwrap_or_default())
}

/// How many events the views hold.
pub(crate) fn count(c: &Connection) -> Result<u64, ViewsError> {
    Ok(c.prepare_cached("SELECT count(*) FROM events")?.query_row([], |r| r.get(0))?)
}

/// How many of them are facts: said by the supervisor or an agent.
pub(crate) fn facts(c: &Connection) -> Result<u64, ViewsError> {
    let sql = "SELECT count(*) FROM events WHERE writer NOT IN ('in', 'people', 'outcome')";
    Ok(c.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
}
