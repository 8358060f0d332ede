//! The numbers, read from text once and validated.

mod check;
mod rules;

use agent::{PolicyError, hours::Calendar, policy::parse, rates::us_cents};
use bus_schema::{Money, data::advocacy::AdvocacyAct};

pub use self::rules::*;

/// The rules in force.
#[derive(Debug)]
pub struct Policy {
    /// When the desk works.
    pub calendar: Calendar,
    /// The numbers.
    pub rules: Rules,
}

impl std::ops::Deref for Policy {
    type Target = Rules;
    fn deref(&self) -> &Rules {
        &self.rules
    }
}

impl Policy {
    /// Reads and validates the text.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let rules: Rules = parse(text)?;
        let calendar = rules.desk.calendar()?;
        check::check(&rules)?;
        Ok(Self { calendar, rules })
    }

    /// An amount in US cents; none where the currency has no rate.
    pub fn us_cents(&self, money: Money) -> Option<i64> {
        us_cents(&self.currencies, money)
    }

    /// Points that an act earns.
    pub fn earned(&self, act: &AdvocacyAct) -> u64 {
        let rules = &self.loyalty;
        match act {
            AdvocacyAct::CaseStudy => rules.case_study,
            AdvocacyAct::Reference => rules.reference,
            AdvocacyAct::Review => rules.review,
            AdvocacyAct::Testimonial => rules.testimonial,
            AdvocacyAct::Speaking => rules.speaking,
            AdvocacyAct::Community => rules.community,
            AdvocacyAct::AdvisoryBoard => rules.advisory_board,
            AdvocacyAct::CoMarketing => rules.co_marketing,
            AdvocacyAct::Other(_) => 0,
        }
    }

    /// The highest tier that a balance reaches.
    pub fn tier(&self, balance: u64) -> Option<&str> {
        self.loyalty.tiers.iter().rev().find(|tier| balance >= tier.from).map(|tier| tier.name.as_str())
    }

    /// The target of a metric; the segment's own stands over the one for all.
    pub fn target(&self, metric: Metric, vendor: bool, segment: &str) -> Option<&Target> {
        let kind = if vendor { Kind::Vendor } else { Kind::Customer };
        let of = |name: &str| {
            self.targets.iter().find(|target| target.metric == metric && target.kind == kind && target.segment == name)
        };
        of(segment).or_else(|| of("all"))
    }
}

#[cfg(test)]
mod tests;
