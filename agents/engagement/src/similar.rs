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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_the_share_of_four_word_sequences() {
        let draft = shingles("One two three four five, six seven.");
        assert_eq!(draft.len(), 4);
        assert_eq!(overlap_bp(&draft, &shingles("ONE two — three; four five six seven")), 10_000, "case and marks");
        assert_eq!(overlap_bp(&draft, &shingles("zero one two three four five")), 5_000);
        assert_eq!(overlap_bp(&draft, &shingles("two one four three")), 0);
        assert_eq!(overlap_bp(&shingles("too short"), &draft), 0);
    }

    #[test]
    fn words_are_counted_without_marks() {
        assert_eq!(words("Hello {{contact.first_name}},\n\nhow are — well — you?"), 6);
    }
}
