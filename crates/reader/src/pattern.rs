//! Finding phrases in a text.
//!
//! A pattern is words with a space between: `a/b` is either word, `cancel*` is any word with that beginning, `...` is up to
//! [`GAP_MAX`] other words. A phrase never reaches over the end of a sentence.

use std::{collections::BTreeSet, ops::Bound};

/// Most words that `...` stands for.
const GAP_MAX: usize = 4;
/// How many words before or after a phrase a negation is looked for.
const NEGATION_REACH: usize = 3;
/// Most words of a pattern.
const SLOTS_MAX: usize = 12;

/// A text as lower-case words.
#[derive(Debug)]
pub(crate) struct Text {
    /// Words; an empty one is the end of a sentence.
    tokens: Vec<String>,
    /// The same words in order, so that a phrase whose first word is not there costs next to nothing.
    sorted: BTreeSet<String>,
    words: usize,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let mut tokens: Vec<String> = Vec::new();
        let (mut word, mut words) = (String::new(), 0);
        for c in text.chars().chain([' ']) {
            match c {
                '\u{2019}' | '\'' if !word.is_empty() => word.push('\''),
                c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
                c => {
                    if !word.is_empty() {
                        words += 1;
                        tokens.push(std::mem::take(&mut word).trim_end_matches('\'').to_owned());
                    }
                    if matches!(c, '.' | '!' | '?' | ';' | '\n') && tokens.last().is_some_and(|last| !last.is_empty()) {
                        tokens.push(String::new());
                    }
                }
            }
        }
        let sorted = tokens.iter().filter(|token| !token.is_empty()).cloned().collect();
        Self { tokens, sorted, words }
    }

    /// How many words it has.
    pub(crate) const fn words(&self) -> usize {
        self.words
    }
}

/// A word of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Slot {
    /// One of these words; with `true` any word that begins so.
    Word(Vec<(String, bool)>),
    /// Up to [`GAP_MAX`] words of any kind.
    Gap,
}

/// A phrase that is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern(Vec<Slot>);

/// What takes the meaning of a phrase away.
#[derive(Debug, Default)]
pub(crate) struct Negations {
    /// Where it stands before the phrase.
    pub(crate) before: Vec<Pattern>,
    /// Where it stands after the phrase.
    pub(crate) after: Vec<Pattern>,
}

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// No word at all.
    #[error("has no word")]
    Empty,
    /// A gap at an end matches nothing that a pattern without it does not.
    #[error("begins or ends with `...`, or has two of them in a row: put words around it")]
    Gap,
    /// Too long.
    #[error("has more than {SLOTS_MAX} words")]
    Long,
    /// A word that no text has.
    #[error("has `{0}`, which no text holds: write words of letters and digits, `a/b`, `begin*` or `...`")]
    Word(String),
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut slots = Vec::new();
        for part in text.split_whitespace() {
            if part == "..." {
                slots.push(Slot::Gap);
                continue;
            }
            let mut words = Vec::new();
            for word in part.split('/') {
                let (stem, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
                if stem.is_empty() || !stem.chars().all(|c| c.is_alphanumeric() || c == '\'') {
                    return Err(PatternError::Word(word.to_owned()));
                }
                words.push((stem.to_lowercase(), open));
            }
            slots.push(Slot::Word(words));
        }
        if slots.is_empty() {
            return Err(PatternError::Empty);
        }
        if slots.len() > SLOTS_MAX {
            return Err(PatternError::Long);
        }
        let at_end = [slots.first(), slots.last()].contains(&Some(&Slot::Gap));
        let in_row = slots.windows(2).any(|two| two == [Slot::Gap, Slot::Gap]);
        if at_end || in_row { Err(PatternError::Gap) } else { Ok(Self(slots)) }
    }

    /// Whether a text has the phrase.
    pub(crate) fn is_in(&self, text: &Text) -> bool {
        self.places(text).next().is_some()
    }

    /// Whether a text has the phrase without a negation near it, in the same sentence.
    pub(crate) fn is_meant_in(&self, text: &Text, negations: &Negations) -> bool {
        self.places(text).any(|(start, end)| {
            let before = text.tokens.get(start.saturating_sub(NEGATION_REACH)..start).unwrap_or_default();
            let before = before.rsplit(String::is_empty).next().unwrap_or_default();
            let after = text.tokens.get(end..).unwrap_or_default();
            let after = after.get(..NEGATION_REACH.min(after.len())).unwrap_or_default();
            let after = after.split(String::is_empty).next().unwrap_or_default();
            let stands = |no: &[Self], tokens| no.iter().any(|no| no.begins_somewhere(tokens));
            !stands(&negations.before, before) && !stands(&negations.after, after)
        })
    }

    /// Where the phrase stands: its first token and the one behind its last.
    fn places<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = (usize, usize)> + 'a {
        let last = if self.may_begin_in(text) { text.tokens.len() } else { 0 };
        (0..last).filter_map(|start| {
            let rest = text.tokens.get(start..)?;
            ends(&self.0, rest).map(|length| (start, start + length))
        })
    }

    fn may_begin_in(&self, text: &Text) -> bool {
        let Some(Slot::Word(words)) = self.0.first() else { return false };
        words.iter().any(|(word, open)| {
            let next = text.sorted.range::<str, _>((Bound::Included(word.as_str()), Bound::Unbounded)).next();
            next.is_some_and(|next| if *open { next.starts_with(word) } else { next == word })
        })
    }

    fn begins_somewhere(&self, tokens: &[String]) -> bool {
        (0..tokens.len()).any(|start| ends(&self.0, tokens.get(start..).unwrap_or_default()).is_some())
    }
}

