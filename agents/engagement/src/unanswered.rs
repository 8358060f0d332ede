//! What follows when nobody answers: after so many personal messages the contact rests, and a person calls or writes to
//! somebody else. And what begins with a call, whatever is drafted beside it.

use agent::{Effects, Turn};
use bus_schema::data::facts::{MessageClass, Priority};

use crate::{
    budget, plays,
    policy::Policy,
    state::{Account, Touch},
};

/// Other contacts that are named.
const OTHERS_MAX: usize = 3;

/// Proposes another way to everybody who came to rest.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let max = policy.rest.unanswered_max;
    let silent = |person: &crate::state::Person| person.unanswered >= max && !person.told;
    let came: Vec<String> =
        account.people.iter().filter(|(_, person)| silent(person)).map(|(contact, _)| contact.clone()).collect();
    for contact in came {
        let roles = account.profile.contacts.get(&contact).map(|known| known.roles.join(", ")).unwrap_or_default();
        let mut others: Vec<String> = account
            .profile
            .present()
            .filter(|(id, known)| **id != contact && !known.unreachable && !known.roles.is_empty())
            .filter(|(id, _)| budget::rest(policy, account, turn.now, id).is_none())
            .map(|(id, known)| format!("{id} ({})", known.roles.join(", ")))
            .collect();
        others.truncate(OTHERS_MAX);
        let other = if others.is_empty() { "nobody else is known".into() } else { others.join(" or ") };
        let whom = if roles.is_empty() { contact.clone() } else { format!("{contact} ({roles})") };
        let reason = format!(
            "{max} personal messages to {whom} had no answer: no mail for {} days; write to {other}, or call",
            policy.rest.days
        );
        plays::task(turn, policy, account, None, ("Call, or write to somebody else", &reason), &[], effects);
        if let Some(person) = account.people.get_mut(&contact) {
            person.told = true;
        }
    }
}

/// A touch about something that hurts begins with a call; the mail beside it is what follows.
pub(crate) fn call_first(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    touch: &Touch,
    effects: &mut Effects,
) {
    let cadence = &policy.relation.cadence;
    let today = turn.now.day();
    let rested =
        account.called_on.is_none_or(|on| i64::from(today.0) - i64::from(on.0) >= i64::from(cadence.call_rest_days));
    if touch.class != MessageClass::Relationship || !cadence.call_first.contains(&touch.priority) || !rested {
        return;
    }
    account.called_on = Some(today);
    let whom = if touch.roles.is_empty() { "customer".to_owned() } else { touch.roles.join(" or ") };
    let title = match touch.priority {
        Priority::Escalation => format!("Call the {whom} about the escalation"),
        Priority::Save => format!("Call the {whom} before anything is written"),
        Priority::Incident
        | Priority::Renewal
        | Priority::Onboarding
        | Priority::ClosedLoop
        | Priority::Review
        | Priority::Adoption
        | Priority::Expansion
        | Priority::Advocacy
        | Priority::Survey => format!("Call the {whom}"),
    };
    let why = touch.why.trim_end_matches('.').to_owned();
    plays::task(turn, policy, account, Some(&touch.play), (&title, &why), &touch.events(), effects);
}
