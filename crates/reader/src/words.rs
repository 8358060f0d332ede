//! The words that are looked for, from a `reader.toml`.

use std::collections::BTreeMap;

use bus_schema::data::{
    contact::Seniority,
    words::{Label, LabelError},
};
use serde::Deserialize;

use crate::{
    language,
    pattern::{Negations, Pattern, PatternError, Text},
};

/// Why a `reader.toml` cannot be used: where, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct WordsError {
    /// The key, or the line where it is no TOML.
    pub place: String,
    /// What is wrong there.
    pub problem: WordsProblem,
}

/// What is wrong in a `reader.toml`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WordsProblem {
    /// No TOML, or a key nobody knows.
    #[error("{0}")]
    Toml(String),
    /// A phrase that cannot be looked for.
    #[error("`{0}` {1}")]
    Pattern(String, PatternError),
    /// A language nobody here can tell.
    #[error("`{0}` is not known here: one of {list}", list = language::tags())]
    Language(String),
    /// The assumed language is none of those that are told apart.
    #[error("`{0}` is not in `language.known`")]
    Assumed(String),
    /// A name that is no label.
    #[error("{0}")]
    Name(LabelError),
    /// The same name twice.
    #[error("`{0}` is there twice: put its words together")]
    Twice(String),
    /// A seniority that the schema does not have.
    #[error("`{0}` is no seniority: one of {list}", list = Seniority::WORDS.join(", "))]
    Seniority(String),
}

/// All that is looked for.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) languages: Vec<&'static str>,
    pub(crate) assume: &'static str,
    pub(crate) asks_for_manager: Phrases,
    pub(crate) threatens_to_leave: Phrases,
    competitors: Vec<Pattern>,
    speaks_of_competitors: Phrases,
    pub(crate) areas: Named,
    pub(crate) categories: Named,
    pub(crate) topics: Named,
    pub(crate) departments: Named,
    pub(crate) seniorities: Named,
}

/// Phrases of one meaning by language, each with the negations of its language.
#[derive(Debug)]
pub(crate) struct Phrases(BTreeMap<&'static str, (Vec<Pattern>, Negations)>);

impl Phrases {
    /// Whether a text says it; none where no phrase of its language is known.
    pub(crate) fn says(&self, language: &str, text: &Text) -> Option<bool> {
        let (phrases, negations) = self.0.get(language)?;
        Some(phrases.iter().any(|phrase| phrase.is_meant_in(text, negations)))
    }
}

/// Names with the phrases that speak for them, in the order of the file.
#[derive(Debug)]
pub(crate) struct Named(Vec<(Label, Vec<Pattern>)>);

impl Named {
    /// The names a text speaks of: most phrases first, then as in the file.
    pub(crate) fn ranked(&self, text: &Text) -> Vec<&Label> {
        let count = |phrases: &[Pattern]| phrases.iter().filter(|phrase| phrase.is_in(text)).count();
        let counted = self.0.iter().map(|(name, phrases)| (count(phrases), name));
        let mut found: Vec<_> = counted.filter(|(count, _)| *count > 0).collect();
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        found.into_iter().map(|(_, name)| name).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: LanguageTable,
    #[serde(default)]
    negations: BTreeMap<String, NegationTable>,
    #[serde(default)]
    asks_for_manager: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    threatens_to_leave: BTreeMap<String, Vec<String>>,
    competitors: CompetitorTable,
    #[serde(default)]
    product_area: Vec<Entry>,
    #[serde(default)]
    category: Vec<Entry>,
    #[serde(default)]
    topic: Vec<Entry>,
    #[serde(default)]
    department: Vec<Entry>,
    #[serde(default)]
    seniority: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageTable {
    known: Vec<String>,
    assume: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NegationTable {
    #[serde(default)]
    before: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompetitorTable {
    names: Vec<String>,
    #[serde(default)]
    phrases: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    words: Vec<String>,
}

impl Words {
    pub(crate) fn parse(text: &str) -> Result<Self, WordsError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
            wrong(format!("line {line}"), WordsProblem::Toml(error.message().to_owned()))
        })?;
        let languages =
            file.language.known.iter().map(|tag| known("language.known", tag)).collect::<Result<Vec<_>, _>>()?;
        let assume = known("language.assume", &file.language.assume)?;
        if !languages.contains(&assume) {
            return Err(wrong("language.assume", WordsProblem::Assumed(assume.to_owned())));
        }
        for entry in &file.seniority {
            if !Seniority::WORDS.contains(&entry.name.as_str()) {
                return Err(wrong("seniority", WordsProblem::Seniority(entry.name.clone())));
            }
        }
        let negations = &file.negations;
        Ok(Self {
            asks_for_manager: phrases("asks_for_manager", &file.asks_for_manager, negations)?,
            threatens_to_leave: phrases("threatens_to_leave", &file.threatens_to_leave, negations)?,
            competitors: patterns("competitors.names", &file.competitors.names)?,
            speaks_of_competitors: phrases("competitors.phrases", &file.competitors.phrases, negations)?,
            areas: named("product_area", &file.product_area)?,
            categories: named("category", &file.category)?,
            topics: named("topic", &file.topic)?,
            departments: named("department", &file.department)?,
            seniorities: named("seniority", &file.seniority)?,
            languages,
            assume,
        })
    }

    /// Whether a text names a competitor, or says that others are looked at.
    pub(crate) fn mentions_competitor(&self, language: &str, text: &Text) -> Option<bool> {
        if self.competitors.iter().any(|name| name.is_in(text)) {
            return Some(true);
        }
        let spoken = self.speaks_of_competitors.says(language, text);
        spoken.or_else(|| (!self.competitors.is_empty()).then_some(false))
    }
}

fn wrong(place: impl Into<String>, problem: WordsProblem) -> WordsError {
    WordsError { place: place.into(), problem }
}

fn known(place: &str, tag: &str) -> Result<&'static str, WordsError> {
    language::known(tag).ok_or_else(|| wrong(place, WordsProblem::Language(tag.to_owned())))
}

fn patterns(place: &str, texts: &[String]) -> Result<Vec<Pattern>, WordsError> {
    let parse =
        |text: &String| Pattern::parse(text).map_err(|error| wrong(place, WordsProblem::Pattern(text.clone(), error)));
    texts.iter().map(parse).collect()
}

fn phrases(
    place: &str,
    by_language: &BTreeMap<String, Vec<String>>,
    negations: &BTreeMap<String, NegationTable>,
) -> Result<Phrases, WordsError> {
    let mut out = BTreeMap::new();
    for (tag, texts) in by_language {
        let mut no = Negations::default();
        if let Some(table) = negations.get(tag) {
            no.before = patterns(&format!("negations.{tag}.before"), &table.before)?;
            no.after = patterns(&format!("negations.{tag}.after"), &table.after)?;
        }
        out.insert(known(place, tag)?, (patterns(&format!("{place}.{tag}"), texts)?, no));
    }
    Ok(Phrases(out))
}

fn named(place: &str, entries: &[Entry]) -> Result<Named, WordsError> {
    let mut out: Vec<(Label, Vec<Pattern>)> = Vec::new();
    for entry in entries {
        let name =
            Label::new(&entry.name).map_err(|error| wrong(format!("{place}.name"), WordsProblem::Name(error)))?;
        if out.iter().any(|(known, _)| *known == name) {
            return Err(wrong(place, WordsProblem::Twice(entry.name.clone())));
        }
        let found = patterns(&format!("{place} `{}`", entry.name), &entry.words)?;
        out.push((name, found));
    }
    Ok(Named(out))
}
