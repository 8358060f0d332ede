//! Dead letters: what could not be used, as it lies on the stream DEAD.

use bus::Stored;
use bus_schema::Time;
use rusqlite::{Connection, Row, Transaction, params};

use super::{ViewsError, row::DeadLetter};

/// Bytes of a body kept for showing.
const BODY_BYTES_MAX: usize = 2_000;

/// Keeps one dead letter with its reason.
pub(crate) fn message(t: &Transaction<'_>, message: &Stored) -> Result<(), ViewsError> {
    let header = |ends: &str| {
        let found = message.headers.0.iter().find(|(name, _)| name.to_ascii_lowercase().ends_with(ends));
        found.map(|(_, value)| value.as_str())
    };
    let json: Option<serde_json::Value> = serde_json::from_slice(&message.body).ok();
    let field = |name: &str| json.as_ref().and_then(|json| json.get(name)).and_then(|value| value.as_str());
    let body = message.body.get(..message.body.len().min(BODY_BYTES_MAX)).unwrap_or_default();
    let origin = message.subject.strip_prefix("cs.dead.").unwrap_or(&message.subject);
    t.prepare_cached("INSERT OR REPLACE INTO dead VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)")?.execute(params![
        message.seq,
        origin,
        message.time.0,
        header("-seq").and_then(|text| text.parse::<u64>().ok()),
        header("-reason").unwrap_or("no reason was given"),
        field("type"),
        field("id"),
        String::from_utf8_lossy(body),
    ])?;
    Ok(())
}

fn letter(r: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        seq: r.get("seq")?,
        origin: r.get("origin")?,
        at: Time(r.get("at")?),
        source_seq: r.get("source_seq")?,
        reason: r.get("reason")?,
        kind: r.get("kind")?,
        id: r.get("id")?,
        body: r.get("body")?,
        replayed: r.get("replayed")?,
    })
}

/// Dead letters, the latest first, and how many there are.
pub(crate) fn list(c: &Connection, most: usize) -> Result<(Vec<DeadLetter>, usize), ViewsError> {
    let mut statement = c.prepare_cached("SELECT * FROM dead ORDER BY seq DESC LIMIT ?1")?;
    let rows = statement.query_map([most], letter)?;
    let letters = rows.collect::<Result<_, _>>()?;
    let count = c.prepare_cached("SELECT count(*) FROM dead WHERE NOT replayed")?.query_row([], |r| r.get(0))?;
    Ok((letters, count))
}

/// Marks letters that were sent through again; without numbers all of them.
pub(crate) fn mark_replayed(t: &Transaction<'_>, seqs: Option<&[u64]>) -> Result<(), ViewsError> {
    match seqs {
        None => t.execute("UPDATE dead SET replayed = 1", []).map(drop)?,
        Some(seqs) => {
            let mut statement = t.prepare_cached("UPDATE dead SET replayed = 1 WHERE seq = ?1")?;
            for seq in seqs {
                statement.execute([seq])?;
            }
        }
    }
    Ok(())
}
