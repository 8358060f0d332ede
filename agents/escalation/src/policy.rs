//! The numbers of the desk, read from text once and validated.

mod check;
mod rules;

use agent::{
    PolicyError,
    hours::{Calendar, Counting},
    policy::parse,
};
use bus_schema::{Money, time::MINUTE_MS};

pub use self::rules::*;
use crate::ticket::Rank;

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

/// A promise on a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promise {
    /// How long.
    pub ms: i64,
    /// Which time counts.
    pub counting: Counting,
}

impl Policy {
    /// Reads and validates the text.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let rules: Rules = parse(text)?;
        let calendar = check::calendar(&rules.desk)?;
        check::check(&rules)?;
        Ok(Self { calendar, rules })
    }

    /// What is promised for a rank, in this segment.
    pub fn promises(&self, rank: Rank, segment: &str) -> (Promise, Promise) {
        let Some(all) = self.sla.policies.get(&self.sla.policy) else {
            let never = Promise { ms: i64::MAX / 4, counting: Counting::Always };
            return (never, never);
        };
        let of = match rank {
            Rank::P1 => &all.p1,
            Rank::P2 => &all.p2,
            Rank::P3 => &all.p3,
            Rank::P4 => &all.p4,
        };
        let span = |span: &Span| Promise { ms: i64::from(span.minutes) * MINUTE_MS, counting: span.counting };
        let mut first = span(&of.first_response);
        if self.sla.half_first_response.iter().any(|name| name == segment) {
            first.ms /= 2;
        }
        (first, span(&of.resolution))
    }

    /// The promise of news for a rank; none where only a change is told.
    pub fn status_of(&self, rank: Rank) -> Option<Promise> {
        let span = match rank {
            Rank::P1 => &self.status.p1,
            Rank::P2 => &self.status.p2,
            Rank::P3 => &self.status.p3,
            Rank::P4 => &self.status.p4,
        };
        (span.minutes > 0).then(|| Promise { ms: i64::from(span.minutes) * MINUTE_MS, counting: span.counting })
    }

    /// The type of an issue; the last one knows every category.
    pub fn issue(&self, category: &str) -> Option<&IssueType> {
        let knows = |of: &&IssueType| of.categories.iter().any(|name| name == category || name == "*");
        self.taxonomy.types.iter().find(knows)
    }

    /// An amount in US cents; none where the currency has no rate.
    pub fn us_cents(&self, money: Money) -> Option<i64> {
        let rate = self.currencies.get(&money.currency)?;
        let unit = 10_i128.checked_pow(rate.digits)?;
        let cents = i128::from(money.minor) * i128::from(rate.millionths) * 100 / (unit * 1_000_000);
        i64::try_from(cents).ok()
    }

    /// The target of a metric in a segment; the segment's own stands over the one for all.
    pub fn target(&self, metric: Metric, segment: &str) -> Option<&Target> {
        let of = |name: &str| self.targets.iter().find(|target| target.metric == metric && target.segment == name);
        of(segment).or_else(|| of("all"))
    }
}

#[cfg(test)]
mod tests;
