//! Signs in what was planned together: projects slip, nobody talks of growing.

use std::collections::BTreeMap;

use agent::AccountProfile;
use bus_schema::{Data, Event, Position, data::onboarding::ProjectState};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// Projects remembered.
const PROJECTS_MAX: usize = 30;
/// Days by which a project must have slipped.
const SLIPPED_DAYS: i32 = 14;
/// Days without talk of growing.
const QUIET_DAYS: i32 = 180;
/// Share of seats or of a meter from which there would be something to talk about.
const USED_BP: u64 = 6_000;
/// Meters remembered.
const METERS_MAX: usize = 16;

/// What is known of plans.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    projects: BTreeMap<String, Project>,
    /// What was used of each limit.
    meters: BTreeMap<String, (u64, u64)>,
    /// The last word about an opportunity.
    talked: Option<Mark>,
    /// The last expansion signed.
    expanded: Option<Mark>,
    /// The last outcome somebody attested.
    outcome: Option<Mark>,
}

/// A project as it slips.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Project {
    slipped_days: i32,
    delays: u8,
    stopped: bool,
    mark: Mark,
}

impl Plan {
    /// Folds an event about plans, before the profile does: it still knows the revenue before.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only plans are folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position, profile: &AccountProfile) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        let more = |minor: i64| profile.arr.is_some_and(|arr| minor > arr.minor);
        match &event.data {
            Data::ProjectUpdated(data) => {
                let known = self.projects.contains_key(data.project.as_str());
                if data.state == ProjectState::Done || !known && self.projects.len() >= PROJECTS_MAX {
                    self.projects.remove(data.project.as_str());
                    return true;
                }
                let fresh = Project { slipped_days: 0, delays: 0, stopped: false, mark };
                let project = self.projects.entry(data.project.to_string()).or_insert(fresh);
                let slipped = data.was_due_on.map_or(0, |was| (data.due_on.0 - was.0).max(0));
                project.slipped_days = project.slipped_days.saturating_add(slipped);
                if slipped > 0 || data.state == ProjectState::Delayed {
                    project.delays = project.delays.saturating_add(1);
                }
                (project.stopped, project.mark) = (data.state == ProjectState::Stopped, mark);
            }
            Data::OpportunityCreated(_) | Data::OpportunityUpdated(_) | Data::OpportunityLost(_) => {
                self.talked = Some(mark);
            }
            Data::OpportunityWon(_) => (self.talked, self.expanded) = (Some(mark), Some(mark)),
            Data::ContractAmended(data) if more(data.arr.minor) => self.expanded = Some(mark),
            Data::SubscriptionChanged(data) if more(data.mrr.minor.saturating_mul(12)) => self.expanded = Some(mark),
            Data::OutcomeDocumented(_) => self.outcome = Some(mark),
            Data::PlanUsageMeasured(data) => {
                let known = self.meters.contains_key(data.meter.as_str());
                if known || self.meters.len() < METERS_MAX {
                    self.meters.insert(data.meter.to_string(), (data.used, data.limit));
                }
                return false;
            }
            _ => return false,
        }
        true
    }

    /// An outcome attested and an expansion signed at once.
    #[cfg(test)]
    pub(crate) fn protecting(mark: Mark) -> Self {
        Self { expanded: Some(mark), outcome: Some(mark), ..Self::default() }
    }

    /// The last expansion signed.
    pub const fn expanded(&self) -> Option<&Mark> {
        self.expanded.as_ref()
    }

    /// The last outcome somebody attested.
    pub const fn outcome(&self) -> Option<&Mark> {
        self.outcome.as_ref()
    }

    /// The signs that hold.
    pub fn signals(&self, profile: &AccountProfile, look: &Look<'_>, found: &mut Vec<Signal>) {
        let bad = |p: &&Project| p.stopped || p.slipped_days >= SLIPPED_DAYS || p.delays >= 2;
        if let Some((name, project)) = self.projects.iter().find(|(_, project)| bad(project)) {
            let reason = if project.stopped {
                format!("project {name} was stopped")
            } else {
                format!("project {name} slipped {} times, by {} days", project.delays, project.slipped_days)
            };
            found.push(look.sign(Sign::ProjectDelayed, Some(project.mark.at), reason, vec![project.mark.event]));
        }
        // Without any word ever about opportunities the sales system is not connected, and silence says nothing.
        if let Some(mark) = self.talked
            && look.days_since(mark.at) >= QUIET_DAYS
            && let Some((used, all, what)) = self.fullest(profile)
        {
            let reason = format!("no talk of growing since {}, {used} of {all} {what} in use", mark.at.day());
            found.push(look.sign(Sign::NoExpansionTalk, Some(mark.at), reason, vec![mark.event]));
        }
    }

    /// Seats, or else a meter, of which so much is used that there would be something to talk about.
    fn fullest(&self, profile: &AccountProfile) -> Option<(u64, u64, String)> {
        let seats =
            profile.assigned_seats.zip(profile.licensed_seats).map(|(used, all)| (used, all, "seats".to_owned()));
        let meters = self.meters.iter().map(|(name, (used, all))| (*used, *all, name.clone()));
        let full = |(used, all, _): &(u64, u64, String)| {
            *all > 0 && used.saturating_mul(10_000) >= all.saturating_mul(USED_BP)
        };
        seats.into_iter().chain(meters).find(full)
    }
}
