//! Instruction counts of the hot functions, compared with those that are committed.
//!
//! `cargo run --release -p yardstick -- compare` counts with valgrind's cachegrind, prints JSON, and ends with 1 where a
//! count is more than a twentieth above `baseline.json`. `-- write` puts the counts there. `-- run <case> <times>` runs
//! one case, for any other profiler.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde::{Deserialize, Serialize};

/// Runs that are counted, after as many that are not: what is done once falls out of the difference.
const RUNS: u32 = 1;
/// A count may grow by one part in this many before it is a regression.
const TOLERANCE: u64 = 20;

/// Not counted: the store's own threads do more or less of its work while a run lasts.
const UNSTEADY: &str = "store.write";

/// What was counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Counts {
    /// Instructions for one unit of a case, mostly an event.
    instructions: BTreeMap<String, u64>,
    /// Mean bytes of a state as it is stored, by agent.
    state_bytes: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["run", name, times] => run(name, times),
        ["compare"] => compare(),
        ["write"] => count().and_then(|counts| save(&counts)),
        _ => Err("say `compare`, `write`, or `run <case> <times>`".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            writeln!(io::stderr(), "{problem}").ok();
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, times: &str) -> Result<(), String> {
    let times: u32 = times.parse().map_err(|_| format!("`{times}` is no number of times"))?;
    let unknown = || format!("there is no case `{name}`; there are {}", yardstick::NAMES.join(", "));
    let mut case = yardstick::case(name).ok_or_else(unknown)?;
    (0..times).for_each(|_| case.run());
    Ok(())
}

fn count() -> Result<Counts, String> {
    let mut counts = Counts::default();
    // A count is the same whatever else runs, so all are taken at once.
    std::thread::scope(|scope| {
        let counted = yardstick::NAMES.iter().filter(|name| **name != UNSTEADY);
        let counting: Vec<_> = counted.map(|name| (name, scope.spawn(|| each(name)))).collect();
        for (name, thread) in counting {
            let each = thread.join().map_err(|_| format!("the count of {name} was given up"))??;
            counts.instructions.insert((*name).to_owned(), each);
        }
        Ok::<_, String>(())
    })?;
    let bytes = |(agent, bytes): (&str, usize)| (agent.to_owned(), u64::try_from(bytes).unwrap_or(u64::MAX));
    counts.state_bytes = yardstick::state_bytes().into_iter().map(bytes).collect();
    Ok(counts)
}

/// Instructions for one unit of a case.
fn each(name: &str) -> Result<u64, String> {
    let units = yardstick::case(name).map_or(1, |case| case.units);
    let (few, many) = (instructions(name, RUNS)?, instructions(name, 2 * RUNS)?);
    Ok(many.saturating_sub(few) / u64::from(RUNS * units))
}

/// Instructions of a process that runs a case so often.
fn instructions(name: &str, times: u32) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let counted = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(program)
        .args(["run", name, &times.to_string()])
        .output()
        .map_err(|error| format!("valgrind cannot be run, install it to count instructions: {error}"))?;
    let said = String::from_utf8_lossy(&counted.stderr);
    let line = said.lines().find_map(|line| line.split_once("refs:")).map(|(_, number)| number.replace(',', ""));
    let number = line.and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| format!("valgrind did not count {name}: {}", said.lines().last().unwrap_or_default()))
}

fn compare() -> Result<(), String> {
    let (ours, theirs) = (count()?, load()?);
    show(&ours)?;
    let mut worse = Vec::new();
    for (ours, theirs) in [(&ours.instructions, &theirs.instructions), (&ours.state_bytes, &theirs.state_bytes)] {
        for (name, count) in ours {
            let Some(before) = theirs.get(name) else { continue };
            if *count > before + before / TOLERANCE {
                worse.push(format!("{name}: {count}, committed are {before}"));
            }
        }
    }
    if worse.is_empty() { Ok(()) } else { Err(format!("more than before:\n{}", worse.join("\n"))) }
}

fn show(counts: &Counts) -> Result<(), String> {
    let text = serde_json::to_string_pretty(counts).map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "{text}").map_err(|error| error.to_string())
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

fn load() -> Result<Counts, String> {
    let path = baseline();
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| format!("{}: {error}; `write` makes it", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn save(counts: &Counts) -> Result<(), String> {
    show(counts)?;
    let (path, text) = (baseline(), serde_json::to_string_pretty(counts).map_err(|error| error.to_string())?);
    std::fs::write(&path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
}
