//! What is measured over many accounts, what vendors are told, and campaigns.

use std::collections::BTreeSet;

use agent::PolicyError;
use bus_schema::{
    Day,
    data::facts::{MessageClass, Priority},
};
use serde::Deserialize;

use super::between;

/// Targets of a month, in bp.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a field is its key in the policy, which ends with the unit")]
pub struct Targets {
    /// Seats whose people were active.
    pub engagement_bp: i64,
    /// The same, of vendors.
    pub vendor_engagement_bp: i64,
    /// Core features in use.
    pub adoption_bp: i64,
    /// Active people who took part in the community.
    pub community_bp: i64,
}

/// What better vendors do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practices {
    /// Of orders in time.
    pub on_time: String,
    /// Of ratings.
    pub rating: String,
    /// Of orders called off.
    pub cancelled: String,
}

/// A play over a segment, with accounts left out to compare with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// `customer` or `vendor`.
    pub kind: String,
    /// The segment.
    pub segment: String,
    /// First day on which accounts are written to.
    pub from: Day,
    /// Last one.
    pub until: Day,
    /// Its place in the order.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// The message.
    pub template: String,
    /// To whom, best first.
    pub roles: Vec<String>,
    /// Share of accounts left out.
    pub holdout_bp: u32,
    /// Days in which an answer counts.
    pub settle_days: u32,
}

/// The part of a policy that is about many accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Targets of a month.
    pub targets: Targets,
    /// People named for a training at most.
    pub training_people_max: usize,
    /// Below so many accounts or peers a figure says little, and no vendor is compared.
    pub few: u32,
    /// A vendor is compared from so many orders a month on.
    pub orders_min: u32,
    /// What better vendors do.
    pub practices: Practices,
    /// How many achievements of one person bring a thank-you.
    pub recognise_at: BTreeSet<u32>,
    /// Days with us that a vendor is congratulated on.
    pub anniversaries_days: BTreeSet<u32>,
    /// Campaigns.
    pub campaigns: Vec<Campaign>,
}

impl Programme {
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let targets = &self.targets;
        for (field, bp) in [
            ("programme.targets.engagement_bp", targets.engagement_bp),
            ("programme.targets.vendor_engagement_bp", targets.vendor_engagement_bp),
            ("programme.targets.adoption_bp", targets.adoption_bp),
            ("programme.targets.community_bp", targets.community_bp),
        ] {
            if !(1..=10_000).contains(&bp) {
                return Err(PolicyError::value(field, "must be 1 to 10000"));
            }
        }
        if !(1..=20).contains(&self.training_people_max) {
            return Err(PolicyError::value("programme.training_people_max", "must be 1 to 20"));
        }
        between("programme.few", self.few, 1, 100)?;
        between("programme.orders_min", self.orders_min, 1, 10_000)?;
        self.recognise_at.iter().try_for_each(|at| between("programme.recognise_at", *at, 1, 1_000))?;
        self.anniversaries_days.iter().try_for_each(|days| between("programme.anniversaries_days", *days, 1, 7_300))?;
        let mut names = BTreeSet::new();
        for campaign in &self.campaigns {
            let field = |name: &str| format!("programme.campaigns.{}.{name}", campaign.name);
            if campaign.name.is_empty() || !names.insert(&campaign.name) {
                return Err(PolicyError::value("programme.campaigns", "each needs a name of its own"));
            }
            if campaign.until < campaign.from {
                return Err(PolicyError::value(field("until"), "must not be before `from`"));
            }
            if !["customer", "vendor"].contains(&campaign.kind.as_str()) {
                return Err(PolicyError::value(field("kind"), "must be `customer` or `vendor`"));
            }
            between(&field("holdout_bp"), campaign.holdout_bp, 0, 5_000)?;
            between(&field("settle_days"), campaign.settle_days, 1, 60)?;
        }
        Ok(())
    }
}
