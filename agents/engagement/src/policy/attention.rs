//! How much a CSM is asked to look at.

use agent::PolicyError;
use serde::Deserialize;

use super::between;

/// The attention of a CSM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// New cards shown on a working day.
    pub cards_per_day: u32,
    /// Critical cards that may pass beyond them.
    pub critical_per_day: u32,
    /// Open cards.
    pub open_max: usize,
    /// What a card about risk counts in bp, by days since the risk last rose.
    pub recency: Vec<(i64, i64)>,
    /// Accounts pinned as strategic count so many times.
    pub strategic_factor: i64,
}

impl Attention {
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        between("attention.cards_per_day", self.cards_per_day, 1, 200)?;
        between("attention.critical_per_day", self.critical_per_day, 0, 50)?;
        if !(1..=300).contains(&self.open_max) {
            return Err(PolicyError::value("attention.open_max", "must be 1 to 300"));
        }
        if !(1..=100).contains(&self.strategic_factor) {
            return Err(PolicyError::value("attention.strategic_factor", "must be 1 to 100"));
        }
        let ascending = self.recency.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0 && a.1 >= b.1));
        let sound = |(days, bp): &(i64, i64)| (0..=3_660).contains(days) && (0..=10_000).contains(bp);
        if self.recency.is_empty() || !ascending || !self.recency.iter().all(sound) {
            let problem = "needs points [days, bp] with days ascending and bp of 0 to 10000 falling, like [[0, 10_000], [14, 6_000]]";
            return Err(PolicyError::value("attention.recency", problem));
        }
        Ok(())
    }
}
