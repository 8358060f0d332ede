//! What concerns many accounts: the save rate of a segment and the causes of its losses.
//!
//! An account says its part to `segment/churn/<segment>`; nothing here knows more of an account than that.

use std::collections::{BTreeMap, VecDeque};

use agent::{
    Effects, Turn,
    arithmetic::{ONE_BP, share},
};
use bus_schema::{
    Data, Day, Event, Position,
    data::facts::{
        CauseGroup, Difference, LossSampled, Preventable, PreventionProposed, Rate, SaveMeasured, SaveSampled,
        TaskCreated, Tier,
    },
};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

/// Kind of the entity.
pub const NAME: &str = "churn";
/// Settled cases remembered.
const CASES_MAX: usize = 2_000;
/// Losses remembered.
const LOSSES_MAX: usize = 500;
/// Accounts named with a proposal.
const NAMED: usize = 20;
/// 1.96 squared and 1.96, in ten-thousandths: the bounds hold 95 of 100 cases.
const Z2: i128 = 38_416;
const Z: i128 = 19_600;

/// The sums of a segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    cases: VecDeque<Case>,
    losses: BTreeMap<String, Loss>,
    proposed: BTreeMap<CauseGroup, Day>,
}

/// A settled case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Case {
    on: Day,
    tier: Tier,
    treated: bool,
    saved: bool,
}

/// A lost account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Loss {
    on: Day,
    cause: Option<CauseGroup>,
    preventable: bool,
    event: Position,
}

/// Folds what an account said.
pub fn fold(turn: &Turn<'_>, policy: &Policy, sums: &mut Sums, event: &Event, effects: &mut Effects) {
    match &event.data {
        Data::SaveSampled(data) => sums.case(turn, policy, data, effects),
        Data::LossSampled(data) => sums.loss(turn, policy, data, effects),
        // The other kinds are no sum's part.
        _ => {}
    }
}

impl Sums {
    fn case(&mut self, turn: &Turn<'_>, policy: &Policy, data: &SaveSampled, effects: &mut Effects) {
        let (today, rules) = (turn.now.day(), &policy.save);
        let window = i32::try_from(rules.window_days).unwrap_or(i32::MAX);
        self.cases.retain(|case| today.0 - case.on.0 < window);
        if self.cases.len() >= CASES_MAX {
            self.cases.pop_front();
        }
        self.cases.push_back(Case { on: today, tier: data.tier, treated: data.treated, saved: data.saved });
        let of = |treated: bool| {
            let mine = || self.cases.iter().filter(move |case| case.tier == data.tier && case.treated == treated);
            rate(mine().count(), mine().filter(|case| case.saved).count())
        };
        let (treated, compared) = (of(true), of(false));
        let enough = treated.n.min(compared.n) >= rules.cases_min;
        let difference = if enough { difference(&treated, &compared) } else { None };
        let says = match difference {
            Some(difference) if difference.low_bp > 0 => "more are saved where something was delivered",
            Some(difference) if difference.high_bp < 0 => "fewer are saved where something was delivered",
            Some(_) => "the difference may be chance",
            None => "not enough to say",
        };
        effects.emit(Data::SaveMeasured(SaveMeasured {
            tier: data.tier,
            window_days: rules.window_days,
            target_bp: rules.target_bp,
            treated,
            compared,
            difference,
            says: format!("{says}: {} with, {} without a delivered intervention", treated.n, compared.n),
        }));
    }

