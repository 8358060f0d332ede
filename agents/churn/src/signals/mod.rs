//! The signs of churn, by cause: each file keeps what its signs need and tells which of them hold.

mod market;
mod money;
mod people;
mod plan;
mod support;
mod usage;
mod voice;

use bus_schema::{
    Day, Position, Time,
    data::facts::{CauseGroup, SignalClass},
};
use serde::{Deserialize, Serialize};

pub use self::{
    market::Market,
    money::Money,
    people::People,
    plan::Plan,
    support::Support,
    usage::{Activity, Use},
    voice::Voice,
};
use crate::policy::Policy;

/// A sign of churn, as the policy names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described where it is told")]
pub enum Sign {
    UsageHalved,
    Silent,
    AdoptionFalling,
    UsageDown,
    IrregularUse,
    SponsorLeft,
    SponsorReplaced,
    OrganisationChanged,
    AttendanceLow,
    PaymentLate,
    PaymentVeryLate,
    PaymentCured,
    BudgetConcern,
    BudgetFrozen,
    Escalations,
    TicketsRising,
    CompetitorMentioned,
    CompetitorEvaluated,
    AutoRenewOff,
    RenewalSilent,
    ResponsesFalling,
    NpsFalling,
    ProjectDelayed,
    NoExpansionTalk,
}

impl Sign {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::UsageHalved,
        Self::Silent,
        Self::AdoptionFalling,
        Self::UsageDown,
        Self::IrregularUse,
        Self::SponsorLeft,
        Self::SponsorReplaced,
        Self::OrganisationChanged,
        Self::AttendanceLow,
        Self::PaymentLate,
        Self::PaymentVeryLate,
        Self::PaymentCured,
        Self::BudgetConcern,
        Self::BudgetFrozen,
        Self::Escalations,
        Self::TicketsRising,
        Self::CompetitorMentioned,
        Self::CompetitorEvaluated,
        Self::AutoRenewOff,
        Self::RenewalSilent,
        Self::ResponsesFalling,
        Self::NpsFalling,
        Self::ProjectDelayed,
        Self::NoExpansionTalk,
    ];

    /// The name in facts and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsageHalved => "usage_halved",
            Self::Silent => "silent",
            Self::AdoptionFalling => "adoption_falling",
            Self::UsageDown => "usage_down",
            Self::IrregularUse => "irregular_use",
            Self::SponsorLeft => "sponsor_left",
            Self::SponsorReplaced => "sponsor_replaced",
            Self::OrganisationChanged => "organisation_changed",
            Self::AttendanceLow => "attendance_low",
            Self::PaymentLate => "payment_late",
            Self::PaymentVeryLate => "payment_very_late",
            Self::PaymentCured => "payment_cured",
            Self::BudgetConcern => "budget_concern",
            Self::BudgetFrozen => "budget_frozen",
            Self::Escalations => "escalations",
            Self::TicketsRising => "tickets_rising",
            Self::CompetitorMentioned => "competitor_mentioned",
            Self::CompetitorEvaluated => "competitor_evaluated",
            Self::AutoRenewOff => "auto_renew_off",
            Self::RenewalSilent => "renewal_silent",
            Self::ResponsesFalling => "responses_falling",
            Self::NpsFalling => "nps_falling",
            Self::ProjectDelayed => "project_delayed",
            Self::NoExpansionTalk => "no_expansion_talk",
        }
    }

    /// Its cause.
    pub const fn group(self) -> CauseGroup {
        match self {
            Self::UsageHalved | Self::Silent | Self::AdoptionFalling | Self::UsageDown | Self::IrregularUse => {
                CauseGroup::Usage
            }
            Self::SponsorLeft | Self::SponsorReplaced | Self::OrganisationChanged | Self::AttendanceLow => {
                CauseGroup::People
            }
            Self::PaymentLate
            | Self::PaymentVeryLate
            | Self::PaymentCured
            | Self::BudgetConcern
            | Self::BudgetFrozen => CauseGroup::Money,
            Self::Escalations | Self::TicketsRising => CauseGroup::Support,
            Self::CompetitorMentioned | Self::CompetitorEvaluated | Self::AutoRenewOff => CauseGroup::Market,
            Self::RenewalSilent | Self::ResponsesFalling | Self::NpsFalling => CauseGroup::Voice,
            Self::ProjectDelayed | Self::NoExpansionTalk => CauseGroup::Plan,
        }
    }

    /// How strong it is while it is fresh.
    pub const fn class(self) -> SignalClass {
        match self {
            Self::UsageHalved
            | Self::Silent
            | Self::SponsorLeft
            | Self::PaymentLate
            | Self::PaymentVeryLate
            | Self::Escalations
            | Self::CompetitorMentioned
            | Self::CompetitorEvaluated
            | Self::AutoRenewOff
            | Self::RenewalSilent => SignalClass::Strong,
            Self::AdoptionFalling
            | Self::UsageDown
            | Self::BudgetConcern
            | Self::BudgetFrozen
            | Self::TicketsRising
            | Self::ResponsesFalling
            | Self::NpsFalling => SignalClass::Moderate,
            Self::IrregularUse
            | Self::SponsorReplaced
            | Self::OrganisationChanged
            | Self::AttendanceLow
            | Self::PaymentCured
            | Self::ProjectDelayed
            | Self::NoExpansionTalk => SignalClass::Early,
        }
    }
}

/// A sign that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// Which.
    pub sign: Sign,
    /// How strong it is.
    pub class: SignalClass,
    /// Its size in log-odds.
    pub bp: i64,
    /// Since when it holds.
    pub since: Option<Time>,
    /// In words, with the numbers.
    pub reason: String,
    /// Events behind it, latest first.
    pub events: Vec<Position>,
}

/// When and under which rules signs are told.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// Log time.
    pub now: Time,
    /// The civil day there.
    pub today: Day,
}

impl Look<'_> {
    /// A sign at its full size.
    pub fn sign(&self, sign: Sign, since: Option<Time>, reason: String, events: Vec<Position>) -> Signal {
        Signal { sign, class: sign.class(), bp: self.policy.size(sign), since, reason, events }
    }

    /// A sign that ages evenly to nothing; what is left of it also says how strong it is.
    pub fn ageing(&self, sign: Sign, mark: &Mark, life_days: i32, reason: String) -> Option<Signal> {
        let left = life_days - self.days_since(mark.at);
        if left <= 0 {
            return None;
        }
        let (left, life) = (i64::from(left.min(life_days)), i64::from(life_days));
        let class = match left * 4 / life {
            0 => SignalClass::Early,
            1 => SignalClass::Moderate.min(sign.class()),
            _ => sign.class(),
        };
        let bp = self.policy.size(sign) * left / life;
        Some(Signal { sign, class, bp, since: Some(mark.at), reason, events: vec![mark.event] })
    }

    /// Whole days since an instant.
    pub fn days_since(&self, at: Time) -> i32 {
        i32::try_from(self.now.since_ms(at) / bus_schema::time::DAY_MS).unwrap_or(i32::MAX)
    }

    /// Whether a mark is younger than so many days.
    pub fn within(&self, mark: Option<&Mark>, days: i32) -> bool {
        mark.is_some_and(|mark| self.days_since(mark.at) < days)
    }
}

/// An event that counts: when it happened and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// Where in the log.
    pub event: Position,
}
