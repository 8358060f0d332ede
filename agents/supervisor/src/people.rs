//! Who decides at a customer: influence by role, stance by what they answered themselves, and who is not known.

use agent::profile::Contact;
use bus_schema::{
    Position,
    data::facts::{Stakeholder, StakeholdersMapped},
};

use crate::state::State;

/// People of a map.
const PEOPLE_MAX: usize = 30;

/// Roles that should be known, with what is said where nobody has one.
const WANTED: [(&str, &str); 3] = [
    ("sponsor", "no executive sponsor is known"),
    ("champion", "no champion is known"),
    ("billing", "no economic buyer is known"),
];

/// The map as it stands.
pub(crate) fn map(state: &State) -> StakeholdersMapped {
    let mut people: Vec<(u8, Stakeholder)> = state
        .profile
        .present()
        .filter(|(_, contact)| !contact.roles.is_empty())
        .map(|(id, contact)| {
            let (place, influence) = influence(contact);
            let (stance, reason, events) = stance(state.life.answers.get(id));
            let roles = contact.roles.clone();
            let (contact, influence, stance) = (id.clone(), influence.to_owned(), stance.to_owned());
            (place, Stakeholder { contact, roles, influence, stance, reason, events })
        })
        .collect();
    people.sort_by(|(place, one), (other, two)| (place, &one.contact).cmp(&(other, &two.contact)));
    people.truncate(PEOPLE_MAX);
    let known = |role: &str| state.profile.present().any(|(_, contact)| contact.has(role));
    let gaps = WANTED.iter().filter(|(role, _)| !known(role)).map(|(_, gap)| (*gap).to_owned()).collect();
    StakeholdersMapped { people: people.into_iter().map(|(_, person)| person).collect(), gaps }
}

fn influence(contact: &Contact) -> (u8, &'static str) {
    if contact.has("sponsor") || contact.has("billing") {
        (0, "high")
    } else if contact.has("champion") || contact.has("admin") {
        (1, "medium")
    } else {
        (2, "low")
    }
}

/// By the latest answer to how likely they recommend us.
fn stance(answer: Option<&(u8, Position)>) -> (&'static str, String, Vec<Position>) {
    let Some((score, event)) = answer else {
        return ("unknown", "was never asked, or did not answer".into(), Vec::new());
    };
    let stance = match score {
        0..=6 => "critic",
        7..=8 => "neutral",
        _ => "supporter",
    };
    (stance, format!("answered {score} of 10"), vec![*event])
}
