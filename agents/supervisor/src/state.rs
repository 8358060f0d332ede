//! What the supervisor keeps of an account: who it is, where it stands, and the proposals that wait for a person.

use std::collections::{BTreeMap, VecDeque};

use agent::{AccountProfile, Usage};
use bus_schema::{
    Day, Position, Time,
    data::facts::{AccountFlag, Band, ClockMode, MessageClass, Priority, SendHours, Tier},
};
use serde::{Deserialize, Serialize};

use crate::{departures::Departures, habits::Habits, handoffs::Handoffs, plan::Plan, service::Served, setup::Setup};

/// Closed proposals and alerts remembered, so that what comes late is answered rightly.
const CLOSED_MAX: usize = 16;

/// The supervisor's state of one account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) profile: AccountProfile,
    pub(crate) life: Life,
    pub(crate) served: Served,
    pub(crate) departures: Departures,
    pub(crate) habits: Habits,
    pub(crate) plan: Plan,
    pub(crate) handoffs: Handoffs,
    pub(crate) setup: Setup,
    pub(crate) band: Band,
    /// All conditions of the gate of expansion hold.
    pub(crate) offers: bool,
    /// Open proposals by id.
    pub(crate) proposals: BTreeMap<String, Proposal>,
    /// Proposals that are over, latest last.
    pub(crate) closed: VecDeque<(String, End)>,
    /// Alerts that are over, latest last.
    pub(crate) alerts_closed: VecDeque<String>,
}

/// Where the account stands in its life.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) segment: Option<Segment>,
    pub(crate) unclassified: bool,
    /// A segment that a person fixed, and until when.
    pub(crate) pinned: Option<(String, Option<Day>)>,
    pub(crate) stage: Option<Stage>,
    /// When the stage is looked at again, as the timer is set.
    pub(crate) stage_review: Option<Time>,
    pub(crate) won_back_on: Option<Day>,
    pub(crate) onboarded: bool,
    pub(crate) advocacy_on: Option<Day>,
    pub(crate) value_on: Option<Day>,
    pub(crate) opportunity_on: Option<Day>,
    /// The risk tier.
    pub(crate) tier: Tier,
    /// A person paused outreach.
    pub(crate) paused: Option<Pause>,
    /// Flags as last said.
    pub(crate) flags: Vec<AccountFlag>,
    /// When the flags are looked at again, as the timer is set.
    pub(crate) flags_review: Option<Time>,
    /// The latest answer of each contact to how likely they recommend us.
    pub(crate) answers: BTreeMap<String, (u8, Position)>,
    /// Digest of the stakeholder map as last said.
    pub(crate) mapped: Option<u128>,
    /// The CSM the account was given to for good.
    pub(crate) csm: Option<String>,
    /// Who covers for a time, and until when.
    pub(crate) cover: Option<(String, Option<Day>)>,
    /// The owner as last said.
    pub(crate) owner: Option<String>,
    /// Use, kept only while no seats are known: then users are those who were active.
    pub(crate) usage: Option<Usage>,
}

/// How long outreach is paused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Pause {
    /// The last day.
    Until(Day),
    ForGood,
}

/// A segment, least first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Segment {
    Smb,
    MidMarket,
    Enterprise,
    /// Strategic, or another name that a person gave.
    Pinned(String),
}

impl Segment {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Smb => "smb",
            Self::MidMarket => "mid_market",
            Self::Enterprise => "enterprise",
            Self::Pinned(name) => name,
        }
    }
}

/// A lifecycle stage, by precedence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Stage {
    Churned,
    WonBack,
    Onboarding,
    Renewal,
    Advocacy,
    Growth,
    Adoption,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Churned => "churned",
            Self::WonBack => "won_back",
            Self::Onboarding => "onboarding",
            Self::Renewal => "renewal",
            Self::Advocacy => "advocacy",
            Self::Growth => "growth",
            Self::Adoption => "adoption",
        }
    }
}

/// A proposal that is not over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) version: u32,
    pub(crate) play: String,
    pub(crate) cause_key: String,
    pub(crate) priority: Priority,
    pub(crate) class: MessageClass,
    pub(crate) channel: String,
    pub(crate) contact: String,
    pub(crate) draft_hash: String,
    pub(crate) not_before: Option<Time>,
    pub(crate) hours: Option<SendHours>,
    pub(crate) expires: Time,
    pub(crate) step: Step,
}

/// How far a proposal is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Waits for a person.
    Open,
    /// Approved; may be undone until it is signed.
    Held { decision: Position, bytes_hash: String, sign_at: Time, clock: ClockMode },
    /// Signed; the courier may send it.
    Signed,
    /// The courier is at it.
    Intended,
}

/// How a proposal ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum End {
    Rejected,
    Voided,
    Expired,
    Sent,
    Failed,
    Unknown,
    Withdrawn,
}

impl State {
    /// Closes a proposal.
    pub(crate) fn close(&mut self, id: &str, end: End) {
        self.proposals.remove(id);
        self.closed.retain(|(known, _)| known != id);
        self.closed.push_back((id.to_owned(), end));
        if self.closed.len() > CLOSED_MAX {
            self.closed.pop_front();
        }
    }

    /// How a proposal ended, as long as that is remembered.
    pub(crate) fn end(&self, id: &str) -> Option<End> {
        self.closed.iter().find(|(known, _)| known == id).map(|(_, end)| *end)
    }

    /// Remembers that an alert is over.
    pub(crate) fn alert_closed(&mut self, id: &str) {
        self.alerts_closed.push_back(id.to_owned());
        if self.alerts_closed.len() > CLOSED_MAX {
            self.alerts_closed.pop_front();
        }
    }
}

impl Proposal {
    /// Whether the courier has not begun with it.
    pub(crate) const fn unsent(&self) -> bool {
        match self.step {
            Step::Open | Step::Held { .. } | Step::Signed => true,
            Step::Intended => false,
        }
    }
}
