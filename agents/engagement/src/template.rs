//! Message templates: a subject line, a blank line, a body, filled with the facts of a touch.
//!
//! ```text
//! Subject: Invoice {{ invoice.number }} is still open
//!
//! Hello {{ contact.first_name }},
//! ```
//!
//! Names are not known here: the fields in [`OPEN`] stay in the draft, written `{{contact.first_name}}`, for the edge
//! that holds them. Invariants: no value can become such a field, or a line of the header; and no template needs more
//! memory than its own length allows ([`language`]).

mod language;

use std::collections::BTreeMap;

use agent::PolicyError;
use bus_schema::data::facts::MergeField;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

/// Fields that stay open in a draft: who reads it and who writes it.
pub const OPEN: &[&str] = &[
    "account.name",
    "contact.first_name",
    "contact.name",
    "contact.salutation",
    "contact.title",
    "sender.email",
    "sender.first_name",
    "sender.name",
];
/// Longest subject in characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// Longest template in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// Longest body in bytes once it is filled; with the longest subject it is a template again.
pub const BODY_BYTES_MAX: usize = 15 * 1024;
/// Longest value of a field in characters.
const VALUE_CHARS_MAX: usize = 200;
/// Around the number and the value of a field while a template runs; taken out of all values first.
const MARKS: [char; 3] = ['\u{E000}', '\u{E001}', '\u{E002}'];
/// Instructions a template may run.
const FUEL: u64 = 20_000;
/// Prefix of the name a template is published under: `template/<name>`.
pub const TEMPLATE: &str = "template/";
/// How a template begins.
const SUBJECT: &str = "Subject: ";

/// A template that can be filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// Its version.
    pub version: u32,
    name: String,
    text: String,
}

/// A filled draft, personal fields open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled {
    /// The subject.
    pub subject: String,
    /// The body.
    pub body: String,
    /// Places of the fields it tells, in the list it was filled from, each once and in order.
    pub told: Vec<usize>,
}

/// A template that could not be filled: which one, where, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("template {template}, line {line}: {problem}")]
pub struct TemplateError {
    template: String,
    line: usize,
    problem: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Names line and cure.
    pub fn read(name: &str, version: u32, text: &str) -> Result<Self, PolicyError> {
        let refused =
            |line: usize, problem: String| PolicyError::value(format!("template/{name} line {line}"), problem);
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(refused(1, format!("the text has more than {TEMPLATE_BYTES_MAX} bytes")));
        }
        let text = text.replace("\r\n", "\n");
        let mut lines = text.lines();
        let subject = lines.next().and_then(|line| line.strip_prefix(SUBJECT)).map(str::trim).unwrap_or_default();
        if subject.is_empty() {
            return Err(refused(1, "must be `Subject: ` and the subject".into()));
        }
        if !lines.next().unwrap_or_default().trim().is_empty() {
            return Err(refused(2, "must be blank, with the body below it".into()));
        }
        if lines.all(|line| line.trim().is_empty()) {
            return Err(refused(3, "the body is missing".into()));
        }
        language::check(&text).map_err(|language::Refused { line, problem }| refused(line, problem))?;
        environment().template_from_named_str(name, &text).map_err(|error| {
            refused(error.line().unwrap_or(1), error.detail().unwrap_or("the syntax is not that of a template").into())
        })?;
        Ok(Self { version, name: name.to_owned(), text })
    }

    /// Fills it with the facts of a touch.
    ///
    /// # Errors
    /// A field that is not there, a reserved name, or a result that is no message.
    pub fn fill(&self, fields: &[MergeField]) -> Result<Filled, TemplateError> {
        let context = self.context(fields)?;
        let environment = environment();
        let text = environment
            .render_named_str(&self.name, &self.text, context.value())
            .map_err(|error| self.explain(&error, &context))?;
        let (text, mut told) = unmark(&text);
        // A template can have marks of its own.
        told.retain(|place| *place < fields.len());
        let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = head.strip_prefix(SUBJECT).unwrap_or(head).split_whitespace().collect::<Vec<_>>().join(" ");
        if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS_MAX {
            return Err(self.error(1, format!("the subject must have 1 to {SUBJECT_CHARS_MAX} characters")));
        }
        let body = body.trim().to_owned();
        if body.is_empty() || body.len() > BODY_BYTES_MAX {
            return Err(self.error(3, format!("the body must have 1 to {BODY_BYTES_MAX} bytes")));
        }
        for (line, text) in [(1, &subject), (3, &body)] {
            if let Some(rest) = leftover(text) {
                return Err(self.error(line, format!("`{rest}` is left in the text and nobody can fill it")));
            }
        }
        Ok(Filled { subject, body, told })
    }

    fn context(&self, fields: &[MergeField]) -> Result<Node, TemplateError> {
        let mut tree = Node::default();
        for name in OPEN {
            tree.put(name, format!("{{{{{name}}}}}"));
        }
        let [begin, middle, end] = MARKS;
        for (place, field) in fields.iter().enumerate() {
            let reserved = OPEN.iter().any(|open| root(open) == root(&field.name));
            let value = format!("{begin}{place}{middle}{}{end}", plain(&field.value));
            if reserved || !tree.put(&field.name, value) {
                return Err(self.error(1, format!("the touch may not give a field `{}`", plain(&field.name))));
            }
        }
        Ok(tree)
    }

    fn error(&self, line: usize, problem: String) -> TemplateError {
        TemplateError { template: self.name.clone(), line, problem }
    }

    fn explain(&self, error: &minijinja::Error, known: &Node) -> TemplateError {
        let line = error.line().unwrap_or(1);
        let source = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let problem = match error.kind() {
            ErrorKind::UndefinedError => names(source)
                .find(|name| !known.has(name))
                .map_or_else(|| "a field is not given".into(), |name| format!("field `{name}` is not given")),
            ErrorKind::OutOfFuel => "runs too long".into(),
            _ => error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned),
        };
        self.error(line, problem)
    }
}

