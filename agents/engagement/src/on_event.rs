//! Events and timers of an account, in the order in which they matter.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event,
    data::facts::{ReleaseReason, Tier, TouchpointRequested},
};

use crate::{
    achievements, attention, cadence, campaigns, causes, kit, month, on_answer, on_outcome, planner,
    policy::Policy,
    state::{Account, Ending, Mute, Touch},
    triggers, unanswered,
};

/// The daily look.
const DAILY: &str = "daily";

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    take(turn, policy, account, event, effects);
    triggers::answer(turn, policy, account, event, effects);
    cadence::fold(account, event, turn.cause);
    kit::fold(turn, policy, account, event, effects);
    month::fold(account, event, turn.cause);
    achievements::fold(turn, policy, account, event, effects);
    unanswered::look(turn, policy, account, effects);
    if account.profile.ended() {
        if std::mem::take(&mut account.running) {
            effects.cancel_timer(DAILY);
        }
    } else if !std::mem::replace(&mut account.running, true) {
        effects.set_timer(DAILY, cadence::next_daily(turn.now));
    }
    if !account.waiting.is_empty() {
        planner::plan(turn, policy, account, effects);
    }
    account.forget(turn.now, policy.draft.like_contact_messages);
}

/// A timer of an account.
pub(crate) fn timer(turn: &Turn<'_>, policy: &Policy, account: &mut Account, name: &str, effects: &mut Effects) {
    if let Some(proposal) = name.strip_prefix(on_outcome::ENDING) {
        on_outcome::over(account, effects, proposal);
    }
    if name == DAILY {
        if account.running {
            effects.set_timer(DAILY, cadence::next_daily(turn.now));
            cadence::look(turn, policy, account, effects);
            month::look(turn, policy, account, effects);
            campaigns::look(turn, policy, account, effects);
        }
        return;
    }
    planner::plan(turn, policy, account, effects);
    account.forget(turn.now, policy.draft.like_contact_messages);
}

#[expect(clippy::wildcard_enum_match_arm, reason = "READS names what is folded here; all else is the profile's")]
fn take(turn: &Turn<'_>, policy: &Policy, state: &mut Account, event: &Event, effects: &mut Effects) {
    state.profile.fold(event);
    for over in causes::ended_by(&event.data) {
        planner::drop_cause(state, effects, &over, turn.now);
    }
    match &event.data {
        Data::TouchpointRequested(data) => on_request(turn, policy, state, effects, event, data),
        Data::ChurnForecasted(data) => forecasted(turn, state, data.tier),
        Data::ExpansionGatePassed(_) => state.offers = true,
        Data::ExpansionGateFailed(_) => state.offers = false,
        Data::EscalationRaised(data) => {
            state.escalations.insert(data.escalation.clone());
        }
        Data::EscalationResolved(data) => {
            state.escalations.remove(&data.escalation);
        }
        Data::InvoiceOverdue(data) => {
            state.overdue.insert(data.invoice.to_string(), data.days_late.unwrap_or(1));
        }
        Data::InvoicePaid(data) => {
            state.overdue.remove(data.invoice.as_str());
        }
        Data::ProposalFiled(data) => attention::filed(turn, policy, state, data, effects),
        Data::OwnerChanged(data) => attention::moved(turn, state, data.to.as_ref(), effects),
        Data::VendorCoached(data) => month::coached(turn, policy, state, data, effects),
        Data::CardShown(data) => attention::shown(state, data),
        Data::CardDropped(data) => attention::dropped(state, data),
        Data::ProposalDecided(data) => on_outcome::decided(turn, state, effects, data),
        Data::ProposalVoided(data) => on_outcome::ended(turn, state, effects, &data.proposal, Ending::Voided),
        Data::ProposalExpired(data) => on_outcome::ended(turn, state, effects, &data.proposal, Ending::Expired),
        Data::ProposalReopened(data) => on_outcome::reopened(turn, state, &data.proposal, effects),
        Data::ApprovalSigned(data) => on_outcome::signed(state, &data.proposal, data.not_after),
        Data::DeliverySent(data) => {
            on_outcome::sent(turn, policy, state, effects, event, &data.proposal, ReleaseReason::Sent);
        }
        Data::DeliveryUnknown(data) => {
            on_outcome::sent(turn, policy, state, effects, event, &data.proposal, ReleaseReason::Unknown);
        }
        Data::DeliveryFailed(data) => on_outcome::failed(state, effects, &data.proposal, data.reason),
        Data::DeliveryWithdrawn(data) => on_outcome::withdrawn(turn, state, effects, event, &data.proposal),
        Data::OutreachDelivered(data) => on_answer::delivered(policy, state, event, data, turn.now),
        Data::OutreachReplied(_) => on_answer::replied(state, event),
        Data::ConversationRecorded(data) => on_answer::conversed(policy, state, event, data, turn.now),
        Data::MeetingHeld(data) => on_answer::met(state, data),
        Data::AccountMuted(data) => {
            let name = data.name.as_ref().map(ToString::to_string);
            state.mutes.retain(|mute| mute.scope != data.scope || mute.name != name);
            state.mutes.push(Mute { scope: data.scope, name, until: data.until });
        }
        _ => {}
    }
}

fn on_request(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut Account,
    effects: &mut Effects,
    event: &Event,
    data: &TouchpointRequested,
) {
    let header = &event.header;
    let agent = header.source.strip_prefix("agent/").unwrap_or(&header.source).to_owned();
    let touch = Touch::of(data, agent, turn.now);
    unanswered::call_first(turn, policy, state, &touch, effects);
    planner::request(state, effects, touch, turn.now);
}

/// The risk of the account; when it rises, its cards matter more.
fn forecasted(turn: &Turn<'_>, state: &mut Account, tier: Tier) {
    if tier > state.tier {
        state.tier_rose_on = Some(turn.now.day());
    }
    state.tier = tier;
}
