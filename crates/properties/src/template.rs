//! Message templates and what fills them, up to the draft a person sees.

use bus_schema::{Position, Time, data::facts::MergeField};
use engagement::{Filled, OPEN, Template, template::BODY_BYTES_MAX};
use mainstay_console::draft::{self, Fields};

use crate::RULER;

/// A template, and below a ruler lines `name=value` of the fields of a touch.
///
/// Any template with any values: no panic, the same text twice, a subject of one line, and nothing left in it but the
/// fields that the console fills. Filled text is a template that fills to itself. A plain template with the same values
/// tells them literally.
pub(crate) fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, fields) = text.split_once(RULER).unwrap_or((&text, "invoice.number=7"));
    let fields: Vec<MergeField> =
        fields.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| field(name, value)).collect();
    match Template::read("t", 1, text) {
        Err(error) => assert!(!error.to_string().trim().is_empty()),
        Ok(template) => match (template.fill(&fields), template.fill(&fields)) {
            (Ok(first), Ok(second)) => {
                assert_eq!(first, second, "two texts of one template");
                filled(&first, fields.len());
            }
            (Err(first), Err(second)) => {
                assert_eq!(first, second, "two answers for one template");
                assert!(!first.to_string().trim().is_empty());
            }
            (first, second) => assert_eq!(first.is_ok(), second.is_ok(), "two answers for one template"),
        },
    }
    for field in &fields {
        literal(&field.value);
    }
}

fn field(name: &str, value: &str) -> MergeField {
    let events = vec![Position { seq: 7, index: 0 }];
    MergeField { name: name.into(), value: value.into(), source: "a fact".into(), at: Time(0), events }
}

fn filled(filled: &Filled, fields: usize) {
    assert!(!filled.subject.contains(['\n', '\r']), "the subject has a line break");
    assert!(!filled.body.trim().is_empty() && !filled.subject.trim().is_empty());
    assert!(filled.body.len() <= BODY_BYTES_MAX, "the body has {} bytes", filled.body.len());
    assert!(filled.told.iter().all(|place| *place < fields), "a field is told that was not given");
    assert!(!filled.body.contains(['\u{E000}', '\u{E001}', '\u{E002}']), "a mark is left");
    let text = format!("Subject: {}\n\n{}", filled.subject, filled.body);
    let again = Template::read("t", 1, &text).expect("filled text is a template");
    let again = again.fill(&[]).expect("filled text has nothing that is still to be filled");
    assert_eq!((&again.subject, &again.body), (&filled.subject, &filled.body), "filled again, it is another text");
    // The console can fill what is left, or says which field it knows nothing of.
    let known: Fields = OPEN.iter().map(|name| ((*name).to_owned(), "Ana".to_owned())).collect();
    for text in [&filled.subject, &filled.body] {
        draft::fill(text, &known).expect("a draft with known fields can be filled");
    }
}

/// A value in a template of ours is data.
fn literal(value: &str) {
    let template = Template::read("t", 1, "Subject: On {{ x.value }}\n\nSay <{{ x.value }}> to {{ contact.name }}.");
    let told = template.expect("a template").fill(&[field("x.value", value)]);
    let Ok(told) = told else { return };
    let inner = told.body.strip_prefix("Say <").and_then(|rest| rest.strip_suffix("> to {{contact.name}}."));
    let inner = inner.expect("a value changed the text around it");
    assert!(!inner.contains(['{', '}', '\n', '\r']), "a value can open a field or a line");
    let harmless = |c: char| {
        !c.is_control() && !matches!(c, '{' | '}' | '\u{2028}' | '\u{2029}' | '\u{E000}' | '\u{E001}' | '\u{E002}')
    };
    if value.chars().all(harmless) && value.chars().count() <= 200 {
        assert_eq!(inner, value, "a value is not told literally");
    }
    assert_eq!(told.told, [0], "a field that is told is not named");
}