fn environment() -> Environment<'static> {
    // No functions and no filters: what a template may say makes nothing longer than it is.
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_test("defined", |value: Value| !value.is_undefined());
    environment
}

/// A value without anything that could open a field, start a statement or break a line.
fn plain(value: &str) -> String {
    let safe = value.chars().map(|c| match c {
        '{' => '(',
        '}' => ')',
        c if c.is_control() || MARKS.contains(&c) || c == '\u{2028}' || c == '\u{2029}' => ' ',
        c => c,
    });
    safe.take(VALUE_CHARS_MAX).collect()
}

fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The dotted names in the expressions of a line.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let expressions = line.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    expressions
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '_'))
        .filter(|name| name.contains('.') && name.chars().next().is_some_and(char::is_alphabetic))
}

/// The text without marks, and which fields were in it.
fn unmark(text: &str) -> (String, Vec<usize>) {
    let [begin, middle, end] = MARKS;
    let mut pieces = text.split(begin);
    let mut plain: String = pieces.next().unwrap_or_default().replace(end, "");
    let mut told = Vec::new();
    for piece in pieces {
        let (place, rest) = piece.split_once(middle).unwrap_or(("", piece));
        told.extend(place.parse::<usize>());
        plain.extend(rest.chars().filter(|c| *c != end));
    }
    // Those of a template of its own may stand in any order.
    plain.retain(|c| !MARKS.contains(&c));
    told.sort_unstable();
    told.dedup();
    (plain, told)
}

/// A field or statement left in a text that nobody fills. Only an open field as it is written in a draft may stay: any
/// other way of writing it would be another template to the edge that fills it.
fn leftover(text: &str) -> Option<String> {
    for rest in text.split("{{").skip(1) {
        let (field, closed) = rest.split_once("}}").map_or((rest, false), |(field, _)| (field, true));
        if !closed || !OPEN.contains(&field) {
            return Some(format!("{{{{{}{}", plain(field), if closed { "}}" } else { "" }));
        }
    }
    ["{%", "{#"].into_iter().find(|statement| text.contains(statement)).map(ToOwned::to_owned)
}

/// Values by dotted name, as nested maps.
#[derive(Debug)]
enum Node {
    Text(String),
    Names(BTreeMap<String, Node>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Names(BTreeMap::new())
    }
}

