//! The catalogue: what can be measured of an account, one function per metric.
//!
//! A metric reads the state at an instant and answers with points, or with the reason why there are none. It never
//! changes anything, and each is monotone in what it measures.

mod active_ratio;
mod advocacy_activity;
mod api_usage;
mod budget;
mod catalogue;
mod community;
mod competition;
mod csm_engagement;
mod escalation_rate;
mod executive_relationship;
mod expansion_history;
mod expansion_pipeline;
mod feature_adoption;
mod fulfilment;
mod goals_achieved;
mod kpi_achievement;
mod listings;
mod login_frequency;
mod milestones;
mod orders;
mod payment_history;
mod platform_use;
mod rating;
mod renewal_standing;
mod resolution_satisfaction;
mod response_to_outreach;
mod revenue_growth;
mod review_participation;
mod roi;
mod self_service;
mod sentiment;
mod session_length;
mod support_per_order;
mod ticket_trend;
mod ticket_volume;
mod time_to_resolve;
mod time_to_value;
mod usage_trend;
mod use_case_expansion;
mod user_engagement;

use agent::Trail;
use bus_schema::{Day, Position, Time, data::facts::Band};

pub(crate) use self::{
    catalogue::{Metric, Source},
    sentiment::mean_tone,
};
use crate::{
    policy::{Model, Policy, Segment},
    state::{Account, Binding},
};

/// An account at an instant, under the rules in force.
pub(crate) struct View<'a> {
    pub(crate) account: &'a Account,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Time,
    pub(crate) today: Day,
    pub(crate) segment: Segment,
    /// The band last said: the cadence of touches follows it.
    pub(crate) band: Band,
}

impl<'a> View<'a> {
    pub(crate) fn new(account: &'a Account, policy: &'a Policy, now: Time) -> Self {
        Self {
            account,
            policy,
            now,
            today: account.profile.day_of(now, &policy.zone),
            segment: Segment::named(account.profile.segment.as_deref()),
            band: account.band.band,
        }
    }

    /// What its model is bound by. The stage is that of the last daily turn, so that no fact of today moves it.
    pub(crate) fn binding(&self) -> Binding {
        Binding { vendor: self.account.profile.vendor, segment: self.segment, stage: self.account.stage.clone() }
    }

    /// The model in use.
    pub(crate) fn model(&self) -> &'a Model {
        self.policy.model(&self.binding())
    }

    /// Served digitally first: small customers and vendors.
    pub(crate) fn digital_first(&self) -> bool {
        self.account.profile.vendor || self.segment == Segment::Smb
    }

    /// The civil day of an instant where the account is.
    pub(crate) fn day_of(&self, at: Time) -> Day {
        self.account.profile.day_of(at, &self.policy.zone)
    }
}

/// What measuring gave.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    /// Points, with what they rest on.
    Measured(Measurement),
    /// No points, and why.
    Missing(String),
    /// It means nothing for this account, and why: others carry its weight.
    NotApplicable(String),
}

/// A measurement.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Measurement {
    /// 0 to 100.
    pub(crate) points: i64,
    /// What was measured, and its unit.
    pub(crate) value: Option<(i64, &'static str)>,
    /// In words, with the numbers.
    pub(crate) reason: String,
    /// From when its life counts: the measuring itself where silence says something, else the latest evidence.
    pub(crate) as_of: Time,
    /// The events behind it.
    pub(crate) evidence: Evidence,
}

/// Events behind a measurement.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) at: Option<Time>,
    pub(crate) events: Vec<Position>,
    pub(crate) total: u32,
}

impl Evidence {
    /// Events by their day, latest first.
    fn of(marks: impl Iterator<Item = (Day, Position)>) -> Self {
        let marks: Vec<(Day, Position)> = marks.collect();
        Self {
            at: marks.first().map(|(day, _)| day.start()),
            total: u32::try_from(marks.len()).unwrap_or(u32::MAX),
            events: marks.into_iter().map(|(_, cause)| cause).collect(),
        }
    }
}

impl From<&Trail> for Evidence {
    fn from(trail: &Trail) -> Self {
        Self { at: trail.at(), events: trail.latest(), total: trail.total() }
    }
}

/// Why an account that began a few days ago is not measured yet.
fn young(view: &View<'_>, days_min: i32) -> Option<Outcome> {
    let age = view.account.profile.age_days(view.today);
    (age < days_min).then(|| Outcome::Missing(format!("{age} days old, {days_min} are needed")))
}

/// Points as they go out: 0 to 100, whatever the costs taken off.
fn bounded(points: i64) -> i64 {
    points.clamp(0, 100)
}

/// A share in bp as a whole percentage, for people.
fn percent(bp: i64) -> i64 {
    (bp + 50).div_euclid(100)
}

/// `one ticket`, `3 tickets`.
fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("one {one}") } else { format!("{n} {many}") }
}

#[cfg(test)]
mod more_tests;
#[cfg(test)]
mod tests;
