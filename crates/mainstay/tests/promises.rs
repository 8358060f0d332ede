//! `docs/promises.md` names what holds each promise: all of it exists.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The promises there are.
const PROMISES: [&str; 8] = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"];

/// What holds a promise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Holds {
    /// A test: its file and its name.
    Test(String, String),
    /// An invariant of the simulation.
    Invariant(String),
    /// A bug that the simulation must find.
    Planted(String),
    /// A scenario with real processes.
    Scenario(String),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The promises of a document with what holds them, in order.
fn promises(document: &str) -> Vec<(String, Vec<Holds>)> {
    let mut found: Vec<(String, Vec<Holds>)> = Vec::new();
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let (name, _) = title.split_once(" · ").unwrap_or_else(|| panic!("`{title}` is no promise"));
            found.push((name.to_owned(), Vec::new()));
        } else if let Some(item) = line.strip_prefix("- ") {
            let (_, list) = found.last_mut().unwrap_or_else(|| panic!("`{line}` holds nothing"));
            list.push(link(item).unwrap_or_else(|| panic!("`{line}` is no link")));
        }
    }
    found
}

fn link(item: &str) -> Option<Holds> {
    let (what, name) = item.strip_suffix('`')?.split_once(" `")?;
    let name = name.to_owned();
    match what {
        "test" => name.split_once("::").map(|(file, test)| Holds::Test(file.to_owned(), test.to_owned())),
        "invariant" => Some(Holds::Invariant(name)),
        "planted bug" => Some(Holds::Planted(name)),
        "scenario" => Some(Holds::Scenario(name)),
        _ => None,
    }
}

/// The tests of a Rust source: functions under a test attribute, or in a `proptest!`.
fn tests(source: &str) -> BTreeSet<String> {
    let (mut found, mut marked, mut ignored) = (BTreeSet::new(), false, false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if line.starts_with("#[ignore") {
            ignored = true;
        } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            if marked && !ignored {
                found.extend(rest.split('(').next().map(str::to_owned));
            }
            (marked, ignored) = (false, false);
        }
    }
    found
}

/// Every text in quotes that follows some code.
fn quoted(source: &str, before: &str) -> BTreeSet<String> {
    let before = format!("{before}\"");
    source.split(&before).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// The Rust files of a folder, one after the other.
fn sources(folder: &str) -> String {
    let mut entries: Vec<PathBuf> = fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    entries.sort();
    entries.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// What of a list does not exist.
fn missing(list: &[Holds]) -> Vec<&Holds> {
    let invariants = quoted(&read("crates/simulation/src/invariants/name.rs"), ": &str = ");
    let planted = quoted(&read("crates/simulation/src/planted.rs"), "=> ");
    let scenarios = quoted(&sources("crates/chaos/src/scenarios"), "name: ");
    list.iter()
        .filter(|holds| {
            let exists = match holds {
                Holds::Test(file, test) => root().join(file).is_file() && tests(&read(file)).contains(test),
                Holds::Invariant(name) => invariants.contains(name),
                Holds::Planted(name) => planted.contains(name),
                Holds::Scenario(name) => scenarios.contains(name),
            };
            !exists
        })
        .collect()
}

#[test]
fn everything_that_holds_a_promise_exists() {
    let promises = promises(&read("docs/promises.md"));
    for (name, list) in &promises {
        let missing = missing(list);
        assert!(missing.is_empty(), "{name} names what does not exist: {missing:#?}");
    }
}

#[test]
fn every_promise_is_held_by_a_test_an_invariant_a_planted_bug_and_a_scenario() {
    let promises = promises(&read("docs/promises.md"));
    assert_eq!(promises.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), PROMISES);
    for (name, list) in &promises {
        let some = |is: fn(&Holds) -> bool| list.iter().any(is);
        assert!(some(|holds| matches!(holds, Holds::Test(..))), "no test holds {name}");
        assert!(some(|holds| matches!(holds, Holds::Invariant(_))), "no invariant holds {name}");
        assert!(some(|holds| matches!(holds, Holds::Planted(_))), "no planted bug shows that {name} is checked");
        assert!(some(|holds| matches!(holds, Holds::Scenario(_))), "no scenario with real processes plays {name}");
        let unique: BTreeSet<&Holds> = list.iter().collect();
        assert_eq!(unique.len(), list.len(), "{name} names something twice");
    }
}

#[test]
fn what_does_not_exist_is_found() {
    let document = "## P1 · a\n\n- test `crates/mainstay/tests/promises.rs::no_such_test`\n- test `no/file.rs::x`\n\
                    - test `crates/mainstay/tests/promises.rs::missing`\n- invariant `I0 nothing`\n\
                    - planted bug `none`\n- scenario `none`\n\
                    - test `crates/mainstay/tests/promises.rs::what_does_not_exist_is_found`\n";
    let found = promises(document);
    let [(_, list)] = found.as_slice() else { panic!("one promise") };
    assert_eq!(missing(list).len(), 6, "a function that is no test counts for nothing either");
}
