//! From a draft with open personal fields to the text a customer reads, with a footnote for each claim.
//!
//! Personal values are data: they are filled in once and never looked at as a template. A field that cannot be filled
//! is an error, never an empty place.

use std::collections::BTreeMap;

use bus_schema::{Position, data::facts::MergeField};

/// Longest filled text in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Marks around a filled field, taken out of all values first. From the private use area.
const OPEN: char = '\u{E000}';
const MIDDLE: char = '\u{E001}';
const CLOSE: char = '\u{E002}';

/// Values by dotted name: `contact.first_name`.
pub type Fields = BTreeMap<String, String>;

/// A draft that cannot be filled.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FillError {
    /// Nothing is known under this name.
    #[error("nothing is known to fill {{{{{0}}}}} with")]
    Unknown(String),
    /// A field without an end.
    #[error("a field begins with {{{{ and has no }}}}: end it, or write other brackets")]
    Open,
    /// A statement of templates.
    #[error("`{0}` would begin a statement, and a message has fields alone: write it differently")]
    Statement(&'static str),
    /// The filled text is too long.
    #[error("the text has more than 64 KiB")]
    Long,
}

/// Fills the open fields of a text.
///
/// # Errors
/// A field nothing is known for, or a text that is no template.
pub fn fill(text: &str, fields: &Fields) -> Result<String, FillError> {
    let marked = render(text, fields, false)?;
    if marked.len() > TEXT_BYTES_MAX { Err(FillError::Long) } else { Ok(marked) }
}

/// A draft has fields and nothing else: what could compute could also take all memory, or hide a word.
fn render(text: &str, fields: &Fields, marked: bool) -> Result<String, FillError> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or(FillError::Open)?;
        let name = name.trim();
        let value = fields.get(name).ok_or_else(|| FillError::Unknown(name.chars().take(100).collect()))?;
        let value = value.chars().filter(|c| ![OPEN, MIDDLE, CLOSE].contains(c));
        push(&mut out, before)?;
        if marked {
            out.push(OPEN);
            out.push_str(name);
            out.push(MIDDLE);
            out.extend(value);
            out.push(CLOSE);
        } else {
            out.extend(value);
        }
        rest = after;
    }
    push(&mut out, rest)?;
    Ok(out)
}

/// Adds text between fields.
fn push(out: &mut String, text: &str) -> Result<(), FillError> {
    if let Some(statement) = ["{%", "{#"].into_iter().find(|statement| text.contains(statement)) {
        return Err(FillError::Statement(statement));
    }
    out.push_str(text);
    Ok(())
}

/// A piece of a paragraph; with the number of its footnote where it makes a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// As it is shown.
    pub text: String,
    /// From 1.
    pub note: Option<usize>,
}

/// Where a claim comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Where the claim comes from.
    pub source: Source,
    /// Of the field or fact; the number itself where nothing stands behind it.
    pub name: String,
}

/// What stands behind a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// What is known of a person, the account or the sender.
    Record,
    /// Facts of the log.
    Fact {
        /// Its source in words.
        words: String,
        /// When it was so.
        at: bus_schema::Time,
        /// The events it rests on.
        events: Vec<Position>,
    },
    /// Nothing: written by the draft.
    None,
}

/// A text with its claims marked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Annotated {
    /// Paragraphs of lines of pieces.
    pub paragraphs: Vec<Vec<Vec<Piece>>>,
    /// Footnotes, the first of them number 1.
    pub notes: Vec<Note>,
}

impl Annotated {
    /// Its pieces, one after the other.
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.paragraphs.iter().flatten().flatten().map(|piece| piece.text.as_str())
    }

    /// How many facts it tells, and how many claims have no source.
    pub fn told(&self) -> (usize, usize) {
        let facts = self.notes.iter().filter(|note| matches!(note.source, Source::Fact { .. })).count();
        let none = self.notes.iter().filter(|note| note.source == Source::None).count();
        (facts, none)
    }
}

