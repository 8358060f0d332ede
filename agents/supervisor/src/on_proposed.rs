//! A drafted message asks for a decision.

use agent::{Effects, Turn};
use bus_schema::{
    Data,
    data::facts::{ExpiredReason, OutreachProposed, ProposalFiled, VoidReason},
};

use crate::{
    gate,
    policy::Policy,
    state::{Proposal, State, Step},
};

/// Files a proposal: one is open per play and cause, and none that does not stand already.
pub(crate) fn on_proposed(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut State,
    data: &OutreachProposed,
    effects: &mut Effects,
) {
    let id = &data.proposal;
    if state.end(id).is_some() || state.proposals.get(id).is_some_and(|known| taken(known, data.version)) {
        return;
    }
    let expires = data.expires.min(turn.now.plus_ms(policy.gate.expires_ms()));
    let proposal = Proposal {
        version: data.version,
        play: data.play.clone(),
        cause_key: data.cause_key.clone(),
        priority: data.priority,
        class: data.class,
        channel: data.channel.clone(),
        contact: data.contact.clone(),
        draft_hash: data.draft_hash.clone(),
        not_before: data.not_before,
        hours: data.hours.clone(),
        expires,
        step: Step::Open,
    };
    if let Some(reason) = gate::fallen(policy, state, &proposal) {
        gate::void(turn, state, id, reason, effects);
        return;
    }
    if !make_room(turn, state, id, &proposal, effects) {
        gate::void(turn, state, id, VoidReason::Superseded, effects);
        return;
    }
    state.proposals.insert(id.clone(), proposal);
    if turn.now >= expires {
        gate::expire(turn, state, id, ExpiredReason::Undecided, effects);
        return;
    }
    gate::cancel_timers(id, effects);
    effects.set_timer(format!("{}{id}", gate::EXPIRE), expires);
    effects.emit(Data::ProposalFiled(ProposalFiled {
        proposal: id.clone(),
        version: data.version,
        rank: policy.gate.rank(data.priority, data.value.and_then(|value| policy.us_cents(value))),
        due: turn.now.plus_ms(policy.gate.due_ms(data.priority)).min(expires),
        expires,
        owner: state.life.owner.clone(),
    }));
}

/// Whether this version came before, or what is known of the proposal can no longer be replaced.
fn taken(known: &Proposal, version: u32) -> bool {
    match known.step {
        Step::Open | Step::Held { .. } => version <= known.version,
        Step::Signed | Step::Intended => true,
    }
}

/// Makes the proposal the only one of its play and cause. False where an earlier one is already on its way.
fn make_room(turn: &Turn<'_>, state: &mut State, id: &str, proposal: &Proposal, effects: &mut Effects) -> bool {
    let same = |(other, known): &(&String, &Proposal)| {
        *other != id && known.play == proposal.play && known.cause_key == proposal.cause_key
    };
    let earlier: Vec<(String, Step)> =
        state.proposals.iter().filter(same).map(|(other, known)| (other.clone(), known.step.clone())).collect();
    if earlier.iter().any(|(_, step)| matches!(step, Step::Signed | Step::Intended)) {
        return false;
    }
    for (other, _) in earlier {
        gate::void(turn, state, &other, VoidReason::Superseded, effects);
    }
    true
}
