//! Time passes: holds end, proposals expire, approvals go unattempted, stages and segments are looked at again.

use agent::{Effects, Turn};
use bus_schema::{
    Data,
    data::facts::{ApprovalSigned, ExpiredReason},
};

use crate::{
    gate, life,
    policy::Policy,
    state::{State, Step},
};

/// A timer of the account is due.
pub(crate) fn on_timer(turn: &Turn<'_>, policy: &Policy, state: &mut State, name: &str, effects: &mut Effects) {
    if let Some(id) = name.strip_prefix(gate::HOLD) {
        sign(turn, policy, state, id, effects);
    } else if let Some(id) = name.strip_prefix(gate::EXPIRE) {
        if state.proposals.get(id).is_some_and(|proposal| proposal.step == Step::Open) {
            gate::expire(turn, state, id, ExpiredReason::Undecided, effects);
        }
    } else if let Some(id) = name.strip_prefix(gate::ATTEMPT) {
        if state.proposals.get(id).is_some_and(|proposal| proposal.step == Step::Signed) {
            gate::reopen(turn, state, id, "supervisor", effects);
        }
    } else {
        life::on_timer(turn, policy, state, name, effects);
    }
}

/// The hold is over: signs, if everything still stands at this tick.
fn sign(turn: &Turn<'_>, policy: &Policy, state: &mut State, id: &str, effects: &mut Effects) {
    let Some(proposal) = state.proposals.get(id) else { return };
    let Step::Held { decision, bytes_hash, sign_at, clock } = proposal.step.clone() else { return };
    // Also when the tick comes late: what was to go in the morning does not go at night.
    let slot = gate::send_at(proposal, sign_at.max(turn.now));
    if turn.now < slot {
        effects.set_timer(format!("{}{id}", gate::HOLD), slot);
        return;
    }
    // Decided in event time, and the log counts in another time: nobody meant it to be sent now.
    if clock != turn.clock {
        gate::reopen(turn, state, id, "supervisor", effects);
        return;
    }
    if let Some(reason) = gate::fallen(policy, state, proposal) {
        gate::void(turn, state, id, reason, effects);
        return;
    }
    let not_after = turn.now.plus_ms(policy.gate.approval_ms());
    let Some(proposal) = state.proposals.get_mut(id) else { return };
    proposal.step = Step::Signed;
    let (play, contact, channel) = (proposal.play.clone(), proposal.contact.clone(), proposal.channel.clone());
    effects.set_timer(format!("{}{id}", gate::ATTEMPT), not_after.plus_ms(policy.gate.grace_ms()));
    effects.emit(Data::ApprovalSigned(ApprovalSigned {
        proposal: id.to_owned(),
        decision,
        bytes_hash,
        not_after,
        clock: turn.clock,
        play,
        contact,
        channel,
    }));
}
