//! Chances that fall the same way on every machine, for ever: fixed integer arithmetic, and tables where a curve is needed.

/// A source of numbers (`SplitMix64`; Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

/// Multipliers in permille with quartiles 0.7, 1 and 1.4 and long tails, as of a log-normal: accounts and users differ.
const UNEVEN: [u64; 20] = [
    350, 450, 530, 600, 660, 720, 780, 840, 890, 950, 1_000, 1_060, 1_130, 1_200, 1_300, 1_400, 1_540, 1_750, 2_100,
    2_800,
];

impl Dice {
    /// Dice of one question: the same parts give the same answers, whatever else was asked.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mixed = parts
            .iter()
            .fold(0x51_7c_c1_b7_27_22_0a_95, |sum: u64, part| mix(sum ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93)));
        Self(mixed)
    }

    /// The next 64 bits.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        let next = self.next();
        if end == 0 { 0 } else { next % end }
    }

    /// A number from `from` up to and including `to`.
    pub(crate) const fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from).saturating_add(1))
    }

    /// A number of days from `from` up to and including `to`.
    pub(crate) fn days(&mut self, from: i32, to: i32) -> i32 {
        let span = u64::try_from(i64::from(to) - i64::from(from)).unwrap_or(0);
        from.saturating_add(i32::try_from(self.below(span + 1)).unwrap_or(0))
    }

    /// Whether a chance in permille falls.
    pub(crate) const fn falls(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// How many of a mean given in thousandths: its whole part, and one more by chance.
    pub(crate) fn count(&mut self, thousandths: u64) -> u64 {
        thousandths / 1_000 + u64::from(self.falls(thousandths % 1_000))
    }

    /// One of several. The first where there is only one.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.index(of.len()))
    }

    /// An index below `len`.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A multiplier in permille.
    pub(crate) fn uneven(&mut self) -> u64 {
        self.pick(&UNEVEN).copied().unwrap_or(1_000)
    }

    /// A deviation around 0, near the normal curve, whose standard deviation is `sd`.
    pub(crate) fn around(&mut self, sd: i64) -> i64 {
        // Six of 0 to 1,000: mean 3,000, standard deviation 707.
        let sum: u64 = (0..6).map(|_| self.below(1_001)).sum();
        (i64::try_from(sum).unwrap_or(3_000) - 3_000) * sd / 707
    }

    /// The same things in another order.
    pub(crate) fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, self.index(last + 1));
        }
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Piecewise linear through points, clamped at both ends.
pub(crate) fn line(x: i32, points: &[(i32, i64)]) -> i64 {
    let Some(&(first, y)) = points.first() else { return 0 };
    if x <= first {
        return y;
    }
    for pair in points.windows(2) {
        if let &[(x0, y0), (x1, y1)] = pair
            && x <= x1
        {
            return y0 + i64::from(x - x0) * (y1 - y0) / i64::from((x1 - x0).max(1));
        }
    }
    points.last().map_or(0, |&(_, y)| y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_the_same_for_ever() {
        let mut dice = Dice::of(&[1, 2, 3]);
        let first: Vec<u64> = (0..4).map(|_| dice.below(1_000)).collect();
        let mut again = Dice::of(&[1, 2, 3]);
        assert_eq!(first, (0..4).map(|_| again.below(1_000)).collect::<Vec<_>>());
        assert_ne!(first, {
            let mut other = Dice::of(&[1, 3, 2]);
            (0..4).map(|_| other.below(1_000)).collect::<Vec<_>>()
        });
    }

    #[test]
    fn deviations_have_the_spread_they_are_asked_for() {
        let mut dice = Dice::of(&[9]);
        let all: Vec<i64> = (0..20_000).map(|_| dice.around(1_600)).collect();
        let mean = all.iter().sum::<i64>() / 20_000;
        let variance = all.iter().map(|x| (x - mean) * (x - mean)).sum::<i64>() / 20_000;
        assert!(mean.abs() < 40, "{mean}");
        assert!((2_300_000..2_800_000).contains(&variance), "{variance}");
    }

    #[test]
    fn multipliers_have_their_quartiles() {
        let mut sorted = UNEVEN;
        sorted.sort_unstable();
        assert!((600..=720).contains(&sorted[5]) || sorted[5] == 720);
        assert!((1_300..=1_450).contains(&sorted[15]));
        assert_eq!(line(5, &[(0, 0), (10, 100)]), 50);
        assert_eq!(line(-5, &[(0, 7), (10, 100)]), 7);
    }
}
