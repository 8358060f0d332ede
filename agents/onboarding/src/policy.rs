//! The numbers and checklists, read from text once and validated.

use std::collections::BTreeSet;

use agent::{PolicyError, policy::parse};
use bus_schema::data::facts::Party;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The rules in force.
#[derive(Debug)]
pub struct Policy {
    /// Zone of accounts that name none.
    pub zone: TimeZone,
    /// The numbers.
    pub rules: Rules,
}

impl std::ops::Deref for Policy {
    type Target = Rules;
    fn deref(&self) -> &Rules {
        &self.rules
    }
}

/// The numbers as the file has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each table is described in policy.toml")]
pub struct Rules {
    pub zone: String,
    pub close_day: i32,
    pub stuck: Stuck,
    pub inactive: Inactive,
    pub implied: Implied,
    pub customer: Checklist,
    pub vendor: Checklist,
    pub rating: Rating,
    pub targets: Vec<Target>,
    pub judge: Judge,
    pub baseline: Baseline,
    pub plays: Vec<Play>,
    pub review: Review,
}

/// When a step is stuck.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Stuck {
    pub over_bp: i64,
    pub over_days: i64,
    pub again_bp: i64,
    pub median_from: usize,
}

/// When nobody's use is a stall.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Inactive {
    pub segments: Vec<String>,
    pub days: i32,
    pub within_days: i32,
}

/// What use shows by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Implied {
    pub key_features_bp: i64,
    pub wider_adoption_bp: i64,
    pub adopted_days: u8,
}

/// The steps of one kind of account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// In the order of the plan.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name in facts and plans.
    pub name: String,
    /// What a message calls it.
    pub title: String,
    /// Its phase.
    pub phase: String,
    /// The day it is expected at.
    pub day: i32,
    /// Steps that come first.
    #[serde(default)]
    pub after: Vec<String>,
    /// Who is waited for.
    pub whose: Party,
    /// What shows that it is done.
    pub by: By,
    /// How often.
    #[serde(default = "once")]
    pub count: u32,
}

const fn once() -> u32 {
    1
}

/// What shows that a step is done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A message or conversation reached the customer.
    Contacted,
    /// A user was invited, activated or logged in.
    UserInvited,
    /// The kick-off was held.
    KickoffHeld,
    /// A person wrote down the success plan.
    PlanAgreed,
    /// A meeting of type `training` was agreed.
    TrainingScheduled,
    /// A training was completed.
    TrainingCompleted,
    /// An integration went live.
    IntegrationDeployed,
    /// Enough of the core features are in use.
    KeyFeaturesUsed,
    /// A use case was defined or went live.
    UseCaseDefined,
    /// A goal was agreed.
    GoalSet,
    /// A review was held.
    ReviewHeld,
    /// A first outcome was documented or reached.
    OutcomeReached,
    /// Enough of the seats are in use.
    WidelyUsed,
    /// A measure of the customer's success was read.
    KpiMeasured,
    /// A listing was published.
    ListingPublished,
    /// An order was placed.
    OrderPlaced,
    /// Enough good ratings.
    WellRated,
    /// Nothing but a person's word.
    Hand,
}

/// What "well rated" means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Rating {
    pub mean_hundredths: i64,
    pub count: u32,
}

/// What a start is judged by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Days from the start.
    TimeToFirstValue,
    /// Days from the start.
    TimeToFirstOutcome,
    /// Days from the start.
    TimeToFirstSale,
    /// Share of invited users.
    UserActivation,
    /// Share of the core features.
    CoreAdoption,
    /// -10,000 to 10,000.
    Nps,
    /// Wins that customer or CSM stands for.
    AttestedWins,
    /// Orders placed.
    Orders,
    /// Mean rating in hundredths.
    Rating,
}

