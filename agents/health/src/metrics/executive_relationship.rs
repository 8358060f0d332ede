//! How long since the sponsor attended, replied or reviewed. For small customers and vendors: champion or admin.

use bus_schema::Time;

use super::{Evidence, Measurement, Outcome, View, count};
use crate::state::short;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let relation = &account.relation;
    let rules = &view.policy.metric.executive_relationship;
    if !relation.contacts_known {
        return Outcome::Missing("no contact is known".into());
    }
    let digital = view.digital_first();
    let matters = |id: &str, contact: &agent::profile::Contact| {
        contact.has("sponsor")
            || relation.successor == Some(short(id))
            || digital && (contact.has("champion") || contact.has("admin"))
    };
    let who = if digital { "sponsor, champion or admin" } else { "sponsor" };
    let present = || account.profile.present().filter(|(id, contact)| matters(id, contact));
    let latest = present().filter_map(|(id, _)| relation.met.get(&short(id))).max();
    let (points, days, reason, evidence) = match (present().next(), latest) {
        (Some(_), met) => {
            let at = met.map(|(at, _)| *at);
            let since = at.map(|at| view.day_of(at)).or_else(|| account.profile.start()).unwrap_or(view.today);
            let days = i64::from((view.today.0 - since.0).max(0));
            let reason = format!("{} since we heard of the {who}", count(days, "day", "days"));
            (rules.points.at(days), Some((days, "days")), reason, cited(at, met.map(|(_, cause)| *cause)))
        }
        (None, _) => match relation.sponsor_left.or(relation.champion_left.filter(|_| digital)) {
            Some((day, cause)) => {
                let reason = format!("the {who} left on {day} and nobody follows");
                (rules.left_points, None, reason, cited(Some(day.start()), Some(cause)))
            }
            None => (rules.none_points, None, format!("no {who} is known"), Evidence::default()),
        },
    };
    Outcome::Measured(Measurement { points, value: days, reason, as_of: view.now, evidence })
}

fn cited(at: Option<Time>, cause: Option<bus_schema::Position>) -> Evidence {
    let events: Vec<_> = cause.into_iter().collect();
    Evidence { at, total: u32::try_from(events.len()).unwrap_or(0), events }
}
