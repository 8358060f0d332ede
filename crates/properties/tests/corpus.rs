//! The committed corpus of every fuzz target, and changes of it, on a stable compiler.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use properties::{Property, TARGETS};
use proptest::{collection::vec, prelude::*, sample::Index};

/// Fewest inputs of a target: with less, somebody lost them.
const INPUTS_MIN: usize = 8;
/// Most bytes of one input and of all of them: a corpus is read by people and copied by everybody.
const INPUT_BYTES_MAX: u64 = 16 * 1024;
const CORPUS_BYTES_MAX: u64 = 800 * 1024;

/// Pieces that change the meaning of what they stand in.
const PIECES: [&[u8]; 22] = [
    b"\r\nBcc: a@b.example",
    b"\n=====\n",
    b"{{contact.name}}",
    b"{% include 'x' %}",
    b"{{",
    b"}}",
    b"null",
    b"NaN",
    b"1e999",
    b"-1",
    b"18446744073709551616",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\0",
    b"=?utf-8?q?x?=",
    b"\xe2\x80\xae",
    b"\xe2\x80\xa8",
    b"\xee\x80\x80",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\"id\":\"2\",",
    b"9999-12-31T23:59:59Z",
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs of a target, by file name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut inputs: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a readable file"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// What a property says of an input that breaks it.
fn broken(property: Property, input: &[u8]) -> Option<String> {
    let panic = std::panic::catch_unwind(|| property(input)).err()?;
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Some(said.unwrap_or("a panic").to_owned())
}

#[test]
fn every_input_of_the_corpus_keeps_its_property() {
    let mut failed = Vec::new();
    for (target, property) in TARGETS {
        let inputs = corpus(target);
        assert!(inputs.len() >= INPUTS_MIN, "the corpus of {target} has {} inputs", inputs.len());
        for (name, input) in inputs {
            failed.extend(broken(property, &input).map(|said| format!("fuzz/corpus/{target}/{name}: {said}")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer_and_nothing_else_has() {
    let wanted: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let folders = fs::read_dir(fuzz().join("corpus")).expect("readable");
    let folders: BTreeSet<String> =
        folders.map(|e| e.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(folders, wanted);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("readable");
    let targets =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""));
    assert_eq!(targets.map(ToOwned::to_owned).collect::<BTreeSet<_>>(), wanted);
    for name in &wanted {
        let source = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).expect("readable");
        assert!(source.contains(&format!("\"{name}\"")), "{name} fuzzes something else");
    }
}

#[test]
fn the_corpus_stays_small() {
    let mut whole = 0;
    for (target, _) in TARGETS {
        for (name, input) in corpus(target) {
            let bytes = u64::try_from(input.len()).expect("readable");
            assert!(bytes <= INPUT_BYTES_MAX, "fuzz/corpus/{target}/{name} has {bytes} bytes");
            whole += bytes;
        }
    }
    assert!(whole <= CORPUS_BYTES_MAX, "the corpus has {whole} bytes: minimise it, as docs/fuzzing.md says");
}

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    Byte(Index, u8),
    Insert(Index, usize),
    Cut(Index, Index),
    Twice(Index, Index),
    Truncate(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (any::<Index>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Cut(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Twice(from, to)),
        any::<Index>().prop_map(Change::Truncate),
    ]
}

fn apply(input: &mut Vec<u8>, change: &Change) {
    let span = |from: &Index, to: &Index| {
        let (a, b) = (from.index(input.len() + 1), to.index(input.len() + 1));
        a.min(b)..a.max(b)
    };
    match change {
        Change::Byte(at, byte) if !input.is_empty() => {
            let at = at.index(input.len());
            input[at] = *byte;
        }
        Change::Byte(..) => {}
        Change::Insert(at, piece) => {
            let at = at.index(input.len() + 1);
            input.splice(at..at, PIECES[*piece].iter().copied());
        }
        Change::Cut(from, to) => drop(input.drain(span(from, to))),
        Change::Twice(from, to) => {
            let span = span(from, to);
            let copy = input[span.clone()].to_vec();
            input.splice(span.end..span.end, copy);
        }
        Change::Truncate(at) => input.truncate(at.index(input.len() + 1)),
    }
}

/// How many changes of each corpus are tried: few, or as many as `PROPTEST_CASES` asks for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn any_change_of_the_corpus_keeps_the_properties(which in any::<Index>(), changes in vec(change(), 1..6)) {
        for (target, property) in TARGETS {
            let mut inputs = corpus(target);
            let (name, mut input) = inputs.swap_remove(which.index(inputs.len()));
            for change in &changes {
                apply(&mut input, change);
            }
            let said = broken(property, &input);
            prop_assert!(said.is_none(), "{target}, from {name}, {:?}: {said:?}", String::from_utf8_lossy(&input));
        }
    }
}
