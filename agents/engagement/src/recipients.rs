//! Who gets a message: the first present contact in the order of the play's roles who may and can be written to now.

use bus_schema::{Time, data::facts::HeldReason, time::HOUR_MS};

use crate::{
    CHANNEL,
    blocks::Stay,
    budget,
    policy::Policy,
    state::{Account, Touch},
};

/// A role of this form names one contact: `contact:c_…`.
const ONE: &str = "contact:";

/// Present contacts who have one of the roles, best role first, each once. Without roles: everybody present.
pub fn candidates(state: &Account, touch: &Touch) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |id: &String, role: &str| {
        if !found.iter().any(|(known, _)| known == id) {
            found.push((id.clone(), role.to_owned()));
        }
    };
    for role in &touch.roles {
        let one = role.strip_prefix(ONE);
        for (id, contact) in state.profile.present() {
            if one == Some(id.as_str()) {
                add(id, contact.roles.first().map_or("contact", String::as_str));
            } else if contact.has(role) {
                add(id, role);
            }
        }
    }
    if touch.roles.is_empty() {
        for (id, contact) in state.profile.present() {
            add(id, contact.roles.first().map_or("contact", String::as_str));
        }
    }
    found
}

/// Chooses the recipient. `generic` says what of a contact's mail the draft is too much like.
///
/// # Errors
/// Why none of them, by what stands in the way of the best.
pub fn choose(
    policy: &Policy,
    state: &Account,
    now: Time,
    touch: &Touch,
    generic: &dyn Fn(&str) -> Option<String>,
) -> Result<(String, String), Stay> {
    let later = now.plus_ms(i64::from(policy.hold.recheck_hours) * HOUR_MS);
    let mut best: Option<Stay> = None;
    for (contact, role) in candidates(state, touch) {
        match stands_in_the_way(policy, state, now, touch, (&contact, &role), later, generic) {
            None => return Ok((contact, role)),
            Some(stay) => {
                // The first one's reason is told; the soonest of all is when it is worth another look.
                let soonest = stay.recheck_at;
                let known = best.get_or_insert(stay);
                known.recheck_at = known.recheck_at.into_iter().chain(soonest).min();
            }
        }
    }
    Err(best.unwrap_or_else(|| {
        let wanted = if touch.roles.is_empty() { "any".to_owned() } else { touch.roles.join(" or ") };
        Stay::until(HeldReason::NoContact, format!("no contact present with role {wanted}"), later)
    }))
}

fn stands_in_the_way(
    policy: &Policy,
    state: &Account,
    now: Time,
    touch: &Touch,
    (id, role): (&str, &str),
    later: Time,
    generic: &dyn Fn(&str) -> Option<String>,
) -> Option<Stay> {
    let contact = state.profile.contacts.get(id)?;
    if contact.unreachable {
        return Some(Stay::until(HeldReason::NoAddress, format!("the {role}'s address does not take mail"), later));
    }
    if !contact.allows(CHANNEL, touch.class.name()) {
        let detail = format!("the {role} does not want {} mail", touch.class.name());
        return Some(Stay::until(HeldReason::NoConsent, detail, later));
    }
    if touch.class == bus_schema::data::facts::MessageClass::Relationship
        && let Some((count, until)) = budget::rest(policy, state, now, id)
    {
        let detail = format!("{count} messages to the {role} without an answer: write to somebody else or call");
        return Some(Stay::until(HeldReason::Unanswered, detail, until));
    }
    if let Err(full) = budget::contact(policy, state, now, touch.class, id) {
        return Some(Stay::until(HeldReason::BudgetContact, full.detail, full.free_at));
    }
    generic(id).map(|detail| Stay::until(HeldReason::ReadsGeneric, detail, later))
}
