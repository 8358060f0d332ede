//! What the gate's turns share: timers, the way back to open, and what still stands.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Time,
    data::facts::{Band, ExpiredReason, Priority, ProposalExpired, ProposalReopened, ProposalVoided, VoidReason},
};

use crate::{
    policy::Policy,
    state::{End, Proposal, State, Step},
};

/// Timer: the hold of an approval is over.
pub(crate) const HOLD: &str = "hold/";
/// Timer: nobody decided.
pub(crate) const EXPIRE: &str = "expire/";
/// Timer: nobody attempted a signed approval.
pub(crate) const ATTEMPT: &str = "attempt/";

/// Cancels whatever timer a proposal may have.
pub(crate) fn cancel_timers(id: &str, effects: &mut Effects) {
    for timer in [HOLD, EXPIRE, ATTEMPT] {
        effects.cancel_timer(format!("{timer}{id}"));
    }
}

/// An unsent proposal, or its approval, is void.
pub(crate) fn void(turn: &Turn<'_>, state: &mut State, id: &str, reason: VoidReason, effects: &mut Effects) {
    cancel_timers(id, effects);
    state.close(id, End::Voided);
    effects.emit(Data::ProposalVoided(ProposalVoided { proposal: id.to_owned(), reason, event: turn.cause }));
}

/// Nobody decided: it is not sent.
pub(crate) fn expire(turn: &Turn<'_>, state: &mut State, id: &str, reason: ExpiredReason, effects: &mut Effects) {
    cancel_timers(id, effects);
    state.close(id, End::Expired);
    effects.emit(Data::ProposalExpired(ProposalExpired { proposal: id.to_owned(), expired_at: turn.now, reason }));
}

/// Its CSM has more cards open than can be looked at. What a person already decided on stays.
pub(crate) fn crowded(turn: &Turn<'_>, state: &mut State, id: &str, effects: &mut Effects) {
    if state.proposals.get(id).is_some_and(|proposal| proposal.step == Step::Open) {
        expire(turn, state, id, ExpiredReason::Crowded, effects);
    }
}

/// An approval that was not attempted is taken back: the proposal waits again, unless its time is over.
pub(crate) fn reopen(turn: &Turn<'_>, state: &mut State, id: &str, by: &str, effects: &mut Effects) {
    let Some(proposal) = state.proposals.get_mut(id) else { return };
    if turn.now >= proposal.expires {
        expire(turn, state, id, ExpiredReason::Undecided, effects);
        return;
    }
    proposal.step = Step::Open;
    let expires = proposal.expires;
    cancel_timers(id, effects);
    effects.set_timer(format!("{EXPIRE}{id}"), expires);
    effects.emit(Data::ProposalReopened(ProposalReopened { proposal: id.to_owned(), by: by.to_owned() }));
}

/// The first instant from `at` on at which the reader may be written to.
pub(crate) fn send_at(proposal: &Proposal, at: Time) -> Time {
    let at = proposal.not_before.map_or(at, |earliest| earliest.max(at));
    proposal.hours.as_ref().and_then(|hours| agent::hours::next_slot(at, hours)).unwrap_or(at)
}

/// Why a proposal does not stand on what is known now; none where it does.
pub(crate) fn fallen(policy: &Policy, state: &State, proposal: &Proposal) -> Option<VoidReason> {
    if state.profile.ended() {
        return Some(VoidReason::AccountChurned);
    }
    if let Some(contact) = state.profile.contacts.get(&proposal.contact) {
        if contact.left_on.is_some() {
            return Some(VoidReason::ContactLeft);
        }
        // A bounced address stands for no consent: whoever reads there is not known to be the contact.
        if contact.unreachable || !contact.allows(&proposal.channel, proposal.class.name()) {
            return Some(VoidReason::ConsentRevoked);
        }
    }
    if !state.profile.incidents.is_empty() && policy.gate.void.incident.contains(&proposal.priority) {
        return Some(VoidReason::Incident);
    }
    if proposal.priority == Priority::Expansion && !state.offers {
        return Some(VoidReason::OffersClosed);
    }
    match proposal.cause_key.split_once(':') {
        Some(("band", basis)) if better(state.band, basis) => Some(VoidReason::BandChanged),
        Some(("alert", id)) if state.alerts_closed.iter().any(|closed| closed == id) => Some(VoidReason::AlertClosed),
        Some(_) | None => None,
    }
}

/// Whether a band is better than the one a proposal rests on. `unknown` says nothing.
fn better(band: Band, basis: &str) -> bool {
    match (band, basis) {
        (Band::Yellow | Band::Green, "red") | (Band::Green, "yellow") => true,
        (Band::Unknown | Band::Red | Band::Yellow | Band::Green, _) => false,
    }
}
