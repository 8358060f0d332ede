//! What became of a proposal: its budget is counted as sent, or given back.

use agent::{Effects, Turn};
use bus_schema::{
    ActorKind, Data, Event, Time,
    data::{
        action::{ClockMode, FailureReason},
        facts::{BudgetReleased, CardEnd, ProposalDecided, ReleaseReason},
        people::Verdict,
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    attention, campaigns,
    policy::{DAYS_MAX, Policy},
    state::{Account, Ending, Open, Rejected, Sent},
};

/// A proposal's approval may reach the customer for so long after it ran out: the last attempt has a deadline of its own.
const GRACE_MS: i64 = HOUR_MS;
/// Timers that end proposals whose approval was out: `ending/<proposal>`.
pub const ENDING: &str = "ending/";

/// A person decided.
pub fn decided(turn: &Turn<'_>, state: &mut Account, effects: &mut Effects, data: &ProposalDecided) {
    attention::over(turn, state, &data.proposal, CardEnd::Decided, effects);
    match data.verdict {
        Verdict::Approve => {
            if let Some(open) = state.open.get_mut(&data.proposal) {
                open.approved = true;
            }
        }
        Verdict::Reject => {
            if let Some(open) = state.settle(&data.proposal) {
                let keys = open.cause_keys.iter().cloned();
                state.rejected.extend(keys.map(|(play, cause_key)| Rejected { play, cause_key, at: turn.now }));
                release(effects, &data.proposal, &open, ReleaseReason::Rejected);
            }
        }
    }
}

/// A person took an approval back.
pub fn reopened(turn: &Turn<'_>, state: &mut Account, proposal: &str, effects: &mut Effects) {
    if let Some(open) = state.open.get_mut(proposal) {
        open.approved = false;
        attention::reopened(turn, state, proposal, effects);
    }
}

/// The courier may send from here on.
pub fn signed(state: &mut Account, proposal: &str, not_after: Time) {
    if let Some(open) = state.open.get_mut(proposal) {
        (open.approved, open.signed_until) = (true, Some(not_after.plus_ms(GRACE_MS)));
    }
}

/// It was sent, or nobody can say that it was not: `reason` says which.
pub fn sent(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut Account,
    effects: &mut Effects,
    event: &Event,
    proposal: &str,
    reason: ReleaseReason,
) {
    attention::over(turn, state, proposal, CardEnd::Over, effects);
    let settled_before = !state.open.contains_key(proposal);
    let Some(open) = state.open.remove(proposal).or_else(|| state.unsettle(proposal)) else { return };
    if !settled_before {
        release(effects, proposal, &open, reason);
    }
    effects.cancel_timer(format!("{ENDING}{proposal}"));
    campaigns::sent(state, &open.cause_keys);
    let message = Sent {
        contact: open.contact,
        class: open.class,
        priority: Some(open.priority),
        at: sent_at(turn, event.header.time),
        shingles: open.shingles,
    };
    state.count(message, policy.rest.days);
}

/// When a message counts as sent.
///
/// Log time stands still while no router appends, or while a step of it waits to be accepted; the courier sends all the
/// same. What it sent would fall out of a window too early when log time moves on, so that the broker's time of the send
/// counts where it is later. A broker whose clock was far ahead must not close a contact for ever, hence the longest
/// window as a limit. Event time has nothing to do with the broker's clock.
fn sent_at(turn: &Turn<'_>, recorded: Time) -> Time {
    match turn.clock {
        ClockMode::Event => turn.now,
        ClockMode::Live => recorded.max(turn.now).min(turn.now.plus_ms(i64::from(DAYS_MAX) * DAY_MS)),
    }
}

/// It was certainly not sent. An approval that ran out goes back to the gate: the proposal waits again, unless the gate
/// had ended it before.
pub fn failed(state: &mut Account, effects: &mut Effects, proposal: &str, reason: FailureReason) {
    let Some(open) = state.open.get_mut(proposal) else { return };
    if reason == FailureReason::Expired && open.ending.is_none() {
        (open.approved, open.signed_until) = (false, None);
        return;
    }
    if let Some(open) = state.settle(proposal) {
        let reason = open.ending.map_or(ReleaseReason::Failed, Ending::release);
        effects.cancel_timer(format!("{ENDING}{proposal}"));
        release(effects, proposal, &open, reason);
    }
}

/// An approval was taken back. What the gate takes back itself, it tells with another fact.
pub fn withdrawn(turn: &Turn<'_>, state: &mut Account, effects: &mut Effects, event: &Event, proposal: &str) {
    let gate = event.header.actor.as_ref().is_some_and(|actor| actor.kind == ActorKind::Agent);
    if !gate {
        ended(turn, state, effects, proposal, Ending::Withdrawn);
    }
}

/// The gate ended it. An approval that is already out may still be sent: the budget is kept until that is settled.
pub fn ended(turn: &Turn<'_>, state: &mut Account, effects: &mut Effects, proposal: &str, ending: Ending) {
    attention::over(turn, state, proposal, CardEnd::Over, effects);
    let Some(open) = state.open.get_mut(proposal) else { return };
    if let Some(until) = open.signed_until.filter(|until| turn.now < *until) {
        open.ending = Some(ending);
        effects.set_timer(format!("{ENDING}{proposal}"), until);
        return;
    }
    if let Some(open) = state.settle(proposal) {
        release(effects, proposal, &open, ending.release());
    }
}

/// The time in which an ended proposal could still be sent is over.
pub fn over(state: &mut Account, effects: &mut Effects, proposal: &str) {
    let ending = state.open.get(proposal).and_then(|open| open.ending);
    if let Some(ending) = ending
        && let Some(open) = state.settle(proposal)
    {
        release(effects, proposal, &open, ending.release());
    }
}

impl Ending {
    const fn release(self) -> ReleaseReason {
        match self {
            Self::Expired => ReleaseReason::Expired,
            Self::Voided => ReleaseReason::Voided,
            Self::Withdrawn => ReleaseReason::Rejected,
        }
    }
}

fn release(effects: &mut Effects, proposal: &str, open: &Open, reason: ReleaseReason) {
    let released = BudgetReleased { proposal: proposal.to_owned(), contact: open.contact.clone(), reason };
    effects.emit_for(&open.contact, Data::BudgetReleased(released));
}
