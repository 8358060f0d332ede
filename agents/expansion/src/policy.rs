//! The numbers and the catalogue, read from text once and validated.

mod check;
mod rules;

use agent::{PolicyError, hours::Calendar, policy::parse, rates::us_cents};
use bus_schema::Money;

pub use self::rules::*;

/// The rules in force.
#[derive(Debug)]
pub struct Policy {
    /// When sales works.
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

    /// The plan of a name, and those above it.
    pub fn plan(&self, name: Option<&str>) -> Option<(&Plan, &[Plan])> {
        let at = self.plans.iter().position(|plan| Some(plan.name.as_str()) == name)?;
        let (own, above) = self.plans.get(at..)?.split_first()?;
        Some((own, above))
    }

    /// The first plan above an account's own that adds a feature or area.
    pub fn higher_plan(&self, own: Option<&str>, asked: &str) -> Option<&Plan> {
        self.plan(own)?.1.iter().find(|plan| plan.includes.iter().any(|name| name == asked))
    }

    /// The strategy and tactics of a signal.
    pub fn strategy(&self, signal: Sign) -> Option<&StrategyRule> {
        self.strategies.iter().find(|rule| rule.signal == signal)
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
