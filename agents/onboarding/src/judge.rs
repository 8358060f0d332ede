//! A start judged on its days: every criterion with its number, its observations and the events behind it.

use agent::{Effects, Turn, arithmetic::share};
use bus_schema::{
    Data, Day, Position,
    data::facts::{Criterion, OnboardingJudged, OnboardingVerdict, ValueStep},
};

use crate::{
    policy::{By, Metric, Op, Policy, Target},
    seen::Found,
    state::{Account, Run},
};

/// What a criterion comes to.
struct Judged {
    met: Option<bool>,
    value: Option<i64>,
    n: u32,
    events: Vec<Position>,
}

/// Judges the account on every day that has come; the last one ends what is kept of its start.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    let days = policy.judged_on(account.profile.vendor);
    let Some(run) = account.run.as_deref() else { return };
    let due: Vec<u16> = days
        .iter()
        .copied()
        .filter(|day| !run.judged.contains(day) && today >= run.started_on.plus(i32::from(*day)))
        .collect();
    for day in due {
        let fact = judge(turn, policy, account, day, today);
        if !fact.criteria.is_empty() {
            effects.emit(Data::OnboardingJudged(fact));
        }
        if let Some(run) = account.run.as_deref_mut() {
            run.judged.insert(day);
        }
    }
    let ended = account.run.as_deref().is_some_and(|run| run.over && days.iter().all(|day| run.judged.contains(day)));
    if ended {
        account.run = None;
    }
}

fn judge(turn: &Turn<'_>, policy: &Policy, account: &Account, day: u16, today: Day) -> OnboardingJudged {
    let targets = policy.targets_of(account.profile.vendor, account.segment(), day);
    let criteria: Vec<Criterion> = targets
        .iter()
        .filter_map(|target| Some(criterion(policy, account, account.run.as_deref()?, target, today)))
        .collect();
    let of = |count: usize| {
        let all = i64::try_from(criteria.len()).unwrap_or(i64::MAX);
        share(i64::try_from(count).unwrap_or(i64::MAX), all).unwrap_or(0)
    };
    let met = criteria.iter().filter(|criterion| criterion.met == Some(true)).count();
    let known = criteria.iter().filter(|criterion| criterion.met.is_some()).count();
    let verdict = if met == criteria.len() {
        OnboardingVerdict::Complete
    } else if of(met) >= policy.judge.gaps_from_bp {
        OnboardingVerdict::WithGaps
    } else {
        OnboardingVerdict::NotAchieved
    };
    OnboardingJudged {
        day,
        verdict,
        coverage_bp: u16::try_from(of(known)).unwrap_or(0),
        criteria,
        policy_version: turn.policy_version,
    }
}

fn criterion(policy: &Policy, account: &Account, run: &Run, target: &Target, today: Day) -> Criterion {
    let metric = target.metric;
    let judged = match metric {
        Metric::TimeToFirstValue => time_to(run, ValueStep::FirstValue, target, today),
        Metric::TimeToFirstOutcome => time_to(run, ValueStep::FirstOutcome, target, today),
        Metric::TimeToFirstSale => time_to(run, ValueStep::FirstSale, target, today),
        Metric::UserActivation => {
            let within = policy.judge.activated_within_days;
            // Who was invited only lately still has time, once enough days have passed to tell.
            let ripe = run.days(today) > u32::try_from(within).unwrap_or(0);
            let before = if ripe { today.plus(-within) } else { today };
            found(run.seen.activation(before, within), target)
        }
        Metric::CoreAdoption => {
            let core = &account.profile.core_features;
            found(run.seen.adoption(core, policy.implied.adopted_days, today), target)
        }
        Metric::Nps => found(run.seen.nps(today), target),
        Metric::AttestedWins => found(Some(run.seen.wins()), target),
        Metric::Orders => {
            let (n, events) = (run.seen.times(By::OrderPlaced), run.seen.events(By::OrderPlaced));
            found(Some(Found { value: i64::from(n), n, events }), target)
        }
        Metric::Rating => found(run.seen.rating(), target),
    };
    Criterion {
        name: metric.name().into(),
        met: judged.met,
        value: judged.value,
        target: target.value,
        unit: metric.unit().into(),
        n: judged.n,
        reason: reason(target, &judged),
        events: judged.events,
    }
}

/// Days to a step of value. Not reached is known once the target has passed, and open before that.
fn time_to(run: &Run, step: ValueStep, target: &Target, today: Day) -> Judged {
    if let Some(days) = run.values.get(&step) {
        let value = i64::from(*days);
        let by = if step == ValueStep::FirstSale { By::OrderPlaced } else { By::OutcomeReached };
        let events = run.seen.events(by);
        return Judged { met: Some(target.op.met(value, target.value)), value: Some(value), n: 1, events };
    }
    let so_far = i64::from(run.days(today));
    let met = (!target.op.met(so_far, target.value)).then_some(false);
    Judged { met, value: None, n: 0, events: Vec::new() }
}

fn found(found: Option<Found>, target: &Target) -> Judged {
    match found {
        None => Judged { met: None, value: None, n: 0, events: Vec::new() },
        Some(found) => Judged {
            met: Some(target.op.met(found.value, target.value)),
            value: Some(found.value),
            n: found.n,
            events: found.events,
        },
    }
}

fn reason(target: &Target, judged: &Judged) -> String {
    let side = match target.op {
        Op::Below => "below",
        Op::Above => "above",
    };
    let wanted = format!("{side} {} is the target", in_words(target.metric, target.value));
    match (judged.value, judged.met) {
        (Some(value), _) => {
            let value = in_words(target.metric, value);
            let of = if judged.n == 1 { "1 observation".to_owned() } else { format!("{} observations", judged.n) };
            format!("{value}, of {of}; {wanted}")
        }
        (None, Some(_)) => format!("not reached yet; {wanted}"),
        (None, None) => format!("no data, which is a gap; {wanted}"),
    }
}

fn in_words(metric: Metric, value: i64) -> String {
    match metric {
        Metric::TimeToFirstValue | Metric::TimeToFirstOutcome | Metric::TimeToFirstSale => format!("{value} days"),
        Metric::UserActivation | Metric::CoreAdoption => format!("{} %", value / 100),
        Metric::Nps => format!("{:+}", value / 100),
        Metric::AttestedWins | Metric::Orders => value.to_string(),
        Metric::Rating => format!("{}.{:02}", value / 100, value % 100),
    }
}
