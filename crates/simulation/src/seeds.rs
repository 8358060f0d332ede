//! Plans that once failed, kept and run for ever.

use crate::{generate, plan::Plan};

/// The file: a seed or a whole plan as JSON a line; lines with `#` say what each found.
const KEPT: &str = include_str!("../seeds.txt");

/// A kept plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its line in the file.
    pub line: usize,
    /// The plan.
    pub plan: Plan,
}

/// All of them.
///
/// # Errors
/// Names the line that is neither a seed nor a plan.
pub fn kept() -> Result<Vec<Kept>, String> {
    read(KEPT)
}

fn read(text: &str) -> Result<Vec<Kept>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, text)| {
            let plan = match text.trim().parse() {
                Ok(seed) => Ok(generate::plan(seed)),
                Err(_) => serde_json::from_str(text),
            };
            let plan =
                plan.map_err(|error| format!("line {line} of seeds.txt is neither a seed nor a plan: {error}"))?;
            Ok(Kept { line, plan })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_seed_or_a_plan() {
        let plan = generate::plan(7);
        let text = format!("# why\n7\n\n{}\n", serde_json::to_string(&plan).unwrap());
        let kept = read(&text).unwrap();
        assert_eq!(kept, [Kept { line: 2, plan: plan.clone() }, Kept { line: 4, plan }]);
        assert!(read("7\nseven\n").unwrap_err().starts_with("line 2 "));
    }
}
