//! Texts as customers write them, and what the built-in words find in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use bus_schema::{
    data::{contact::Seniority, words::Reading},
    door::TextReader as _,
};
use proptest::prelude::*;
use reader::{DEFAULT_WORDS, LexiconReader};

fn reader() -> &'static LexiconReader {
    static READER: LazyLock<LexiconReader> = LazyLock::new(|| LexiconReader::new(DEFAULT_WORDS).unwrap());
    &READER
}

fn read(text: &str) -> Reading {
    reader().text(text)
}

fn label(label: Option<&bus_schema::data::words::Label>) -> Option<&str> {
    label.map(bus_schema::data::words::Label::as_str)
}

#[test]
fn a_text_is_read_for_tone_area_category_language_and_length() {
    let found = read("The CSV export fails again with an error, this is really frustrating and we are very unhappy!");
    assert!(found.sentiment_bp.is_some_and(|tone| tone.bp() < -5_000), "{found:?}");
    assert_eq!(label(found.product_area.as_ref()), Some("exports"));
    assert_eq!(label(found.category.as_ref()), Some("bug"));
    assert_eq!(label(found.language.as_ref()), Some("en"));
    assert_eq!(found.words, Some(17));
    assert!(found.topics.iter().any(|topic| topic.as_str() == "reliability"), "{found:?}");
    assert_eq!(
        (found.asks_for_manager, found.threatens_to_leave, found.mentions_competitor),
        (Some(false), Some(false), Some(false))
    );
    let praise = read("Thank you, the new dashboard is wonderful and the team loves it.");
    assert!(praise.sentiment_bp.is_some_and(|tone| tone.bp() > 5_000), "{praise:?}");
}

#[test]
fn the_flags_are_raised_by_what_is_meant() {
    let manager = |text: &str| read(text).asks_for_manager;
    assert_eq!(manager("I want to speak with your manager about this."), Some(true));
    assert_eq!(manager("Please escalate this ticket today."), Some(true));
    assert_eq!(manager("There is no need to speak with a manager."), Some(false));
    assert_eq!(manager("Our project manager will test it on Monday."), Some(false));
    let leaves = |text: &str| read(text).threatens_to_leave;
    assert_eq!(leaves("If this goes on we will cancel our subscription."), Some(true));
    assert_eq!(leaves("We have decided not to renew in March."), Some(true));
    assert_eq!(leaves("We are looking at alternatives already."), Some(true));
    assert_eq!(leaves("Don't worry, we won't cancel the contract."), Some(false));
    assert_eq!(leaves("How do I cancel a scheduled report?"), Some(false));
    let rivals = |text: &str| read(text).mentions_competitor;
    assert_eq!(rivals("We had a demo from another vendor last week."), Some(true));
    assert_eq!(rivals("The vendor list in our account is wrong."), Some(false));
}

#[test]
fn other_languages_have_their_own_phrases_and_no_english_tone() {
    let german = read("Wenn das so weitergeht, werden wir den Vertrag leider zum Jahresende kündigen müssen.");
    assert_eq!(label(german.language.as_ref()), Some("de"));
    assert_eq!((german.sentiment_bp, german.threatens_to_leave), (None, Some(true)));
    let stays = read("Keine Sorge, wir kündigen den Vertrag nicht und bleiben sehr gerne bei Ihnen.");
    assert_eq!((label(stays.language.as_ref()), stays.threatens_to_leave), (Some("de"), Some(false)));
    let french = read("Nous souhaitons parler à votre responsable, car la situation est devenue inacceptable.");
    assert_eq!((label(french.language.as_ref()), french.asks_for_manager), (Some("fr"), Some(true)));
    let dutch = read("Wij hebben hier nog altijd geen antwoord op gekregen, kunt u ons dat vandaag sturen?");
    assert_eq!((label(dutch.language.as_ref()), dutch.asks_for_manager), (Some("nl"), None));
}

#[test]
fn what_an_answer_quotes_is_not_read() {
    let found = read(
        "All fine, thanks a lot!\n\nOn Monday, Ana Silva wrote:\n> If you want to cancel your subscription\n> speak to my manager",
    );
    assert_eq!((found.threatens_to_leave, found.asks_for_manager), (Some(false), Some(false)));
    assert!(found.sentiment_bp.is_some_and(|tone| tone.bp() > 0));
}

#[test]
fn a_text_without_words_says_nothing() {
    assert_eq!(read(""), Reading::default());
    assert_eq!(read(" ... !!! \n"), Reading::default());
}

#[test]
fn a_title_says_department_and_seniority() {
    let title = |text: &str| {
        let title = reader().title(text);
        (title.department.map(|d| d.as_str().to_owned()), title.seniority)
    };
    let head = Some(Seniority::Head);
    assert_eq!(title("VP of Engineering"), (Some("engineering".into()), head.clone()));
    assert_eq!(title("Director, Customer Success"), (Some("support".into()), head));
    assert_eq!(title("CFO"), (Some("finance".into()), Some(Seniority::Executive)));
    assert_eq!(title("Marketing Manager"), (Some("marketing".into()), Some(Seniority::Manager)));
    assert_eq!(title("Beekeeper"), (None, None));
}

#[test]
fn a_wrong_file_is_named_with_its_place() {
    let wrong = |over: &str| LexiconReader::new(&format!("{DEFAULT_WORDS}\n{over}")).unwrap_err().to_string();
    let twice = wrong("[[topic]]\nname = \"price\"\nwords = [\"x\"]");
    assert_eq!(twice, "topic: `price` is there twice: put its words together");
    let pattern = wrong("[[topic]]\nname = \"x\"\nwords = [\"... x\"]");
    assert!(pattern.starts_with("topic `x`: `... x` begins or ends with `...`"), "{pattern}");
    let key = wrong("[[topic]]\nname = \"x\"\nwords = []\nwirds = []");
    assert!(key.starts_with("line ") && key.contains("wirds"), "{key}");
    let seniority = wrong("[[seniority]]\nname = \"boss\"\nwords = [\"boss\"]");
    assert_eq!(seniority, "seniority: `boss` is no seniority: one of executive, head, manager, individual");
    let language = LexiconReader::new(&DEFAULT_WORDS.replace("assume = \"en\"", "assume = \"xx\"")).unwrap_err();
    assert!(language.to_string().starts_with("language.assume: `xx` is not known here: one of ar, "), "{language}");
}

proptest! {
    #[test]
    fn any_text_is_read_the_same_twice(text in ".{0,400}") {
        prop_assert_eq!(read(&text), read(&text));
    }
}
