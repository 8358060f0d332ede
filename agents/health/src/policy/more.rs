//! The numbers of the metrics beyond the four pillars: the five pillars', and the vendors'.

use serde::Deserialize;

use super::{Segment, rules::Curve};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActiveRatio {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionLength {
    pub(crate) points: Curve,
    pub(crate) sessions_min: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiUsage {
    pub(crate) points: Curve,
    pub(crate) errors_bp_max: i64,
    pub(crate) errors_cost: i64,
    pub(crate) plans_without: Vec<String>,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketTrend {
    pub(crate) points: Curve,
    pub(crate) few_tickets: i64,
    pub(crate) few_points_min: i64,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelfService {
    pub(crate) points: Curve,
    pub(crate) sessions_min: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewParticipation {
    pub(crate) points: Curve,
    pub(crate) every_days: ReviewDays,
    pub(crate) roles: Vec<String>,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdvocacyActivity {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeToValue {
    pub(crate) points: Curve,
    pub(crate) from_days: i32,
    pub(crate) until_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentHistory {
    pub(crate) points: Curve,
    pub(crate) failed_costs: i64,
    pub(crate) failed_costs_max: i64,
    pub(crate) dispute_costs: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenewalStanding {
    pub(crate) notice_points: i64,
    pub(crate) switched_off_points: i64,
    pub(crate) unproposed_days: i64,
    pub(crate) unproposed_points: i64,
    pub(crate) undiscussed_days: i64,
    pub(crate) undiscussed_points: i64,
    pub(crate) open_points: i64,
    pub(crate) far_days: i64,
    pub(crate) far_points: i64,
    pub(crate) signed_points: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Competition {
    pub(crate) evaluation_points: i64,
    pub(crate) mention_points: i64,
    pub(crate) none_points: i64,
    pub(crate) recovers_days: i32,
    pub(crate) talk_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) frozen_points: i64,
    pub(crate) concern_points: i64,
    pub(crate) confirmed_points: i64,
    pub(crate) increased_points: i64,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpansionPipeline {
    pub(crate) won_points: i64,
    pub(crate) won_days: i32,
    pub(crate) open_points: i64,
    pub(crate) none_points: i64,
    pub(crate) lost_points: i64,
    pub(crate) lost_days: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders {
    pub(crate) points: Curve,
    pub(crate) noise_points_min: i64,
    pub(crate) volume_min: i64,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevenueGrowth {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fulfilment {
    pub(crate) points: Curve,
    pub(crate) prior_bp: i64,
    pub(crate) prior_weight: i64,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rating {
    pub(crate) points: Curve,
    pub(crate) prior_hundredths: i64,
    pub(crate) prior_weight: i64,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listings {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformUse {
    pub(crate) points: Curve,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupportPerOrder {
    pub(crate) points: Curve,
    pub(crate) orders_min: i64,
    pub(crate) age_days_min: i32,
    pub(crate) life_days: i32,
}

/// Days between business reviews; 0 where none is due.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewDays {
    pub(crate) strategic: i32,
    pub(crate) enterprise: i32,
    pub(crate) mid_market: i32,
    pub(crate) smb: i32,
}

impl ReviewParticipation {
    /// Days between the reviews of a segment; none where none is due.
    pub(crate) fn every_days(&self, segment: Segment) -> Option<i32> {
        let days = match segment {
            Segment::Strategic => self.every_days.strategic,
            Segment::Enterprise => self.every_days.enterprise,
            Segment::MidMarket => self.every_days.mid_market,
            Segment::Smb => self.every_days.smb,
        };
        (days > 0).then_some(days)
    }
}
