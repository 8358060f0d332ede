//! Reading proposals and who decided on them.

use bus_schema::{Position, Time};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::{
    ViewsError,
    row::{Decision, Proposal, State},
};

fn proposal(r: &Row<'_>) -> rusqlite::Result<Proposal> {
    let time = |name: &str| r.get::<_, Option<i64>>(name).map(|at| at.map(Time));
    let draft: String = r.get("proposed")?;
    let state: String = r.get("state")?;
    let unreadable = |e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e));
    Ok(Proposal {
        id: r.get("id")?,
        account: r.get("account")?,
        state: State::parse(&state).unwrap_or(State::Drafted),
        draft: serde_json::from_str(&draft).map_err(unreadable)?,
        position: Position { seq: r.get("seq")?, index: r.get("idx")? },
        proposed_at: Time(r.get("proposed_at")?),
        rank: r.get("rank")?,
        due: time("due")?,
        expires: Time(r.get("expires")?),
        owner: r.get("owner")?,
        decision: decision(r)?,
        changed_at: Time(r.get("changed_at")?),
        detail: r.get("detail")?,
        reopened_by: r.get("reopened_by")?,
        queued: r.get("queued")?,
    })
}

fn decision(r: &Row<'_>) -> rusqlite::Result<Option<Decision>> {
    let Some(verdict) = r.get::<_, Option<String>>("verdict")? else { return Ok(None) };
    Ok(Some(Decision {
        by: r.get::<_, Option<String>>("decided_by")?.unwrap_or_default(),
        at: r.get::<_, Option<i64>>("decided_at")?.map(Time).unwrap_or_default(),
        approved: verdict == "approve",
        version: r.get::<_, Option<u32>>("decided_version")?.unwrap_or_default(),
        edited: r.get::<_, Option<bool>>("edited")?.unwrap_or_default(),
        reason: r.get("reason")?,
        hold_until: r.get::<_, Option<i64>>("hold_until")?.map(Time),
        bytes_hash: r.get("bytes_hash")?,
        position: Position {
            seq: r.get::<_, Option<u64>>("decision_seq")?.unwrap_or_default(),
            index: r.get::<_, Option<u16>>("decision_idx")?.unwrap_or_default(),
        },
    }))
}

/// One proposal.
pub(crate) fn one(c: &Connection, id: &str) -> Result<Option<Proposal>, ViewsError> {
    let mut statement = c.prepare_cached("SELECT * FROM proposals WHERE id = ?1")?;
    Ok(statement.query_row([id], proposal).optional()?)
}

/// Proposals in some states, most urgent first: those shown before those that wait for attention, then by rank, those due
/// earlier within it.
pub(crate) fn in_states(c: &Connection, states: &[State], most: usize) -> Result<Vec<Proposal>, ViewsError> {
    let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
    let mut statement = c.prepare_cached(&format!(
        "SELECT * FROM proposals WHERE state IN ({}) ORDER BY queued, rank DESC, due, id LIMIT ?1",
        names.join(",")
    ))?;
    let rows = statement.query_map([most], proposal)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Proposals in some states, the last changed first.
pub(crate) fn latest(c: &Connection, states: &[State], most: usize) -> Result<Vec<Proposal>, ViewsError> {
    let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
    let mut statement = c.prepare_cached(&format!(
        "SELECT * FROM proposals WHERE state IN ({}) ORDER BY changed_at DESC, id LIMIT ?1",
        names.join(",")
    ))?;
    let rows = statement.query_map([most], proposal)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Proposals of an account, the latest first.
pub(crate) fn of_account(c: &Connection, account: &str, most: usize) -> Result<Vec<Proposal>, ViewsError> {
    let mut statement =
        c.prepare_cached("SELECT * FROM proposals WHERE account = ?1 ORDER BY proposed_at DESC, id LIMIT ?2")?;
    let rows = statement.query_map(params![account, most], proposal)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many proposals are in each state.
pub(crate) fn counts(c: &Connection) -> Result<Vec<(State, usize)>, ViewsError> {
    let mut statement = c.prepare_cached("SELECT state, count(*) FROM proposals GROUP BY state")?;
    let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, usize>(1)?)))?;
    let mut counts = Vec::new();
    for row in rows {
        let (name, count) = row?;
        counts.extend(State::parse(&name).map(|state| (state, count)));
    }
    Ok(counts)
}

/// How many proposals wait for a person's attention.
pub(crate) fn queued(c: &Connection) -> Result<usize, ViewsError> {
    let mut statement = c.prepare_cached("SELECT count(*) FROM proposals WHERE state = 'waiting' AND queued")?;
    Ok(statement.query_row([], |r| r.get(0))?)
}

/// How many proposals are in some states.
pub(crate) fn count(counts: &[(State, usize)], states: &[State]) -> usize {
    counts.iter().filter(|(state, _)| states.contains(state)).map(|(_, count)| count).sum()
}

/// Messages handed over, or in doubt, to a contact since a time.
pub(crate) fn sent_to(c: &Connection, contact: &str, since: Time) -> Result<usize, ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT count(*) FROM proposals WHERE contact = ?1 AND state IN ('sent', 'unknown') AND changed_at >= ?2",
    )?;
    Ok(statement.query_row(params![contact, since.0], |r| r.get(0))?)
}

/// Messages handed over, or in doubt, since a time.
pub(crate) fn sent_since(c: &Connection, since: Time) -> Result<usize, ViewsError> {
    let mut statement =
        c.prepare_cached("SELECT count(*) FROM proposals WHERE state IN ('sent', 'unknown') AND changed_at >= ?1")?;
    Ok(statement.query_row([since.0], |r| r.get(0))?)
}

/// Why the gate did not take a decision, by the id of the decision's event.
pub(crate) fn refused(c: &Connection, decision: &str) -> Result<Option<String>, ViewsError> {
    let mut statement = c.prepare_cached("SELECT refused FROM decisions WHERE id = ?1")?;
    Ok(statement.query_row([decision], |r| r.get(0)).optional()?.flatten())
}

/// The last decision on a proposal that the gate did not take: who, when, why.
pub(crate) fn last_refused(c: &Connection, id: &str) -> Result<Option<(String, Time, String)>, ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT by, at, refused FROM decisions WHERE proposal = ?1 ORDER BY seq DESC, idx DESC LIMIT 1",
    )?;
    let row = statement.query_row([id], |r| Ok((r.get(0)?, Time(r.get(1)?), r.get::<_, Option<String>>(2)?)));
    Ok(row.optional()?.and_then(|(by, at, why)| why.map(|why| (by, at, why))))
}
