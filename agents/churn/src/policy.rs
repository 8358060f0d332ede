//! The numbers of the rules, read from text once and validated.

mod work;

use std::collections::BTreeMap;

use agent::{PolicyError, policy::parse};
use bus_schema::data::facts::{CauseGroup, MessageClass, Priority, Tier};
use jiff::tz::TimeZone;
use serde::Deserialize;

pub use self::work::{Campaign, Currencies, LossRules, PreventionRules, RankRules, SaveRules, Task, WinbackRules};
use crate::signals::Sign;

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
    pub model: String,
    pub model_version: u32,
    pub zone: String,
    pub base: BTreeMap<String, i64>,
    pub proximity: Proximity,
    pub tenure: Tenure,
    pub horizon: Horizon,
    pub groups: Groups,
    pub signals: BTreeMap<Sign, i64>,
    pub lives: Lives,
    pub usage: UsageRules,
    pub money: MoneyRules,
    pub without_contract: WithoutContract,
    pub protection: Protection,
    pub tiers: Tiers,
    pub alerts: Alerts,
    pub forecast: Forecast,
    pub rank: RankRules,
    pub currencies: Currencies,
    pub save: SaveRules,
    pub loss: LossRules,
    pub prevention: PreventionRules,
    pub winback: WinbackRules,
    pub campaigns: Vec<Campaign>,
    pub plays: Vec<Play>,
}

/// By days to the decision.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "log-odds, described in policy.toml")]
pub struct Proximity {
    pub beyond_180: i64,
    pub within_180: i64,
    pub within_90: i64,
    pub within_30: i64,
    pub committed: i64,
}

/// By age of the account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Tenure {
    pub young_days: i32,
    pub young: i64,
    pub old_days: i32,
    pub old: i64,
}

/// From 90 days to other horizons.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Horizon {
    /// Added for 30 days.
    pub days_30: i64,
}

/// How causes add up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// Percent of each, the largest first.
    pub shares: Vec<i64>,
}

/// Days that signals without an end of their own hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named after the signals")]
pub struct Lives {
    pub sponsor_replaced: i32,
    pub organisation_changed: i32,
    pub payment_cured: i32,
    pub budget: i32,
    pub competitor_mentioned: i32,
    pub competitor_evaluated: i32,
    pub nps_falling: i32,
}

/// When use is a sign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct UsageRules {
    pub looks: u8,
    pub halved_below_bp: i64,
    pub halved_ends_bp: i64,
    pub down_bp: i64,
    pub silent_days: i32,
    pub silent_ends_days: u32,
    pub adoption_bp: i64,
    pub adoption_fewer: i64,
    pub irregular_weeks: usize,
    pub irregular_median_min: i64,
    pub incident_hours_after: i64,
}

/// When money is a sign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "days, described in policy.toml")]
pub struct MoneyRules {
    pub failed_days: i32,
    pub late_days: i32,
    pub very_late_days: i32,
}

/// What stands for accounts without contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct WithoutContract {
    pub silence: Vec<(i64, i64)>,
    pub habit: Vec<(i64, i64)>,
    pub recent: Vec<(i64, i64)>,
    pub gap_days_min: i64,
    pub gap_days_unknown: i64,
    pub outcome_days: i32,
}

/// What speaks for staying.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Protection {
    pub max: i64,
    pub outcome: i64,
    pub outcome_days: i32,
    pub growth: i64,
    pub growth_bp: i64,
    pub expansion: i64,
    pub expansion_days: i32,
    pub promoter: i64,
    pub promoter_days: i32,
    pub sponsor_met: i64,
    pub sponsor_met_days: i32,
}

/// Edges between tiers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Tiers {
    pub moderate: i64,
    pub high: i64,
    pub critical: i64,
    pub decision_days: i32,
    pub early_groups: usize,
}

/// Life of alerts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Alerts {
    pub opens_at: Tier,
    pub closes_after_hours: u32,
    pub quiet_days: u32,
}

/// When a forecast is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Between two daily ones, when it moves by so much.
    pub moves_bp: i64,
}

/// A touch asked for when an alert reaches a tier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The alert's cause.
    pub group: CauseGroup,
    /// The lowest tier.
    pub tier: Tier,
    /// Its place in the order of touches.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// The message template.
    pub template: String,
    /// Recipient roles, best first.
    pub roles: Vec<String>,
}

/// Segments that a base must be given for, beside accounts without contract.
const SEGMENTS: &[&str] =
    &["strategic", "enterprise", "mid_market", "smb", "vendor", "without_contract", "single_contact"];

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
        check_sizes(&rules)?;
        check_shapes(&rules)?;
        check_limits(&rules)?;
        work::check(&rules)?;
        Ok(Self { zone, rules })
    }

    /// Log-odds with nothing known.
    pub fn base(&self, segment: &str) -> i64 {
        self.base.get(segment).or_else(|| self.base.get("smb")).copied().unwrap_or(0)
    }

    /// Full size of a signal.
    pub fn size(&self, sign: Sign) -> i64 {
        self.signals.get(&sign).copied().unwrap_or(0)
    }
}

