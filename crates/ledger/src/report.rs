//! What is told of a ledger.

use std::collections::BTreeMap;

use bus_schema::{
    Time,
    data::facts::{ForecastSettled, Tier},
};
use serde::Serialize;

use crate::measure::{Measured, measure, share};

/// Fewer outcomes than these are few: the figures say little.
pub const FEW: u64 = 20;

/// How good the forecasts were.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Forecasts made at or after.
    pub from: Time,
    /// With the horizon over by then.
    pub until: Time,
    /// Made at least so many days before the outcome.
    pub lead_days_min: u32,
    /// Each horizon.
    pub horizons: Vec<Horizon>,
    /// Those who left in the window.
    pub leavers: Leavers,
}

/// The forecasts of one horizon.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Horizon {
    /// Its length.
    pub days: u16,
    /// Fewer outcomes than 20: the figures say little.
    pub few: bool,
    /// All forecasts.
    pub all: Measured,
    /// Those without an intervention inside the horizon: a saved account looks like a false alarm.
    pub untreated: Measured,
    /// Those with one.
    pub treated: Measured,
    /// Of those of tier high and above, the share that left, in bp.
    pub precision_high_bp: Option<u64>,
    /// Of those that left, the share of tier high and above, in bp.
    pub recall_high_bp: Option<u64>,
    /// By segment.
    pub segments: BTreeMap<String, Measured>,
}

/// Those who left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Leavers {
    /// How many.
    pub n: u64,
    /// Of these, not by their own choice: closed, acquired, not paid.
    pub not_chosen: u64,
    /// Fewer than 20.
    pub few: bool,
    /// With an alert of tier high that was open when they left.
    pub warned: u64,
    /// Without one.
    pub missed: u64,
    /// Share with one, in bp.
    pub warned_bp: Option<u64>,
    /// Days from that alert to the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_days: Option<Quartiles>,
}

/// Quartiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Quartiles {
    /// A quarter is below.
    pub p25: i64,
    /// The middle.
    pub median: i64,
    /// A quarter is above.
    pub p75: i64,
}

impl Horizon {
    pub(crate) fn of<'a>(days: u16, settled: impl Iterator<Item = &'a ForecastSettled>) -> Self {
        let all: Vec<&ForecastSettled> = settled.collect();
        let of = |filter: &dyn Fn(&ForecastSettled) -> bool| {
            let list: Vec<(u16, bool)> =
                all.iter().filter(|one| filter(one)).map(|one| (one.p_bp, one.outcome)).collect();
            measure(&list)
        };
        let count = |filter: &dyn Fn(&ForecastSettled) -> bool| all.iter().filter(|one| filter(one)).count() as u64;
        let (high, hit) = (count(&|one| one.tier >= Tier::High), count(&|one| one.tier >= Tier::High && one.outcome));
        let whole = of(&|_| true);
        let mut names: Vec<&str> = all.iter().map(|one| one.segment.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let segments = names.iter().map(|name| ((*name).to_owned(), of(&|one| one.segment == **name))).collect();
        Self {
            days,
            few: whole.outcomes < FEW,
            precision_high_bp: (high > 0).then(|| share(hit, high)),
            recall_high_bp: (whole.outcomes > 0).then(|| share(hit, whole.outcomes)),
            untreated: of(&|one| !one.treated),
            treated: of(&|one| one.treated),
            all: whole,
            segments,
        }
    }
}

impl Leavers {
    pub(crate) fn of(n: usize, not_chosen: usize, leads: &mut [i64]) -> Self {
        leads.sort_unstable();
        let (n, warned) = (n as u64, leads.len() as u64);
        let at = |quarter: usize| leads.get((leads.len().saturating_sub(1)) * quarter / 4).copied();
        let lead_days = at(1).zip(at(2)).zip(at(3)).map(|((p25, median), p75)| Quartiles { p25, median, p75 });
        Self {
            n,
            not_chosen: not_chosen as u64,
            few: n < FEW,
            warned,
            missed: n - warned,
            warned_bp: (n > 0).then(|| share(warned, n)),
            lead_days,
        }
    }
}
