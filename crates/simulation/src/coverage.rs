//! How often what matters must have happened, so that a green run is no empty one.

use std::collections::BTreeMap;

/// Something that must happen often enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Minimum {
    /// What is counted.
    pub what: &'static str,
    /// In words.
    pub says: &'static str,
    /// Least number in 1,000 histories.
    pub per_thousand: u64,
}

/// What must have happened in 1,000 histories.
pub const MINIMUMS: &[Minimum] = &[
    Minimum { what: "approvals", says: "a person's approval was taken by the gate", per_thousand: 500 },
    Minimum { what: "sends", says: "the mail server took a mail", per_thousand: 300 },
    Minimum { what: "unknowns", says: "nobody could say whether a mail was sent", per_thousand: 30 },
    Minimum { what: "compare_and_set_lost", says: "one of two writers of a decision or a step lost", per_thousand: 50 },
    Minimum { what: "cap_hits", says: "the contact budget held a touch", per_thousand: 50 },
    Minimum { what: "expiries", says: "a proposal expired undecided", per_thousand: 50 },
    Minimum { what: "edits", says: "a person changed the text and approved", per_thousand: 50 },
    Minimum { what: "held_by_a_stop", says: "a stop held an approved mail", per_thousand: 20 },
];

/// Which minimums were not reached in so many histories.
pub fn missing(counts: &BTreeMap<&'static str, u64>, histories: u64) -> Vec<(Minimum, u64)> {
    let short = |minimum: &Minimum| {
        let found = counts.get(minimum.what).copied().unwrap_or(0);
        (found * 1_000 < minimum.per_thousand * histories).then_some((*minimum, found))
    };
    MINIMUMS.iter().filter_map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_too_seldom_is_named() {
        let enough: BTreeMap<_, _> = MINIMUMS.iter().map(|minimum| (minimum.what, minimum.per_thousand)).collect();
        assert_eq!(missing(&enough, 1_000), []);
        assert_eq!(missing(&enough, 1_001).len(), MINIMUMS.len());
        let none = missing(&BTreeMap::new(), 1);
        assert_eq!(none.len(), MINIMUMS.len());
    }
}
