//! What a CSM is asked to look at: every proposal of the account asks for a place among the cards of its CSM.
//!
//! A proposal asks when the gate has filed it, and says when it needs no place any more. Which cards are shown is decided
//! by the queue of the CSM ([`crate::csm`]); a decision on a card that waits counts all the same.

use agent::{Effects, Turn, arithmetic::lin};
use bus_schema::{
    Data, Entity,
    data::facts::{CardClosed, CardDropped, CardEnd, CardOffered, CardShown, Priority, ProposalFiled, Tier},
};
use serde::{Deserialize, Serialize};

use crate::{policy::Policy, state::Account};

/// The queue of accounts that nobody looks after.
pub const UNASSIGNED: &str = "unassigned";

/// A card as it was offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Card {
    queue: String,
    rank: i64,
    critical: bool,
    bulk: Option<String>,
    /// It is in the queue.
    queued: bool,
    /// A person sees it.
    shown: bool,
    reason: String,
}

/// The gate filed a proposal: it asks for a place.
pub(crate) fn filed(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut Account,
    data: &ProposalFiled,
    effects: &mut Effects,
) {
    let Some(open) = state.open.get(&data.proposal) else { return };
    let priority = open.priority;
    let bulk = open.cause_keys.first().map(|(_, cause)| cause.clone()).filter(|_| priority == Priority::Incident);
    let (rank, reason) = rank(turn, policy, state, priority, data.rank);
    let risk = state.tier == Tier::Critical && priority == Priority::Save;
    let critical = risk || matches!(priority, Priority::Incident | Priority::Escalation);
    let queue = state.owner.clone().unwrap_or_else(|| UNASSIGNED.into());
    let card = Card { queue, rank, critical, bulk, queued: true, shown: false, reason };
    offer(turn, &data.proposal, &card, false, effects);
    state.cards.insert(data.proposal.clone(), card);
}

/// The rank the gate gave, less the longer ago the risk rose, and more for accounts that are pinned as strategic.
fn rank(turn: &Turn<'_>, policy: &Policy, state: &Account, priority: Priority, filed: i64) -> (i64, String) {
    let limits = &policy.attention;
    let mut rank = filed;
    let mut parts = vec![format!("{filed} by value at stake and urgency")];
    if priority == Priority::Save {
        let days = state.tier_rose_on.map_or(0, |rose| i64::from(turn.now.day().0) - i64::from(rose.0));
        let share = lin(days, &limits.recency);
        rank = rank.saturating_mul(share) / agent::arithmetic::ONE_BP;
        parts.push(format!("{} % of it as the risk rose {days} days ago", share / 100));
    }
    if state.profile.segment.as_deref() == Some("strategic") {
        rank = rank.saturating_mul(limits.strategic_factor);
        parts.push(format!("× {} as the account is strategic", limits.strategic_factor));
    }
    (rank, parts.join(", "))
}

fn offer(turn: &Turn<'_>, proposal: &str, card: &Card, again: bool, effects: &mut Effects) {
    let Some(account) = turn.entity.account_id() else { return };
    let offered = CardOffered {
        account: account.to_owned(),
        proposal: proposal.to_owned(),
        rank: card.rank,
        critical: card.critical,
        bulk: card.bulk.clone(),
        again,
        reason: card.reason.clone(),
    };
    effects.emit_to(Entity::Csm(card.queue.clone()), Data::CardOffered(offered));
}

fn close(turn: &Turn<'_>, proposal: &str, card: &Card, reason: CardEnd, effects: &mut Effects) {
    let Some(account) = turn.entity.account_id() else { return };
    let closed = CardClosed { account: account.to_owned(), proposal: proposal.to_owned(), reason };
    effects.emit_to(Entity::Csm(card.queue.clone()), Data::CardClosed(closed));
}

/// A proposal needs no place any more.
pub(crate) fn over(turn: &Turn<'_>, state: &mut Account, proposal: &str, reason: CardEnd, effects: &mut Effects) {
    if let Some(card) = state.cards.get_mut(proposal)
        && std::mem::take(&mut card.queued)
    {
        close(turn, proposal, card, reason, effects);
    }
}

/// A person took an approval back: the card comes back to where it was.
pub(crate) fn reopened(turn: &Turn<'_>, state: &mut Account, proposal: &str, effects: &mut Effects) {
    if let Some(card) = state.cards.get_mut(proposal)
        && !std::mem::replace(&mut card.queued, true)
    {
        offer(turn, proposal, card, true, effects);
    }
}

/// Another CSM looks after the account: its cards move, and count as new there.
pub(crate) fn moved(turn: &Turn<'_>, state: &mut Account, to: Option<&String>, effects: &mut Effects) {
    state.owner = to.cloned();
    let queue = to.cloned().unwrap_or_else(|| UNASSIGNED.into());
    for (proposal, card) in state.cards.iter_mut().filter(|(_, card)| card.queue != queue) {
        if card.queued {
            close(turn, proposal, card, CardEnd::Moved, effects);
        }
        card.queue.clone_from(&queue);
        card.shown = false;
        if card.queued {
            offer(turn, proposal, card, false, effects);
        }
    }
}

/// The queue shows it.
pub(crate) fn shown(state: &mut Account, data: &CardShown) {
    if let Some(card) = state.cards.get_mut(&data.proposal) {
        card.shown = true;
    }
}

/// The queue gave it up; what becomes of the proposal is said by the gate.
pub(crate) fn dropped(state: &mut Account, data: &CardDropped) {
    if let Some(card) = state.cards.get_mut(&data.proposal) {
        card.queued = false;
    }
}
