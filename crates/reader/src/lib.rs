//! Reads a customer's text once, at the door: how it sounds, what it is about, what it asks for.
//!
//! Texts are personal and no fold ever sees one. What is found here is written into the event as data, so a replay reads
//! what was found then: another method or other words change nothing that is in the log already. Invariant: the same
//! words and the same text give the same reading, on every machine.

mod language;
mod pattern;
mod words;

use bus_schema::{
    data::{
        contact::Seniority,
        words::{Label, Reading, Sentiment},
    },
    door::{TextReader, Title},
};
use vader_parity::SentimentIntensityAnalyzer;

pub use self::words::{WordsError, WordsProblem};
use self::{language::Languages, pattern::Text, words::Words};

/// The words that are looked for where an install names none of its own.
pub const DEFAULT_WORDS: &str = include_str!("../reader.toml");

/// Most topics of one text.
const TOPICS_MAX: usize = 5;

/// Reads by lists of words, and by the VADER lexicon for how a text sounds.
pub struct LexiconReader {
    words: Words,
    languages: Languages,
    sounds: SentimentIntensityAnalyzer,
}

impl std::fmt::Debug for LexiconReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LexiconReader").finish_non_exhaustive()
    }
}

impl LexiconReader {
    /// A reader that looks for the words of a `reader.toml`.
    ///
    /// # Errors
    /// No TOML, an unknown key or language, or a pattern that cannot be read; the place is named.
    pub fn new(text: &str) -> Result<Self, WordsError> {
        let words = Words::parse(text)?;
        Ok(Self { languages: Languages::new(&words.languages), words, sounds: SentimentIntensityAnalyzer::new() })
    }

    /// How an English text sounds, from -10,000 to 10,000. None of a text without a word.
    pub fn sentiment(&self, text: &str) -> Option<Sentiment> {
        if !text.chars().any(char::is_alphanumeric) && text.is_ascii() {
            return None;
        }
        let compound = self.sounds.polarity_scores(text).compound;
        #[expect(clippy::cast_possible_truncation, reason = "between -10,000 and 10,000, and whole after rounding")]
        let bp = (compound * 10_000.0).round() as i32;
        Sentiment::new(bp)
    }
}

impl TextReader for LexiconReader {
    fn text(&self, text: &str) -> Reading {
        let text = &unquoted(text);
        let parsed = Text::new(text);
        if parsed.words() == 0 {
            return Reading::default();
        }
        let found = self.languages.of(text, parsed.words());
        let language = found.unwrap_or(self.words.assume);
        let areas = self.words.areas.ranked(&parsed);
        let categories = self.words.categories.ranked(&parsed);
        let topics = self.words.topics.ranked(&parsed).into_iter().take(TOPICS_MAX).cloned().collect();
        Reading {
            sentiment_bp: (language == language::ENGLISH).then(|| self.sentiment(text)).flatten(),
            topics,
            product_area: areas.first().copied().cloned(),
            category: categories.first().copied().cloned(),
            language: found.and_then(|language| Label::new(language).ok()),
            words: u32::try_from(parsed.words()).ok(),
            asks_for_manager: self.words.asks_for_manager.says(language, &parsed),
            threatens_to_leave: self.words.threatens_to_leave.says(language, &parsed),
            mentions_competitor: self.words.mentions_competitor(language, &parsed),
        }
    }

    fn title(&self, title: &str) -> Title {
        let parsed = Text::new(title);
        let seniority = self.words.seniorities.ranked(&parsed);
        Title {
            department: self.words.departments.ranked(&parsed).first().copied().cloned(),
            seniority: seniority.first().and_then(|name| Seniority::from_word(name.as_str()).ok()),
        }
    }
}

/// A text without what it quotes: an answer by mail holds what it answers.
fn unquoted(text: &str) -> String {
    let ends = |line: &str| {
        let line = line.trim();
        line.starts_with("-----Original Message") || (line.starts_with("On ") && line.ends_with("wrote:"))
    };
    let own = text.lines().take_while(|line| !ends(line)).filter(|line| !line.trim_start().starts_with('>'));
    own.collect::<Vec<_>>().join("\n")
}
