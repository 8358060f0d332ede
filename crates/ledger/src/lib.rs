//! How good the forecasts were: a projection of the log's settled forecasts, alerts and outcomes.
//!
//! It reads and never decides; the forecasts are kept and settled by the churn agent, as facts. A forecast counts here
//! once its horizon is over, also where the outcome came early: otherwise the youngest weeks would show nothing but
//! outcomes. Integers only. Invariant: the same log gives the same report.

mod measure;
mod report;

use std::collections::BTreeMap;

use bus_schema::{
    Data, Event, Kind, Time,
    data::{
        account::ChurnReason,
        facts::{ForecastSettled, Tier},
    },
    time::DAY_MS,
};

pub use crate::{
    measure::{Measured, auc_bp, measure},
    report::{FEW, Horizon, Leavers, Quartiles, Report},
};

/// The kinds it reads.
pub const READS: &[Kind] = &[
    Kind::ForecastSettled,
    Kind::AlertOpened,
    Kind::AlertUpdated,
    Kind::AlertClosed,
    Kind::ContractNoticeGiven,
    Kind::SubscriptionCancelled,
    Kind::AccountChurned,
    Kind::AccountWonBack,
];

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    settled: Vec<ForecastSettled>,
    /// Open alerts of an account: since when each is of tier high.
    alerts: BTreeMap<String, BTreeMap<String, Option<Time>>>,
    outcomes: BTreeMap<String, Outcome>,
    ended: Vec<Outcome>,
}

/// An account that left.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    at: Time,
    /// Since when the earliest alert of tier high that was still open then had been.
    warned: Option<Time>,
    /// Whether the customer chose it; not known before the service ended.
    voluntary: Option<bool>,
}

/// Which forecasts count.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Made at or after.
    pub from: Time,
    /// With the horizon over by then.
    pub until: Time,
    /// Made at least so many days before the outcome, where there is one.
    pub lead_days_min: u32,
}

impl Ledger {
    /// Reads an event; kinds that are none of [`READS`] say nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "READS names what is read here")]
    pub fn take(&mut self, event: &Event) {
        let Some(account) = event.header.entity.account_id() else { return };
        let at = event.header.logtime.max(event.header.time);
        match &event.data {
            Data::ForecastSettled(settled) => self.settled.push(settled.clone()),
            Data::AlertOpened(data) => {
                let since = (data.tier >= Tier::High).then_some(at);
                self.alerts.entry(account.to_owned()).or_default().insert(data.alert.clone(), since);
            }
            Data::AlertUpdated(data) => {
                let since = self.alerts.entry(account.to_owned()).or_default().entry(data.alert.clone()).or_default();
                *since = (data.tier >= Tier::High).then(|| since.unwrap_or(at));
            }
            Data::AlertClosed(data) => {
                if let Some(open) = self.alerts.get_mut(account) {
                    open.remove(&data.alert);
                }
            }
            Data::ContractNoticeGiven(_) | Data::SubscriptionCancelled(_) => self.left(account, at),
            Data::AccountChurned(data) => {
                self.left(account, at);
                let chosen = data.voluntary
                    && !matches!(
                        data.reason_code,
                        ChurnReason::Closed | ChurnReason::Acquired | ChurnReason::NonPayment
                    );
                if let Some(outcome) = self.outcomes.get_mut(account) {
                    outcome.voluntary = Some(chosen);
                }
            }
            Data::AccountWonBack(_) => self.ended.extend(self.outcomes.remove(account)),
            _ => {}
        }
    }

    /// The first word of the end counts.
    fn left(&mut self, account: &str, at: Time) {
        let open = self.alerts.get(account);
        let warned = open.and_then(|open| open.values().flatten().min().copied());
        self.outcomes.entry(account.to_owned()).or_insert(Outcome { at, warned, voluntary: None });
    }

    /// How good the forecasts of a window were.
    pub fn report(&self, window: Window) -> Report {
        let of = |horizon: u16| {
            let over = window.until.plus_ms(-i64::from(horizon) * DAY_MS);
            let counts = |settled: &&ForecastSettled| {
                settled.horizon_days == horizon
                    && settled.entered_at >= window.from
                    && settled.entered_at <= over
                    && settled.lead_days.is_none_or(|lead| lead >= window.lead_days_min)
            };
            Horizon::of(horizon, self.settled.iter().filter(counts))
        };
        let gone: Vec<&Outcome> = self
            .outcomes
            .values()
            .chain(&self.ended)
            .filter(|outcome| outcome.at >= window.from && outcome.at <= window.until)
            .collect();
        let mut leads: Vec<i64> = gone
            .iter()
            .filter_map(|outcome| outcome.warned.map(|warned| outcome.at.since_ms(warned) / DAY_MS))
            .collect();
        let not_chosen = gone.iter().filter(|outcome| outcome.voluntary == Some(false)).count();
        Report {
            from: window.from,
            until: window.until,
            lead_days_min: window.lead_days_min,
            horizons: [30, 90].map(of).to_vec(),
            leavers: Leavers::of(gone.len(), not_chosen, &mut leads),
        }
    }
}

#[cfg(test)]
mod tests;
