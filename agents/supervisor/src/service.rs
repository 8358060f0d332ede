//! How an account is served: touch model and the share of a book it takes, by segment, and for vendors by being one.

use agent::{Effects, Turn, digest};
use bus_schema::{
    Currency, Data, Event,
    data::{
        account::AccountKind,
        facts::{ServiceChanged, TouchModel},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::Policy,
    state::{Segment, State},
};

/// A full book.
const FULL_BP: u32 = 10_000;

/// What is kept of the way an account is served.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Served {
    currency: Option<Currency>,
    /// Digest of what was said last.
    said: Option<u128>,
}

/// Folds the currency, and says how the account is served where that changed.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    let told = match &event.data {
        Data::AccountCreated(data) => data.currency,
        Data::AccountUpdated(data) => data.currency,
        // What an account pays in is said there.
        _ => None,
    };
    state.served.currency = told.or(state.served.currency);
    say(turn, policy, state, effects);
}

/// Says how the account is served, where that is not what was said last.
pub(crate) fn say(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let Some(segment) = state.life.segment.as_ref() else { return };
    let vendor = state.profile.vendor;
    let (touch, accounts) = if vendor { policy.service.vendor() } else { policy.service.of(segment) };
    let kind = if vendor { AccountKind::Vendor } else { AccountKind::Customer };
    let currency = state.served.currency.or_else(|| state.profile.arr.map(|arr| arr.currency));
    let name = segment.name().to_owned();
    let code = currency.map(|currency| currency.to_string()).unwrap_or_default();
    let digest = digest::number(&[kind.as_str(), &name, touch.name(), &accounts.to_string(), &code]);
    if state.served.said.replace(digest) == Some(digest) {
        return;
    }
    effects.emit(Data::ServiceChanged(ServiceChanged {
        kind,
        reason: reason(vendor, segment, touch, accounts),
        segment: name,
        touch,
        accounts_per_csm: accounts,
        load_bp: FULL_BP / accounts.max(1),
        currency,
        policy_version: turn.policy_version,
        events: vec![turn.cause],
    }));
}

fn reason(vendor: bool, segment: &Segment, touch: TouchModel, accounts: u32) -> String {
    let who = if vendor { "vendors".to_owned() } else { format!("{} accounts", segment.name()) };
    let how = touch.name().replace('_', "-");
    format!("{who} get {how} service; {accounts} of them are one book")
}
