//! Signs among the customer's people: a sponsor leaves, the company changes, meetings are not attended.

use std::collections::VecDeque;

use agent::AccountProfile;
use bus_schema::{
    Data, Event, Position,
    data::words::{Label, List},
};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// The role of an executive sponsor.
const SPONSOR: &str = "sponsor";
/// Meetings that count for attendance.
const MEETINGS: usize = 3;

/// What is known of the customer's people.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct People {
    /// A sponsor left without a successor.
    left: Option<Mark>,
    /// The successor was met.
    replaced: Option<Mark>,
    /// A sponsor was met.
    met: Option<Mark>,
    organisation: Option<(String, Mark)>,
    meetings: VecDeque<Meeting>,
}

/// A meeting as it counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Meeting {
    invited: u16,
    attended: u16,
    missed: bool,
    mark: Mark,
}

impl People {
    /// Folds an event about people, before the profile does: it still knows who had which role.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only what concerns people is folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position, profile: &AccountProfile) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        let sponsor = |id: &Label| profile.contacts.get(id.as_str()).is_some_and(|contact| contact.has(SPONSOR));
        match &event.data {
            Data::ContactLeft(data) if data.confirmed && sponsor(&data.contact) => {
                if data.successor.is_none() {
                    (self.left, self.replaced) = (Some(mark), None);
                }
            }
            Data::MeetingHeld(data) => {
                self.came(&data.attended, mark, &sponsor, profile);
                let count = |list: &List<Label>| u16::try_from(list.len()).unwrap_or(u16::MAX);
                self.meeting(Meeting {
                    invited: count(&data.invited),
                    attended: count(&data.attended),
                    missed: false,
                    mark,
                });
            }
            Data::ReviewHeld(data) => self.came(&data.attended, mark, &sponsor, profile),
            Data::MeetingMissed(data) => {
                let invited = u16::try_from(data.invited.len()).unwrap_or(u16::MAX);
                self.meeting(Meeting { invited, attended: 0, missed: true, mark });
            }
            Data::OrgChanged(data) => self.organisation = Some((data.change.as_str().replace('_', " "), mark)),
            _ => return false,
        }
        true
    }

    fn came(&mut self, who: &List<Label>, mark: Mark, sponsor: &dyn Fn(&Label) -> bool, profile: &AccountProfile) {
        let there = |id: &&Label| profile.contacts.get(id.as_str()).is_none_or(|contact| contact.left_on.is_none());
        if who.iter().filter(there).any(sponsor) {
            self.met = Some(mark);
            if self.left.take().is_some() {
                self.replaced = Some(mark);
            }
        }
    }

    fn meeting(&mut self, meeting: Meeting) {
        self.meetings.push_back(meeting);
        if self.meetings.len() > MEETINGS {
            self.meetings.pop_front();
        }
    }

    /// When a sponsor was last met.
    pub const fn met(&self) -> Option<&Mark> {
        self.met.as_ref()
    }

    /// The signs that hold.
    pub fn signals(&self, look: &Look<'_>, found: &mut Vec<Signal>) {
        if let Some(mark) = self.left {
            let reason = format!("the executive sponsor left on {}, no successor named", mark.at.day());
            found.push(look.sign(Sign::SponsorLeft, Some(mark.at), reason, vec![mark.event]));
        }
        if let Some(mark) = self.replaced
            && look.within(Some(&mark), look.policy.lives.sponsor_replaced)
        {
            let reason = format!("the sponsor changed; the successor was met on {}", mark.at.day());
            found.push(look.sign(Sign::SponsorReplaced, Some(mark.at), reason, vec![mark.event]));
        }
        if let Some((what, mark)) = &self.organisation
            && look.within(Some(mark), look.policy.lives.organisation_changed)
        {
            let reason = format!("{what} at the customer, told on {}", mark.at.day());
            found.push(look.sign(Sign::OrganisationChanged, Some(mark.at), reason, vec![mark.event]));
        }
        let missed = self.meetings.iter().filter(|meeting| meeting.missed).count();
        let sum = |of: fn(&Meeting) -> u16| self.meetings.iter().map(|meeting| u32::from(of(meeting))).sum::<u32>();
        let (invited, attended) = (sum(|m| m.invited), sum(|m| m.attended));
        if missed > 0 || (self.meetings.len() == MEETINGS && attended * 2 < invited) {
            let events = self.meetings.iter().rev().map(|meeting| meeting.mark.event).collect();
            let of = self.meetings.len();
            let reason = format!("{missed} of the last {of} meetings missed, {attended} of {invited} invited came");
            found.push(look.sign(Sign::AttendanceLow, None, reason, events));
        }
    }
}
