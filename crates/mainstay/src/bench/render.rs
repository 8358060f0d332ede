//! Writes the figures of a run into a document, between its markers.

use std::{fmt::Write as _, path::Path};

use super::figure::{Figures, HEADS};
use crate::error::Error;

const BEGIN: &str = "<!-- figures -->";
const END: &str = "<!-- end of figures -->";

/// Reads figures and writes them into the document.
///
/// # Errors
/// A file that cannot be read or written, that holds no figures, or has no markers.
pub(crate) fn run(figures: &Path, into: &Path) -> Result<(), Error> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source });
    let found: Figures = serde_json::from_str(&read(figures)?).map_err(|error| {
        let name = figures.display();
        Error::Flag(format!("{name} holds no figures ({error}); make them with `mainstay bench all --json > {name}`"))
    })?;
    let text = read(into)?;
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| unmarked(into))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| unmarked(into))?;
    let text = format!("{before}{BEGIN}\n\n{}\n{END}{after}", markdown(&found));
    std::fs::write(into, text).map_err(|source| Error::File { path: into.to_owned(), source })
}

fn unmarked(into: &Path) -> Error {
    Error::Flag(format!("{} has no place for figures; write `{BEGIN}` and `{END}` where they belong", into.display()))
}

fn markdown(figures: &Figures) -> String {
    let mut text =
        format!("Mainstay {}: {}. The run took {:.0} s.\n", figures.version, figures.machine.line(), figures.seconds);
    for (part, rows) in figures.parts() {
        let _ = write!(text, "\n### {part}\n\n| {} |\n|{}\n", HEADS.join(" | "), "---|".repeat(HEADS.len()));
        for row in rows {
            let _ = writeln!(text, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{
        super::{figure::Figure, machine::Machine},
        *,
    };

    #[test]
    fn figures_replace_what_stood_between_the_markers() {
        let dir = tempfile::tempdir().unwrap();
        let (json, into) = (dir.path().join("figures.json"), dir.path().join("doc.md"));
        let figures = Figures {
            version: "0.1.0".into(),
            machine: Machine::look(dir.path(), "2.15.1".into()).unwrap(),
            seconds: 1.0,
            rows: vec![Figure::new("pipeline", "whole", "events/s", 31_000.0).at_least(30_000.0, None)],
        };
        std::fs::write(&json, serde_json::to_string(&figures).unwrap()).unwrap();
        std::fs::write(&into, "no markers").unwrap();
        let error = run(&json, &into).unwrap_err().to_string();
        assert!(error.contains("doc.md") && error.contains(BEGIN), "{error}");
        std::fs::write(&into, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        run(&json, &into).unwrap();
        run(&json, &into).unwrap();
        let text = std::fs::read_to_string(&into).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n") && !text.contains("old"), "{text}");
        assert_eq!(text.matches("| whole | 31,000 events/s |  | ≥ 30,000 | yes |  |").count(), 1, "{text}");
    }

    #[test]
    fn other_json_is_refused_with_the_command_that_makes_figures() {
        let dir = tempfile::tempdir().unwrap();
        let json = dir.path().join("other.json");
        std::fs::write(&json, "{}").unwrap();
        let error = run(&json, &dir.path().join("doc.md")).unwrap_err().to_string();
        assert!(error.contains("other.json") && error.contains("bench all --json"), "{error}");
    }
}
