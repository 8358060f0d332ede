//! Medians and quantiles of what was measured.

/// A count as a number to divide with.
#[expect(clippy::cast_precision_loss, reason = "counts and microseconds far below 2^52")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// A length as a number to divide with.
pub(crate) const fn length(len: usize) -> f64 {
    float(len as u64)
}

/// The middle of several rounds, and how far they lie apart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Rounds {
    /// The median.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) low: f64,
    /// The highest.
    pub(crate) high: f64,
}

impl Rounds {
    /// Of these values; none of none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let lower = if values.len().is_multiple_of(2) { *values.get(middle.checked_sub(1)?)? } else { upper };
        Some(Self { median: f64::midpoint(lower, upper), low: *values.first()?, high: *values.last()? })
    }
}

/// Times in microseconds, one for each event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    sorted: Vec<u64>,
}

impl Times {
    /// Of these.
    pub(crate) fn of(mut micros: Vec<u64>) -> Self {
        micros.sort_unstable();
        Self { sorted: micros }
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The time that so many of a thousand did not exceed, in milliseconds; none where there are none.
    pub(crate) fn ms(&self, of_thousand: usize) -> Option<f64> {
        let at = (self.sorted.len() * of_thousand).div_ceil(1_000).checked_sub(1)?;
        self.sorted.get(at).map(|micros| float(*micros) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Rounds::of([3.0, 1.0, 2.0]), Some(Rounds { median: 2.0, low: 1.0, high: 3.0 }));
        assert_eq!(Rounds::of([4.0, 1.0]), Some(Rounds { median: 2.5, low: 1.0, high: 4.0 }));
        assert_eq!(Rounds::of([]), None);
    }

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let times = Times::of((1..=1_000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!((times.ms(500), times.ms(990), times.ms(999)), (Some(500.0), Some(990.0), Some(999.0)));
        let two = Times::of(vec![1_000, 9_000]);
        assert_eq!((two.ms(500), two.ms(990)), (Some(1.0), Some(9.0)));
        assert_eq!(Times::default().ms(500), None);
    }
}
