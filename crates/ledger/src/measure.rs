//! The measures of a list of forecasts, in integers: 10,000 = 1.

use serde::Serialize;

/// What a list of forecasts was worth.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Measured {
    /// Forecasts.
    pub n: u64,
    /// Of these, it happened.
    pub outcomes: u64,
    /// Share that happened, in bp.
    pub base_bp: Option<u64>,
    /// Share that was right when 50 % and more counts as "leaves", in bp.
    pub accuracy_bp: Option<u64>,
    /// Share that is right when nobody leaves, in bp.
    pub accuracy_nobody_bp: Option<u64>,
    /// Chance that one that happened was said to be likelier than one that did not, in bp; 5,000 is a coin.
    pub auc_bp: Option<u64>,
    /// Mean squared error, in bp of 1.
    pub brier_millionths: Option<u64>,
    /// The same when everybody is told the share that happened.
    pub brier_base_millionths: Option<u64>,
    /// How many times the base rate happened among the twentieth with the highest forecasts, in hundredths.
    pub lift_top_5_hundredths: Option<u64>,
    /// Ten bins of equal size by forecast: what was said and what happened.
    pub bins: Vec<Bin>,
}

/// A bin of the reliability curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Bin {
    /// Forecasts.
    pub n: u64,
    /// What they said on average, in bp.
    pub said_bp: u64,
    /// What happened, in bp.
    pub happened_bp: u64,
}

/// Bins of the reliability curve.
const BINS: usize = 10;

/// Measures forecasts: probability in bp, and whether it happened.
pub fn measure(forecasts: &[(u16, bool)]) -> Measured {
    let n = forecasts.len() as u64;
    let outcomes = forecasts.iter().filter(|(_, happened)| *happened).count() as u64;
    if n == 0 {
        return Measured::default();
    }
    let right = forecasts.iter().filter(|(p, happened)| (*p >= 5_000) == *happened).count() as u64;
    let mut sorted = forecasts.to_vec();
    sorted.sort_unstable();
    let top = sorted.len().div_ceil(20);
    let hit = sorted.iter().rev().take(top).filter(|(_, happened)| *happened).count() as u64;
    let brier: u64 = forecasts
        .iter()
        .map(|(p, happened)| {
            let error = u64::from(*p).abs_diff(if *happened { 10_000 } else { 0 });
            error * error
        })
        .sum();
    let keyed: Vec<(i64, bool)> = forecasts.iter().map(|(p, happened)| (i64::from(*p), *happened)).collect();
    Measured {
        n,
        outcomes,
        base_bp: Some(share(outcomes, n)),
        accuracy_bp: Some(share(right, n)),
        accuracy_nobody_bp: Some(share(n - outcomes, n)),
        auc_bp: auc_bp(&keyed),
        brier_millionths: Some(brier / n / 100),
        brier_base_millionths: Some(outcomes * (n - outcomes) * 1_000_000 / (n * n)),
        lift_top_5_hundredths: (outcomes > 0).then(|| hit * n * 100 / (top as u64 * outcomes)),
        bins: bins(&sorted),
    }
}

/// The area under the curve of a ranking, ties counted half, in bp; none where all or none happened.
pub fn auc_bp(ranked: &[(i64, bool)]) -> Option<u64> {
    let mut sorted = ranked.to_vec();
    sorted.sort_unstable();
    let all = sorted.iter().filter(|(_, happened)| *happened).count() as u128;
    let none = sorted.len() as u128 - all;
    if all == 0 || none == 0 {
        return None;
    }
    let (mut below, mut wins) = (0_u128, 0_u128);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let happened = tied.iter().filter(|(_, happened)| *happened).count() as u128;
        let not = tied.len() as u128 - happened;
        wins += happened * (2 * below + not);
        below += not;
    }
    u64::try_from(wins * 5_000 / (all * none)).ok()
}

fn bins(sorted: &[(u16, bool)]) -> Vec<Bin> {
    let of = |bin: usize| {
        let (from, to) = (sorted.len() * bin / BINS, sorted.len() * (bin + 1) / BINS);
        let part = sorted.get(from..to).filter(|part| !part.is_empty())?;
        let n = part.len() as u64;
        let said: u64 = part.iter().map(|(p, _)| u64::from(*p)).sum();
        let happened = part.iter().filter(|(_, happened)| *happened).count() as u64;
        Some(Bin { n, said_bp: said / n, happened_bp: share(happened, n) })
    };
    (0..BINS).filter_map(of).collect()
}

/// A share in bp, rounded half up.
pub(crate) fn share(a: u64, b: u64) -> u64 {
    (a * 20_000 + b).checked_div(2 * b).unwrap_or(0)
}
