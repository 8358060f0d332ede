//! Subject patterns: `*` is one token, a last `>` is one or more.

/// Whether a subject matches a pattern.
pub fn matches(pattern: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    let mut wanted = pattern.split('.').peekable();
    while let Some(want) = wanted.next() {
        let token = tokens.next();
        match (want, token) {
            (">", Some(_)) if wanted.peek().is_none() => return true,
            ("*", Some(_)) => {}
            (want, Some(token)) if want == token => {}
            (_, _) => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_whole_tokens() {
        for (pattern, subject, expected) in [
            ("cs.log.>", "cs.log.00.in", true),
            ("cs.log.>", "cs.log", false),
            ("cs.log.*.in", "cs.log.00.in", true),
            ("cs.log.*.in", "cs.log.00.in.x", false),
            ("cs.log.*.in", "cs.log.00.people", false),
            ("cs.log.00.in", "cs.log.00.in", true),
            ("cs.log.00", "cs.log.00.in", false),
            ("cs.l*.00", "cs.log.00", false),
            (">", "cs", true),
        ] {
            assert_eq!(matches(pattern, subject), expected, "{pattern} against {subject}");
        }
    }
}
