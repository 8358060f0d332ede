//! Dead letters: what could not be used, as it lies on the stream DEAD.

use std::time::Duration;

use bus::{Bus, Stored};
use bus_schema::{Time, subject::Stream};
use rusqlite::{Connection, Row, Transaction, params};

use super::{Views, ViewsError, follow::FollowError, row::DeadLetter};

/// Bytes of a body kept for showing.
const BODY_BYTES_MAX: usize = 2_000;

/// Headers of a dead letter: why, in a sentence; the message it was in; the event's id.
const HEADER_REASON: &str = "Ms-Dead-Reason";
const HEADER_SEQ: &str = "Ms-Dead-Seq";
const HEADER_ID: &str = "Ms-Dead-Id";
/// How long a look at the stream may take.
const WAIT: Duration = Duration::from_secs(2);

/// Keeps one dead letter with its reason.
pub(crate) fn message(t: &Transaction<'_>, message: &Stored) -> Result<(), ViewsError> {
    let header = |name: &str| message.headers.get(name);
    let json: Option<serde_json::Value> = serde_json::from_slice(&message.body).ok();
    let field = |name: &str| json.as_ref().and_then(|json| json.get(name)).and_then(|value| value.as_str());
    let body = message.body.get(..message.body.len().min(BODY_BYTES_MAX)).unwrap_or_default();
    let origin = message.subject.strip_prefix("cs.dead.").unwrap_or(&message.subject);
    t.prepare_cached("INSERT OR REPLACE INTO dead VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)")?.execute(params![
        message.seq,
        origin,
        message.time.0,
        header(HEADER_SEQ).and_then(|text| text.parse::<u64>().ok()),
        header(HEADER_REASON).unwrap_or("no reason was given"),
        field("type"),
        header(HEADER_ID).or_else(|| field("id")),
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

/// Forgets the letters that left the stream: an event whose account became known is sent on, and its letter removed.
///
/// # Errors
/// The bus does not answer, or the views cannot be written.
pub(crate) async fn reconcile(views: &Views, bus: &Bus) -> Result<(), FollowError> {
    let state = bus.state(Stream::Dead).await?;
    let known = views.read(|c| Ok(c.prepare_cached("SELECT count(*) FROM dead")?.query_row([], |r| r.get(0))?)).await?;
    // Letters that came meanwhile are no reason to look: the reader brings them.
    if state.messages >= known {
        return Ok(());
    }
    let mut there = Vec::new();
    let mut reader = bus.reader(Stream::Dead, "console-dead-look", &[], state.first_seq).await?;
    while there.last().is_none_or(|last| *last < state.last_seq) {
        let letters = reader.next(1_000, WAIT).await?;
        if letters.is_empty() {
            break;
        }
        there.extend(letters.iter().map(|letter| letter.seq));
    }
    let work = views.clone();
    let forget = move || {
        let at = work.position_of("dead")?;
        work.write("dead", at, |t| {
            let known: Vec<u64> = t
                .prepare("SELECT seq FROM dead WHERE seq <= ?1")?
                .query_map([state.last_seq], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            let mut delete = t.prepare_cached("DELETE FROM dead WHERE seq = ?1")?;
            for seq in known.iter().filter(|seq| there.binary_search(seq).is_err()) {
                delete.execute([seq])?;
            }
            Ok(())
        })
    };
    tokio::task::spawn_blocking(forget).await.map_err(|_| ViewsError::Interrupted)??;
    Ok(())
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
