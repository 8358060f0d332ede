//! What is kept of an account's support, and of the group of an issue.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::AccountProfile;
use bus_schema::{
    Entity, Position, Time,
    data::facts::{EscalationLevel, HistoryLine, ToneTrend},
};
use serde::{Deserialize, Serialize};

use crate::{help::Sessions, month::Months, notice::Notices, pattern::Pattern, ticket::Ticket};

/// Texts whose tone is kept.
const TEXTS_MAX: usize = 20;

/// One entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Empty,
    /// An account.
    Account(Box<Account>),
    /// The group of an issue: product area and category.
    Pattern(Box<Pattern>),
}

impl State {
    /// What an entity is kept as.
    pub(crate) fn of(entity: &Entity) -> Self {
        match entity {
            Entity::Account(_) => Self::Account(Box::default()),
            Entity::Pattern(..) => Self::Pattern(Box::default()),
            Entity::Segment(..) | Entity::Csm(_) | Entity::User(_) => Self::Empty,
        }
    }
}

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// Its people with an executive's title.
    pub executives: BTreeSet<String>,
    /// Its tickets: open ones, and those resolved a short while ago.
    pub tickets: BTreeMap<String, Ticket>,
    /// Open escalations by cause.
    pub escalations: BTreeMap<String, Case>,
    /// How its texts sound.
    pub tone: Tone,
    /// Groups that opened as a pattern and cover it.
    pub patterns: BTreeSet<String>,
    /// What it does in the help.
    pub help: Sessions,
    /// What it asked for, by feedback: product area, kind and who asked.
    pub asked: BTreeMap<String, Asked>,
    /// Notices of incidents and patterns.
    pub notices: Notices,
    /// Months in numbers.
    pub months: Months,
}

/// An open escalation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// When it opened.
    pub opened_at: Time,
    /// Points.
    pub severity: u16,
    /// How high it stands.
    pub level: EscalationLevel,
    /// Its tickets.
    pub tickets: BTreeSet<String>,
    /// The role that has it.
    pub role: String,
    /// Steps down the line so far.
    pub passed: u8,
    /// Somebody took it.
    pub taken: bool,
    /// Tasks made of it.
    pub tasks: BTreeSet<String>,
    /// What happened, latest last.
    pub history: VecDeque<HistoryLine>,
    /// When news were asked for last.
    pub told_at: Time,
}

/// What a customer asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Product area.
    pub area: String,
    /// `bug`, `feature_request`, `complaint`.
    pub kind: String,
    /// The event.
    pub event: Position,
}

/// How the customer's texts sound.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Tone {
    texts: VecDeque<(i32, Position)>,
    /// The trend that was said last.
    pub said: Option<ToneTrend>,
}

impl Tone {
    /// Adds a text.
    pub(crate) fn add(&mut self, bp: i32, cause: Position) {
        self.texts.push_back((bp, cause));
        if self.texts.len() > TEXTS_MAX {
            self.texts.pop_front();
        }
    }

    /// Mean of the last texts and of as many before, with the events of the last.
    pub fn halves(&self, each: usize) -> Option<(i32, i32, Vec<Position>)> {
        let last: Vec<_> = self.texts.iter().rev().take(each).collect();
        let before: Vec<_> = self.texts.iter().rev().skip(each).take(each).collect();
        if last.len() < each || before.len() < each {
            return None;
        }
        let mean = |part: &[&(i32, Position)]| {
            let sum: i64 = part.iter().map(|(bp, _)| i64::from(*bp)).sum();
            i32::try_from(sum / i64::try_from(part.len()).unwrap_or(1)).unwrap_or(0)
        };
        Some((mean(&last), mean(&before), last.iter().map(|(_, event)| *event).collect()))
    }
}

impl Account {
    /// Its segment's name.
    pub(crate) fn segment(&self) -> &str {
        self.profile.segment.as_deref().unwrap_or("smb")
    }
}
