//! Given, when, then: an agent's behaviour told in TOML and run over a virtual log.
//!
//! A file is a scenario, or has a list `scenario`. `given` and `when` are steps: events, and ticks that let time pass;
//! `then` lists exactly the facts said during `when`, in order, by the fields that matter. Between two steps time
//! passes as it does live: every timer that falls due fires at its own time. Only tests use this crate.
//!
//! ```toml
//! title = "HE-5: two silent weeks turn a green account yellow"
//! given = [{ at = "2026-01-01T00:00:00Z", event = "usage.aggregated", day = "2026-01-01", active_users = 90, quantity = 90 }]
//! when  = [{ at = "+14d", tick = true }]
//! then  = [{ fact = "health.scored", band = "yellow", reason = "no usage for *" }]
//! ```
//!
//! A step has `at` (RFC 3339, or `+14d`, `+2h`, `+5m`, `+30s` after the step before) and `tick = true`, or `policy`, a
//! table of differences from the scenario's own that come into force there, or `event`, the name of a kind whose fields stand beside it. Of the envelope it may have `entity`, `contact`, `actor`,
//! `time` (when it happened, where that is not `at`), `late`, `source`, `id`; fields of the data that have one of these
//! names go into `data = { … }`. `as = "name"` names its position, which `"@name"` stands for elsewhere.
//!
//! An expected fact has `fact` and any of its fields, `entity`, `contact`, `at`, `absent = ["field", …]`. Tables match by
//! the keys named, lists element by element; `*` in a text stands for anything. `of` names the kinds that `then` is about:
//! others may be said as well. `then_some` asks for facts in order among
//! others, `then_none` for none that match. `policy` is a table of differences from the agent's defaults, `entity` what
//! steps and facts are about where they do not say it (`account/acme`), `rules` a list of `{ name, version, text }` that
//! the agent adopts first. `event_time = true` runs on a log that counts in event time; a step with
//! `clock = "live"` (or `"event"`) changes that from there, before time passes to it. A table
//! `[defaults."kind"]` has fields of that kind's data that steps need not repeat, for the file or for one scenario.

mod expect;
mod file;
mod run;

use std::{fmt, path::Path};

use agent::Agent;

pub use crate::file::ScenarioError;

/// Scenarios that did not come true.
#[derive(thiserror::Error)]
pub struct Failures(Vec<String>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.0 {
            writeln!(f, "\n{failure}")?;
        }
        Ok(())
    }
}

/// A test that unwraps shows the failures as they read.
impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Runs every scenario of a folder; answers how many came true.
///
/// # Errors
/// Lists those that did not, and files that cannot be read. A folder without scenarios is an error too.
pub fn check<A: Agent>(folder: impl AsRef<Path>) -> Result<usize, Failures> {
    let folder = folder.as_ref();
    let (mut passed, mut failed) = (0, Vec::new());
    let files = file::list(folder).map_err(|error| Failures(vec![error.to_string()]))?;
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match file::read(&path) {
            Err(error) => failed.push(format!("{name}: {error}")),
            Ok(scenarios) => {
                for scenario in scenarios {
                    match run::run::<A>(&scenario) {
                        Ok(()) => passed += 1,
                        Err(error) => failed.push(format!("{name}: {}\n{error}", scenario.title)),
                    }
                }
            }
        }
    }
    if passed == 0 && failed.is_empty() {
        failed.push(format!("there is no scenario in {}", folder.display()));
    }
    if failed.is_empty() { Ok(passed) } else { Err(Failures(failed)) }
}

/// Runs the scenarios of one text.
///
/// # Errors
/// The text cannot be read, or a scenario did not come true.
pub fn check_text<A: Agent>(text: &str) -> Result<usize, Failures> {
    let scenarios = file::parse(text).map_err(|error| Failures(vec![error.to_string()]))?;
    let failed: Vec<String> =
        scenarios.iter().filter_map(|s| run::run::<A>(s).err().map(|error| format!("{}\n{error}", s.title))).collect();
    if failed.is_empty() { Ok(scenarios.len()) } else { Err(Failures(failed)) }
}

#[cfg(test)]
mod tests;
