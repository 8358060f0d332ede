//! `mainstay simulate`: a made-up history as CloudEvents, one a line, and in a second file what was hidden.
//!
//! The same number gives the same bytes on every machine, so two people can talk about the same history.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use bus_schema::Day;
use serde::Serialize;
use world::{Size, World};

use crate::{
    cli::SimulateArgs,
    error::Error,
    import::progress,
    print::{Printer, Report},
};

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    events: u64,
    accounts: usize,
    left: usize,
    first_day: Day,
    last_day: Day,
    file: PathBuf,
    truth: PathBuf,
}

impl Report for Written {
    fn text(&self) -> String {
        format!(
            "{} events of {} accounts from {} to {} in {}; {} gave notice, and why stands in {}.",
            self.events,
            self.accounts,
            self.first_day,
            self.last_day,
            self.file.display(),
            self.left,
            self.truth.display()
        )
    }
}

/// Writes a history and its truth.
pub(crate) fn run(args: &SimulateArgs) -> Result<(), Error> {
    let truth_file = beside(&args.out)?;
    let days = world::HISTORY_DAYS + args.days;
    let mut world = World::new(args.seed, args.start, Size { accounts: args.accounts, days: args.days });
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let mut out = BufWriter::new(File::create(&args.out).map_err(fail(&args.out))?);
    let bar = progress(u64::from(days.unsigned_abs()), "days");
    let mut events = 0;
    for day in (0..days).map(|n| args.start.plus(n)) {
        for event in world.day(day) {
            writeln!(out, "{}", event.json()).map_err(fail(&args.out))?;
            events += 1;
        }
        bar.inc(1);
    }
    out.flush().map_err(fail(&args.out))?;
    bar.finish_and_clear();
    let truth = world.truth();
    let text = serde_json::to_string_pretty(&truth).unwrap_or_default();
    std::fs::write(&truth_file, format!("{text}\n")).map_err(fail(&truth_file))?;
    Printer::new(args.json).report(&Written {
        events,
        accounts: truth.accounts.len(),
        left: truth.accounts.iter().filter(|account| account.notice_on.is_some()).count(),
        first_day: args.start,
        last_day: args.start.plus(days - 1),
        file: args.out.clone(),
        truth: truth_file,
    })
}

/// The file of the truth: `world.ndjson` has `world.truth.json`.
fn beside(out: &Path) -> Result<PathBuf, Error> {
    let known = out.extension().is_some_and(|extension| extension == "ndjson" || extension == "jsonl");
    if known {
        return Ok(out.with_extension("truth.json"));
    }
    Err(Error::Flag(format!("--out {}: the name must end in .ndjson or .jsonl, as `import` takes it", out.display())))
}

/// A date of the command line.
///
/// # Errors
/// Another text.
pub(crate) fn date(text: &str) -> Result<Day, String> {
    serde_json::from_value(text.into()).map_err(|_| format!("`{text}` is no date like 2025-01-06"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(out: PathBuf, seed: u64) -> SimulateArgs {
        SimulateArgs { accounts: 3, days: 5, seed, start: Day(20_000), out, json: true }
    }

    #[test]
    fn the_same_number_gives_the_same_bytes_and_import_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        for (name, seed) in [("a.ndjson", 1), ("b.ndjson", 1), ("c.ndjson", 2)] {
            run(&args(file(name), seed)).unwrap();
        }
        let read = |name: &str| std::fs::read(file(name)).unwrap();
        assert_eq!(read("a.ndjson"), read("b.ndjson"));
        assert_eq!(read("a.truth.json"), read("b.truth.json"));
        assert_ne!(read("a.ndjson"), read("c.ndjson"));
        let events = crate::import::rows::events(&file("a.ndjson")).unwrap();
        assert!(events.len() > 100 && events.is_sorted_by_key(|event| event.time), "{}", events.len());
    }

    #[test]
    fn a_name_that_import_does_not_take_is_refused_with_the_cure() {
        let error = run(&args("world.csv".into(), 1)).unwrap_err().to_string();
        assert!(error.contains(".ndjson"), "{error}");
        let error = run(&args("/no/such/folder/w.ndjson".into(), 1)).unwrap_err().to_string();
        assert!(error.contains("/no/such/folder/w.ndjson"), "{error}");
        assert!(date("soon").unwrap_err().contains("2025-01-06"));
    }
}
