//! Terms that a person thinks of: what they come to, and the two persons who agree to them.

use agent::{Effects, Turn};
use bus_schema::{
    ActorKind, Data, Event, Money,
    data::{
        facts::{RenewalTermsComputed, RenewalTermsSettled},
        people::{RenewalTermsAsked, RenewalTermsDecided, Verdict},
    },
};

use crate::{
    forecast, kit,
    policy::Policy,
    state::{Account, Terms},
};

/// Terms kept of a renewal.
const TERMS_MAX: usize = 20;

/// A person thinks of terms: discount and months are theirs, the arithmetic is ours.
pub(crate) fn asked(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    data: &RenewalTermsAsked,
    effects: &mut Effects,
) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref() else { return };
    let Some(arr) = account.profile.arr else { return };
    let months = data.months.clamp(1, policy.terms.months_max);
    let discount = data.discount_bp.min(10_000);
    let offered = less(arr, discount);
    let (total, full) = (kit::over(offered, months), kit::over(arr, months));
    let likelihood = forecast::likelihood(policy, account, run, today);
    let break_even_bp = break_even(arr, offered, likelihood.bp);
    let percent = format!("{}.{:02} %", discount / 100, discount % 100);
    let reason = match break_even_bp {
        Some(bp) => format!(
            "{percent} off for {months} months pays when the renewal becomes {}.{:02} % sure",
            bp / 100,
            bp % 100
        ),
        None => format!("{percent} off for {months} months costs more than any certainty brings"),
    };
    effects.emit(Data::RenewalTermsComputed(RenewalTermsComputed {
        terms: data.terms.to_string(),
        contract: run.contract.clone(),
        discount_bp: discount,
        months,
        arr_list: arr,
        arr_offered: offered,
        total,
        discount_cost: Money { minor: full.minor.saturating_sub(total.minor), currency: arr.currency },
        likelihood_bp: likelihood.bp,
        break_even_bp,
        approvals: policy.terms.approvals,
        reason,
        events: vec![turn.cause, run.known],
    }));
    if let Some(run) = account.run.as_deref_mut()
        && (run.terms.len() < TERMS_MAX || run.terms.contains_key(data.terms.as_str()))
    {
        // Terms that are asked for again are other terms: nobody has agreed to them.
        run.terms.insert(data.terms.to_string(), Terms::default());
    }
}

fn less(arr: Money, discount_bp: u16) -> Money {
    let minor = i128::from(arr.minor) * i128::from(10_000 - i64::from(discount_bp.min(10_000))) / 10_000;
    Money { minor: i64::try_from(minor).unwrap_or(i64::MAX), currency: arr.currency }
}

/// How sure the renewal must become for the concession to pay: list × p / offered.
fn break_even(list: Money, offered: Money, likelihood_bp: u16) -> Option<u16> {
    if offered.minor <= 0 {
        return None;
    }
    // Rounded up: at a hair less it would not pay.
    let (needed, of) = (i128::from(list.minor) * i128::from(likelihood_bp), i128::from(offered.minor));
    let bp = (needed + of - 1) / of;
    u16::try_from(bp).ok().filter(|bp| *bp <= 10_000)
}

/// A person decides on terms. Each counts once, one of them must be a manager, and one no is the end of them.
pub(crate) fn decided(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    event: &Event,
    data: &RenewalTermsDecided,
    effects: &mut Effects,
) {
    // Whoever has no name has no say.
    let Some(actor) = event.header.actor.as_ref().filter(|actor| actor.kind == ActorKind::Person) else { return };
    let Some(run) = account.run.as_deref_mut() else { return };
    let contract = run.contract.clone();
    let Some(terms) = run.terms.get_mut(data.terms.as_str()).filter(|terms| !terms.settled) else { return };
    if terms.by.iter().any(|(known, _)| *known == actor.id) {
        return;
    }
    let settle = |by: &[(String, bus_schema::Position)], approved: bool, reason: String| {
        Data::RenewalTermsSettled(RenewalTermsSettled {
            terms: data.terms.to_string(),
            contract,
            approved,
            by: by.iter().map(|(who, _)| who.clone()).collect(),
            reason,
            events: by.iter().map(|(_, event)| *event).collect(),
        })
    };
    terms.by.push((actor.id.clone(), turn.cause));
    match data.verdict {
        Verdict::Reject => {
            terms.settled = true;
            effects.emit(settle(&terms.by, false, format!("{} said no", actor.id)));
        }
        Verdict::Approve => {
            let managers = terms.by.iter().filter(|(who, _)| policy.terms.managers.contains(who)).count();
            let enough = terms.by.len() >= usize::from(policy.terms.approvals) && managers > 0;
            if enough {
                terms.settled = true;
                effects.emit(settle(
                    &terms.by,
                    true,
                    format!("{} persons agreed, a manager among them", terms.by.len()),
                ));
            }
        }
    }
}
