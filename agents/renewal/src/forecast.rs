//! How likely a renewal is: a base by segment, what the risk forecast knows, and how far the renewal itself is.
//!
//! No health score stands in it: what the score is made of is in the risk forecast, and would count twice.

use agent::{Effects, Turn, arithmetic::sigma};
use bus_schema::{
    Data, Day, Position,
    data::facts::{RenewalCall, RenewalForecasted, RenewalPart},
};

use crate::{
    book,
    policy::Policy,
    state::{Account, Reached, Run},
};

/// A likelihood with its parts.
pub(crate) struct Likelihood {
    pub(crate) bp: u16,
    pub(crate) logodds: i64,
    pub(crate) parts: Vec<RenewalPart>,
    pub(crate) bound: Option<String>,
}

/// The likelihood of the term under way, as it stands on a day.
pub(crate) fn likelihood(policy: &Policy, account: &Account, run: &Run, today: Day) -> Likelihood {
    let segment = account.segment();
    let mut parts = vec![part("base", policy.base(segment), format!("usual for {}", segment.replace('_', " ")), &[])];
    for risk in account.risk.iter().filter(|risk| risk.bp != 0) {
        parts.push(part(&risk.name, -risk.bp, risk.reason.clone(), &risk.events));
    }
    steps(policy, account, run, today, &mut parts);
    let logodds: i64 = parts.iter().map(|part| i64::from(part.bp)).sum();
    parts.sort_by_key(|part| std::cmp::Reverse(part.bp.abs()));
    let (bp, bound) = bounded(policy, account, run, today, sigma(logodds));
    Likelihood { bp: u16::try_from(bp.clamp(0, 10_000)).unwrap_or(0), logodds, parts, bound }
}

fn part(name: &str, bp: i64, reason: String, events: &[Position]) -> RenewalPart {
    let bp = i32::try_from(bp).unwrap_or(if bp < 0 { i32::MIN } else { i32::MAX });
    RenewalPart { part: name.into(), bp, reason, events: events.to_vec() }
}

/// How far the renewal itself is.
fn steps(policy: &Policy, account: &Account, run: &Run, today: Day, parts: &mut Vec<RenewalPart>) {
    let sizes = &policy.parts;
    let (reached, by) = run.stage.map_or((Reached::Open, run.known), |stage| stage);
    for (name, from, bp, reason) in [
        ("discussed", Reached::Discussed, sizes.discussed, "the renewal was spoken of"),
        ("negotiating", Reached::Negotiating, sizes.negotiating, "legal or purchasing are at it"),
        ("verbal", Reached::Verbal, sizes.verbal, "the customer said yes"),
    ] {
        if reached >= from && reached != Reached::Lost {
            parts.push(part(name, bp, reason.into(), &[by]));
        }
    }
    if let Some(event) = run.answered {
        parts.push(part("answered", sizes.answered, "the proposal was answered or followed".into(), &[event]));
    }
    for step in &policy.steps {
        let Some(late) = &step.late else { continue };
        if let Some(days) = run.overdue(&step.name, today).filter(|days| *days > late.after_days) {
            let reason = format!("tasks of {} are {days} days overdue", step.name);
            parts.push(part(&format!("overdue_{}", step.name), late.bp, reason, &[]));
        }
    }
    let above = policy.uplift.iter().rfind(|uplift| account.uplift_bp > uplift.above_bp);
    if let Some(uplift) = above {
        let reason = format!("the price goes up by {} %", account.uplift_bp / 100);
        parts.push(part("uplift", uplift.bp, reason, &[run.known]));
    }
    if !account.decider_known(policy) {
        parts.push(part("no_decider", sizes.no_decider, "nobody who decides is known".into(), &[]));
    }
}

/// What stands above the sum.
fn bounded(policy: &Policy, account: &Account, run: &Run, today: Day, sum: i64) -> (i64, Option<String>) {
    let bounds = &policy.bounds;
    if run.reached() == Reached::Signed {
        return (10_000, Some("it is signed".into()));
    }
    if let Some(on) = account.profile.notice_on {
        return (sum.min(bounds.notice_bp), Some(format!("notice was given for {on}")));
    }
    if run.reached() == Reached::Lost {
        return (sum.min(bounds.notice_bp), Some("it was given up as lost".into()));
    }
    let notice_by = account.notice_by(run);
    if account.by_itself() && today > notice_by {
        let why = format!("it renews by itself, and the day for notice was {notice_by}");
        return (sum.max(bounds.by_itself_bp), Some(why));
    }
    (sum, None)
}

/// Says the forecast when it moved, and tells the books.
pub(crate) fn say(turn: &Turn<'_>, policy: &Policy, account: &mut Account, called: bool, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let Some(run) = account.run.as_deref() else { return };
    let found = likelihood(policy, account, run, today);
    let category = policy.category(i64::from(found.bp));
    let decision_on = account.decision_on(run);
    let near = decision_on.0 - today.0 <= policy.forecast.within_days;
    let moved = run.said.is_none_or(|(bp, before, on)| {
        before != category
            || (i64::from(bp) - i64::from(found.bp)).abs() >= policy.forecast.moves_bp
            || near && today.0 - on.0 >= policy.forecast.every_days
    });
    if moved || called {
        let call = run.call.as_ref().map(|call| RenewalCall {
            likelihood_bp: call.likelihood_bp,
            reason: call.reason.clone(),
            by: call.by.clone(),
            event: call.event,
        });
        effects.emit(Data::RenewalForecasted(RenewalForecasted {
            contract: run.contract.clone(),
            model: policy.model.clone(),
            model_version: policy.model_version,
            policy_version: turn.policy_version,
            segment: account.segment().to_owned(),
            decision_on,
            term_end: run.term_end,
            arr: account.profile.arr,
            likelihood_bp: found.bp,
            logodds_bp: i32::try_from(found.logodds).unwrap_or(i32::MAX),
            category,
            parts: found.parts,
            bound: found.bound,
            call,
        }));
        if let Some(run) = account.run.as_deref_mut() {
            run.said = Some((found.bp, category, today));
        }
    }
    book::tell(turn, account, effects);
}