impl Metric {
    /// The name in facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeToFirstValue => "time_to_first_value",
            Self::TimeToFirstOutcome => "time_to_first_outcome",
            Self::TimeToFirstSale => "time_to_first_sale",
            Self::UserActivation => "user_activation",
            Self::CoreAdoption => "core_adoption",
            Self::Nps => "nps",
            Self::AttestedWins => "attested_wins",
            Self::Orders => "orders",
            Self::Rating => "rating",
        }
    }

    /// What its values count.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::TimeToFirstValue | Self::TimeToFirstOutcome | Self::TimeToFirstSale => "days",
            Self::UserActivation | Self::CoreAdoption | Self::Nps => "bp",
            Self::AttestedWins | Self::Orders => "count",
            Self::Rating => "hundredths",
        }
    }

    const fn range(self) -> (i64, i64) {
        match self {
            Self::TimeToFirstValue | Self::TimeToFirstOutcome | Self::TimeToFirstSale => (1, 365),
            Self::UserActivation | Self::CoreAdoption => (0, 10_000),
            Self::Nps => (-10_000, 10_000),
            Self::AttestedWins | Self::Orders => (0, 100_000),
            Self::Rating => (100, 500),
        }
    }
}

/// Which kind of account a target is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Customers.
    Customer,
    /// Vendors of a marketplace.
    Vendor,
}

/// On which side of its number a target is met; the number itself is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Less.
    Below,
    /// More.
    Above,
}

impl Op {
    /// Whether a value meets a target.
    pub const fn met(self, value: i64, target: i64) -> bool {
        match self {
            Self::Below => value < target,
            Self::Above => value > target,
        }
    }
}

/// A target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is measured.
    pub metric: Metric,
    /// For which kind of account.
    pub kind: Kind,
    /// For which segment; `all`.
    pub segment: String,
    /// From the start to the day it is judged.
    pub period_days: u16,
    /// Which side is good.
    pub op: Op,
    /// The number.
    pub value: i64,
}

/// How criteria become a verdict.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Judge {
    pub gaps_from_bp: i64,
    pub activated_within_days: i32,
}

/// What later cohorts are compared with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Accounts that started within so many days of the first.
    pub first_days: i32,
}

/// What asks for a touch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Onboarding begins.
    Began,
    /// A step is stuck and the customer is waited for.
    Stalled,
    /// It still is.
    StalledAgain,
    /// Nobody uses the product.
    Inactive,
    /// A review comes near.
    ReviewAhead,
}

/// A touch that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// What asks for it.
    pub when: Trigger,
    /// The message template.
    pub template: String,
    /// Recipient roles, best first.
    pub roles: Vec<String>,
}

/// Check-ins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Days before a review is expected.
    pub ahead_days: i32,
}

impl Policy {
    /// Reads and validates the text.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let rules: Rules = parse(text)?;
        let zone = TimeZone::get(&rules.zone).map_err(|_| {
            PolicyError::value("zone", format!("`{}` is no IANA time zone like Europe/Rome", rules.zone))
        })?;
        check_numbers(&rules)?;
        check_steps("customer.steps", &rules.customer)?;
        check_steps("vendor.steps", &rules.vendor)?;
        check_targets(&rules.targets)?;
        for play in &rules.plays {
            if play.name.is_empty() || play.template.is_empty() || play.roles.is_empty() || play.version == 0 {
                return Err(PolicyError::value(
                    "plays",
                    "each needs a name, a version from 1, a template and at least one role",
                ));
            }
        }
        Ok(Self { zone, rules })
    }

    /// The checklist of a kind of account.
    pub fn steps(&self, vendor: bool) -> &[Step] {
        if vendor { &self.vendor.steps } else { &self.customer.steps }
    }

    /// The targets an account is judged against on a day; its own segment's stand over those for all.
    pub fn targets_of(&self, vendor: bool, segment: &str, day: u16) -> Vec<&Target> {
        let kind = if vendor { Kind::Vendor } else { Kind::Customer };
        let mine = |target: &&Target| target.kind == kind && target.period_days == day;
        let own: Vec<&Target> = self.targets.iter().filter(mine).filter(|target| target.segment == segment).collect();
        let general = self.targets.iter().filter(mine).filter(|target| target.segment == "all");
        let missing = general.filter(|target| own.iter().all(|own| own.metric != target.metric)).collect::<Vec<_>>();
        let mut all: Vec<&Target> = own.into_iter().chain(missing).collect();
        all.sort_by_key(|target| target.metric);
        all
    }

    /// The days on which an account is judged, in order.
    pub fn judged_on(&self, vendor: bool) -> BTreeSet<u16> {
        let kind = if vendor { Kind::Vendor } else { Kind::Customer };
        self.targets.iter().filter(|target| target.kind == kind).map(|target| target.period_days).collect()
    }
}

