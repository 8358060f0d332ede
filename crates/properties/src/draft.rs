//! Filling a draft with what is known of a person.

use bus_schema::{Position, Time, data::facts::MergeField};
use mainstay_console::draft::{self, Fields, Source};

use crate::RULER;

/// A draft, and below rulers the name of a contact, the name of an account, and lines `name=value` of facts.
///
/// Any draft with any names: the same text twice; names stand in it literally and are never run; what is shown with
/// footnotes has the same words; and no name makes a footnote.
pub(crate) fn draft(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split(RULER);
    let mut next = || parts.next().unwrap_or_default();
    let (text, contact, account, facts) = (next(), next(), next(), next());
    let pairs = [("contact.first_name", contact), ("contact.name", contact), ("account.name", account)];
    let fields: Fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let facts: Vec<MergeField> =
        facts.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| fact(name, value)).collect();
    let filled = draft::fill(text, &fields);
    assert_eq!(filled, draft::fill(text, &fields), "two texts of one draft");
    if let Err(error) = &filled {
        assert!(!error.to_string().trim().is_empty());
    }
    let shown = draft::annotate(text, &fields, &facts);
    assert_eq!(filled.is_ok(), shown.is_ok(), "what is shown cannot be sent, or the other way round");
    if let (Ok(filled), Ok(shown)) = (&filled, &shown) {
        let words: String = shown.paragraphs.iter().flatten().flatten().map(|piece| piece.text.as_str()).collect();
        assert_eq!(plain(&words), plain(filled), "what is shown has other words than what is sent");
        let notes = shown.notes.len();
        for piece in shown.paragraphs.iter().flatten().flatten() {
            assert!(piece.note.is_none_or(|note| (1..=notes).contains(&note)), "a footnote that is not there");
        }
        let names = ["contact.first_name", "contact.name", "account.name"];
        let records = shown.notes.iter().filter(|note| note.source == Source::Record);
        records.for_each(|note| assert!(names.contains(&note.name.as_str()), "a forged footnote {}", note.name));
    }
    let approved: String =
        draft::mark(text, &facts).paragraphs.iter().flatten().flatten().map(|piece| piece.text.as_str()).collect();
    assert_eq!(plain(&approved), plain(text), "an approved text is shown with other words");
    let whole = draft::fill("<{{contact.name}}>", &fields).expect("a name fills its field");
    let inner = whole.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).expect("a name changed the text");
    assert_eq!(inner, contact.replace(MARKS, ""), "a name is not told literally");
}

const MARKS: [char; 3] = ['\u{E000}', '\u{E001}', '\u{E002}'];

/// Words without the breaks between lines and paragraphs, which are shown as such.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn fact(name: &str, value: &str) -> MergeField {
    let events = vec![Position { seq: 7, index: 0 }];
    MergeField { name: name.into(), value: value.into(), source: "a fact".into(), at: Time(0), events }
}
