//! What passes between us and a contact beside our proposals: answers, and messages a CSM sends by hand.

use bus_schema::{
    Event, Time,
    data::{
        engagement::{MeetingHeld, OutreachDelivered},
        facts::MessageClass,
        support::{ConversationRecorded, Direction},
        words::{Channel, TouchClass},
    },
    time::DAY_MS,
};

use crate::{
    policy::Policy,
    state::{Account, Sent},
};

/// A contact wrote back.
pub fn replied(state: &mut Account, event: &Event) {
    if let Some(contact) = &event.header.contact {
        state.answered(contact);
    }
}

/// Contacts who came to a meeting have answered.
pub fn met(state: &mut Account, data: &MeetingHeld) {
    for contact in &data.attended {
        state.answered(contact);
    }
}

/// A message arrived. One that is none of our proposals was sent by hand and counts.
pub fn delivered(policy: &Policy, state: &mut Account, event: &Event, data: &OutreachDelivered, now: Time) {
    let ours = data.proposal.is_some();
    if let Some(contact) = event.header.contact.as_ref().filter(|_| !ours) {
        by_hand(policy, state, contact, class(&data.class), now);
    }
}

/// A conversation: theirs is an answer, ours by mail counts as a message.
pub fn conversed(policy: &Policy, state: &mut Account, event: &Event, data: &ConversationRecorded, now: Time) {
    let Some(contact) = &event.header.contact else { return };
    match data.direction {
        Direction::Inbound => state.answered(contact),
        Direction::Outbound if data.channel == Channel::Email => {
            by_hand(policy, state, contact, MessageClass::Relationship, now);
        }
        Direction::Outbound | Direction::Other(_) => {}
    }
}

/// Counts it, unless it is the mailbox's own record of a message counted within the day before.
fn by_hand(policy: &Policy, state: &mut Account, contact: &str, class: MessageClass, now: Time) {
    let copy = state.sent.iter().rev().any(|sent| sent.contact == contact && now.since_ms(sent.at) < DAY_MS);
    if !copy {
        let sent = Sent { contact: contact.to_owned(), class, priority: None, at: now, shingles: Vec::new() };
        state.count(sent, policy.rest.days);
    }
}

/// A class that another system names in its own words is taken for a personal message: the budget errs on few.
const fn class(word: &TouchClass) -> MessageClass {
    match word {
        TouchClass::Transactional => MessageClass::Transactional,
        TouchClass::Relationship | TouchClass::Other(_) => MessageClass::Relationship,
        TouchClass::Commercial => MessageClass::Commercial,
        TouchClass::Survey => MessageClass::Survey,
    }
}
