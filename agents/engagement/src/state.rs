//! What is kept: of an account who it is, what waits, what is open, what was sent; of a CSM the cards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::AccountProfile;
use bus_schema::{
    Day, Entity, Money, Position, Time,
    data::{
        facts::{Evidence, HeldReason, MergeField, MessageClass, Priority, Tier, TouchpointRequested},
        people::MuteScope,
    },
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    achievements::Achievements, attention::Card, cadence::Relation, campaigns::Joined, csm::Csm, kit::Kit,
    month::Month, policy::DAYS_MAX, segment::Segment, triggers::Seen,
};

/// Settled proposals remembered, so that a late word of a send still counts.
const SETTLED_MAX: usize = 20;

/// What is kept of one entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// Nothing yet.
    #[default]
    Empty,
    /// Of an account.
    Account(Box<Account>),
    /// Of a CSM.
    Csm(Csm),
    /// Of all accounts of a segment.
    Segment(Segment),
}

impl State {
    /// The state an entity begins with; entities of other kinds keep none.
    pub(crate) fn of(entity: &Entity) -> Self {
        match entity {
            Entity::Account(_) => Self::Account(Box::default()),
            Entity::Csm(_) => Self::Csm(Csm::default()),
            Entity::Segment(..) => Self::Segment(Segment::default()),
            Entity::Pattern(..) | Entity::User(_) => Self::Empty,
        }
    }

    /// The account it is kept of.
    pub fn account(&self) -> Option<&Account> {
        if let Self::Account(account) = self { Some(account) } else { None }
    }
}

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Who it is.
    pub profile: AccountProfile,
    /// Touches that are not proposed.
    pub waiting: Vec<Waiting>,
    /// Proposals without an outcome, by id: each holds budget.
    pub open: BTreeMap<String, Open>,
    /// Messages sent, oldest first.
    pub sent: Vec<Sent>,
    /// The latest proposals that gave their budget back.
    pub settled: VecDeque<(String, Open)>,
    /// Who was written to, by contact.
    pub people: BTreeMap<String, Person>,
    /// What a CSM muted.
    pub mutes: Vec<Mute>,
    /// What a person rejected.
    pub rejected: Vec<Rejected>,
    /// The risk tier.
    pub tier: Tier,
    /// Open escalations.
    pub escalations: BTreeSet<String>,
    /// Overdue invoices with their days late.
    pub overdue: BTreeMap<String, u32>,
    /// All conditions of the gate of expansion hold.
    pub offers: bool,
    /// When the risk tier last rose.
    pub tier_rose_on: Option<Day>,
    /// The CSM in whose queue its cards are.
    pub owner: Option<String>,
    /// Cards of open proposals.
    pub cards: BTreeMap<String, Card>,
    /// The daily look is set.
    pub running: bool,
    /// What is counted and remembered for the triggers.
    pub seen: Seen,
    /// How the relation stands.
    pub relation: Relation,
    /// What a review kit is made of.
    pub kit: Kit,
    /// When a call was last asked for.
    pub called_on: Option<Day>,
    /// What counts in a month.
    pub month: Month,
    /// Campaigns it is part of, by name.
    pub campaigns: BTreeMap<String, Joined>,
    /// What its people achieved.
    pub achievements: Achievements,
}

/// A touch asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Touch {
    /// Its id.
    pub id: String,
    /// The play.
    pub play: String,
    /// Its version.
    pub play_version: u32,
    /// Its place in the order.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// The template.
    pub template: String,
    /// Recipient roles, best first.
    pub roles: Vec<String>,
    /// One sentence.
    pub why: String,
    /// Why now.
    pub evidence: Vec<Noted>,
    /// Facts to tell, by name.
    pub fields: Vec<(String, String, Noted)>,
    /// Value at stake.
    pub value: Option<Money>,
    /// What it rests on.
    pub cause_key: String,
    /// Who asked.
    pub agent: String,
    /// When.
    pub requested_at: Time,
}

/// A text with its time and events. (State is no self-describing format: facts with optional parts cannot stand in it.)
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Noted {
    text: String,
    at: Time,
    events: Vec<Position>,
}

/// A touch that waits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The touch.
    pub touch: Touch,
    /// Why, as it was said.
    pub held: Option<HeldReason>,
    /// When it is looked at again.
    pub recheck_at: Time,
}

/// A proposal without an outcome.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Open {
    /// The touch ids it carries.
    pub touches: Vec<String>,
    /// The leading play.
    pub play: String,
    /// What it rests on.
    pub cause_keys: Vec<(String, String)>,
    /// Its place in the order.
    pub priority: Priority,
    /// Its class.
    pub class: MessageClass,
    /// To whom.
    pub contact: String,
    /// Its text.
    pub shingles: Vec<u32>,
    /// A person approved it: nothing is merged into it any more.
    pub approved: bool,
    /// An approval is with the courier until then: it may still be sent.
    pub signed_until: Option<Time>,
    /// It is over for the gate, yet may still be sent until `signed_until`.
    pub ending: Option<Ending>,
}

/// How the gate ended a proposal that the courier may still hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Ending {
    /// Nobody decided.
    Expired,
    /// The facts moved.
    Voided,
    /// A person took the approval back.
    Withdrawn,
}