fn check_sizes(rules: &Rules) -> Result<(), PolicyError> {
    for segment in SEGMENTS {
        if !rules.base.contains_key(*segment) {
            return Err(PolicyError::value("base", format!("`{segment}` is missing")));
        }
    }
    if let Some(unknown) = rules.base.keys().find(|segment| !SEGMENTS.contains(&segment.as_str())) {
        return Err(PolicyError::value(
            format!("base.{unknown}"),
            format!("no segment: one of {}", SEGMENTS.join(", ")),
        ));
    }
    for sign in Sign::ALL {
        let size = rules.signals.get(sign).copied();
        if !size.is_some_and(|size| (0..=100_000).contains(&size)) {
            let field = format!("signals.{}", sign.name());
            return Err(PolicyError::value(field, "must be there, from 0 to 100000: a sign never lowers a forecast"));
        }
    }
    let sizes = rules.base.values().chain([
        &rules.proximity.beyond_180,
        &rules.proximity.within_180,
        &rules.proximity.within_90,
        &rules.proximity.within_30,
        &rules.proximity.committed,
        &rules.tenure.young,
        &rules.tenure.old,
        &rules.horizon.days_30,
    ]);
    for size in sizes {
        if !(-200_000..=200_000).contains(size) {
            return Err(PolicyError::value("base, proximity, tenure, horizon", format!("{size} is beyond ±200000")));
        }
    }
    Ok(())
}

fn check_shapes(rules: &Rules) -> Result<(), PolicyError> {
    let shares = &rules.groups.shares;
    let falling = shares.windows(2).all(|pair| matches!(pair, [a, b] if a >= b));
    if shares.is_empty() || !falling || shares.iter().any(|share| !(0..=100).contains(share)) {
        return Err(PolicyError::value("groups.shares", "percent from 100 down, like [100, 70, 50, 30]"));
    }
    let lines = [
        ("without_contract.silence", &rules.without_contract.silence),
        ("without_contract.habit", &rules.without_contract.habit),
        ("without_contract.recent", &rules.without_contract.recent),
    ];
    for (field, points) in lines {
        let ascending = points.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let small =
            points.iter().all(|(x, y)| (-1_000_000..=1_000_000).contains(x) && (-200_000..=200_000).contains(y));
        if points.is_empty() || !ascending || !small {
            return Err(PolicyError::value(field, "points like [[0, 0], [8, -14000]], ascending in the first number"));
        }
    }
    let tiers = &rules.tiers;
    if !(0 < tiers.moderate && tiers.moderate < tiers.high && tiers.high < tiers.critical && tiers.critical <= 10_000) {
        return Err(PolicyError::value("tiers", "0 < moderate < high < critical <= 10000"));
    }
    Ok(())
}

fn check_limits(rules: &Rules) -> Result<(), PolicyError> {
    let between = |field: &str, value: i64, min: i64, max: i64| {
        if (min..=max).contains(&value) {
            Ok(())
        } else {
            Err(PolicyError::value(field, format!("{value} is not between {min} and {max}")))
        }
    };
    let usage = &rules.usage;
    between("usage.looks", i64::from(usage.looks), 1, 14)?;
    between("usage.halved_below_bp", usage.halved_below_bp, 1, 10_000)?;
    between("usage.halved_ends_bp", usage.halved_ends_bp, usage.halved_below_bp, 20_000)?;
    between("usage.down_bp", usage.down_bp, 1, 10_000)?;
    between("usage.silent_days", i64::from(usage.silent_days), 1, 100)?;
    between("usage.incident_hours_after", usage.incident_hours_after, 0, 24 * 30)?;
    between("without_contract.gap_days_min", rules.without_contract.gap_days_min, 1, 90)?;
    between("without_contract.gap_days_unknown", rules.without_contract.gap_days_unknown, 1, 90)?;
    between("without_contract.outcome_days", i64::from(rules.without_contract.outcome_days), 1, 365)?;
    between("protection.max", rules.protection.max, 0, 100_000)?;
    between("alerts.closes_after_hours", i64::from(rules.alerts.closes_after_hours), 0, 24 * 30)?;
    between("alerts.quiet_days", i64::from(rules.alerts.quiet_days), 0, 365)?;
    between("forecast.moves_bp", rules.forecast.moves_bp, 1, 10_000)?;
    let lives = &rules.lives;
    for (field, days) in [
        ("lives.sponsor_replaced", lives.sponsor_replaced),
        ("lives.organisation_changed", lives.organisation_changed),
        ("lives.payment_cured", lives.payment_cured),
        ("lives.budget", lives.budget),
        ("lives.competitor_mentioned", lives.competitor_mentioned),
        ("lives.competitor_evaluated", lives.competitor_evaluated),
        ("lives.nps_falling", lives.nps_falling),
        ("money.failed_days", rules.money.failed_days),
        ("money.late_days", rules.money.late_days),
        ("money.very_late_days", rules.money.very_late_days),
    ] {
        between(field, i64::from(days), 1, 365)?;
    }
    for play in &rules.plays {
        if play.name.is_empty() || play.template.is_empty() || play.roles.is_empty() {
            return Err(PolicyError::value("plays", "each needs a name, a template and at least one role"));
        }
    }
    Ok(())
}
