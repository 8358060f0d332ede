//! What a template may say: fields, and questions about fields.
//!
//! Invariant: nothing here makes a value longer than it is, and nothing runs twice, so that a text is at most as long as
//! its template with the longest value in the place of each field. Steps alone bound no memory: `{% set x = x ~ x %}`
//! forty times over is forty steps. Every place that is let through has the same end for the engine as here: quoted words
//! hold no brace, no percent sign, no backslash.

use std::fmt;

/// What statements there are.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];
/// Signs of which questions are made.
const SIGNS: &str = "._=!<>";

/// Something a template may not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    /// The line, counted from one.
    pub(super) line: usize,
    /// What is wrong, and what to write.
    pub(super) problem: String,
}

/// Looks at every field and every statement of a template.
pub(super) fn check(text: &str) -> Result<(), Refused> {
    let mut line = 1;
    let mut rest = text;
    while let Some((before, kind, inside)) = next_place(rest) {
        line += breaks(before);
        let refused = |problem| Refused { line, problem };
        let (content, after) =
            inside.split_once(kind.end()).ok_or_else(|| refused(format!("`{}` is not closed", kind.begin())))?;
        kind.check(content).map_err(refused)?;
        line += breaks(content);
        rest = after;
    }
    Ok(())
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

/// What stands between text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Field,
    Statement,
    Comment,
}

/// The next place in a text: what is before it, its kind, and what follows its beginning.
fn next_place(text: &str) -> Option<(&str, Place, &str)> {
    let places = [Place::Field, Place::Statement, Place::Comment].into_iter();
    let found = places.filter_map(|place| Some((text.find(place.begin())?, place)));
    let (at, place) = found.min_by_key(|(at, _)| *at)?;
    let (before, from) = text.split_at_checked(at)?;
    Some((before, place, from.get(place.begin().len()..)?))
}

impl Place {
    const fn begin(self) -> &'static str {
        match self {
            Self::Field => "{{",
            Self::Statement => "{%",
            Self::Comment => "{#",
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Field => "}}",
            Self::Statement => "%}",
            Self::Comment => "#}",
        }
    }

    fn check(self, content: &str) -> Result<(), String> {
        // They say what becomes of the space around a place.
        let content = content.strip_prefix(['-', '+']).unwrap_or(content);
        let content = content.strip_suffix(['-', '+']).unwrap_or(content);
        match self {
            Self::Field => question(content),
            Self::Statement => {
                let word = content.split_whitespace().next().unwrap_or_default();
                if !STATEMENTS.contains(&word) {
                    let word = word.escape_debug();
                    return Err(format!("statement `{word}` is unknown: there are {}", Listed(&STATEMENTS)));
                }
                question(content)
            }
            Self::Comment => Ok(()),
        }
    }
}

/// Names, quoted words, numbers, and what compares them.
fn question(content: &str) -> Result<(), String> {
    let mut rest = content.chars();
    while let Some(sign) = rest.next() {
        match sign {
            '"' | '\'' => quoted(rest.by_ref(), sign)?,
            c if c.is_alphanumeric() || c.is_whitespace() || SIGNS.contains(c) => {}
            other => {
                let other = other.escape_debug();
                return Err(format!("`{other}` is not possible: name a field, or ask about one with `if`"));
            }
        }
    }
    Ok(())
}

fn quoted(rest: &mut impl Iterator<Item = char>, quote: char) -> Result<(), String> {
    for c in rest {
        if c == quote {
            return Ok(());
        }
        if matches!(c, '{' | '}' | '%' | '#' | '\\') || c.is_control() {
            return Err(format!("`{}` is not possible between quotes", c.escape_debug()));
        }
    }
    Err("a quote is not closed".into())
}

/// Words as a list.
struct Listed<'a>(&'a [&'a str]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            write!(f, "{}`{word}`", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_questions_are_let_through() {
        for text in [
            "",
            "no place, { one brace }, 100 % of it",
            "{{ a.b }}{{- a.b_2 -}}{{+ ünï.x }}",
            "{# what * this | is #}",
            "{% if a is defined and not a.b == \"shipped, at last\" %}x{%- elif a.n >= 7 -%}y{% else %}z{% endif %}",
            "{{ a.b if a is defined else 'nothing' }}",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn whatever_makes_more_of_a_value_is_refused_with_its_line() {
        let hostile = [
            ("{{ 'x' * 9 }}", "`*` is not possible"),
            ("{{ a ~ a }}", "`~` is not possible"),
            ("{{ a + a }}", "`+` is not possible"),
            ("{{ a.b|replace('', 'xx') }}", "`|` is not possible"),
            ("{{ range(9) }}", "`(` is not possible"),
            ("{{ [a, a] }}", "`[` is not possible"),
            ("{{ {'a': 1} }}", "`{` is not possible"),
            ("{{ '{' }}", "`{` is not possible between quotes"),
            ("{{ '}}' * 9 }}", "a quote is not closed"),
            ("{{ '\\x7d' }}", "`\\\\` is not possible between quotes"),
            ("{{ 'a }}", "a quote is not closed"),
            ("{% set x = 1 %}", "statement `set` is unknown: there are `if`, `elif`, `else`, `endif`"),
            ("{% for x in y %}{% endfor %}", "statement `for` is unknown"),
            ("{%- macro x() %}{% endmacro %}", "statement `macro` is unknown"),
            ("{%+ raw %}{{ a * 9 }}{% endraw %}", "statement `raw` is unknown"),
            ("{%%}", "statement `` is unknown"),
            ("{{ a", "`{{` is not closed"),
            ("{# a", "`{#` is not closed"),
        ];
        for (text, problem) in hostile {
            let refused = check(&format!("one\n{{# t\nw\no #}}{{{{ a }}}}\n{text}")).unwrap_err();
            assert!(refused.problem.starts_with(problem), "{text}: {refused:?}");
            assert_eq!(refused.line, 5, "{text}");
        }
    }
}
