//! Every capability is proved by scenario files named after it, and `docs/capabilities.md` says by which.
//!
//! `MAINSTAY_BLESS=1 cargo test -p scenario --test capabilities` writes the document.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Areas that the table leaves to others: what holds the gate, plays and reports stands in `docs/promises.md`.
const ELSEWHERE: &[&str] = &["SU", "PB", "RP"];

/// The capabilities there are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    area: Vec<Area>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Area {
    code: String,
    title: String,
    rows: BTreeMap<String, String>,
}

/// A scenario file that is named after a row.
struct Proof {
    agent: String,
    file: String,
    titles: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table() -> Table {
    let text = include_str!("../capabilities.toml");
    toml::from_str(text).unwrap_or_else(|error| panic!("capabilities.toml: {error}"))
}

impl Area {
    /// Its rows by number: `LC-1` and what it says.
    fn rows(&self) -> BTreeMap<u16, (String, &str)> {
        let number = |key: &str| key.parse().unwrap_or_else(|_| panic!("{}: `{key}` is no number", self.code));
        self.rows.iter().map(|(key, says)| (number(key), (format!("{}-{key}", self.code), says.as_str()))).collect()
    }
}

/// The row a file is named after: `LC-1` of `lc_1_flags`; none where the name is of another form.
fn row(file: &str) -> Option<String> {
    let (area, rest) = file.split_once('_')?;
    let (number, _) = rest.split_once('_')?;
    let like = area.len() == 2 && area.bytes().all(|b| b.is_ascii_lowercase()) && number.parse::<u16>().is_ok();
    like.then(|| format!("{}-{number}", area.to_ascii_uppercase()))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let path = |error: std::io::Error| panic!("{}: {error}", folder.display());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map_or_else(path, |entry| entry.path())).collect();
    paths.sort();
    paths
}

fn titles(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let title = |scenario: &toml::Value| Some(scenario.get("title")?.as_str()?.to_owned());
    match table.get("scenario").and_then(toml::Value::as_array) {
        Some(many) => many.iter().filter_map(title).collect(),
        None => title(&toml::Value::Table(table)).into_iter().collect(),
    }
}

/// The scenario files that are named after a row, by row.
fn proofs() -> BTreeMap<String, Vec<Proof>> {
    let mut found: BTreeMap<String, Vec<Proof>> = BTreeMap::new();
    for agent in entries(&root().join("agents")).iter().filter(|path| path.is_dir()) {
        for path in entries(&agent.join("scenarios")) {
            let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let file = name(&path);
            if let Some(row) = row(&file) {
                found.entry(row).or_default().push(Proof { agent: name(agent), file, titles: titles(&path) });
            }
        }
    }
    found
}

fn document(table: &Table, proofs: &BTreeMap<String, Vec<Proof>>) -> String {
    let mut text = String::from(
        "# Capabilities\n\n\
         What the agents can do, and the scenarios that prove it: each runs in the tests of its agent, and reads as given, \
         when,\nthen. This page is made from `crates/scenario/capabilities.toml` and the names of the files by\n\
         `MAINSTAY_BLESS=1 cargo test -p scenario --test capabilities`; a row without a scenario fails there.\n",
    );
    for area in &table.area {
        let _ = write!(
            text,
            "\n## {} · {}\n\n| row | what it says | scenarios | agent |\n|---|---|---|---|\n",
            area.code, area.title
        );
        for (row, says) in area.rows().values() {
            let shown = proofs.get(row).map_or(&[][..], Vec::as_slice);
            let link =
                |proof: &Proof| format!("[{}](../agents/{}/scenarios/{}.toml)", proof.file, proof.agent, proof.file);
            let links: Vec<String> = shown.iter().map(link).collect();
            let agents: BTreeSet<&str> = shown.iter().map(|proof| proof.agent.as_str()).collect();
            let agents: Vec<&str> = agents.into_iter().collect();
            let _ = writeln!(text, "| {row} | {says} | {} | {} |", links.join("<br>"), agents.join(", "));
        }
    }
    text
}

#[test]
fn every_capability_has_a_scenario_of_its_name_with_a_title_that_names_it() {
    let proofs = proofs();
    let mut missing = Vec::new();
    for area in &table().area {
        for (row, says) in area.rows().values() {
            let file = row.to_ascii_lowercase().replace('-', "_");
            match proofs.get(row) {
                None => missing.push(format!("{row} ({says}): write agents/<agent>/scenarios/{file}_<topic>.toml")),
                Some(shown) => {
                    let titled =
                        |proof: &&Proof| proof.titles.iter().any(|title| title.starts_with(&format!("{row}: ")));
                    for proof in shown.iter().filter(|proof| !titled(proof)) {
                        missing.push(format!("{row}: no scenario of {} has a title that begins with it", proof.file));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn no_scenario_is_named_after_a_row_that_does_not_exist() {
    let table = table();
    let rows: BTreeSet<String> =
        table.area.iter().flat_map(|area| area.rows().into_values().map(|(row, _)| row)).collect();
    let waits = |row: &str| ELSEWHERE.iter().any(|area| row.starts_with(&format!("{area}-")));
    let proofs = proofs();
    let stray: Vec<_> = proofs.iter().filter(|(row, _)| !rows.contains(*row) && !waits(row)).collect();
    let named: Vec<_> = stray.iter().flat_map(|(_, shown)| shown.iter().map(|proof| &proof.file)).collect();
    assert!(named.is_empty(), "{named:?} name rows that crates/scenario/capabilities.toml does not have");
}

#[test]
fn a_name_is_of_a_row_only_in_its_exact_form() {
    for (file, expected) in [
        ("lc_1_flags", Some("LC-1")),
        ("on_10_completion", Some("ON-10")),
        ("he_7", None),
        ("gate", None),
        ("lc_x_flags", None),
        ("life_1_flags", None),
    ] {
        assert_eq!(row(file).as_deref(), expected, "{file}");
    }
}

#[test]
fn the_document_is_what_the_table_and_the_files_make() {
    let written = document(&table(), &proofs());
    let path = root().join("docs/capabilities.md");
    if std::env::var_os("MAINSTAY_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &written).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == written,
        "docs/capabilities.md is not up to date: MAINSTAY_BLESS=1 cargo test -p scenario --test capabilities"
    );
}
