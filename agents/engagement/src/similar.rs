//! How alike two messages are, told from hashes of their four-word sequences, never from their text.

use agent::arithmetic::ONE_BP;
use bus_schema::entity::fnv1a;

/// Words of a sequence.
const WORDS: usize = 4;

/// The hashes of a text's four-word sequences, sorted, each once. Case and punctuation do not count.
pub fn shingles(text: &str) -> Vec<u32> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let mut hashes: Vec<u32> = words.windows(WORDS).map(|four| fnv1a(four.join(" ").as_bytes())).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Share of `draft` that is also in `other`. A text shorter than one sequence is like nothing.
pub fn overlap_bp(draft: &[u32], other: &[u32]) -> i64 {
    let shared = draft.iter().filter(|hash| other.binary_search(hash).is_ok()).count();
    let (shared, all) = (i64::try_from(shared).unwrap_or(0), i64::try_from(draft.len()).unwrap_or(i64::MAX));
    if all == 0 { 0 } else { shared.saturating_mul(ONE_BP) / all }
}

/// Words of a text.
pub fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}
