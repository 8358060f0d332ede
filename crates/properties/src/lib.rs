//! What must hold for any bytes that reach Mainstay: one function for each thing that reads foreign bytes.
//!
//! A function takes bytes and panics where a property is broken. The fuzz targets in `fuzz/` are one line around them; the
//! tests of this crate run them over the committed corpus and over changes of it, so that no nightly compiler is needed
//! to keep what a fuzzer once found. Only tests use this crate.

#![expect(clippy::expect_used, reason = "a broken property is a panic: that is what fuzzers and tests look for")]

mod draft;
mod edges;
mod event;
mod life;
mod mail;
mod names;
mod rules;
mod state;
mod template;

use bus_schema::{Time, door::Door};

/// A property: it panics over bytes that break it.
pub type Property = fn(&[u8]);

/// Every property by the name of its fuzz target.
pub const TARGETS: [(&str, Property); 13] = [
    ("binary", event::binary),
    ("cloud_events", edges::cloud_events),
    ("door", event::door),
    ("draft", draft::draft),
    ("envelope", event::envelope),
    ("mail", mail::mail),
    ("names", names::names),
    ("packing", event::packing),
    ("policy", rules::policy),
    ("segment", edges::segment),
    ("sign_in", edges::sign_in),
    ("state", state::state),
    ("template", template::template),
];

/// Runs one property over some bytes.
///
/// # Panics
/// The property is broken, or there is none of this name.
pub fn run(name: &str, data: &[u8]) {
    let (_, property) = TARGETS.iter().find(|(known, _)| *known == name).expect("a property of this name");
    property(data);
}

/// Stands between the parts of an input that has several: a line of its own.
const RULER: &str = "\n=====\n";

/// The door that the properties use.
fn tenant() -> Door {
    Door::new([7; 32])
}

/// When everything arrives.
fn received() -> Time {
    Time::parse("2026-06-01T12:00:00Z").expect("an instant")
}

/// The first line, and what follows it.
fn head(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n');
    at.map_or((data, &[]), |at| (data.get(..at).unwrap_or_default(), data.get(at + 1..).unwrap_or_default()))
}

/// Lines `name: value` up to a blank one, and what follows it.
fn headers(data: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let (mut list, mut rest) = (Vec::new(), data);
    loop {
        let (line, after) = head(rest);
        let text = String::from_utf8_lossy(line);
        let Some((name, value)) = text.split_once(':') else { return (list, after) };
        list.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after;
    }
}

/// What a person is told of bad input: something, on one line, of bearable length.
fn readable(text: &str) {
    assert!(!text.trim().is_empty(), "an error says nothing");
    assert!(!text.chars().any(char::is_control), "an error has control characters: {text:?}");
    assert!(text.len() <= 4_000, "an error has {} bytes", text.len());
}
