//! The facts move: what rests on them and is not sent is void.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event,
    data::{
        facts::{Priority, VoidReason},
        support,
    },
};

use crate::{gate, policy::Policy, state::State};

/// Voids the unsent proposals that an event makes fall.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    match &event.data {
        Data::HealthBandChanged(data) => state.band = data.to,
        Data::ExpansionGatePassed(_) => state.offers = true,
        Data::ExpansionGateFailed(_) => state.offers = false,
        Data::AlertClosed(data) => state.alert_closed(&data.alert),
        // The other kinds that a proposal rests on are in the profile.
        _ => {}
    }
    let struck = strikes(policy, event);
    let fallen: Vec<(String, VoidReason)> = state
        .proposals
        .iter()
        .filter(|(_, proposal)| proposal.unsent())
        .filter_map(|(id, proposal)| {
            let reason = gate::fallen(policy, state, proposal).or_else(|| {
                struck.as_ref().filter(|(by, _)| by.contains(&proposal.priority)).map(|(_, reason)| *reason)
            });
            reason.map(|reason| (id.clone(), reason))
        })
        .collect();
    for (id, reason) in fallen {
        gate::void(turn, state, &id, reason, effects);
    }
}

/// Priorities that an event strikes by having happened, whatever the state is.
fn strikes<'a>(policy: &'a Policy, event: &Event) -> Option<(&'a [Priority], VoidReason)> {
    let void = &policy.gate.void;
    match &event.data {
        Data::TicketOpened(data) if data.priority == support::Priority::P1 => {
            Some((&void.ticket_p1, VoidReason::TicketP1))
        }
        Data::TicketUpdated(data) if data.priority == Some(support::Priority::P1) => {
            Some((&void.ticket_p1, VoidReason::TicketP1))
        }
        Data::ContractSigned(_) | Data::SubscriptionRenewed(_) => Some((&void.renewed, VoidReason::Renewed)),
        _ => None,
    }
}
