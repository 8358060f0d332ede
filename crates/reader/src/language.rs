//! In which language a text is written.

use whatlang::{Detector, Lang};

/// The language whose tone can be read.
pub(crate) const ENGLISH: &str = "en";

/// Fewest words of a text whose language can be told from its letters.
const WORDS_MIN: usize = 5;

/// Languages that can be told apart: tag and name for the detector.
const KNOWN: [(&str, Lang); 24] = [
    ("ar", Lang::Ara),
    ("cs", Lang::Ces),
    ("da", Lang::Dan),
    ("de", Lang::Deu),
    ("el", Lang::Ell),
    (ENGLISH, Lang::Eng),
    ("es", Lang::Spa),
    ("fi", Lang::Fin),
    ("fr", Lang::Fra),
    ("he", Lang::Heb),
    ("hi", Lang::Hin),
    ("hu", Lang::Hun),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("ko", Lang::Kor),
    ("nb", Lang::Nob),
    ("nl", Lang::Nld),
    ("pl", Lang::Pol),
    ("pt", Lang::Por),
    ("ro", Lang::Ron),
    ("sv", Lang::Swe),
    ("tr", Lang::Tur),
    ("uk", Lang::Ukr),
    ("zh", Lang::Cmn),
];

/// The languages an install's customers write in.
pub(crate) struct Languages(Detector);

impl Languages {
    /// Tells these apart, by tag; one that is not known is left out.
    pub(crate) fn new(tags: &[&'static str]) -> Self {
        let of = |tag: &&str| KNOWN.iter().find(|(known, _)| known == tag).map(|(_, lang)| *lang);
        Self(Detector::with_allowlist(tags.iter().filter_map(of).collect()))
    }

    /// The language of a text, where it can be told.
    pub(crate) fn of(&self, text: &str, words: usize) -> Option<&'static str> {
        let info = self.0.detect(text)?;
        // Scripts that one language alone is written in need no words.
        let spaced = !matches!(info.lang(), Lang::Jpn | Lang::Cmn | Lang::Kor);
        if spaced && (words < WORDS_MIN || !info.is_reliable()) {
            return None;
        }
        KNOWN.iter().find(|(_, lang)| *lang == info.lang()).map(|(tag, _)| *tag)
    }
}

/// The tag as it is known here.
pub(crate) fn known(tag: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == tag).map(|(known, _)| *known)
}

/// All tags, for an error.
pub(crate) fn tags() -> String {
    KNOWN.map(|(tag, _)| tag).join(", ")
}
