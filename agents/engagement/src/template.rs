//! Message templates: a subject line, a blank line, a body, filled with the facts of a touch.
//!
//! ```text
//! Subject: Invoice {{ invoice.number }} is still open
//!
//! Hello {{ contact.first_name }},
//! ```
//!
//! Names are not known here: the fields in [`OPEN`] stay in the draft, written `{{contact.first_name}}`, for the edge
//! that holds them. Invariant: no value can become such a field, or a line of the header.

use std::collections::BTreeMap;

use agent::PolicyError;
use bus_schema::data::facts::MergeField;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

/// Fields that stay open in a draft: who reads it and who writes it.
pub const OPEN: &[&str] = &["account.name", "contact.first_name", "contact.salutation", "sender.name"];
/// Longest subject in characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// Longest template in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// Longest value of a field in characters.
const VALUE_CHARS_MAX: usize = 200;
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
        let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = head.strip_prefix(SUBJECT).unwrap_or(head).split_whitespace().collect::<Vec<_>>().join(" ");
        if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS_MAX {
            return Err(self.error(1, format!("the subject must have 1 to {SUBJECT_CHARS_MAX} characters")));
        }
        let body = body.trim().to_owned();
        if body.is_empty() {
            return Err(self.error(3, "the body is empty".into()));
        }
        for text in [&subject, &body] {
            if let Some(field) = unknown_field(text) {
                return Err(self.error(1, format!("`{{{{{field}}}}}` is no field that can be filled later")));
            }
        }
        Ok(Filled { subject, body })
    }

    fn context(&self, fields: &[MergeField]) -> Result<Node, TemplateError> {
        let mut tree = Node::default();
        for name in OPEN {
            tree.put(name, format!("{{{{{name}}}}}"));
        }
        for field in fields {
            let reserved = OPEN.iter().any(|open| root(open) == root(&field.name));
            if reserved || !tree.put(&field.name, plain(&field.value)) {
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
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// A value without anything that could open a field, start a statement or break a line.
fn plain(value: &str) -> String {
    let safe = value.chars().map(|c| match c {
        '{' => '(',
        '}' => ')',
        c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => ' ',
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

/// A field left in a text that nobody fills.
fn unknown_field(text: &str) -> Option<String> {
    let mut fields = text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap_or(rest).trim());
    fields.find(|field| !OPEN.contains(field)).map(|field| plain(field))
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
