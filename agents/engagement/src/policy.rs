//! The numbers of the planner, read from text once and validated.

mod attention;
mod programme;
mod relation;

use std::collections::BTreeMap;

use agent::{PolicyError, hours::Calendar, policy::parse};
use bus_schema::{Day, data::facts::MessageClass};
use jiff::tz::TimeZone;
use serde::Deserialize;

pub use self::{
    attention::Attention,
    programme::{Campaign, Programme},
    relation::{BySegment, Cadence, Counted, Milestone, Play, Relation, When},
};
use crate::template::Template;

/// The rules in force: thresholds and message templates.
#[derive(Debug)]
pub struct Policy {
    /// Zone of accounts and contacts that name none.
    pub zone: String,
    /// When messages go out.
    pub hours: Hours,
    /// Life of a proposal.
    pub proposal: Proposal,
    /// Life of a touch that cannot be proposed.
    pub hold: Hold,
    /// When a contact is left alone.
    pub rest: Rest,
    /// What a CSM is asked to look at.
    pub attention: Attention,
    /// When a customer is congratulated, told, met.
    pub relation: Relation,
    /// What is measured over many accounts.
    pub programme: Programme,
    /// Working days where the tenant is.
    pub calendar: Calendar,
    /// What a draft must have.
    pub draft: Draft,
    /// Budget of one contact.
    pub contact: Budget,
    /// Budget of an account, by segment.
    pub account: BTreeMap<String, Budget>,
    /// Message templates by name.
    pub templates: BTreeMap<String, Template>,
}

/// When messages go out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// First local hour.
    pub from: u8,
    /// Local hour at which the day is over.
    pub to: u8,
    /// Days of the week without messages.
    pub weekend: Vec<WeekdayName>,
    /// Further days without messages.
    pub holidays: Vec<Day>,
}

/// A day of the week, as a policy writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekdayName {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl WeekdayName {
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

/// Life of a proposal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Undecided for so many working days means: not sent.
    pub expires_working_days: u32,
    /// A rejected play rests on the same cause for so long.
    pub rejected_quiet_days: u32,
}

/// Life of a touch that cannot be proposed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// It is looked at again after this time.
    pub recheck_hours: u32,
    /// It is dropped after so many days.
    pub dies_days: u32,
    /// It waits so long after a more urgent one.
    pub outranked_hours: u32,
    /// Renewal passes save when the customer decides within so many days.
    pub renewal_first_days: u32,
}

/// When a contact is left alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rest {
    /// Personal messages without an answer.
    pub unanswered_max: u32,
    /// How long.
    pub days: u32,
}

/// What a draft must have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Fresh facts it tells.
    pub facts_min: usize,
    /// What counts as fresh.
    pub facts_age_days_max: u32,
    /// Words of its body.
    pub words_max: usize,
    /// Likeness to a message to the same contact.
    pub like_contact_bp: i64,
    /// How many of these are compared.
    pub like_contact_messages: usize,
    /// Likeness to a message to the same account.
    pub like_account_bp: i64,
    /// How old these may be.
    pub like_account_days: u32,
}

/// Most messages by class.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Service notices.
    pub transactional: Vec<Window>,
    /// A person writes to a person.
    pub relationship: Vec<Window>,
    /// Offers.
    pub commercial: Vec<Window>,
    /// Questions.
    pub survey: Vec<Window>,
    /// All but service notices.
    pub together: Vec<Window>,
}

/// Most messages in any so many days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Messages.
    pub max: usize,
    /// Days.
    pub days: u32,
}