impl Node {
    /// Puts a value; false where the name is empty or both a value and a group of values.
    fn put(&mut self, name: &str, value: String) -> bool {
        let Self::Names(names) = self else { return false };
        match name.split_once('.') {
            Some((group, rest)) if is_word(group) => names.entry(group.to_owned()).or_default().put(rest, value),
            None if is_word(name) && !names.contains_key(name) => {
                names.insert(name.to_owned(), Self::Text(value));
                true
            }
            Some(_) | None => false,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Names(names) => Value::from_pairs(names.iter().map(|(name, node)| (name.as_str(), node.value()))),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Text(_) => name.is_empty(),
            Self::Names(names) => {
                let (group, rest) = name.split_once('.').unwrap_or((name, ""));
                names.get(group).is_some_and(|node| node.has(rest))
            }
        }
    }
}

fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use bus_schema::{Position, Time};
    use proptest::prelude::*;

    use super::*;

    fn field(name: &str, value: &str) -> MergeField {
        let events = vec![Position { seq: 1, index: 0 }];
        MergeField { name: name.into(), value: value.into(), source: "test".into(), at: Time(0), events }
    }

    fn template(text: &str) -> Template {
        Template::read("note", 1, text).unwrap()
    }

    const NOTE: &str =
        "Subject: To {{ account.name }} about {{ a.b }}\n\nHello {{ contact.first_name }}, it is {{ a.b }}.\n";

    #[test]
    fn facts_are_filled_in_and_names_stay_open() {
        let filled = template(NOTE).fill(&[field("x.unused", "no"), field("a.b", "7")]).unwrap();
        assert_eq!(filled.subject, "To {{account.name}} about 7");
        assert_eq!(filled.body, "Hello {{contact.first_name}}, it is 7.");
        assert_eq!(filled.told, vec![1], "only what the draft tells");
    }

    #[test]
    fn a_field_that_is_not_given_is_named_with_its_line() {
        let error = template("Subject: Hi\n\nHello,\n\nit was {{ usage.now }} and {{ usage.before }}.\n");
        let error = error.fill(&[field("usage.now", "7")]).unwrap_err();
        assert_eq!(error.to_string(), "template note, line 5: field `usage.before` is not given");
    }

    #[test]
    fn a_statement_may_ask_whether_a_field_is_given() {
        let text = "Subject: Hi\n\n{% if usage is defined and usage.now is defined %}{{ usage.now }} users{% else %}Hello{% endif %}";
        assert_eq!(template(text).fill(&[field("usage.now", "7")]).unwrap().body, "7 users");
        assert_eq!(template(text).fill(&[field("usage.before", "7")]).unwrap().body, "Hello");
        assert_eq!(template(text).fill(&[]).unwrap().body, "Hello");
    }

    #[test]
    fn no_value_becomes_a_field_a_statement_or_a_header() {
        let hostile = [
            "{{contact.email}}",
            "{{ contact.first_name }}",
            "{% raw %}",
            "{# note #}",
            "a\r\nBcc: everybody@example.com",
            "a\u{2028}b",
            "\u{E000}0\u{E001}x\u{E002}",
        ];
        for value in hostile {
            let filled = template(NOTE).fill(&[field("a.b", value)]).unwrap();
            assert!(!filled.subject.chars().any(char::is_control), "{value}");
            assert_eq!(filled.body.matches("{{").count(), 1, "{value}: only the open name: {}", filled.body);
            assert!(!filled.body.contains("{%") && !filled.body.contains("{#"), "{value}");
            assert_eq!(filled.body.lines().count(), 1, "{value}");
            assert!(!filled.body.contains(MARKS), "{value}");
        }
    }

    #[test]
    fn two_values_side_by_side_are_no_field_either() {
        let text = template("Subject: Hi\n\n{{ a.b }}{{ a.c }}contact.email{{ a.d }}{{ a.e }}");
        let fields = [field("a.b", "{"), field("a.c", "{"), field("a.d", "}"), field("a.e", "}")];
        assert_eq!(text.fill(&fields).unwrap().body, "((contact.email))");
        let beside = template("Subject: Hi\n\n{ {{ a.b }} {contact.email}}").fill(&fields).unwrap();
        assert_eq!(beside.body, "{ ( {contact.email}}");
    }

    #[test]
    fn a_touch_may_not_give_names() {
        for name in ["contact.first_name", "sender.name", "account", "", "a..b", "a.b c"] {
            let error = template(NOTE).fill(&[field(name, "x")]).unwrap_err();
            assert!(error.to_string().contains("may not give a field"), "{name}: {error}");
        }
        let both = [field("a.b", "1"), field("a.b.c", "2")];
        assert!(template(NOTE).fill(&both).is_err());
    }

    #[test]
    fn a_template_that_needs_ever_more_is_refused() {
        let doubling = "{% set x = x ~ x %}".repeat(40);
        for hostile in [
            format!("{{% set x = 'x' %}}{doubling}{{{{ x }}}}"),
            "{{ 'x' * 2147483647 }}".into(),
            "{% for a in 'xxxxxxxxxx' * 100000 %}x{% endfor %}".into(),
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}".into(),
            "{% with x = a.b|replace('', a.b) %}{% with y = x|replace('', x) %}{{ y }}{% endwith %}{% endwith %}"
                .into(),
            "{% macro x() %}{{ x() }}{{ x() }}{% endmacro %}{{ x() }}".into(),
            "{{ '%999999999d'|format(1) }}".into(),
            "{{ 9 ** 9 ** 9 }}".into(),
        ] {
            let error = Template::read("note", 1, &format!("Subject: Hi\n\n{hostile}")).unwrap_err().to_string();
            assert!(error.starts_with("template/note line 3: "), "{error}");
        }
    }

    #[test]
    fn the_longest_text_a_template_can_have_is_bounded() {
        let long = field("a", &"\u{10348}".repeat(10 * VALUE_CHARS_MAX));
        let body = "{{a}}".repeat((TEMPLATE_BYTES_MAX - "Subject: Hi\n\n".len()) / "{{a}}".len());
        let error = template(&format!("Subject: Hi\n\n{body}")).fill(&[long]).unwrap_err().to_string();
        assert_eq!(error, format!("template note, line 3: the body must have 1 to {BODY_BYTES_MAX} bytes"));
        let fits = template(&format!("Subject: {}\n\n{}", "s".repeat(SUBJECT_CHARS_MAX), "b".repeat(BODY_BYTES_MAX)));
        assert_eq!(fits.fill(&[]).unwrap().body.len(), BODY_BYTES_MAX);
    }

    #[test]
    fn questions_within_questions_have_an_end() {
        let nested = "{% if a is defined %}".repeat(700);
        assert!(Template::read("note", 1, &format!("Subject: Hi\n\n{nested}x")).is_err());
        let many = "{% if a is defined %}x{% endif %}".repeat(400);
        assert_eq!(template(&format!("Subject: Hi\n\n{many}")).fill(&[field("a", "1")]).unwrap().body.len(), 400);
    }

    #[test]
    fn a_broken_template_is_refused_with_line_and_cure() {
        for (text, why) in [
            ("Hello\n\nbody", "template/note line 1: must be `Subject: ` and the subject"),
            ("Subject: Hi\nbody", "template/note line 2: must be blank, with the body below it"),
            ("Subject: Hi\n\n  \n", "template/note line 3: the body is missing"),
        ] {
            assert_eq!(Template::read("note", 1, text).unwrap_err().to_string(), why);
        }
        let error = Template::read("note", 1, "Subject: Hi\n\nHello {{ contact.first_name }\n").unwrap_err();
        assert!(error.to_string().starts_with("template/note line 3: "), "{error}");
    }

    #[test]
    fn a_literal_field_that_nobody_fills_is_refused() {
        let text = "Subject: Hi\n\n{% raw %}{{ contact.email }}{% endraw %}";
        assert!(Template::read("note", 1, text).unwrap_err().to_string().contains("statement `raw` is unknown"));
        let named = template("Subject: Hi\n\n{{ contact.email }}").fill(&[]).unwrap_err().to_string();
        assert_eq!(named, "template note, line 3: field `contact.email` is not given");
    }

    proptest! {
        #[test]
        fn no_value_at_all_opens_a_field(value in ".{0,60}", other in "[{}%# a-z.]{0,30}") {
            let text = template("Subject: {{ a.b }}!\n\n{{ a.c }}{{ a.b }} x {{ a.b }}{{ a.c }}");
            if let Ok(filled) = text.fill(&[field("a.b", &value), field("a.c", &other)]) {
                for part in [&filled.subject, &filled.body] {
                    prop_assert_eq!(part.matches(['{', '}']).count(), 0);
                    prop_assert!(!part.chars().any(char::is_control));
                    prop_assert!(!part.contains(MARKS));
                }
            }
        }
    }
}
