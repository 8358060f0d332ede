//! How a text sounds is what the reference implementation in Python says, text by text.

use reader::{DEFAULT_WORDS, LexiconReader};
use testkit::vader;

/// Texts of this many are compared.
const TEXTS: usize = 15_000;

/// What customers write around the words of the lexicon.
const FRAMES: [&str; 14] = [
    "The export is {}.",
    "We are not {} with it",
    "Your support was very {}, but the answer came {}!",
    "{} {} and {}",
    "It never was so {}!!!",
    "THIS IS {} and we are {}",
    "kind of {} :( but at least {} :)",
    "least {} of all, hardly {}",
    "Isn't it {}? Isn't it {}??",
    "don't {} without {}",
    "{}; {}, {} \u{1f600}",
    "extremely {}, barely {}, the shit {}",
    "{}\u{2014}{} na\u{ef}ve caf\u{e9}",
    "\"{}\" she said ({})",
];

#[test]
fn tone_is_that_of_the_reference() {
    let lexicon = vader::lexicon().expect("python with pip");
    assert!(lexicon.len() > 7_000, "the reference has {} words", lexicon.len());
    let mut texts: Vec<String> =
        ["", "?!", "The plot was good, but the rest was bad.", "VERY SMART, handsome, and FUNNY!!!"]
            .map(ToOwned::to_owned)
            .into();
    let mut at = 7_usize;
    while texts.len() < TEXTS {
        let frame = FRAMES[texts.len() % FRAMES.len()];
        let mut text = String::new();
        for (n, part) in frame.split("{}").enumerate() {
            if n > 0 {
                // Steps without a common factor: every word comes up, in ever other company.
                at = (at + 2_621) % lexicon.len();
                let word = &lexicon[at];
                text.push_str(&if texts.len().is_multiple_of(5) { word.to_uppercase() } else { word.clone() });
            }
            text.push_str(part);
        }
        texts.push(text);
    }
    let reader = LexiconReader::new(DEFAULT_WORDS).unwrap();
    let reference = vader::compound_bp(&texts).expect("python with pip");
    let differ: Vec<_> = texts
        .iter()
        .zip(&reference)
        .filter_map(|(text, theirs)| {
            let ours = reader.sentiment(text).map_or(0, bus_schema::data::words::Sentiment::bp);
            (ours != *theirs).then_some((text, ours, theirs))
        })
        .collect();
    assert!(differ.is_empty(), "{} of {TEXTS} differ: {:?}", differ.len(), differ.first());
}
