//! `mainstay import`: history from a file, in order of time.
//!
//! Into an empty log it runs on event time, with ticks in between; into a log that has seen the present it is backfill,
//! folded by event time without any outreach. Without a map the file holds `CloudEvents` with ids of their own; with
//! one every event's id is the hash of its mapped row. So the same file again changes nothing, and a broken import goes on where it stopped.

pub(crate) mod map;
pub(crate) mod rows;

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::{map::Map, rows::Mapped};
use crate::{
    cli::ImportArgs,
    client::Client,
    error::Error,
    print::{Printer, Report},
    rules,
};

/// Events in one request.
const CHUNK_EVENTS: usize = 2_000;

/// What an import did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// Rows became this many events.
    pub(crate) events: u64,
    /// Of these, already in the log.
    pub(crate) repeats: u64,
    /// Of these, not usable: `mainstay dead list`.
    pub(crate) dead: u64,
    /// `event` or `backfill`.
    pub(crate) mode: String,
}

impl Report for Imported {
    fn text(&self) -> String {
        let how = if self.mode == "event" { "on event time" } else { "as backfill, without outreach" };
        let mut text = format!("{} events imported {how}", self.events - self.repeats.min(self.events));
        if self.repeats > 0 {
            let _ = write!(text, "; {} were there already", self.repeats);
        }
        if self.dead > 0 {
            let _ = write!(text, "; {} could not be used: see `mainstay dead list`", self.dead);
        }
        text
    }
}

#[derive(Deserialize)]
struct Begun {
    mode: String,
}

#[derive(Deserialize)]
struct Totals {
    repeats: u64,
    dead: u64,
}

/// Runs the import against a running system.
pub(crate) async fn run(client: &Client, args: &ImportArgs) -> Result<(), Error> {
    let (source, policies, events) = match &args.map {
        Some(path) => {
            let map = Map::load(path)?;
            (format!("import/{}", map.name), policies(&map, path)?, rows::read(&args.file, &map)?)
        }
        None => ("import/events".to_owned(), BTreeMap::new(), rows::events(&args.file)?),
    };
    let bar = progress(events.len() as u64, "events");
    let begin = json!({"source": source, "policies": policies, "first": events.first().map(|e| e.time)});
    let answer: Begun = client.post("import/begin", &begin).await?;
    for chunk in chunks(&events) {
        let lines = chunk.iter().fold(String::new(), |mut lines, mapped| {
            let _ = writeln!(lines, "{}", mapped.event);
            lines
        });
        let _: serde_json::Value = client.post_lines("import/events", lines).await?;
        bar.inc(chunk.len() as u64);
    }
    let totals: Totals = client.post("import/end", &json!({})).await?;
    bar.finish();
    let imported =
        Imported { events: events.len() as u64, repeats: totals.repeats, dead: totals.dead, mode: answer.mode };
    Printer::new(args.output.json).report(&imported)
}

/// Chunks that end where an hour ends, so that no hour is split over two requests unless it is huge.
fn chunks(events: &[Mapped]) -> Vec<&[Mapped]> {
    let hour = |mapped: &Mapped| mapped.time.0.div_euclid(bus_schema::time::HOUR_MS);
    let mut out = Vec::new();
    let mut rest = events;
    while rest.len() > CHUNK_EVENTS {
        let edge = rest.get(CHUNK_EVENTS).map(hour);
        let whole = rest.iter().take(CHUNK_EVENTS).rposition(|mapped| Some(hour(mapped)) != edge);
        let cut = whole.map_or(CHUNK_EVENTS, |last| last + 1);
        let (head, tail) = rest.split_at(cut);
        out.push(head);
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(rest);
    }
    out
}

fn policies(map: &Map, path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let overlaid = map.policy.iter().map(|(agent, over)| {
        let text = rules::overlay(agent, over).map_err(|problem| Error::Map { path: path.to_owned(), problem })?;
        Ok((agent.clone(), text))
    });
    overlaid.collect()
}

/// A bar on standard error; silent when that is no terminal.
pub(crate) fn progress(total: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
