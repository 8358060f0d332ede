//! The numbers of the way to a renewal, read from text once and validated.

use std::collections::BTreeMap;

use agent::{PolicyError, policy::parse};
use bus_schema::{Currency, Money, data::facts::RenewalCategory};
use jiff::tz::TimeZone;
use serde::Deserialize;

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
#[expect(missing_docs, reason = "each is described in policy.toml")]
pub struct Rules {
    pub model: String,
    pub model_version: u32,
    pub zone: String,
    pub opens_days: i32,
    pub late_days: i32,
    pub late_roles: Vec<String>,
    pub lapse_days: i32,
    pub base: BTreeMap<String, i64>,
    pub parts: Parts,
    pub uplift: Vec<Uplift>,
    pub bounds: Bounds,
    pub categories: Categories,
    pub forecast: Forecast,
    pub people: People,
    pub steps: Vec<Step>,
    pub execution: Execution,
    pub terms: TermRules,
    pub sheet: Sheet,
    pub reporting: Reporting,
    pub currencies: BTreeMap<Currency, Rate>,
    pub targets: Vec<Target>,
    pub plays: Vec<Play>,
}

/// What is added when it has happened.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "log-odds, described in policy.toml")]
pub struct Parts {
    pub discussed: i64,
    pub answered: i64,
    pub negotiating: i64,
    pub verbal: i64,
    pub no_decider: i64,
}

/// What a price increase takes off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uplift {
    /// Above so much.
    pub above_bp: i32,
    /// In log-odds.
    pub bp: i64,
}

/// What stands above the sum.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Bounds {
    pub notice_bp: i64,
    pub by_itself_bp: i64,
}

/// Edges of the categories.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Categories {
    pub commit_bp: i64,
    pub likely_bp: i64,
    pub at_risk_bp: i64,
}

/// When a forecast is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Forecast {
    pub moves_bp: i64,
    pub within_days: i32,
    pub every_days: i32,
}

/// Whom a renewal needs, as roles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct People {
    pub deciders: Vec<String>,
    pub stakeholders: Vec<String>,
}

/// What does a task without anybody ticking a box.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A review.
    ReviewHeld,
    /// A report of return on investment.
    RoiReported,
    /// The proposal.
    ProposalSent,
    /// The renewal was spoken of.
    Discussed,
    /// Legal or purchasing are at it.
    Negotiating,
    /// A yes.
    Verbal,
    /// The signature.
    Signed,
    /// A kick-off meeting.
    KickOffHeld,
}

/// When a task is asked for at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// The health band is not green.
    NotGreen,
}

/// What a step gets ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prepares {
    /// The content of the business review.
    Kit,
    /// The sheet for the negotiation.
    Sheet,
}

/// A task of a step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRule {
    /// Its name.
    pub name: String,
    /// What to do.
    pub title: String,
    /// The role that does it; `csm` is the owner of the account.
    pub assignee: String,
    /// What does it by itself.
    pub by: Option<By>,
    /// When it is asked for.
    pub only: Option<Only>,
}

/// What open tasks of a step take off the likelihood.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Late {
    pub after_days: i32,
    pub bp: i64,
}

/// A step of the timeline.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Step {
    pub name: String,
    pub days: i32,
    pub within_days: i32,
    pub reason: String,
    pub late: Option<Late>,
    pub prepares: Option<Prepares>,
    pub tasks: Vec<TaskRule>,
}

/// What follows a yes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Execution {
    pub name: String,
    pub within_days: i32,
    pub reason: String,
    pub tasks: Vec<TaskRule>,
}

/// Who agrees to terms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct TermRules {
    pub approvals: u8,
    pub managers: Vec<String>,
    pub months_max: u32,
}

/// What a negotiation may turn on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Sheet {
    pub months: Vec<u32>,
    pub give: Vec<String>,
    pub get: Vec<String>,
}

/// In which currency everything is summed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Reporting {
    pub currency: Currency,
}

/// What a currency is worth.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Of one unit, in millionths of the reporting currency.
    pub millionths: i64,
    /// Digits of its minor unit.
    pub digits: u32,
}

/// What is measured of a book.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Terms renewed, of those that ended.
    RenewalRateLogo,
    /// Their ARR, capped at what ended.
    RenewalRateRevenue,
    /// Renewals with more ARR than before.
    ExpansionRate,
    /// Median days from the proposal to the signature.
    CycleDays,
}

