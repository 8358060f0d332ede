//! Reading the rows of an import: CSV or NDJSON, plain or gzip, in order of time.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use agent::digest::sha256_hex;
use bus_schema::{Day, Time};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::map::{self, Map, Row, Template};
use crate::error::Error;

/// A mapped event, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Mapped {
    /// Event time.
    pub(crate) time: Time,
    /// Hash of the mapped row: the event's id.
    pub(crate) id: String,
    /// The event as CloudEvents JSON.
    pub(crate) event: Value,
}

/// Reads, joins and maps a file; the result is in order of time, then id.
///
/// # Errors
/// A file or row that cannot be read, with its number.
pub(crate) fn read(path: &Path, map: &Map) -> Result<Vec<Mapped>, Error> {
    let joined = map.join.as_ref().map(|join| lookup(path, join)).transpose()?;
    let mut out = Vec::new();
    for_each_row(path, |number, mut row| {
        let fail = |problem: String| Error::Row { path: path.into(), row: number, problem };
        if let Some(missing) = map.columns().into_iter().find(|column| !row.contains_key(column)) {
            return Err(fail(format!("no column `{missing}`")));
        }
        if let (Some(join), Some(table)) = (&map.join, &joined) {
            let key = row.get(&join.left).cloned().unwrap_or_default();
            let found = table
                .get(&key)
                .ok_or_else(|| fail(format!("`{key}` in `{}` stands nowhere in {}", join.left, join.file.display())))?;
            row.extend(found.clone());
        }
        let time = time(row.get(&map.time).map_or("", String::as_str)).map_err(fail)?;
        for template in map.events.iter().filter(|template| wanted(template, &row)) {
            out.push(event(map, template, &row, time).map_err(|problem| Error::Row {
                path: path.into(),
                row: number,
                problem,
            })?);
        }
        Ok(())
    })?;
    out.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    Ok(out)
}

/// Reads a file of CloudEvents, one object a line; the result is in order of time, then id.
///
/// # Errors
/// A file that cannot be read, or a line that is no event, with its number.
pub(crate) fn events(path: &Path) -> Result<Vec<Mapped>, Error> {
    if lines_of(path) != Lines::Objects {
        let problem = "without --map only CloudEvents are read, one JSON object a line, from a file whose name ends in \
            .ndjson or .jsonl; give a map for anything else";
        return Err(Error::Row { path: path.into(), row: 0, problem: problem.into() });
    }
    let mut out = Vec::new();
    for_each_object(path, |number, fields| {
        let fail = |problem: String| Error::Row { path: path.into(), row: number, problem };
        let text = |name: &str| {
            let text = fields.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
            text.ok_or_else(|| {
                fail(format!(
                    "no `{name}`: a CloudEvents object has specversion, id, source, type, subject, time and data"
                ))
            })
        };
        let time = Time::parse(&text("time")?).map_err(|_| fail("`time` is no RFC 3339 instant".into()))?;
        let id = text("id")?;
        for name in ["source", "type", "subject"] {
            text(name)?;
        }
        out.push(Mapped { time, id, event: Value::Object(fields) });
        Ok(())
    })?;
    out.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    Ok(out)
}

fn wanted(template: &Template, row: &Row) -> bool {
    template.only.iter().all(|(column, value)| row.get(column) == Some(value))
}

fn event(map: &Map, template: &Template, row: &Row, time: Time) -> Result<Mapped, String> {
    let source = format!("import/{}", map.name);
    let subject = map::fill(&template.subject, row)?;
    let data = map::value(&toml::Value::Table(template.data.clone()), row)?;
    let contact = template.contact.as_ref().map(|text| map::fill(text, row)).transpose()?;
    let identity = json!([template.kind, subject, time, contact, data]).to_string();
    let id = sha256_hex(identity.as_bytes()).chars().take(32).collect::<String>();
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": source, "type": template.kind, "subject": subject,
        "time": time, "data": data,
    });
    if let (Some(contact), Some(fields)) = (contact, event.as_object_mut()) {
        fields.insert("contact".into(), contact.into());
    }
    Ok(Mapped { time, id, event })
}

fn time(text: &str) -> Result<Time, String> {
    if let Ok(time) = Time::parse(text) {
        return Ok(time);
    }
    let day = serde_json::from_value::<Day>(text.into());
    day.map(Day::start).map_err(|_| format!("`{text}` is neither a date like 2026-01-31 nor an RFC 3339 instant"))
}

