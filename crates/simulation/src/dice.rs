//! Random numbers that mean the same for ever.
//!
//! `SplitMix64` (Steele, Lea, Flood 2014): a few lines of fixed arithmetic, so that no version of any library can change
//! what a seed means. Good enough to choose plans with, and nothing else.

/// A source of numbers, all from one seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0. (The bias of the remainder does not matter for choosing plans.)
    pub const fn below(&mut self, end: u64) -> u64 {
        let next = self.next();
        if end == 0 { 0 } else { next % end }
    }

    /// A number from `from` up to and including `to`.
    pub const fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from).saturating_add(1))
    }

    /// Whether one of so many equal chances fell.
    pub const fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// An index below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.index(of.len()))
    }

    /// Dice of their own for a part of a plan, so that a change of one part leaves the others as they are.
    #[must_use]
    pub const fn fork(&mut self, part: u64) -> Self {
        Self(self.next() ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        // The published first outputs of SplitMix64 for seed 1234567.
        let mut dice = Dice::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| dice.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn choices_stay_in_their_bounds() {
        let mut dice = Dice::new(7);
        let mut fell = [false; 3];
        for _ in 0..200 {
            fell[dice.index(3)] = true;
            assert!((5..=9).contains(&dice.between(5, 9)));
        }
        assert_eq!(fell, [true; 3]);
        assert_eq!((dice.below(0), dice.index(0), dice.pick::<u8>(&[])), (0, 0, None));
    }
}