impl Metric {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RenewalRateLogo => "renewal_rate_logo",
            Self::RenewalRateRevenue => "renewal_rate_revenue",
            Self::ExpansionRate => "expansion_rate",
            Self::CycleDays => "cycle_days",
        }
    }

    const fn max(self) -> i64 {
        match self {
            Self::RenewalRateLogo | Self::RenewalRateRevenue | Self::ExpansionRate => 10_000,
            Self::CycleDays => 365,
        }
    }
}

/// Which side of a target is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Below it.
    Below,
    /// Above it.
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
    /// For which segment; `all`.
    pub segment: String,
    /// The trailing period.
    pub period_days: i32,
    /// Which side is good.
    pub op: Op,
    /// The number.
    pub value: i64,
}

/// A touch that is asked for at a step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The step.
    pub step: String,
    /// The message template.
    pub template: String,
    /// Recipient roles, best first.
    pub roles: Vec<String>,
}

/// Segments that a base must be given for.
const SEGMENTS: &[&str] = &["strategic", "enterprise", "mid_market", "smb", "vendor"];

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
        check_sizes(&rules)?;
        check_steps(&rules)?;
        check_terms(&rules)?;
        check_targets(&rules.targets)?;
        Ok(Self { zone, rules })
    }

    /// Log-odds with nothing known.
    pub fn base(&self, segment: &str) -> i64 {
        self.base.get(segment).or_else(|| self.base.get("smb")).copied().unwrap_or(0)
    }

    /// The category of a likelihood.
    pub fn category(&self, likelihood_bp: i64) -> RenewalCategory {
        if likelihood_bp >= self.categories.commit_bp {
            RenewalCategory::Commit
        } else if likelihood_bp >= self.categories.likely_bp {
            RenewalCategory::Likely
        } else if likelihood_bp >= self.categories.at_risk_bp {
            RenewalCategory::AtRisk
        } else {
            RenewalCategory::Unlikely
        }
    }

    /// An amount in the reporting currency; none without a rate.
    pub fn reported(&self, money: Money) -> Option<Money> {
        let currency = self.reporting.currency;
        let (rate, own) = (self.currencies.get(&money.currency)?, self.currencies.get(&currency)?);
        let of = 10_i128.checked_pow(rate.digits)?.checked_mul(1_000_000)?;
        let minor = i128::from(money.minor) * i128::from(rate.millionths) * 10_i128.checked_pow(own.digits)? / of;
        Some(Money { minor: i64::try_from(minor).ok()?, currency })
    }

    /// Every task there is, with its step.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskRule> {
        self.steps.iter().flat_map(|step| &step.tasks).chain(&self.execution.tasks)
    }
}

fn between(field: &str, value: i64, low: i64, high: i64) -> Result<(), PolicyError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(PolicyError::value(field, format!("{value} is not between {low} and {high}")))
}

fn check_numbers(rules: &Rules) -> Result<(), PolicyError> {
    between("opens_days", i64::from(rules.opens_days), 1, 365)?;
    between("late_days", i64::from(rules.late_days), 1, 180)?;
    between("lapse_days", i64::from(rules.lapse_days), 0, 180)?;
    between("bounds.notice_bp", rules.bounds.notice_bp, 0, 10_000)?;
    between("bounds.by_itself_bp", rules.bounds.by_itself_bp, 0, 10_000)?;
    between("forecast.moves_bp", rules.forecast.moves_bp, 1, 10_000)?;
    between("forecast.within_days", i64::from(rules.forecast.within_days), 1, 730)?;
    between("forecast.every_days", i64::from(rules.forecast.every_days), 1, 90)?;
    let edges = &rules.categories;
    if !(0 < edges.at_risk_bp
        && edges.at_risk_bp < edges.likely_bp
        && edges.likely_bp < edges.commit_bp
        && edges.commit_bp <= 10_000)
    {
        return Err(PolicyError::value("categories", "0 < at_risk_bp < likely_bp < commit_bp <= 10000"));
    }
    for (currency, rate) in &rules.currencies {
        let field = format!("currencies.{currency}");
        between(&field, rate.millionths, 1, 1_000_000_000_000)?;
        between(&field, i64::from(rate.digits), 0, 4)?;
    }
    if !rules.currencies.contains_key(&rules.reporting.currency) {
        let problem = format!("`{}` has no rate in `currencies`", rules.reporting.currency);
        return Err(PolicyError::value("reporting.currency", problem));
    }
    if rules.people.deciders.is_empty() || rules.people.stakeholders.is_empty() || rules.late_roles.is_empty() {
        return Err(PolicyError::value("people, late_roles", "at least one role each is needed"));
    }
    Ok(())
}

