//! Facts of the escalation agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Day, Money, Position, Time};

/// A clock on a ticket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlaClock {
    /// To the first reply by a person.
    FirstResponse,
    /// To the end, without the time the customer is waited for.
    Resolution,
}

impl SlaClock {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::Resolution => "resolution",
        }
    }
}

/// What a clock was promised by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlaPromise {
    /// Name of the policy.
    pub policy: String,
    /// Priority the ticket counts as, `p1` to `p4`.
    pub priority: String,
    /// Minutes promised.
    pub minutes: u32,
    /// Which time counts: `always`, `workdays`, `business`.
    pub counting: String,
}

/// A clock nears its end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlaWarned {
    /// The ticket.
    pub ticket: String,
    /// Which.
    pub clock: SlaClock,
    /// Share used.
    pub used_bp: u16,
    /// When it ends.
    pub due: Time,
    /// Near the end already, no more than a first warning otherwise.
    pub urgent: bool,
    /// What was promised.
    pub promise: SlaPromise,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A clock ran out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlaBreached {
    /// The ticket.
    pub ticket: String,
    /// Which.
    pub clock: SlaClock,
    /// When it ended.
    pub due: Time,
    /// What was promised.
    pub promise: SlaPromise,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// How high an escalation stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationLevel {
    /// More than support.
    Escalated,
    /// At once.
    Urgent,
    /// With the executives.
    Executive,
}

impl EscalationLevel {
    /// The name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Escalated => "escalated",
            Self::Urgent => "urgent",
            Self::Executive => "executive",
        }
    }
}

/// One of the people who are told together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TeamMember {
    /// What they do for the account.
    pub role: String,
    /// Who they are.
    pub name: String,
}

/// A problem needs more than support.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationRaised {
    /// Its id.
    pub escalation: String,
    /// Its cause: product area and category, `exports/bug`.
    pub cause: String,
    /// Points.
    pub severity: u16,
    /// How high it stands.
    pub level: EscalationLevel,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The points, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Its tickets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<String>,
    /// The account's team, told together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub team: Vec<TeamMember>,
    /// Not taken by then, it goes to the next in line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_by: Option<Time>,
    /// ARR of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// An escalation changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationUpdated {
    /// Which.
    pub escalation: String,
    /// Points now.
    pub severity: u16,
    /// Level now.
    pub level: EscalationLevel,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What changed.
    pub reason: String,
    /// Its tickets now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<String>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// One line of an escalation's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HistoryLine {
    /// When.
    pub at: Time,
    /// What happened.
    pub text: String,
}

/// An escalation is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EscalationResolved {
    /// Which.
    pub escalation: String,
    /// When it opened.
    pub opened_at: Time,
    /// How it ended.
    pub reason: String,
    /// What happened, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryLine>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// What an account tells an issue's group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// A ticket was opened.
    Ticket,
    /// A ticket was resolved.
    Resolved,
    /// A customer asked for a feature.
    FeatureRequest,
    /// A customer reported a bug as feedback.
    Bug,
    /// A customer complained.
    Complaint,
    /// A request or report was answered.
    Answered,
    /// A ticket ended without an answer.
    NoAnswer,
    /// A bot gave up.
    HandedOff,
    /// A search found nothing.
    NothingFound,
    /// A search led to no article.
    NothingRead,
    /// An article did not help.
    NotHelpful,
    /// A question took many replies.
    ManyReplies,
}

/// An account tells an issue's group what it saw. Its entity is `pattern/<area>/<category>`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternSighted {
    /// What.
    pub sighting: Sighting,
    /// The account.
    pub account: String,
    /// The ticket, feedback, conversation or article.
    pub reference: String,
    /// When it happened.
    pub at: Time,
    /// The event at the account.
    pub event: Position,
    /// Since when the account is heard of: silence before that is none.
    pub known_since: Day,
    /// Its segment.
    pub segment: String,
    /// Its ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// It decides on its renewal within 90 days.
    pub renewal_near: bool,
    /// An incident covered the account.
    pub in_incident: bool,
    /// Points of its priority, 1 to 4.
    pub weight: u8,
    /// How its text sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment_bp: Option<i32>,
    /// Minutes to the resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Replies by persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<u32>,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// A pattern covers an account from here, or no more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternCovers {
    /// Product area.
    pub area: String,
    /// Category.
    pub category: String,
    /// It begins; it ends otherwise.
    pub opened: bool,
    /// Accounts hit.
    pub accounts: u32,
    /// Tickets in 48 hours.
    pub tickets: u32,
}

/// Why a pattern opened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternRule {
    /// Many accounts, more than chance allows for.
    ManyAccounts,
    /// Many accounts of which little history is known.
    LittleHistory,
    /// One account, far above its own usual.
    OneAccount,
}

