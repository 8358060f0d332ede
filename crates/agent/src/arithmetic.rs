//! Integer arithmetic of scores and probabilities. Basis points: 10,000 = 100 %.

/// One whole in basis points.
pub const ONE_BP: i64 = 10_000;

/// `a / b` in basis points, rounded half up. `b = 0` is no data, never 0 % or 100 %.
pub fn share(a: i64, b: i64) -> Option<i64> {
    if b == 0 {
        return None;
    }
    let (a, b) = (i128::from(a), i128::from(b));
    let doubled = 2 * a * i128::from(ONE_BP) + b;
    i64::try_from(doubled.div_euclid(2 * b)).ok()
}

/// Piecewise linear through the given points, clamped at both ends, floor division. Points ascend in x.
pub fn lin(x: i64, points: &[(i64, i64)]) -> i64 {
    let Some(&(first_x, first_y)) = points.first() else { return 0 };
    if x <= first_x {
        return first_y;
    }
    for pair in points.windows(2) {
        if let &[(x0, y0), (x1, y1)] = pair
            && x <= x1
        {
            let (dx, dy) = (i128::from(x1 - x0).max(1), i128::from(y1 - y0));
            let step = (i128::from(x - x0) * dy).div_euclid(dx);
            return y0 + i64::try_from(step).unwrap_or(0);
        }
    }
    points.last().map_or(0, |&(_, y)| y)
}

/// A share of few observations leans on its prior: `(good × 10,000 + k × prior) / (n + k)`.
pub fn shrunk(good: i64, n: i64, prior_bp: i64, k: i64) -> i64 {
    (good * ONE_BP + k * prior_bp) / (n + k).max(1)
}

/// Whether a fall from `before` to `after` is real and not noise: b ≥ 10 and (b−a)² ≥ 4·(a+b).
pub fn real_fall(before: i64, after: i64) -> bool {
    before >= 10 && after < before && (before - after).saturating_mul(before - after) >= 4 * (after + before)
}

/// Integer square root, rounded down.
pub fn isqrt(x: i64) -> i64 {
    i64::try_from(u64::try_from(x).unwrap_or(0).isqrt()).unwrap_or(0)
}

/// Log-odds in bp (10,000 = 1 unit) against probability in bp, for x ≥ 0; σ(−x) = 10,000 − σ(x).
const SIGMA: &[(i64, i64)] = &[
    (0, 5_000),
    (2_500, 5_622),
    (5_000, 6_225),
    (7_500, 6_792),
    (10_000, 7_311),
    (12_500, 7_773),
    (15_000, 8_176),
    (17_500, 8_520),
    (20_000, 8_808),
    (22_500, 9_047),
    (25_000, 9_241),
    (27_500, 9_399),
    (30_000, 9_526),
    (32_500, 9_627),
    (35_000, 9_707),
    (37_500, 9_770),
    (40_000, 9_820),
    (45_000, 9_890),
    (50_000, 9_933),
    (55_000, 9_959),
    (60_000, 9_975),
    (70_000, 9_991),
];

/// The logistic function of log-odds in bp, as a probability in bp. Linear between table points, error at most 8 bp.
pub fn sigma(logodds_bp: i64) -> i64 {
    let positive = lin(logodds_bp.abs(), SIGMA);
    if logodds_bp < 0 { ONE_BP - positive } else { positive }
}

/// The middle of some values (the lower of two); `None` without values.
pub fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_up_and_know_no_division_by_zero() {
        assert_eq!(share(1, 3), Some(3_333));
        assert_eq!(share(2, 3), Some(6_667));
        assert_eq!(share(1, 20_000), Some(1));
        assert_eq!(share(5, 0), None);
    }

    #[test]
    fn lines_are_clamped_and_floor() {
        let up = [(0, 0), (3_000, 40), (6_000, 75), (8_000, 100)];
        for (x, y) in [(-5, 0), (0, 0), (1_500, 20), (3_000, 40), (4_499, 57), (7_000, 87), (9_999, 100)] {
            assert_eq!(lin(x, &up), y, "{x}");
        }
        let down = [(0, 100), (5, 85), (10, 65)];
        for (x, y) in [(0, 100), (1, 97), (7, 77), (11, 65)] {
            assert_eq!(lin(x, &down), y, "{x}");
        }
    }

    #[test]
    fn small_numbers_are_noise() {
        for (before, after, real) in [(20, 9, true), (20, 10, false), (50, 31, true), (50, 32, false), (9, 0, false)] {
            assert_eq!(real_fall(before, after), real, "{before} → {after}");
        }
    }

    #[test]
    fn sigma_is_symmetric_and_meets_the_table() {
        for x in (-80_000..=80_000).step_by(137) {
            assert_eq!(sigma(x) + sigma(-x), ONE_BP);
            assert!(sigma(x) <= sigma(x + 137));
        }
        assert_eq!((sigma(0), sigma(10_000), sigma(-52_933)), (5_000, 7_311, 52));
    }
}