fn check_numbers(rules: &Rules) -> Result<(), PolicyError> {
    for (field, value, low, high) in [
        ("close_day", i64::from(rules.close_day), 1, 365),
        ("stuck.over_bp", rules.stuck.over_bp, 10_000, 100_000),
        ("stuck.over_days", rules.stuck.over_days, 0, 90),
        ("stuck.again_bp", rules.stuck.again_bp, rules.stuck.over_bp + 1, 200_000),
        ("stuck.median_from", i64::try_from(rules.stuck.median_from).unwrap_or(i64::MAX), 1, 200),
        ("inactive.days", i64::from(rules.inactive.days), 1, 90),
        ("inactive.within_days", i64::from(rules.inactive.within_days), 1, 365),
        ("implied.key_features_bp", rules.implied.key_features_bp, 1, 10_000),
        ("implied.wider_adoption_bp", rules.implied.wider_adoption_bp, 1, 10_000),
        ("implied.adopted_days", i64::from(rules.implied.adopted_days), 1, 2),
        ("rating.mean_hundredths", rules.rating.mean_hundredths, 100, 500),
        ("rating.count", i64::from(rules.rating.count), 1, 1_000),
        ("judge.gaps_from_bp", rules.judge.gaps_from_bp, 1, 10_000),
        ("judge.activated_within_days", i64::from(rules.judge.activated_within_days), 1, 90),
        ("baseline.first_days", i64::from(rules.baseline.first_days), 1, 365),
        ("review.ahead_days", i64::from(rules.review.ahead_days), 0, 30),
    ] {
        if !(low..=high).contains(&value) {
            return Err(PolicyError::value(field, format!("{value} is not between {low} and {high}")));
        }
    }
    Ok(())
}

/// Steps have names of their own, come after steps that stand before them, and are expected no earlier than those.
fn check_steps(field: &str, list: &Checklist) -> Result<(), PolicyError> {
    let mut before: Vec<&Step> = Vec::new();
    if list.steps.is_empty() {
        return Err(PolicyError::value(field, "at least one step is needed"));
    }
    for step in &list.steps {
        let wrong = |problem: String| Err(PolicyError::value(format!("{field}.{}", step.name), problem));
        if step.name.is_empty() || step.title.is_empty() || step.phase.is_empty() {
            return wrong("needs a name, a title and a phase".into());
        }
        if before.iter().any(|known| known.name == step.name) {
            return wrong("stands twice: each step has its own name".into());
        }
        if !(0..=365).contains(&step.day) || step.count == 0 {
            return wrong("`day` is from 0 to 365, `count` from 1".into());
        }
        for name in &step.after {
            match before.iter().find(|known| known.name == *name) {
                None => return wrong(format!("comes after `{name}`, which does not stand before it")),
                Some(known) if known.day > step.day => {
                    return wrong(format!("is expected at day {}, before `{name}` at day {}", step.day, known.day));
                }
                Some(_) => {}
            }
        }
        before.push(step);
    }
    Ok(())
}

fn check_targets(targets: &[Target]) -> Result<(), PolicyError> {
    for (n, target) in targets.iter().enumerate() {
        let field = format!("targets.{}", target.metric.name());
        let (low, high) = target.metric.range();
        if !(low..=high).contains(&target.value) {
            return Err(PolicyError::value(field, format!("{} is not between {low} and {high}", target.value)));
        }
        if !(1..=365).contains(&target.period_days) || target.segment.is_empty() {
            return Err(PolicyError::value(field, "needs `period_days` from 1 to 365 and a `segment` (or \"all\")"));
        }
        let same = |other: &&Target| {
            other.metric == target.metric
                && other.kind == target.kind
                && other.segment == target.segment
                && other.period_days == target.period_days
        };
        if targets.iter().take(n).any(|other| same(&other)) {
            return Err(PolicyError::value(field, "stands twice for the same kind, segment and period"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