/// Fills a text and gives each claim in it a numbered footnote: personal fields, facts it tells, and numbers that no
/// fact stands behind.
///
/// # Errors
/// As [`fill`].
pub fn annotate(text: &str, fields: &Fields, facts: &[MergeField]) -> Result<Annotated, FillError> {
    let filled = fill(text, fields)?;
    // A text that has our marks in it comes out differently with marked fields: then the words that are sent are shown,
    // without the footnotes of its fields.
    let marked = render(text, fields, true).map(|marked| footnotes(&marked, facts, true));
    let known = |note: &Note| note.source != Source::Record || fields.contains_key(&note.name);
    let shown = marked.ok().filter(|shown| shown.notes.iter().all(known));
    let shown = shown.filter(|shown| words(shown.texts()) == words([filled.as_str()]));
    Ok(shown.unwrap_or_else(|| mark(&filled, facts)))
}

/// Footnotes for a text that is filled already; nothing in it is run, and no mark in it is one of ours.
pub fn mark(text: &str, facts: &[MergeField]) -> Annotated {
    footnotes(text, facts, false)
}

/// Everything of a text but the space between its words.
fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

fn footnotes(text: &str, facts: &[MergeField], marked: bool) -> Annotated {
    let mut notes = Notes { list: Vec::new(), marked };
    let mut facts: Vec<&MergeField> = facts.iter().filter(|fact| !fact.value.trim().is_empty()).collect();
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.value.len()));
    let paragraphs = text
        .replace("\r\n", "\n")
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| paragraph.trim_matches('\n').lines().map(|line| notes.line(line, &facts)).collect())
        .collect();
    Annotated { paragraphs, notes: notes.list }
}

struct Notes {
    list: Vec<Note>,
    /// Whether personal fields stand between marks.
    marked: bool,
}

impl Notes {
    fn number(&mut self, note: Note) -> usize {
        let known = self.list.iter().position(|other| *other == note);
        known.unwrap_or_else(|| {
            self.list.push(note);
            self.list.len() - 1
        }) + 1
    }

    fn line(&mut self, line: &str, facts: &[&MergeField]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once(OPEN).filter(|_| self.marked) {
            self.plain(before, facts, &mut pieces);
            let (name, after) = after.split_once(MIDDLE).unwrap_or((after, ""));
            let (value, after) = after.split_once(CLOSE).unwrap_or((after, ""));
            let note = self.number(Note { source: Source::Record, name: name.into() });
            pieces.push(Piece { text: value.into(), note: Some(note) });
            rest = after;
        }
        self.plain(rest, facts, &mut pieces);
        pieces
    }

    /// A stretch without personal fields: the first fact or bare number in it, then what follows.
    fn plain(&mut self, text: &str, facts: &[&MergeField], pieces: &mut Vec<Piece>) {
        let mut rest = text;
        while !rest.is_empty() {
            let fact = facts.iter().filter_map(|fact| whole_word(rest, &fact.value).map(|at| (at, *fact)));
            let fact = fact.min_by_key(|(at, fact)| (*at, std::cmp::Reverse(fact.value.len())));
            let number = bare_number(rest);
            let (at, length, note) = match (fact, number) {
                (Some((at, fact)), number) if number.is_none_or(|(start, _)| at <= start) => {
                    let source = Source::Fact { words: fact.source.clone(), at: fact.at, events: fact.events.clone() };
                    (at, fact.value.len(), Note { source, name: fact.name.clone() })
                }
                (_, Some((start, length))) => {
                    let name = rest.get(start..start + length).unwrap_or_default().to_owned();
                    (start, length, Note { source: Source::None, name })
                }
                _ => break,
            };
            let (Some(before), Some(claim)) = (rest.get(..at), rest.get(at..at + length)) else { break };
            if !before.is_empty() {
                pieces.push(Piece { text: before.into(), note: None });
            }
            let number = self.number(note);
            pieces.push(Piece { text: claim.into(), note: Some(number) });
            rest = rest.get(at + length..).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece { text: rest.into(), note: None });
        }
    }
}

/// Where a value stands in a text as a word of its own: `19`, not the `19` in `2019`.
fn whole_word(text: &str, value: &str) -> Option<usize> {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(value).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text.get(at + value.len()..).and_then(|text| text.chars().next());
        let inner = (value.chars().next(), value.chars().next_back());
        !(joins(before) && joins(inner.0) || joins(after) && joins(inner.1))
    })
}

