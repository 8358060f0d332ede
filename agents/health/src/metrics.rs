//! The catalogue: what can be measured of an account, one function per metric.
//!
//! A metric reads the state at an instant and answers with points, or with the reason why there are none. It never
//! changes anything, and each is monotone in what it measures.

mod csm_engagement;
mod executive_relationship;
mod expansion_history;
mod feature_adoption;
mod goals_achieved;
mod resolution_satisfaction;
mod response_to_outreach;
mod roi;
mod sentiment;
mod ticket_volume;
mod usage_trend;
mod user_engagement;

use agent::Trail;
use bus_schema::{Day, Position, Time, data::facts::Band};
use serde::{Deserialize, Serialize};

pub(crate) use self::sentiment::mean_tone;
use crate::{
    policy::{Policy, Segment},
    state::Account,
};

/// A metric of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Metric {
    FeatureAdoption,
    UserEngagement,
    UsageTrend,
    TicketVolume,
    Sentiment,
    ResolutionSatisfaction,
    CsmEngagement,
    ExecutiveRelationship,
    ResponseToOutreach,
    GoalsAchieved,
    Roi,
    ExpansionHistory,
}

/// Where a metric's events come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Usage,
    Features,
    Support,
    Relationship,
    Outcomes,
    Commercial,
}

impl Source {
    pub(crate) const ALL: [Self; 6] =
        [Self::Usage, Self::Features, Self::Support, Self::Relationship, Self::Outcomes, Self::Commercial];

    /// The name in policy and facts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Features => "features",
            Self::Support => "support",
            Self::Relationship => "relationship",
            Self::Outcomes => "outcomes",
            Self::Commercial => "commercial",
        }
    }
}

impl Metric {
    /// The name in policy and facts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FeatureAdoption => "feature_adoption",
            Self::UserEngagement => "user_engagement",
            Self::UsageTrend => "usage_trend",
            Self::TicketVolume => "ticket_volume",
            Self::Sentiment => "sentiment",
            Self::ResolutionSatisfaction => "resolution_satisfaction",
            Self::CsmEngagement => "csm_engagement",
            Self::ExecutiveRelationship => "executive_relationship",
            Self::ResponseToOutreach => "response_to_outreach",
            Self::GoalsAchieved => "goals_achieved",
            Self::Roi => "roi",
            Self::ExpansionHistory => "expansion_history",
        }
    }

    /// The source it needs.
    pub(crate) const fn source(self) -> Source {
        match self {
            Self::FeatureAdoption => Source::Features,
            Self::UserEngagement | Self::UsageTrend => Source::Usage,
            Self::TicketVolume | Self::Sentiment | Self::ResolutionSatisfaction => Source::Support,
            Self::CsmEngagement | Self::ExecutiveRelationship | Self::ResponseToOutreach => Source::Relationship,
            Self::GoalsAchieved | Self::Roi => Source::Outcomes,
            Self::ExpansionHistory => Source::Commercial,
        }
    }

    /// Days a measurement stands once it is not renewed; none: for ever.
    pub(crate) const fn life_days(self, policy: &Policy) -> Option<i32> {
        let rules = &policy.metric;
        match self {
            Self::FeatureAdoption => Some(rules.feature_adoption.life_days),
            Self::UserEngagement => Some(rules.user_engagement.life_days),
            Self::UsageTrend => Some(rules.usage_trend.life_days),
            Self::TicketVolume => Some(rules.ticket_volume.life_days),
            Self::Sentiment => Some(rules.sentiment.life_days),
            Self::ResolutionSatisfaction => Some(rules.resolution_satisfaction.life_days),
            Self::CsmEngagement => Some(rules.csm_engagement.life_days),
            Self::ExecutiveRelationship => Some(rules.executive_relationship.life_days),
            Self::ResponseToOutreach => Some(rules.response_to_outreach.life_days),
            Self::GoalsAchieved => Some(rules.goals_achieved.life_days),
            Self::Roi => Some(rules.roi.life_days),
            Self::ExpansionHistory => None,
        }
    }

    /// Measures it.
    pub(crate) fn measure(self, view: &View<'_>) -> Outcome {
        match self {
            Self::FeatureAdoption => feature_adoption::measure(view),
            Self::UserEngagement => user_engagement::measure(view),
            Self::UsageTrend => usage_trend::measure(view),
            Self::TicketVolume => ticket_volume::measure(view),
            Self::Sentiment => sentiment::measure(view),
            Self::ResolutionSatisfaction => resolution_satisfaction::measure(view),
            Self::CsmEngagement => csm_engagement::measure(view),
            Self::ExecutiveRelationship => executive_relationship::measure(view),
            Self::ResponseToOutreach => response_to_outreach::measure(view),
            Self::GoalsAchieved => goals_achieved::measure(view),
            Self::Roi => roi::measure(view),
            Self::ExpansionHistory => expansion_history::measure(view),
        }
    }
}

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

impl From<&Trail> for Evidence {
    fn from(trail: &Trail) -> Self {
        Self { at: trail.at(), events: trail.latest(), total: trail.total() }
    }
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
mod tests;
