//! What follows a yes: signature, invoice, systems, plan and the kick-off of the next term.

use agent::{Effects, Turn};
use bus_schema::{Data, Event, data::facts::RenewalOutcome};

use crate::{
    forecast,
    policy::{By, Policy},
    state::{Account, Reached},
    timeline,
};

/// The renewal moved.
pub(crate) fn moved(turn: &Turn<'_>, policy: &Policy, account: &mut Account, reached: Reached, effects: &mut Effects) {
    let Some(run) = account.run.as_deref_mut() else { return };
    run.stage = Some((reached, turn.cause));
    for (from, by) in [
        (Reached::Discussed, By::Discussed),
        (Reached::Negotiating, By::Negotiating),
        (Reached::Verbal, By::Verbal),
        (Reached::Signed, By::Signed),
    ] {
        if reached >= from && reached != Reached::Lost {
            timeline::done_by(policy, account, by, turn.cause);
        }
    }
    if matches!(reached, Reached::Verbal | Reached::Signed) {
        execute(turn, policy, account, effects);
    }
}

/// Asks for what follows a yes, once for a term.
fn execute(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let rules = &policy.execution;
    let Some(run) = account.run.as_deref_mut() else { return };
    if !run.steps.insert(rules.name.clone()) {
        return;
    }
    let reason = format!("{}: what follows is done within {} days", rules.reason, rules.within_days);
    timeline::ask(turn, account, &rules.name, &rules.tasks, (today, today.plus(rules.within_days)), &reason, effects);
    if account.run.as_deref().is_some_and(|run| run.reached() == Reached::Signed) {
        timeline::done_by(policy, account, By::Signed, turn.cause);
    }
}

/// A contract was signed: a later term renews the one under way, and takes what is left to do with it.
pub(crate) fn signed(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    before: Option<bus_schema::Money>,
    event: &Event,
    effects: &mut Effects,
) {
    let (Data::ContractSigned(_), Some(contract)) = (&event.data, account.profile.contract.clone()) else { return };
    let Some(run) = account.run.as_deref() else {
        timeline::begin(turn, policy, account, effects);
        return;
    };
    let own = run.contract == contract.id;
    if own && contract.term_end == run.term_end {
        return;
    }
    if contract.term_end <= run.term_end {
        // Another contract, or a correction: what was booked of the term is taken back.
        crate::book::gone(turn, account, effects);
        account.run = None;
        timeline::begin(turn, policy, account, effects);
        return;
    }
    moved(turn, policy, account, Reached::Signed, effects);
    forecast::say(turn, policy, account, false, effects);
    let left = account.run.as_deref().map(|run| {
        let step = &policy.execution.name;
        let tasks = run.tasks.iter().filter(|(_, task)| task.step == *step && task.done.is_none());
        tasks.map(|(name, task)| (name.clone(), task.clone())).collect::<Vec<_>>()
    });
    let early = account.run.as_deref().map_or(0, |run| run.term_end.0 - turn.now.day().0);
    let reason = match early {
        1.. => format!("signed {early} days before the end of the term"),
        0 => "signed on the last day of the term".into(),
        _ => format!("signed {} days after the end of the term", -early),
    };
    timeline::settle_as(turn, account, RenewalOutcome::Renewed, before, reason, effects);
    timeline::begin(turn, policy, account, effects);
    if let Some(run) = account.run.as_deref_mut() {
        run.tasks.extend(left.unwrap_or_default());
    }
}

/// A contract was changed: another end moves the term under way.
pub(crate) fn amended(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let Some(contract) = account.profile.contract.clone() else { return };
    let other = account.run.as_deref().is_some_and(|run| run.term_end != contract.term_end);
    if other {
        crate::book::gone(turn, account, effects);
        if let Some(run) = account.run.as_deref_mut() {
            (run.contract, run.term_start, run.term_end) = (contract.id, contract.term_start, contract.term_end);
            run.known = turn.cause;
            // What is ahead again is asked for again.
            (run.steps, run.opened, run.late_on, run.booked) = (std::collections::BTreeSet::new(), false, None, None);
        }
    }
    timeline::begin(turn, policy, account, effects);
}