/// Many accounts report the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternOpened {
    /// In 48 hours.
    pub tickets: u32,
    /// Usual in 48 hours, in hundredths.
    pub usual: u32,
    /// From so many tickets on it is no chance.
    pub threshold: u32,
    /// By which rule.
    pub rule: PatternRule,
    /// Days of history that the usual rests on.
    pub history_days: u32,
    /// Accounts hit.
    pub accounts: u32,
    /// Their ARR, in the reporting currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
    /// ARR of those that decide on their renewal within 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr_renewal: Option<Money>,
    /// Accounts whose ARR is not known.
    pub arr_unknown: u32,
    /// Median resolution times tickets, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort_minutes: Option<u64>,
    /// The first.
    pub first_ticket: String,
    /// Three ticket ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Accounts by segment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentCount>,
    /// Events behind it, at the accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// How many of a segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SegmentCount {
    /// The segment.
    pub segment: String,
    /// Accounts.
    pub accounts: u32,
}

/// A pattern grew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternUpdated {
    /// In 48 hours.
    pub tickets: u32,
    /// Accounts hit.
    pub accounts: u32,
    /// Their ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Money>,
}

/// A pattern is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternClosed {
    /// When it opened.
    pub opened_at: Time,
    /// In all.
    pub tickets: u32,
    /// Accounts hit.
    pub accounts: u32,
}

/// Answers are missing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GapFound {
    /// How many in 28 days.
    pub queries: u32,
    /// Accounts that met it.
    pub accounts: u32,
    /// The team that needs far more replies than usual, where it is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// A group's month, told to the product report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PatternSummed {
    /// The month, `2026-01`.
    pub month: String,
    /// What it comes to.
    pub item: ProductItem,
}

/// One pain point. Nothing of it is left out, so that it can be kept in a state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProductItem {
    /// Product area.
    pub area: String,
    /// Category.
    pub category: String,
    /// Tickets, requests, bugs and complaints of the month.
    pub frequency: u32,
    /// Accounts.
    pub accounts: u32,
    /// Their ARR in the reporting currency.
    pub arr: Option<Money>,
    /// Points of the worst priority, 1 to 4.
    pub severity: u8,
    /// 1 small, 2 medium, 4 large: by the usual time to a resolution.
    pub effort: u8,
    /// Mean sentiment of the texts.
    pub sentiment_bp: Option<i32>,
    /// Accounts by segment.
    pub segments: Vec<SegmentCount>,
    /// The first day it was seen.
    pub since: Day,
    /// What helps at once.
    pub immediate_fix: String,
    /// What helps for good.
    pub systemic_fix: String,
    /// Accounts that wait for an answer.
    pub waiting: u32,
    /// Some of them.
    pub who_waits: Vec<String>,
    /// Its place in the report; higher first.
    pub rank: u64,
    /// Events behind it, at the accounts.
    pub events: Vec<Position>,
}

/// The pain points of a month, the worst first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProductReported {
    /// The month, `2026-01`.
    pub month: String,
    /// Version of the taxonomy.
    pub taxonomy_version: u32,
    /// The points.
    pub items: Vec<ProductItem>,
}

/// Support of an account in a month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupportReviewed {
    /// The month, `2026-01`.
    pub month: String,
    /// The account's segment.
    pub segment: String,
    /// All of it.
    pub measures: Vec<Measure>,
    /// By type of issue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<SupportRow>,
    /// By the way it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<SupportRow>,
    /// Where most of the time went: `waiting for us`, `waiting for the customer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottleneck: Option<String>,
    /// Version of the taxonomy.
    pub taxonomy_version: u32,
    /// Version of the policy with the targets.
    pub policy_version: u32,
}

/// A measure of support. Sums and observations add up over accounts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// Which.
    pub metric: String,
    /// Sum: minutes, or hits in basis points.
    pub sum: i64,
    /// Observations.
    pub n: u32,
    /// The mean.
    pub mean: i64,
    /// The middle one, where each is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<i64>,
    /// The mean of the three months before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// The target of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// Whether it is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// Fewer than five observations.
    pub few: bool,
}

/// Support of one type, or by one way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupportRow {
    /// The type or channel.
    pub name: String,
    /// Tickets opened.
    pub opened: u32,
    /// Tickets resolved.
    pub resolved: u32,
    /// Of them without being opened again or left without an answer.
    pub solved: u32,
    /// Mean minutes to the resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_minutes: Option<u32>,
    /// Good ratings.
    pub good: u32,
    /// Ratings.
    pub rated: u32,
}

/// How the customer's texts sound, when that changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToneChanged {
    /// Mean of the last texts.
    pub now_bp: i32,
    /// Mean of the texts before.
    pub before_bp: i32,
    /// Texts in each.
    pub n: u32,
    /// `falling` or `rising`.
    pub trend: ToneTrend,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
}

/// Where a tone goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToneTrend {
    /// Down.
    Falling,
    /// Up.
    Rising,
    /// As usual again.
    Steady,
}
