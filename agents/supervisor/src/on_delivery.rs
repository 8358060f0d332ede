//! What became of an approval, as the courier recorded it.

use agent::{Effects, Turn};
use bus_schema::{
    ActorKind, Event,
    data::action::{DeliveryFailed, FailureReason},
};

use crate::{
    gate,
    state::{End, State, Step},
};

/// The courier is at it: from here nothing takes the message back.
pub(crate) fn on_intended(state: &mut State, id: &str, effects: &mut Effects) {
    if let Some(proposal) = state.proposals.get_mut(id) {
        proposal.step = Step::Intended;
        gate::cancel_timers(id, effects);
    }
}

/// The message is out, or nobody can say: the proposal is over either way, also where it had been taken back meanwhile.
pub(crate) fn over(state: &mut State, id: &str, end: End, effects: &mut Effects) {
    if state.proposals.contains_key(id) || state.end(id).is_some() {
        gate::cancel_timers(id, effects);
        state.close(id, end);
    }
}

/// The message was certainly not sent.
pub(crate) fn on_failed(turn: &Turn<'_>, state: &mut State, data: &DeliveryFailed, effects: &mut Effects) {
    let id = data.proposal.as_str();
    let Some(proposal) = state.proposals.get(id) else { return };
    match (data.reason, &proposal.step) {
        // The proposal waits again already, or was approved again: this is about the approval before.
        (FailureReason::Expired, Step::Open | Step::Held { .. }) => {}
        (FailureReason::Expired, Step::Signed | Step::Intended) => gate::reopen(turn, state, id, "courier", effects),
        (
            FailureReason::Stopped
            | FailureReason::Refused
            | FailureReason::HashMismatch
            | FailureReason::NotPermitted
            | FailureReason::Other,
            _,
        ) => over(state, id, End::Failed, effects),
    }
}

/// A person took the approval back. What the gate itself withdrew it knows already.
pub(crate) fn on_withdrawn(state: &mut State, event: &Event, id: &str, effects: &mut Effects) {
    let ours = event.header.actor.as_ref().is_some_and(|actor| actor.kind == ActorKind::Agent);
    if !ours && state.proposals.get(id).is_some_and(|proposal| proposal.step == Step::Signed) {
        over(state, id, End::Withdrawn, effects);
    }
}
