//! The policy as the file has it.

use std::collections::BTreeMap;

use agent::hours::Counting;
use bus_schema::{Currency, Day};
use serde::Deserialize;

/// The numbers as the file has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each table is described in policy.toml")]
pub struct Rules {
    pub desk: Desk,
    pub sla: Sla,
    pub severity: Severity,
    pub take: Take,
    pub team: BTreeMap<String, String>,
    pub status: Status,
    pub spike: Spike,
    pub gaps: Gaps,
    pub help: Help,
    pub notice: Notice,
    pub targets: Vec<Target>,
    pub csat: Csat,
    pub effort: Effort,
    pub taxonomy: Taxonomy,
    pub currencies: BTreeMap<Currency, Rate>,
    pub plays: Vec<Play>,
}

/// When the desk works.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Desk {
    pub zone: String,
    pub from: String,
    pub to: String,
    pub weekend: Vec<Weekday>,
    pub holidays: Vec<Day>,
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "Monday to Sunday")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// Its number, Monday is 0.
    pub const fn number(self) -> u8 {
        match self {
            Self::Mon => 0,
            Self::Tue => 1,
            Self::Wed => 2,
            Self::Thu => 3,
            Self::Fri => 4,
            Self::Sat => 5,
            Self::Sun => 6,
        }
    }
}

/// What is promised.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Sla {
    pub policy: String,
    pub half_first_response: Vec<String>,
    pub warn_bp: i64,
    pub urgent_bp: i64,
    pub policies: BTreeMap<String, Promises>,
}

/// By priority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Promises {
    pub p1: Clocks,
    pub p2: Clocks,
    pub p3: Clocks,
    pub p4: Clocks,
}

/// Of one priority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Clocks {
    pub first_response: Span,
    pub resolution: Span,
}

/// So much time that counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Span {
    pub minutes: u32,
    pub counting: Counting,
}

/// Points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Severity {
    pub p1: u16,
    pub p2: u16,
    pub breached: u16,
    pub nearly_breached: u16,
    pub reopened_twice: u16,
    pub tone_falling: u16,
    pub executive: u16,
    pub high_value: u16,
    pub renewal_near: u16,
    pub in_pattern: u16,
    pub asks_or_threatens: u16,
    pub desk: u16,
    pub escalated_from: u16,
    pub urgent_from: u16,
    pub executive_from: u16,
    pub tone_bp: i32,
    pub high_value_segments: Vec<String>,
    pub renewal_days: i32,
}

/// By when an escalation is taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Take {
    pub urgent_minutes: u32,
    pub business_minutes: u32,
    pub next: Vec<String>,
}

/// News to the customer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Status {
    pub p1: Span,
    pub p2: Span,
    pub p3: Span,
    pub p4: Span,
}

/// When many tickets are one issue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Spike {
    pub window_hours: i64,
    pub history_days: i32,
    pub tickets_min: u32,
    pub accounts_min: u32,
    pub short_history_days: i32,
    pub short_tickets_min: u32,
    pub short_accounts_min: u32,
    pub one_account_tickets_min: u32,
    pub one_account_times: u32,
    pub day_cut_times: u32,
    pub closes_after_days: i32,
    pub limits: Vec<Limit>,
}

/// One line of the table of chance.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Limit {
    pub usual: u32,
    pub tickets: u32,
}

/// When answers are missing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Gaps {
    pub days: i32,
    pub queries_min: u32,
    pub replies_above: u32,
    pub training_times: i64,
    pub training_tickets_min: usize,
}

/// Help sessions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Help {
    pub session_minutes: i64,
    pub ticket_hours: i64,
}

/// Notices that prevent tickets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Notice {
    pub prevented_days: i64,
}

/// What a month is measured in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Minutes of business time to the first reply by a person.
    FirstResponse,
    /// Minutes to the resolution, without waiting for the customer; requests apart.
    Resolution,
    /// Minutes to the resolution of requests.
    RequestResolution,
    /// Share resolved with one reply by a person.
    OneTouch,
    /// Share of promises kept.
    SlaMet,
    /// Share of help sessions without a ticket.
    SelfService,
    /// Share of good ratings.
    Csat,
    /// Share of notices that came before a ticket.
    Prevention,
    /// Mean tone of the customer's texts.
    Tone,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::FirstResponse,
        Self::Resolution,
        Self::RequestResolution,
        Self::OneTouch,
        Self::SlaMet,
        Self::SelfService,
        Self::Csat,
        Self::Prevention,
        Self::Tone,
    ];

    /// The name in facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::Resolution => "resolution",
            Self::RequestResolution => "request_resolution",
            Self::OneTouch => "one_touch",
            Self::SlaMet => "sla_met",
            Self::SelfService => "self_service",
            Self::Csat => "csat",
            Self::Prevention => "prevention",
            Self::Tone => "tone",
        }
    }

    pub(crate) const fn range(self) -> (i64, i64) {
        match self {
            Self::FirstResponse | Self::Resolution | Self::RequestResolution => (1, 100_000),
            Self::OneTouch | Self::SlaMet | Self::SelfService | Self::Csat | Self::Prevention => (0, 10_000),
            Self::Tone => (-10_000, 10_000),
        }
    }
}

/// The period of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar month of the desk.
    Month,
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

/// A target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Target {
    pub metric: Metric,
    pub segment: String,
    pub period: Period,
    pub op: Op,
    pub value: i64,
}

impl Target {
    /// Whether a value meets it.
    pub const fn met(&self, value: i64) -> bool {
        match self.op {
            Op::Below => value < self.value,
            Op::Above => value > self.value,
        }
    }
}

/// Ratings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Csat {
    pub good_bp: i64,
}

/// Classes of work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Effort {
    pub small_minutes: u32,
    pub medium_minutes: u32,
}

/// Types of issue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Taxonomy {
    pub version: u32,
    pub types: Vec<IssueType>,
}

/// One type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct IssueType {
    pub issue: String,
    pub categories: Vec<String>,
    pub to: String,
    pub immediate: String,
    pub systemic: String,
}

/// What a currency is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Rate {
    pub millionths: i64,
    pub digits: u32,
}

/// What asks for a touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// News of an escalation is due.
    Status,
    /// An incident covers the account.
    Incident,
    /// A pattern covers the account, and it has no ticket on it.
    Pattern,
    /// What the customer asked for was decided on.
    Feedback,
}

/// A touch that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct Play {
    pub name: String,
    pub version: u32,
    pub when: Trigger,
    pub template: String,
    pub roles: Vec<String>,
}