/// How many tokens the slots take from the start, the fewest.
fn ends(slots: &[Slot], tokens: &[String]) -> Option<usize> {
    let Some((slot, later)) = slots.split_first() else { return Some(0) };
    match slot {
        Slot::Word(words) => {
            let token = tokens.first().filter(|token| !token.is_empty())?;
            let fits = |(word, open): &(String, bool)| if *open { token.starts_with(word) } else { token == word };
            words.iter().any(fits).then_some(())?;
            ends(later, tokens.get(1..).unwrap_or_default()).map(|length| length + 1)
        }
        Slot::Gap => {
            for taken in 0..=GAP_MAX.min(tokens.len()) {
                let (gap, rest) = tokens.split_at_checked(taken)?;
                if gap.iter().any(String::is_empty) {
                    return None;
                }
                if let Some(length) = ends(later, rest) {
                    return Some(taken + length);
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().is_in(&Text::new(text))
    }

    #[test]
    fn words_alternatives_beginnings_and_gaps() {
        assert!(found("speak/talk to ... manager", "Let me TALK to your team\u{2019}s manager now"));
        assert!(!found("speak/talk to ... manager", "talk to me. The manager is away"));
        assert!(!found("speak/talk to ... manager", "talk to one two three four five manager"));
        assert!(found("cancel* ... contract", "we are cancelling the whole contract"));
        assert!(!found("cancel ... contract", "cancelled contract"));
        assert!(found("won't renew", "We won\u{2019}t renew."));
    }

    #[test]
    fn a_negation_near_by_takes_the_meaning_away() {
        let cancel = Pattern::parse("cancel").unwrap();
        let before = ["not/never/don't", "no plans"].map(|no| Pattern::parse(no).unwrap()).into();
        let no = Negations { before, after: vec![Pattern::parse("nicht").unwrap()] };
        let meant = |text: &str| cancel.is_meant_in(&Text::new(text), &no);
        assert!(meant("We will cancel."));
        assert!(!meant("We will not cancel."));
        assert!(!meant("We have no plans to cancel"));
        assert!(meant("Not good. We cancel"));
        assert!(meant("We cancel if this is not mended"));
        assert!(!meant("Wir cancel es nicht"));
        assert!(meant("We don't want to cancel, but if this goes on we must cancel"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert_eq!(Pattern::parse(" "), Err(PatternError::Empty));
        assert_eq!(Pattern::parse("... manager"), Err(PatternError::Gap));
        assert_eq!(Pattern::parse("a ... ... b"), Err(PatternError::Gap));
        assert_eq!(Pattern::parse("a/*"), Err(PatternError::Word("*".into())));
        assert_eq!(Pattern::parse("a, b"), Err(PatternError::Word("a,".into())));
        assert_eq!(Pattern::parse(&"a ".repeat(13)), Err(PatternError::Long));
    }
}