    fn loss(&mut self, turn: &Turn<'_>, policy: &Policy, data: &LossSampled, effects: &mut Effects) {
        let (today, rules) = (turn.now.day(), &policy.prevention);
        let window = i32::try_from(rules.window_days).unwrap_or(i32::MAX);
        self.losses.retain(|_, loss| today.0 - loss.on.0 < window);
        if self.losses.len() >= LOSSES_MAX && !self.losses.contains_key(&data.account) {
            let oldest = self.losses.iter().min_by_key(|(_, loss)| loss.on).map(|(account, _)| account.clone());
            oldest.and_then(|account| self.losses.remove(&account));
        }
        let preventable = data.preventable == Preventable::Yes;
        let loss = Loss { on: data.sure_on, cause: data.root_cause, preventable, event: turn.cause };
        self.losses.insert(data.account.clone(), loss);
        let Some(group) = data.root_cause else { return };
        let again = self.proposed.get(&group).is_some_and(|on| today.0 - on.0 < rules.again_days);
        let same: Vec<(&String, &Loss)> = self.losses.iter().filter(|(_, loss)| loss.cause == Some(group)).collect();
        let (n, of) = (count(same.len()), count(self.losses.len()));
        let part = share(i64::from(n), i64::from(of)).unwrap_or(0);
        if again || n < rules.losses_min || part < i64::from(rules.share_bp) {
            return;
        }
        let task = turn.id(0);
        let named: Vec<String> = same.iter().take(NAMED).map(|(account, _)| (*account).clone()).collect();
        let events: Vec<Position> = same.iter().take(NAMED).map(|(_, loss)| loss.event).collect();
        let preventable = count(same.iter().filter(|(_, loss)| loss.preventable).count());
        effects.emit(Data::TaskCreated(TaskCreated {
            task: task.clone(),
            play: Some(format!("prevent_{}", group.name())),
            title: rules.titles.get(&group).cloned().unwrap_or_default(),
            assignee: Some(rules.assignee.clone()),
            due_on: today.plus(rules.due_days),
            why: format!(
                "{n} of {of} losses in {} days have this cause, {preventable} could have been prevented.",
                rules.window_days
            ),
            events: events.clone(),
        }));
        effects.emit(Data::PreventionProposed(PreventionProposed {
            group,
            losses: n,
            of,
            window_days: rules.window_days,
            preventable,
            task,
            accounts: named,
            events,
        }));
        self.proposed.insert(group, today);
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A rate with its Wilson bounds: (k + z²/2 ± z·√(k(n−k)/n + z²/4)) / (n + z²).
fn rate(n: usize, saved: usize) -> Rate {
    let mut rate = Rate { n: count(n), saved: count(saved), rate_bp: None, low_bp: None, high_bp: None };
    let (Ok(n), Ok(k)) = (i128::try_from(n), i128::try_from(saved)) else { return rate };
    if n == 0 {
        return rate;
    }
    let one = i128::from(ONE_BP);
    // Everything in ten-thousandths; the root is taken of hundred-millionths.
    let root = (k * (n - k) * one * one / n + Z2 * one / 4).unsigned_abs().isqrt();
    let (middle, reach) = (k * one + Z2 / 2, Z * i128::try_from(root).unwrap_or(i128::MAX / Z) / one);
    let bound = |x: i128| u16::try_from((x * one / (n * one + Z2)).clamp(0, one)).ok();
    (rate.low_bp, rate.high_bp) = (bound(middle - reach), bound(middle + reach));
    rate.rate_bp = share(i64::from(rate.saved), i64::from(rate.n)).and_then(|bp| u16::try_from(bp).ok());
    rate
}

/// Newcombe's bounds: each side's distance to its Wilson bound, squared and added.
fn difference(treated: &Rate, compared: &Rate) -> Option<Difference> {
    let of = |rate: &Rate| Some((i64::from(rate.rate_bp?), i64::from(rate.low_bp?), i64::from(rate.high_bp?)));
    let ((p, p_low, p_high), (q, q_low, q_high)) = (of(treated)?, of(compared)?);
    let both = |a: i64, b: i64| agent::arithmetic::isqrt(a * a + b * b);
    let bp = p - q;
    Some(Difference {
        bp: i32::try_from(bp).ok()?,
        low_bp: i32::try_from(bp - both(p - p_low, q_high - q)).ok()?,
        high_bp: i32::try_from(bp + both(p_high - p, q - q_low)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_wilson() {
        // 8 of 10: 0.4902 to 0.9433; 0 of 10: 0 to 0.2775; 10 of 10: 0.7225 to 1; 80 of 100: 0.7112 to 0.8666.
        for ((n, k), (low, high)) in
            [((10, 8), (4_902, 9_433)), ((10, 0), (0, 2_775)), ((10, 10), (7_225, 10_000)), ((100, 80), (7_112, 8_666))]
        {
            let found = rate(n, k);
            let near = |bound: Option<u16>, wanted: u16| bound.is_some_and(|bound| bound.abs_diff(wanted) <= 2);
            assert!(near(found.low_bp, low) && near(found.high_bp, high), "{k} of {n}: {found:?}");
        }
        assert_eq!((rate(0, 0).rate_bp, rate(0, 0).low_bp), (None, None));
    }

    #[test]
    fn a_difference_has_the_bounds_of_newcombe() {
        // 56 of 70 against 48 of 80: 0.2, from 0.0524 to 0.3339 (Newcombe 1998, method 10).
        let found = difference(&rate(70, 56), &rate(80, 48)).unwrap();
        assert!((found.bp - 2_000).abs() <= 1, "{found:?}");
        assert!((found.low_bp - 524).abs() <= 3 && (found.high_bp - 3_339).abs() <= 3, "{found:?}");
        assert_eq!(difference(&rate(0, 0), &rate(80, 48)), None);
    }
}
