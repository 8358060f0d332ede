//! Contacts, meetings, reviews, and what became of messages.

use bus_schema::data::{
    contact::{ContactLeft, Role},
    engagement::{OutreachClicked, OutreachDelivered, OutreachReplied},
    words::{Label, List, TouchClass},
};

use crate::{
    metrics::Source,
    moment::Moment,
    on_support::heard,
    policy::Policy,
    state::{Account, Message, short},
};

/// A contact was named, with these roles.
pub(crate) fn named(account: &mut Account, moment: &Moment<'_>, contact: &str, roles: &[Role]) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.contacts_known = true;
    if !roles.iter().any(matters) {
        return;
    }
    // From being named on, until they are met.
    account.relation.meet(short(contact), moment.at, moment.cause);
    if roles.contains(&Role::Sponsor) {
        account.relation.sponsor_left = None;
    }
    if roles.iter().any(|role| matches!(role, Role::Champion | Role::Admin)) {
        account.relation.champion_left = None;
    }
}

/// A contact left. A sponsor, champion or admin without a successor is missed.
pub(crate) fn left(account: &mut Account, moment: &Moment<'_>, data: &ContactLeft) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.contacts_known = true;
    let was = account.profile.contacts.get(data.contact.as_str());
    let was = |role: &str| was.is_some_and(|contact| contact.has(role));
    let stood_in = account.relation.successor == Some(short(&data.contact));
    let (sponsor, champion) = (was("sponsor") || stood_in, was("champion") || was("admin"));
    if !data.confirmed || !(sponsor || champion) {
        return;
    }
    let relation = &mut account.relation;
    let missed = data.successor.is_none().then_some((data.on, moment.cause));
    if champion {
        relation.champion_left = missed;
    }
    if sponsor {
        relation.successor = data.successor.as_ref().map(|contact| short(contact));
        relation.sponsor_left = missed;
    }
    if let Some(successor) = &data.successor {
        relation.meet(short(successor), moment.at, moment.cause);
    }
}

/// A meeting, review or kick-off was held; without anybody from the customer it is no touch.
pub(crate) fn met(account: &mut Account, moment: &Moment<'_>, attended: &List<Label>) {
    account.sources.hear(moment.source, Source::Relationship);
    if attended.is_empty() {
        return;
    }
    account.relation.touch(moment.at, moment.cause);
    account.relation.answer_by_meeting(moment.at);
    for contact in attended {
        account.relation.meet(short(contact), moment.at, moment.cause);
    }
}

/// A business review was held. It counts as one where somebody came who decides.
pub(crate) fn reviewed(account: &mut Account, moment: &Moment<'_>, attended: &List<Label>, policy: &Policy) {
    let roles = &policy.metric.review_participation.roles;
    let decides = |id: &str| {
        account.relation.successor == Some(short(id))
            || account.profile.contacts.get(id).is_some_and(|contact| roles.iter().any(|role| contact.has(role)))
    };
    // Calendar and success tool may both tell of the same one.
    if attended.iter().any(|id| decides(id)) && !account.relation.reviews.has(moment.day) {
        account.relation.reviews.add(moment.day, moment.cause);
    }
    met(account, moment, attended);
}

/// The customer did something for us.
pub(crate) fn advocated(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.acts.add(moment.day, moment.cause);
}

/// The customer took part in the community.
pub(crate) fn took_part(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Community);
    account.relation.community.add(moment.day, moment.cause);
}

/// The customer did not come.
pub(crate) fn missed(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.miss(moment.day, moment.cause);
}

/// A message arrived; only personal ones expect an answer.
pub(crate) fn delivered(account: &mut Account, moment: &Moment<'_>, data: &OutreachDelivered) {
    account.sources.hear(moment.source, Source::Relationship);
    match data.class {
        TouchClass::Relationship | TouchClass::Commercial => {
            let id = short(&data.message);
            account.relation.deliver(Message { id, at: moment.at, answered: false, cause: moment.cause });
        }
        TouchClass::Transactional | TouchClass::Survey | TouchClass::Other(_) => {}
    }
}

/// A link was followed: a touch where accounts are served digitally first.
pub(crate) fn clicked(account: &mut Account, moment: &Moment<'_>, _: &OutreachClicked) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.clicked = account.relation.clicked.max(Some((moment.at, moment.cause)));
}

/// A message was answered.
pub(crate) fn replied(account: &mut Account, moment: &Moment<'_>, data: &OutreachReplied) {
    account.sources.hear(moment.source, Source::Relationship);
    account.relation.touch(moment.at, moment.cause);
    account.relation.answer(short(&data.message), moment.at);
    if let Some(contact) = moment.contact {
        account.relation.meet(short(contact), moment.at, moment.cause);
    }
    heard(account, moment, &data.reading);
}

const fn matters(role: &Role) -> bool {
    match role {
        Role::Sponsor | Role::Champion | Role::Admin => true,
        Role::Billing | Role::User | Role::Other(_) => false,
    }
}
