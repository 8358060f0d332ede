//! When a customer is congratulated, told, met; and which plays say it.

use std::collections::BTreeSet;

use agent::PolicyError;
use bus_schema::data::facts::{MessageClass, Priority};
use serde::Deserialize;

use super::between;

/// What a milestone counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Calls of the interface.
    ApiCalls,
    /// People who were activated, each once.
    Users,
}

impl Counted {
    /// As a message says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ApiCalls => "API calls",
            Self::Users => "people",
        }
    }
}

/// A count that is celebrated once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// What is counted.
    pub counts: Counted,
    /// From how many on.
    pub at: u64,
}

/// What a play of the planner itself answers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A milestone was reached.
    Milestone,
    /// A feature came out that concerns the account.
    Launch,
    /// Value was documented.
    Outcome,
    /// A two-way touch is due.
    CheckIn,
    /// The same, where customers are written to.
    Digital,
    /// A vendor lies behind its peers.
    Coaching,
    /// A vendor has been here for so long.
    Anniversary,
    /// Somebody achieved much.
    Recognised,
}

/// A play.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// What it answers to.
    pub when: When,
    /// Its place in the order.
    pub priority: Priority,
    /// Its budget class.
    pub class: MessageClass,
    /// The message.
    pub template: String,
    /// To whom, best first.
    pub roles: Vec<String>,
}

/// Numbers by segment; vendors are one of their own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names of the segments")]
pub struct BySegment {
    pub strategic: u32,
    pub enterprise: u32,
    pub mid_market: u32,
    pub smb: u32,
    pub vendor: u32,
}

impl BySegment {
    /// Of a segment; one nobody knows counts as smb.
    pub fn of(&self, segment: &str) -> u32 {
        match segment {
            "strategic" => self.strategic,
            "enterprise" => self.enterprise,
            "mid_market" => self.mid_market,
            "vendor" => self.vendor,
            _ => self.smb,
        }
    }

    fn check(&self, field: &str, least: u32) -> Result<(), PolicyError> {
        let all = [self.strategic, self.enterprise, self.mid_market, self.smb, self.vendor];
        all.iter().try_for_each(|days| between(field, *days, least, 365))
    }
}

/// Days between two-way touches, by how the account stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touches {
    /// At risk.
    pub red: BySegment,
    /// To be watched, and where health is not known.
    pub yellow: BySegment,
    /// Healthy.
    pub green: BySegment,
    /// While it is onboarding, whatever its health.
    pub onboarding: BySegment,
}

/// When a customer is met.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// Days between touches.
    pub touch: Touches,
    /// Days between executive reviews; 0 is none.
    pub executive: BySegment,
    /// Days between operational reviews of accounts that are not green; 0 is none.
    pub operational_at_risk: BySegment,
    /// Of green ones.
    pub operational_healthy: BySegment,
    /// Days between success reviews; only vendors have them.
    pub success: BySegment,
    /// A review is told so many days before it is due.
    pub lead_days: u32,
    /// What to read before is ready so many days before a review.
    pub pre_read_days: u32,
    /// Segments that are written to instead of called, unless they are at risk.
    pub digital: BTreeSet<String>,
    /// Business days until a task of ours is due.
    pub task_days: u32,
    /// Priorities whose play begins with a call; the mail is what follows it.
    pub call_first: BTreeSet<Priority>,
    /// One such call in so many days is enough.
    pub call_rest_days: u32,
    /// A competitor that came up again within so many days is no news.
    pub competitor_rest_days: u32,
}

/// The part of a policy that is about the relation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Counts that are celebrated.
    pub milestones: Vec<Milestone>,
    /// When a customer is met.
    pub cadence: Cadence,
    /// What is said when.
    pub plays: Vec<Play>,
}

impl Relation {
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let mut names = BTreeSet::new();
        for milestone in &self.milestones {
            if milestone.at == 0 || !names.insert(&milestone.name) {
                let problem = format!("`{}` must be one of its name, with a count from 1 on", milestone.name);
                return Err(PolicyError::value("relation.milestones", problem));
            }
        }
        let mut names = BTreeSet::new();
        for play in &self.plays {
            if play.name.is_empty() || play.template.is_empty() || !names.insert(&play.name) {
                let problem = format!("`{}` must be one of its name, with a template", play.name);
                return Err(PolicyError::value("relation.plays", problem));
            }
        }
        let cadence = &self.cadence;
        cadence.touch.red.check("relation.cadence.touch.red", 1)?;
        cadence.touch.yellow.check("relation.cadence.touch.yellow", 1)?;
        cadence.touch.green.check("relation.cadence.touch.green", 1)?;
        cadence.touch.onboarding.check("relation.cadence.touch.onboarding", 1)?;
        cadence.executive.check("relation.cadence.executive", 0)?;
        cadence.operational_at_risk.check("relation.cadence.operational_at_risk", 0)?;
        cadence.operational_healthy.check("relation.cadence.operational_healthy", 0)?;
        cadence.success.check("relation.cadence.success", 0)?;
        between("relation.cadence.lead_days", cadence.lead_days, cadence.pre_read_days, 60)?;
        between("relation.cadence.pre_read_days", cadence.pre_read_days, 0, 30)?;
        between("relation.cadence.task_days", cadence.task_days, 1, 30)?;
        between("relation.cadence.call_rest_days", cadence.call_rest_days, 1, 120)?;
        between("relation.cadence.competitor_rest_days", cadence.competitor_rest_days, 1, 365)
    }
}