impl Budget {
    /// The windows of one class alone.
    pub fn of(&self, class: MessageClass) -> &[Window] {
        match class {
            MessageClass::Transactional => &self.transactional,
            MessageClass::Relationship => &self.relationship,
            MessageClass::Commercial => &self.commercial,
            MessageClass::Survey => &self.survey,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    zone: String,
    hours: Hours,
    proposal: Proposal,
    hold: Hold,
    rest: Rest,
    attention: Attention,
    relation: Relation,
    programme: Programme,
    draft: Draft,
    budget: RawBudget,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBudget {
    contact: Budget,
    account: BTreeMap<String, Budget>,
}

/// The segment whose budget counts where a segment has none of its own.
pub const FALLBACK_SEGMENT: &str = "smb";
/// Longest window, rest and quiet time in days: what is older is forgotten.
pub const DAYS_MAX: u32 = 120;

impl Policy {
    /// Reads and validates the text.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let raw: Raw = parse(text)?;
        let zone = TimeZone::get(&raw.zone)
            .map_err(|_| PolicyError::value("zone", format!("`{}` is no IANA time zone like Europe/Rome", raw.zone)))?;
        check_hours(&raw.hours)?;
        check_numbers(&raw)?;
        raw.attention.check()?;
        raw.relation.check()?;
        raw.programme.check()?;
        let weekend = raw.hours.weekend.iter().map(|day| day.number()).collect();
        let holidays = raw.hours.holidays.clone();
        let calendar = Calendar { zone, from_minute: 0, to_minute: 1_440, weekend, holidays };
        if !raw.budget.account.contains_key(FALLBACK_SEGMENT) {
            return Err(PolicyError::value("budget.account", format!("`{FALLBACK_SEGMENT}` must be there")));
        }
        check_budget("budget.contact", &raw.budget.contact)?;
        for (segment, budget) in &raw.budget.account {
            check_budget(&format!("budget.account.{segment}"), budget)?;
        }
        Ok(Self {
            zone: raw.zone,
            hours: raw.hours,
            proposal: raw.proposal,
            hold: raw.hold,
            rest: raw.rest,
            attention: raw.attention,
            relation: raw.relation,
            programme: raw.programme,
            calendar,
            draft: raw.draft,
            contact: raw.budget.contact,
            account: raw.budget.account,
            templates: BTreeMap::new(),
        })
    }

    /// The budget of an account of this segment.
    pub fn account_budget(&self, segment: &str) -> &Budget {
        self.account.get(segment).or_else(|| self.account.get(FALLBACK_SEGMENT)).unwrap_or(&self.contact)
    }
}

fn check_hours(hours: &Hours) -> Result<(), PolicyError> {
    if !(0..=23).contains(&hours.from) || !(1..=24).contains(&hours.to) || hours.from >= hours.to {
        return Err(PolicyError::value("hours", "from must be an hour of the day before to, like 8 and 18"));
    }
    let mut days: Vec<u8> = hours.weekend.iter().map(|day| day.number()).collect();
    days.sort_unstable();
    days.dedup();
    if days.len() > 6 {
        return Err(PolicyError::value("hours.weekend", "at least one day of the week must be a working day"));
    }
    if hours.holidays.len() > 400 {
        return Err(PolicyError::value("hours.holidays", "at most 400 days"));
    }
    Ok(())
}

fn between(field: &str, value: u32, min: u32, max: u32) -> Result<(), PolicyError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(PolicyError::value(field, format!("{value} is not between {min} and {max}")))
}

fn check_numbers(raw: &Raw) -> Result<(), PolicyError> {
    between("proposal.expires_working_days", raw.proposal.expires_working_days, 1, 30)?;
    between("proposal.rejected_quiet_days", raw.proposal.rejected_quiet_days, 0, DAYS_MAX)?;
    between("hold.recheck_hours", raw.hold.recheck_hours, 1, 24 * 14)?;
    between("hold.dies_days", raw.hold.dies_days, 1, 90)?;
    between("hold.outranked_hours", raw.hold.outranked_hours, 0, 24 * 30)?;
    between("hold.renewal_first_days", raw.hold.renewal_first_days, 0, 365)?;
    between("rest.unanswered_max", raw.rest.unanswered_max, 1, 20)?;
    between("rest.days", raw.rest.days, 1, DAYS_MAX)?;
    between("draft.facts_age_days_max", raw.draft.facts_age_days_max, 1, 90)?;
    between("draft.like_account_days", raw.draft.like_account_days, 1, DAYS_MAX)?;
    if raw.draft.facts_min > 20 {
        return Err(PolicyError::value("draft.facts_min", "at most 20"));
    }
    if !(20..=1_000).contains(&raw.draft.words_max) {
        return Err(PolicyError::value("draft.words_max", "between 20 and 1000"));
    }
    if raw.draft.like_contact_messages > 20 {
        return Err(PolicyError::value("draft.like_contact_messages", "at most 20"));
    }
    for (field, bp) in
        [("draft.like_contact_bp", raw.draft.like_contact_bp), ("draft.like_account_bp", raw.draft.like_account_bp)]
    {
        if !(0..=10_000).contains(&bp) {
            return Err(PolicyError::value(field, "between 0 and 10000"));
        }
    }
    Ok(())
}

fn check_budget(field: &str, budget: &Budget) -> Result<(), PolicyError> {
    let lists = [
        ("transactional", &budget.transactional),
        ("relationship", &budget.relationship),
        ("commercial", &budget.commercial),
        ("survey", &budget.survey),
        ("together", &budget.together),
    ];
    for (class, windows) in lists {
        let sound = |window: &Window| (1..=DAYS_MAX).contains(&window.days) && window.max <= 1_000;
        if windows.is_empty() || !windows.iter().all(sound) {
            return Err(PolicyError::value(
                format!("{field}.{class}"),
                format!("needs at least one window like {{ max = 1, days = 3 }}, of 1 to {DAYS_MAX} days"),
            ));
        }
    }
    Ok(())
}
