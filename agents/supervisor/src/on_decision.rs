//! A person decides, or takes a decision back.

use agent::{Effects, Turn};
use bus_schema::{
    ActorKind, Data, Event,
    data::{
        facts::{DecisionRefused, ProposalDecided, RefusedReason},
        people::{DecisionRecorded, DecisionUndone, Verdict},
    },
};

use crate::{
    gate,
    policy::Policy,
    state::{End, State, Step},
};

/// Takes a decision, or says why it does not count.
pub(crate) fn on_recorded(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut State,
    event: &Event,
    data: &DecisionRecorded,
    effects: &mut Effects,
) {
    let by = decider(event);
    if let Err(reason) = valid(turn, policy, state, event, data) {
        refuse(turn, &data.proposal, reason, by, effects);
        return;
    }
    let id = data.proposal.as_str();
    let cause_key = state.proposals.get(id).map(|proposal| proposal.cause_key.clone());
    gate::cancel_timers(id, effects);
    // The last tick may be a minute old, and the hold is counted from the click.
    let held = turn.now.max(event.header.time).plus_ms(policy.gate.hold_ms());
    let hold_until = state.proposals.get(id).map_or(held, |proposal| gate::send_at(proposal, held));
    let bytes_hash = data.bytes_hash.as_ref().map(ToString::to_string);
    let approved = data.verdict == Verdict::Approve;
    match (data.verdict, bytes_hash.clone()) {
        (Verdict::Approve, Some(bytes_hash)) => {
            if let Some(proposal) = state.proposals.get_mut(id) {
                proposal.step = Step::Held { decision: turn.cause, bytes_hash, sign_at: hold_until, clock: turn.clock };
                effects.set_timer(format!("{}{id}", gate::HOLD), hold_until);
            }
        }
        // An approval without bytes was refused as not valid.
        (Verdict::Approve, None) => {}
        (Verdict::Reject, _) => state.close(id, End::Rejected),
    }
    effects.emit(Data::ProposalDecided(ProposalDecided {
        proposal: id.to_owned(),
        version: data.version,
        verdict: data.verdict,
        by,
        edited: data.edited,
        hold_until: approved.then_some(hold_until),
        reason: data.reason.filter(|_| !approved),
        decision: turn.cause,
        bytes_hash: bytes_hash.filter(|_| approved),
        cause_key,
    }));
}

/// Takes an approval back before it is signed.
pub(crate) fn on_undone(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut State,
    event: &Event,
    data: &DecisionUndone,
    effects: &mut Effects,
) {
    let by = decider(event);
    let held = state.proposals.get(data.proposal.as_str()).is_some_and(|p| matches!(p.step, Step::Held { .. }));
    if !held {
        refuse(turn, &data.proposal, RefusedReason::NotOpen, by, effects);
    } else if permitted(policy, event) {
        gate::reopen(turn, state, &data.proposal, &by, effects);
    } else {
        refuse(turn, &data.proposal, RefusedReason::NotPermitted, by, effects);
    }
}

fn valid(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &State,
    event: &Event,
    data: &DecisionRecorded,
) -> Result<(), RefusedReason> {
    let id = data.proposal.as_str();
    let Some(proposal) = state.proposals.get(id) else {
        return Err(if state.end(id) == Some(End::Expired) { RefusedReason::Expired } else { RefusedReason::NotOpen });
    };
    if proposal.step != Step::Open {
        return Err(RefusedReason::NotOpen);
    }
    if !permitted(policy, event) {
        return Err(RefusedReason::NotPermitted);
    }
    if data.version != proposal.version || data.draft_hash != proposal.draft_hash.as_str() {
        return Err(RefusedReason::WrongVersion);
    }
    // Another channel would be another message than the one that was seen.
    if data.channel.as_ref().is_some_and(|channel| channel.as_str() != proposal.channel) {
        return Err(RefusedReason::WrongVersion);
    }
    if turn.now >= proposal.expires {
        return Err(RefusedReason::Expired);
    }
    if data.verdict == Verdict::Approve && data.bytes_hash.is_none() {
        return Err(RefusedReason::NoBytes);
    }
    Ok(())
}

fn permitted(policy: &Policy, event: &Event) -> bool {
    match event.header.actor.as_ref().map(|actor| actor.kind) {
        Some(ActorKind::Person) => true,
        Some(ActorKind::Simulated) => policy.gate.simulated_deciders,
        Some(ActorKind::Agent | ActorKind::System | ActorKind::Install) | None => false,
    }
}

fn decider(event: &Event) -> String {
    event.header.actor.as_ref().map_or_else(|| "nobody".into(), ToString::to_string)
}

fn refuse(turn: &Turn<'_>, proposal: &str, reason: RefusedReason, by: String, effects: &mut Effects) {
    let proposal = proposal.to_owned();
    effects.emit(Data::DecisionRefused(DecisionRefused { proposal, decision: turn.cause, reason, by }));
}