fn lookup(main: &Path, join: &map::Join) -> Result<BTreeMap<String, Row>, Error> {
    let path = main.parent().unwrap_or(Path::new(".")).join(&join.file);
    let mut table = BTreeMap::new();
    for_each_row(&path, |number, row| {
        let fail = |problem| Error::Row { path: path.clone(), row: number, problem };
        let key = row.get(&join.right).ok_or_else(|| fail(format!("no column `{}`", join.right)))?.clone();
        let mut taken = Row::new();
        for column in &join.take {
            let cell = row.get(column).ok_or_else(|| fail(format!("no column `{column}`")))?;
            taken.insert(column.clone(), cell.clone());
        }
        table.insert(key, taken);
        Ok(())
    })?;
    Ok(table)
}

fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let file = File::open(path).map_err(|source| Error::File { path: path.into(), source })?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// Calls back with each row and its number, counted from 1 after the heading.
fn for_each_row(path: &Path, mut each: impl FnMut(u64, Row) -> Result<(), Error>) -> Result<(), Error> {
    let fail = |row, problem: String| Error::Row { path: path.into(), row, problem };
    if lines_of(path) == Lines::Table {
        let mut reader = csv::Reader::from_reader(open(path)?);
        let heading = reader.headers().map_err(|error| fail(0, error.to_string()))?.clone();
        for (number, record) in (1..).zip(reader.records()) {
            let record = record.map_err(|error| fail(number, error.to_string()))?;
            each(number, heading.iter().zip(&record).map(|(k, v)| (k.to_owned(), v.to_owned())).collect())?;
        }
        return Ok(());
    }
    for_each_object(path, |number, fields| {
        let cell = |value: Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        each(number, fields.into_iter().map(|(key, value)| (key, cell(value))).collect())
    })
}

/// What the lines of a file are, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Table,
    Objects,
    Unknown,
}

fn lines_of(path: &Path) -> Lines {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let bare = name.strip_suffix(".gz").unwrap_or(&name);
    match bare.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => Lines::Table,
        Some("ndjson" | "jsonl") => Lines::Objects,
        Some(_) | None => Lines::Unknown,
    }
}

/// Calls back with each JSON object and the number of its line, counted from 1.
fn for_each_object(
    path: &Path,
    mut each: impl FnMut(u64, serde_json::Map<String, Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let fail = |row, problem: String| Error::Row { path: path.into(), row, problem };
    if lines_of(path) != Lines::Objects {
        return Err(fail(0, "the name must end in .csv, .ndjson or .jsonl, with or without .gz".into()));
    }
    for (number, line) in (1..).zip(BufReader::new(open(path)?).lines()) {
        let line = line.map_err(|source| Error::File { path: path.into(), source })?;
        if line.trim().is_empty() {
            continue;
        }
        let fields: serde_json::Map<String, Value> =
            serde_json::from_str(&line).map_err(|error| fail(number, error.to_string()))?;
        each(number, fields)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(rows: &str) -> (tempfile::TempDir, std::path::PathBuf, Map) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("logins.csv"), rows).unwrap();
        std::fs::write(dir.path().join("users.csv"), "id,org\n1,a\n2,b\n").unwrap();
        std::fs::write(
            dir.path().join("map.toml"),
            "name='t'\ntime='day'\n[join]\nfile='users.csv'\nleft='user'\nright='id'\ntake=['org']\n[[event]]\n\
             type='user.logged_in'\nsubject='account/{org}'\ndata={user='{user}'}\n",
        )
        .unwrap();
        let map = Map::load(&dir.path().join("map.toml")).unwrap();
        let file = dir.path().join("logins.csv");
        (dir, file, map)
    }

    #[test]
    fn rows_are_joined_sorted_and_named_by_what_they_say() {
        let (_dir, file, map) = setup("day,user\n2026-01-02,2\n2026-01-01,1\n2026-01-01,1\n");
        let rows = read(&file, &map).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].id, rows[1].id, "the same row is the same event");
        assert_eq!(rows[2].event["subject"], "account/b");
        assert_eq!(rows[0].event["time"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_bad_row_is_named() {
        for (rows, expected) in [
            ("day,user\n2026-01-01,9\n", "row 1: `9` in `user` stands nowhere in users.csv"),
            ("day,user\n2026-01-01,1\nsoon,1\n", "row 2: `soon` is neither a date"),
            ("when,user\n2026-01-01,1\n", "row 1: no column `day`"),
        ] {
            let (_dir, file, map) = setup(rows);
            let error = read(&file, &map).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
