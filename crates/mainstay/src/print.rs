//! Printing: text for people, one JSON object for programs.

use std::io::Write as _;

use serde::Serialize;

use crate::error::Error;

/// Something a command prints.
pub(crate) trait Report: Serialize {
    /// As text.
    fn text(&self) -> String;
}

/// Prints in the form that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    /// A printer of JSON or of text.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a report.
    pub(crate) fn report(self, report: &impl Report) -> Result<(), Error> {
        let text = if self.json { to_json(report)? } else { report.text() };
        line(&text);
        Ok(())
    }

    /// Prints JSON as it came, or as text made of it.
    pub(crate) fn value(self, value: &serde_json::Value, text: impl FnOnce(&serde_json::Value) -> String) {
        line(&if self.json { value.to_string() } else { text(value) });
    }
}

fn to_json(report: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(report)
        .map_err(|error| Error::Answer { url: "standard output".into(), problem: error.to_string() })
}

/// One line on standard output. A reader that went away is no error of ours.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    let _ = out.flush();
}

/// One line on standard error: what a person should know while they wait.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What stands at a path of an answer, `/bus/server`; nothing where it stands nowhere.
pub(crate) fn at<'a>(value: &'a serde_json::Value, path: &str) -> &'a serde_json::Value {
    value.pointer(path).unwrap_or(&serde_json::Value::Null)
}
