//! Thresholds of the supervisor, as published to the log.

mod service;

use std::collections::BTreeMap;

use agent::PolicyError;
use bus_schema::{
    Currency, Money,
    data::facts::Priority,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use serde::Deserialize;

pub(crate) use self::service::Handoff;
use self::service::{PatternPolicy, PeoplePolicy, Persona, ServicePolicy};

/// The commented defaults.
pub(crate) const DEFAULT: &str = include_str!("../policy.toml");

/// Thresholds in force.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub(crate) segment: SegmentPolicy,
    pub(crate) currencies: BTreeMap<Currency, Rate>,
    pub(crate) stage: StagePolicy,
    pub(crate) gate: GatePolicy,
    pub(crate) service: ServicePolicy,
    pub(crate) people: PeoplePolicy,
    pub(crate) patterns: PatternPolicy,
    persona: Vec<Persona>,
    pub(crate) handoff: Vec<Handoff>,
}

/// Whether one criterion is enough for a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Or,
    And,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentPolicy {
    pub(crate) mode: Mode,
    pub(crate) enterprise_arr_above: i64,
    pub(crate) enterprise_users_above: i64,
    pub(crate) mid_market_arr_from: i64,
    pub(crate) mid_market_users_from: i64,
    pub(crate) down_bp: i64,
    pub(crate) review_days: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    millionths: i64,
    digits: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a field is its key in the policy, which ends with the unit")]
pub(crate) struct StagePolicy {
    pub(crate) won_back_days: i32,
    pub(crate) onboarding_days: i32,
    pub(crate) renewal_days: i32,
    pub(crate) advocacy_days: i32,
    pub(crate) growth_days: i32,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatePolicy {
    hold_seconds: i64,
    approval_minutes: i64,
    attempt_grace_minutes: i64,
    expires_days_max: i64,
    pub(crate) simulated_deciders: bool,
    value_unknown: i64,
    due_hours: ByPriority,
    urgency: ByPriority,
    pub(crate) void: VoidPolicy,
}

/// A number for each priority.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByPriority {
    incident: i64,
    escalation: i64,
    save: i64,
    renewal: i64,
    onboarding: i64,
    closed_loop: i64,
    review: i64,
    adoption: i64,
    expansion: i64,
    advocacy: i64,
    survey: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidPolicy {
    pub(crate) incident: Vec<Priority>,
    pub(crate) ticket_p1: Vec<Priority>,
    pub(crate) renewed: Vec<Priority>,
}

impl Policy {
    /// Reads and validates a policy's text.
    pub(crate) fn read(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = agent::policy::parse(text)?;
        policy.segment.check()?;
        for (currency, rate) in &policy.currencies {
            let field = format!("currencies.{currency}");
            within(&format!("{field}.millionths"), rate.millionths, 1, 1_000_000_000_000)?;
            within(&format!("{field}.digits"), i64::from(rate.digits), 0, 4)?;
        }
        policy.stage.check()?;
        policy.gate.check()?;
        policy.check_people()?;
        Ok(policy)
    }

    /// An amount in US cents; none where the currency has no rate.
    pub(crate) fn us_cents(&self, money: Money) -> Option<i64> {
        let rate = self.currencies.get(&money.currency)?;
        let unit = 10_i128.checked_pow(rate.digits)?;
        let cents = i128::from(money.minor) * i128::from(rate.millionths) * 100 / (unit * 1_000_000);
        i64::try_from(cents).ok()
    }
}

impl SegmentPolicy {
    fn check(&self) -> Result<(), PolicyError> {
        let edges = [
            ("segment.enterprise_arr_above", self.enterprise_arr_above, self.mid_market_arr_from),
            ("segment.enterprise_users_above", self.enterprise_users_above, self.mid_market_users_from),
        ];
        for (field, above, below) in edges {
            if below < 1 || above < below {
                return Err(PolicyError::value(
                    field,
                    "must not be below the mid-market edge, which must be at least 1",
                ));
            }
        }
        within("segment.down_bp", self.down_bp, 0, 5_000)?;
        within("segment.review_days", i64::from(self.review_days), 1, 366)
    }
}

impl StagePolicy {
    fn check(&self) -> Result<(), PolicyError> {
        for (field, days) in [
            ("stage.won_back_days", self.won_back_days),
            ("stage.onboarding_days", self.onboarding_days),
            ("stage.renewal_days", self.renewal_days),
            ("stage.advocacy_days", self.advocacy_days),
            ("stage.growth_days", self.growth_days),
        ] {
            within(field, i64::from(days), 1, 3_660)?;
        }
        Ok(())
    }
}

impl GatePolicy {
    fn check(&self) -> Result<(), PolicyError> {
        within("gate.hold_seconds", self.hold_seconds, 5, 86_400)?;
        within("gate.approval_minutes", self.approval_minutes, 1, 60)?;
        within("gate.attempt_grace_minutes", self.attempt_grace_minutes, 1, 1_440)?;
        within("gate.expires_days_max", self.expires_days_max, 1, 90)?;
        within("gate.value_unknown", self.value_unknown, 0, 1_000_000_000)?;
        self.due_hours.check("gate.due_hours", 24 * 90)?;
        self.urgency.check("gate.urgency", 10_000)
    }

    pub(crate) const fn hold_ms(&self) -> i64 {
        self.hold_seconds * SECOND_MS
    }

    pub(crate) const fn approval_ms(&self) -> i64 {
        self.approval_minutes * MINUTE_MS
    }

    pub(crate) const fn grace_ms(&self) -> i64 {
        self.attempt_grace_minutes * MINUTE_MS
    }

    pub(crate) const fn expires_ms(&self) -> i64 {
        self.expires_days_max * DAY_MS
    }

    pub(crate) const fn due_ms(&self, priority: Priority) -> i64 {
        self.due_hours.of(priority) * HOUR_MS
    }

    /// US dollars at stake times urgency.
    pub(crate) fn rank(&self, priority: Priority, us_cents: Option<i64>) -> i64 {
        let dollars = us_cents.map_or(self.value_unknown, |cents| cents.max(0) / 100);
        dollars.saturating_mul(self.urgency.of(priority))
    }
}

impl ByPriority {
    const fn of(&self, priority: Priority) -> i64 {
        match priority {
            Priority::Incident => self.incident,
            Priority::Escalation => self.escalation,
            Priority::Save => self.save,
            Priority::Renewal => self.renewal,
            Priority::Onboarding => self.onboarding,
            Priority::ClosedLoop => self.closed_loop,
            Priority::Review => self.review,
            Priority::Adoption => self.adoption,
            Priority::Expansion => self.expansion,
            Priority::Advocacy => self.advocacy,
            Priority::Survey => self.survey,
        }
    }

    fn check(&self, table: &str, most: i64) -> Result<(), PolicyError> {
        const ALL: [Priority; 11] = [
            Priority::Incident,
            Priority::Escalation,
            Priority::Save,
            Priority::Renewal,
            Priority::Onboarding,
            Priority::ClosedLoop,
            Priority::Review,
            Priority::Adoption,
            Priority::Expansion,
            Priority::Advocacy,
            Priority::Survey,
        ];
        ALL.iter().try_for_each(|p| within(&format!("{table}.{}", p.name()), self.of(*p), 1, most))
    }
}

fn within(field: &str, value: i64, least: i64, most: i64) -> Result<(), PolicyError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(PolicyError::value(field, format!("is {value}, must be {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_bounds_name_the_field() {
        Policy::read(DEFAULT).unwrap();
        for (from, to, field) in [
            ("hold_seconds = 30", "hold_seconds = 0", "gate.hold_seconds"),
            ("survey = 2", "survey = 0", "gate.urgency.survey"),
            ("mid_market_users_from = 50", "mid_market_users_from = 501", "segment.enterprise_users_above"),
            ("onboarding_days = 120", "onboarding_days = 0", "stage.onboarding_days"),
            ("digits = 0", "digits = 9", "currencies.JPY.digits"),
            ("accounts_per_csm = 30", "accounts_per_csm = 0", "service.mid_market.accounts_per_csm"),
            ("watched_roles = [\"sponsor\", \"champion\"]", "watched_roles = []", "people.watched_roles"),
            ("regular_days = 5", "regular_days = 15", "patterns.regular_days"),
            ("seniority = [\"manager\"]", "seniority = []", "persona.manager"),
            ("name = \"manager\"", "name = \"administrator\"", "persona.administrator"),
            ("on = \"project.updated\"", "on = \"user.logged_in\"", "handoff.late_project.on"),
            ("to = \"legal\"", "to = \" \"", "handoff.contract.to"),
            ("name = \"loss\"", "name = \"contract\"", "handoff.contract"),
            ("rest_days = 60", "rest_days = 600", "handoff.late_payment.rest_days"),
        ] {
            let text = DEFAULT.replace(from, to);
            assert_ne!(text, DEFAULT, "{from}");
            assert!(Policy::read(&text).unwrap_err().to_string().starts_with(field), "{field}");
        }
        let unknown = DEFAULT.replace("hold_seconds", "hold_second");
        assert!(Policy::read(&unknown).unwrap_err().to_string().contains("unknown field `hold_second`"));
    }

    #[test]
    fn money_is_converted_by_integer_rates_and_an_unknown_rate_is_no_data() {
        let policy = Policy::read(DEFAULT).unwrap();
        let cents = |minor, code| policy.us_cents(Money { minor, currency: Currency::new(code).unwrap() });
        assert_eq!(cents(10_000, "EUR"), Some(10_800));
        assert_eq!(cents(10_000, "JPY"), Some(6_700));
        assert_eq!(cents(10_000, "XPF"), None);
    }
}