fn check_sizes(rules: &Rules) -> Result<(), PolicyError> {
    for segment in SEGMENTS {
        if !rules.base.contains_key(*segment) {
            return Err(PolicyError::value("base", format!("`{segment}` is missing")));
        }
    }
    if let Some(unknown) = rules.base.keys().find(|segment| !SEGMENTS.contains(&segment.as_str())) {
        let problem = format!("no segment: one of {}", SEGMENTS.join(", "));
        return Err(PolicyError::value(format!("base.{unknown}"), problem));
    }
    for size in rules.base.values() {
        between("base", *size, -200_000, 200_000)?;
    }
    let parts = &rules.parts;
    for (field, size) in [
        ("parts.discussed", parts.discussed),
        ("parts.answered", parts.answered),
        ("parts.negotiating", parts.negotiating),
        ("parts.verbal", parts.verbal),
    ] {
        between(field, size, 0, 100_000)?;
    }
    between("parts.no_decider", parts.no_decider, -100_000, 0)?;
    let rising = rules.uplift.windows(2).all(|pair| matches!(pair, [a, b] if a.above_bp < b.above_bp && a.bp >= b.bp));
    if !rising || rules.uplift.iter().any(|uplift| uplift.above_bp < 0 || !(-100_000..=0).contains(&uplift.bp)) {
        return Err(PolicyError::value("uplift", "edges ascend from 0, and a larger increase takes off no less"));
    }
    Ok(())
}

/// Steps stand in the order of time, and names are their own.
fn check_steps(rules: &Rules) -> Result<(), PolicyError> {
    let mut names: Vec<&str> = Vec::new();
    let mut steps: Vec<&str> = vec![rules.execution.name.as_str()];
    let mut before = i32::MAX;
    for step in &rules.steps {
        let field = format!("steps.{}", step.name);
        if steps.contains(&step.name.as_str()) || step.name.is_empty() {
            return Err(PolicyError::value(field, "each step has a name of its own"));
        }
        if step.days >= before {
            return Err(PolicyError::value(field, "stands after a step that is nearer to the decision"));
        }
        between(&field, i64::from(step.days), 0, 730)?;
        between(&field, i64::from(step.within_days), 0, 180)?;
        if let Some(late) = &step.late {
            between(&field, i64::from(late.after_days), 0, 180)?;
            between(&field, late.bp, -100_000, 0)?;
        }
        before = step.days;
        steps.push(&step.name);
    }
    between("execution.within_days", i64::from(rules.execution.within_days), 0, 180)?;
    for task in rules.steps.iter().flat_map(|step| &step.tasks).chain(&rules.execution.tasks) {
        if names.contains(&task.name.as_str()) || task.name.is_empty() || task.title.is_empty() {
            return Err(PolicyError::value(format!("tasks.{}", task.name), "each needs a name of its own and a title"));
        }
        names.push(&task.name);
    }
    for play in &rules.plays {
        if play.name.is_empty() || play.template.is_empty() || play.roles.is_empty() || play.version == 0 {
            let problem = "each needs a name, a version from 1, a template and at least one role";
            return Err(PolicyError::value("plays", problem));
        }
        if !rules.steps.iter().any(|step| step.name == play.step) {
            return Err(PolicyError::value(format!("plays.{}", play.name), format!("no step `{}`", play.step)));
        }
    }
    Ok(())
}

fn check_terms(rules: &Rules) -> Result<(), PolicyError> {
    // Two persons always, one of them a manager: a setting may ask for more, never for fewer.
    between("terms.approvals", i64::from(rules.terms.approvals), 2, 9)?;
    between("terms.months_max", i64::from(rules.terms.months_max), 1, 120)?;
    if rules.sheet.months.iter().any(|months| *months == 0 || *months > rules.terms.months_max) {
        return Err(PolicyError::value("sheet.months", "each is from 1 to `terms.months_max`"));
    }
    Ok(())
}

fn check_targets(targets: &[Target]) -> Result<(), PolicyError> {
    for (n, target) in targets.iter().enumerate() {
        let field = format!("targets.{}", target.metric.name());
        between(&field, target.value, 1, target.metric.max())?;
        if !(1..=730).contains(&target.period_days) || target.segment.is_empty() {
            return Err(PolicyError::value(field, "needs `period_days` from 1 to 730 and a `segment` (or \"all\")"));
        }
        let same = |other: &Target| other.metric == target.metric && other.segment == target.segment;
        if targets.iter().take(n).any(same) {
            return Err(PolicyError::value(field, "stands twice for the same segment"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