/// The first number of a text: digits with the marks that belong to them.
fn bare_number(text: &str) -> Option<(usize, usize)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | ':'))).unwrap_or(rest.len());
    let digits = rest.get(..end)?.trim_end_matches(['.', ',', ':']);
    Some((start, digits.len()))
}

#[cfg(test)]
mod tests {
    use bus_schema::Time;

    use super::*;

    fn fields() -> Fields {
        let pairs = [("contact.first_name", "Ana {{sender.name}} <b>"), ("account.name", "Tarn & Fell")];
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn fact(name: &str, value: &str) -> MergeField {
        MergeField {
            name: name.into(),
            value: value.into(),
            source: format!("source of {name}"),
            at: Time(0),
            events: vec![Position { seq: 7, index: 0 }],
        }
    }

    #[test]
    fn values_are_filled_once_and_never_run() {
        let text = fill("Hello {{contact.first_name}} of {{ account.name }}", &fields()).unwrap();
        assert_eq!(text, "Hello Ana {{sender.name}} <b> of Tarn & Fell");
    }

    #[test]
    fn an_open_field_stops_and_is_named() {
        let error = fill("Hello {{contact.first_name}}, {{contact.shoe_size}}", &fields()).unwrap_err();
        assert_eq!(error, FillError::Unknown("contact.shoe_size".into()));
        assert_eq!(error.to_string(), "nothing is known to fill {{contact.shoe_size}} with");
        assert_eq!(fill("{% for i in", &fields()), Err(FillError::Statement("{%")));
        assert_eq!(fill("a {{ b", &fields()), Err(FillError::Open));
        for bomb in ["{{ [1] * 100000000 }}", "{{ contact.first_name * 100000000 }}", "{{ contact.first_name|upper }}"]
        {
            assert!(matches!(fill(bomb, &fields()), Err(FillError::Unknown(_))), "{bomb}");
        }
    }

    #[test]
    fn claims_get_their_footnotes_and_the_rest_is_told_apart() {
        let facts = [fact("usage.now", "19"), fact("usage.before", "41")];
        let text = "Hello {{contact.first_name}},\n\nin 2019 it was 41, now 19 of 60.\nMore below 19.";
        let annotated = annotate(text, &fields(), &facts).unwrap();
        let texts: Vec<(&str, usize)> = annotated
            .paragraphs
            .iter()
            .flatten()
            .flatten()
            .filter_map(|piece| piece.note.map(|note| (piece.text.as_str(), note)))
            .collect();
        let expected = [("Ana {{sender.name}} <b>", 1), ("2019", 2), ("41", 3), ("19", 4), ("60", 5), ("19", 4)];
        assert_eq!(texts, expected);
        assert_eq!(annotated.told(), (2, 2));
        let whole: String = annotated.paragraphs.concat().concat().iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(whole, "Hello Ana {{sender.name}} <b>,in 2019 it was 41, now 19 of 60.More below 19.");
    }

    #[test]
    fn what_is_shown_has_the_words_that_are_sent() {
        let hidden = format!("{{{{contact.first_name}}}}{OPEN}hidden{MIDDLE}shown{CLOSE}");
        for text in ["{{ contact.first_name }} 7", &hidden] {
            let sent = fill(text, &fields()).unwrap();
            let shown = annotate(text, &fields(), &[]).unwrap();
            assert_eq!(words(shown.texts()), words([sent.as_str()]), "{text}");
        }
        assert_eq!(words(mark(&hidden, &[]).texts()), words([hidden.as_str()]));
    }

    #[test]
    fn marks_in_a_name_cannot_forge_a_footnote() {
        let mut fields = fields();
        fields.insert("contact.first_name".into(), format!("A{CLOSE}{OPEN}x{MIDDLE}B"));
        let annotated = annotate("{{contact.first_name}}", &fields, &[]).unwrap();
        assert_eq!(annotated.notes.len(), 1);
        assert_eq!(annotated.paragraphs.concat().concat().first().unwrap().text, "AxB");
    }
}
