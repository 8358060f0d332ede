//! What is kept of an account's term on its way to the decision, and of the books that sum many.

use std::collections::{BTreeMap, BTreeSet};

use agent::{AccountProfile, Trail};
use bus_schema::{
    Day, Entity, Position, Time,
    data::facts::{Band, RenewalCategory, Tier},
};
use serde::{Deserialize, Serialize};

use crate::{book::Book, policy::Policy};

/// One entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Empty,
    /// An account.
    Account(Box<Account>),
    /// The contracts of a CSM or a segment.
    Book(Box<Book>),
}

impl State {
    /// What an entity is kept as.
    pub(crate) fn of(entity: &Entity) -> Self {
        match entity {
            Entity::Account(_) => Self::Account(Box::default()),
            Entity::Segment(..) | Entity::Csm(_) => Self::Book(Box::default()),
            Entity::Pattern(..) | Entity::User(_) => Self::Empty,
        }
    }
}

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// The term that is on its way to a decision.
    pub run: Option<Box<Run>>,
    /// The contract and end of the term that was settled last: it is not begun again.
    pub settled: Option<(String, Day)>,
    /// Increase at renewal that the contract names.
    pub uplift_bp: i32,
    /// What the risk forecast says, by part.
    pub risk: Vec<RiskPart>,
    /// Its tier.
    pub tier: Tier,
    /// The health band.
    pub band: Band,
    /// What it has of the product.
    pub value: Value,
    /// Its sponsor took part in a meeting or review last.
    pub sponsor_met: Option<(Time, Position)>,
    /// The books it told last: CSM and segment.
    pub books: BTreeSet<String>,
}

/// A part of the risk forecast that bears on a renewal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RiskPart {
    /// Its name.
    pub name: String,
    /// What it takes off the likelihood, in log-odds.
    pub bp: i64,
    /// It is of use, people, money, and so on: evidence. Else tenure or protection.
    pub group: Option<String>,
    /// In words.
    pub reason: String,
    /// Events behind it.
    pub events: Vec<Position>,
}

/// What an account has of the product.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Value {
    /// Outcomes that customer or CSM attested.
    pub outcomes: Trail,
    /// Reports of return on investment.
    pub roi: Trail,
    /// Goals reached.
    pub goals_achieved: Trail,
    /// Goals not reached.
    pub goals_missed: Trail,
    /// Use cases that went live.
    pub use_cases: Trail,
    /// Reviews held.
    pub reviews: Trail,
}

/// A term on its way to a decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Run {
    /// The contract.
    pub contract: String,
    /// First day of the term.
    pub term_start: Day,
    /// Last day of the term.
    pub term_end: Day,
    /// The event that made it known.
    pub known: Position,
    /// The renewal is an opportunity.
    pub opened: bool,
    /// Steps that were asked for, or lay behind.
    pub steps: BTreeSet<String>,
    /// Tasks, by name.
    pub tasks: BTreeMap<String, Task>,
    /// How far it is.
    pub stage: Option<(Reached, Position)>,
    /// When a proposal was sent.
    pub proposed: Option<(Time, Position)>,
    /// The customer answered or followed it.
    pub answered: Option<Position>,
    /// Approved messages of this renewal.
    pub messages: BTreeSet<String>,
    /// The CSM's own call.
    pub call: Option<Call>,
    /// Terms that a person thinks of, by id.
    pub terms: BTreeMap<String, Terms>,
    /// The last forecast said, and when.
    pub said: Option<(u16, RenewalCategory, Day)>,
    /// The last day it was told as late.
    pub late_on: Option<Day>,
    /// What the books know: likelihood and call.
    pub booked: Option<(u16, Option<u16>)>,
}

/// How far a renewal is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Reached {
    /// It was opened.
    Open,
    /// It was spoken of.
    Discussed,
    /// An offer is out.
    Proposed,
    /// Legal or purchasing are at it.
    Negotiating,
    /// The customer said yes.
    Verbal,
    /// It is signed.
    Signed,
    /// It is lost.
    Lost,
}

/// A task of the timeline.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The step it belongs to.
    pub step: String,
    /// By when.
    pub due_on: Day,
    /// What did it.
    pub done: Option<Position>,
}

/// What the CSM thinks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Probability.
    pub likelihood_bp: u16,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// The event.
    pub event: Position,
}

/// Terms that wait for two persons.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Who agreed, in order, with the decision.
    pub by: Vec<(String, Position)>,
    /// It is decided.
    pub settled: bool,
}

impl Run {
    /// A term, when it becomes known.
    pub(crate) fn new(contract: &str, term_start: Day, term_end: Day, known: Position) -> Self {
        Self {
            contract: contract.to_owned(),
            term_start,
            term_end,
            known,
            opened: false,
            steps: BTreeSet::new(),
            tasks: BTreeMap::new(),
            stage: None,
            proposed: None,
            answered: None,
            messages: BTreeSet::new(),
            call: None,
            terms: BTreeMap::new(),
            said: None,
            late_on: None,
            booked: None,
        }
    }

    /// How far it is.
    pub fn reached(&self) -> Reached {
        self.stage.map_or(Reached::Open, |(reached, _)| reached)
    }

    /// Tasks of a step that are open on a day by which they were due, with the days since.
    pub fn overdue(&self, step: &str, today: Day) -> Option<i32> {
        let open = self.tasks.values().filter(|task| task.step == step && task.done.is_none());
        open.map(|task| today.0 - task.due_on.0).filter(|days| *days > 0).max()
    }
}

impl Account {
    /// Today where the account is.
    pub(crate) fn today(&self, policy: &Policy, now: Time) -> Day {
        self.profile.day_of(now, &policy.zone)
    }

    /// The segment whose base counts.
    pub(crate) fn segment(&self) -> &str {
        if self.profile.vendor { "vendor" } else { self.profile.segment.as_deref().unwrap_or("smb") }
    }

    /// Days of notice in the contract.
    pub(crate) fn notice_days(&self) -> i32 {
        self.profile.contract.as_ref().map_or(0, |contract| i32::try_from(contract.notice_days).unwrap_or(i32::MAX))
    }

    /// Whether the contract renews by itself.
    pub(crate) fn by_itself(&self) -> bool {
        self.profile.contract.as_ref().is_some_and(|contract| contract.auto_renew)
    }

    /// The day on which the customer decides on a term: its end less what the notice exceeds 30 days by.
    pub(crate) fn decision_on(&self, run: &Run) -> Day {
        run.term_end.plus((self.notice_days().saturating_sub(30)).max(0).saturating_neg())
    }

    /// The last day for notice.
    pub(crate) fn notice_by(&self, run: &Run) -> Day {
        run.term_end.plus(self.notice_days().saturating_neg())
    }

    /// Whether somebody is known who can decide.
    pub(crate) fn decider_known(&self, policy: &Policy) -> bool {
        self.profile.present().any(|(_, contact)| policy.people.deciders.iter().any(|role| contact.has(role)))
    }
}