/// A message that was sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// To whom.
    pub contact: String,
    /// Its class.
    pub class: MessageClass,
    /// Its place in the order; none for one written by hand.
    pub priority: Option<Priority>,
    /// When.
    pub at: Time,
    /// Its text, where it is known.
    pub shingles: Vec<u32>,
}

/// One contact's side of the correspondence.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    /// Personal messages since the last answer or rest.
    pub unanswered: u32,
    /// The latest of them.
    pub last_personal: Option<Time>,
    /// That they came to rest was said.
    pub told: bool,
}

/// Something a CSM muted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mute {
    /// What.
    pub scope: MuteScope,
    /// Which.
    pub name: Option<String>,
    /// Last day; for good otherwise.
    pub until: Option<Day>,
}

/// A play that a person rejected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejected {
    /// The play.
    pub play: String,
    /// What it rested on.
    pub cause_key: String,
    /// When.
    pub at: Time,
}

impl Account {
    /// Moves a proposal out of the open ones.
    pub fn settle(&mut self, proposal: &str) -> Option<Open> {
        let open = self.open.remove(proposal)?;
        self.settled.push_back((proposal.to_owned(), open.clone()));
        if self.settled.len() > SETTLED_MAX {
            self.settled.pop_front();
        }
        Some(open)
    }

    /// Takes a settled proposal back, when it turns out to have been sent.
    pub fn unsettle(&mut self, proposal: &str) -> Option<Open> {
        let slot = self.settled.iter().position(|(id, _)| id == proposal)?;
        self.settled.remove(slot).map(|(_, open)| open)
    }

    /// Counts a sent message.
    pub fn count(&mut self, sent: Sent, rest_days: u32) {
        if sent.class == MessageClass::Relationship {
            let person = self.people.entry(sent.contact.clone()).or_default();
            let rest = i64::from(rest_days) * DAY_MS;
            let rested = person.last_personal.is_some_and(|last| sent.at.since_ms(last) >= rest);
            person.unanswered = if rested { 1 } else { person.unanswered.saturating_add(1) };
            person.told &= !rested;
            person.last_personal = person.last_personal.max(Some(sent.at));
        }
        self.sent.push(sent);
    }

    /// The segment whose numbers count; vendors are one of their own.
    pub fn segment(&self) -> &str {
        if self.profile.vendor { "vendor" } else { self.profile.segment.as_deref().unwrap_or("smb") }
    }

    /// Whether a CSM paused all outreach.
    pub fn paused(&self, now: Time) -> bool {
        self.mutes.iter().any(|mute| mute.scope == MuteScope::All && mute.until.is_none_or(|until| now.day() <= until))
    }

    /// A contact answered.
    pub fn answered(&mut self, contact: &str) {
        if let Some(person) = self.people.get_mut(contact) {
            (person.unanswered, person.told) = (0, false);
        }
    }

    /// Forgets what no rule looks at any more. Texts are kept for the latest messages of each contact.
    pub fn forget(&mut self, now: Time, messages: usize) {
        let horizon = i64::from(DAYS_MAX) * DAY_MS;
        self.cards.retain(|proposal, _| self.open.contains_key(proposal));
        self.rejected.retain(|rejected| now.since_ms(rejected.at) < horizon);
        self.mutes.retain(|mute| mute.until.is_none_or(|until| now.day() <= until));
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept: Vec<Sent> = Vec::with_capacity(self.sent.len());
        for sent in self.sent.drain(..).rev() {
            let place = seen.entry(sent.contact.clone()).or_default();
            *place += 1;
            if now.since_ms(sent.at) < horizon || (*place <= messages && !sent.shingles.is_empty()) {
                kept.push(sent);
            }
        }
        kept.reverse();
        self.sent = kept;
    }
}

impl Touch {
    /// A touch as an agent asks for it.
    pub fn of(request: &TouchpointRequested, agent: String, requested_at: Time) -> Self {
        let noted =
            |text: &str, at: Time, events: &[Position]| Noted { text: text.to_owned(), at, events: events.into() };
        Self {
            id: request.touch.clone(),
            play: request.play.clone(),
            play_version: request.play_version,
            priority: request.priority,
            class: request.class,
            template: request.template.clone(),
            roles: request.roles.clone(),
            why: request.why.clone(),
            evidence: request.evidence.iter().map(|e| noted(&e.text, e.at, &e.events)).collect(),
            fields: request
                .fields
                .iter()
                .map(|f| (f.name.clone(), f.value.clone(), noted(&f.source, f.at, &f.events)))
                .collect(),
            value: request.value,
            cause_key: request.cause_key.clone(),
            agent,
            requested_at,
        }
    }

    /// The events it rests on.
    pub fn events(&self) -> Vec<Position> {
        self.evidence.iter().flat_map(|noted| noted.events.iter().copied()).collect()
    }

    /// The reasons, as a fact carries them.
    pub fn evidence(&self) -> Vec<Evidence> {
        let evidence =
            |noted: &Noted| Evidence { text: noted.text.clone(), at: noted.at, events: noted.events.clone() };
        self.evidence.iter().map(evidence).collect()
    }

    /// The facts to tell, as a fact carries them.
    pub fn fields(&self) -> Vec<MergeField> {
        let field = |(name, value, noted): &(String, String, Noted)| MergeField {
            name: name.clone(),
            value: value.clone(),
            source: noted.text.clone(),
            at: noted.at,
            events: noted.events.clone(),
        };
        self.fields.iter().map(field).collect()
    }
}
