//! Reading accounts, their contacts, their health over time.

use bus_schema::{
    Day, Position, Time,
    data::facts::{ChurnForecasted, HealthScored},
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::{
    ViewsError,
    row::{self, Account, Alert, Churn, Contact, Health, Point},
};

const COLUMNS: &str = "account, name, kind, segment, stage, owner, zone, seats, arr_minor, currency, renews_on, ended,
    machine, final, band, coverage, confidence, scored_at, scored_seq, scored_idx,
    p90, tier, forecast_at, forecast_seq, forecast_idx, last_event, last_touch";

fn account(r: &Row<'_>) -> rusqlite::Result<Account> {
    let currency: Option<String> = r.get("currency")?;
    let health = match r.get::<_, Option<u16>>("final")? {
        Some(score) => Some(Health {
            machine: r.get("machine")?,
            score,
            band: row::band(&r.get::<_, String>("band")?),
            coverage_bp: r.get("coverage")?,
            confidence_bp: r.get("confidence")?,
            at: Time(r.get("scored_at")?),
            position: Position { seq: r.get("scored_seq")?, index: r.get("scored_idx")? },
        }),
        None => None,
    };
    let churn = match r.get::<_, Option<u16>>("p90")? {
        Some(p90_bp) => Some(Churn {
            p90_bp,
            tier: row::tier(&r.get::<_, String>("tier")?),
            at: Time(r.get("forecast_at")?),
            position: Position { seq: r.get("forecast_seq")?, index: r.get("forecast_idx")? },
        }),
        None => None,
    };
    Ok(Account {
        id: r.get("account")?,
        name: r.get("name")?,
        kind: r.get("kind")?,
        segment: r.get("segment")?,
        stage: r.get("stage")?,
        owner: r.get("owner")?,
        zone: r.get("zone")?,
        seats: r.get("seats")?,
        arr: row::money(r.get("arr_minor")?, currency.as_deref()),
        renews_on: r.get::<_, Option<i32>>("renews_on")?.map(Day),
        ended: r.get("ended")?,
        health,
        churn,
        last_event: Time(r.get("last_event")?),
        last_touch: r.get::<_, Option<i64>>("last_touch")?.map(Time),
    })
}

/// One account.
pub(crate) fn one(c: &Connection, id: &str) -> Result<Option<Account>, ViewsError> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts WHERE account = ?1"))?;
    Ok(statement.query_row([id], account).optional()?)
}

/// All accounts, by id.
pub(crate) fn all(c: &Connection) -> Result<Vec<Account>, ViewsError> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts ORDER BY account"))?;
    let rows = statement.query_map([], account)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many accounts there are.
pub(crate) fn count(c: &Connection) -> Result<usize, ViewsError> {
    Ok(c.prepare_cached("SELECT count(*) FROM accounts")?.query_row([], |r| r.get(0))?)
}

/// The score of an account over time, from old to new, one point a day (the last of each day).
pub(crate) fn history(c: &Connection, id: &str, since: Time) -> Result<Vec<Point>, ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT at, machine, final, band, seq, idx FROM health WHERE account = ?1 AND at >= ?2 ORDER BY at, seq, idx",
    )?;
    let rows = statement.query_map(params![id, since.0], |r| {
        Ok(Point {
            at: Time(r.get(0)?),
            machine: r.get(1)?,
            score: r.get(2)?,
            band: row::band(&r.get::<_, String>(3)?),
            position: Position { seq: r.get(4)?, index: r.get(5)? },
        })
    })?;
    let mut points: Vec<Point> = Vec::new();
    for point in rows {
        let point = point?;
        if points.last().is_some_and(|last| last.at.day() == point.at.day()) {
            points.pop();
        }
        points.push(point);
    }
    Ok(points)
}

/// The last point at or before a time.
pub(crate) fn point_before(c: &Connection, id: &str, at: Time) -> Result<Option<Position>, ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT seq, idx FROM health WHERE account = ?1 AND at <= ?2 AND band <> 'unknown'
         ORDER BY at DESC, seq DESC, idx DESC LIMIT 1",
    )?;
    let row = statement.query_row(params![id, at.0], |r| Ok(Position { seq: r.get(0)?, index: r.get(1)? }));
    Ok(row.optional()?)
}

fn fact<T: DeserializeOwned>(c: &Connection, position: Position) -> Result<Option<T>, ViewsError> {
    let mut statement = c.prepare_cached("SELECT data FROM events WHERE seq = ?1 AND idx = ?2")?;
    let data: Option<String> = statement.query_row(params![position.seq, position.index], |r| r.get(0)).optional()?;
    Ok(data.map(|data| serde_json::from_str(&data)).transpose()?)
}

/// The score at a position, taken apart.
pub(crate) fn score(c: &Connection, position: Position) -> Result<Option<HealthScored>, ViewsError> {
    fact(c, position)
}

/// The forecast at a position, taken apart.
pub(crate) fn forecast(c: &Connection, position: Position) -> Result<Option<ChurnForecasted>, ViewsError> {
    fact(c, position)
}

fn contact(r: &Row<'_>) -> rusqlite::Result<Contact> {
    let roles: Option<String> = r.get("roles")?;
    Ok(Contact {
        id: r.get("contact")?,
        name: r.get("name")?,
        email: r.get("email")?,
        title: r.get("title")?,
        roles: roles.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        zone: r.get("zone")?,
        language: r.get("language")?,
        consent: r.get("consent")?,
        left_on: r.get::<_, Option<i32>>("left_on")?.map(Day),
        last_touch: r.get::<_, Option<i64>>("last_touch")?.map(Time),
    })
}

/// The people of an account who have a role, then those seen last.
pub(crate) fn contacts(c: &Connection, id: &str, most: usize) -> Result<(Vec<Contact>, usize), ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT * FROM contacts WHERE account = ?1
         ORDER BY (roles IS NULL OR roles IN ('', 'user')), (left_on IS NOT NULL), seen_at DESC, contact LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id, most], contact)?;
    let listed = rows.collect::<Result<_, _>>()?;
    let count = c.prepare_cached("SELECT count(*) FROM contacts WHERE account = ?1")?.query_row([id], |r| r.get(0))?;
    Ok((listed, count))
}

/// One person of an account.
pub(crate) fn one_contact(c: &Connection, id: &str, person: &str) -> Result<Option<Contact>, ViewsError> {
    let mut statement = c.prepare_cached("SELECT * FROM contacts WHERE account = ?1 AND contact = ?2")?;
    Ok(statement.query_row([id, person], contact).optional()?)
}

/// Open alerts of an account, most urgent first.
pub(crate) fn alerts(c: &Connection, id: &str) -> Result<Vec<Alert>, ViewsError> {
    let mut statement = c.prepare_cached(
        "SELECT cause, tier, reason, opened_at, seq, idx FROM alerts WHERE account = ?1 AND closed_at IS NULL",
    )?;
    let rows = statement.query_map([id], |r| {
        Ok(Alert {
            cause: r.get(0)?,
            tier: row::tier(&r.get::<_, String>(1)?),
            reason: r.get(2)?,
            opened_at: Time(r.get(3)?),
            position: Position { seq: r.get(4)?, index: r.get(5)? },
        })
    })?;
    let mut alerts: Vec<Alert> = rows.collect::<Result<_, _>>()?;
    alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.tier), alert.opened_at));
    Ok(alerts)
}
