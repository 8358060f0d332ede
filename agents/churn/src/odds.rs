//! From signs to a probability: log-odds are added, causes are discounted, the logistic function does the rest.

use agent::arithmetic::{ONE_BP, lin, sigma};
use bus_schema::{
    Position,
    data::facts::{CauseGroup, Factor, SignalClass, Tier},
};

use crate::{
    policy::Policy,
    signals::{Look, Sign, Signal},
    state::State,
};

/// A forecast with its parts.
#[derive(Clone, PartialEq, Debug)]
pub struct Odds {
    /// The sum.
    pub logodds: i64,
    /// Probability within 90 days.
    pub p90: u16,
    /// Probability within 30 days.
    pub p30: u16,
    /// Probability with nothing known.
    pub base_p90: u16,
    /// The higher of signs and probability.
    pub tier: Tier,
    /// The tier that the probability alone gives.
    pub tier_by_p: Tier,
    /// The parts, largest first.
    pub factors: Vec<Factor>,
}

/// The forecast of an account from the signs that hold.
pub fn odds(state: &State, look: &Look<'_>, signals: &[Signal]) -> Odds {
    let policy = look.policy;
    let base = policy.base(state.segment());
    let mut factors = vec![part("base", base, format!("usual for {}", state.segment().replace('_', " ")), Vec::new())];
    if state.without_contract() {
        without_contract(state, look, &mut factors);
    } else {
        proximity(state, look, &mut factors);
        tenure(state, look, &mut factors);
    }
    // Without a contract the silence against the own rhythm stands in place of the two strong signs of use.
    let counted =
        |signal: &&Signal| !(state.without_contract() && matches!(signal.sign, Sign::UsageHalved | Sign::Silent));
    factors.extend(evidence(policy, signals, &counted));
    protection(state, look, &mut factors);
    let logodds: i64 = factors.iter().map(|factor| i64::from(factor.counted_bp)).sum();
    let p90 = sigma(logodds);
    let decision = state.decision_days(look);
    let tier_by_p = tier_of(policy, p90);
    let tier = tier_by_p.max(tier_by_signs(state, look, signals, p90, decision));
    factors.sort_by_key(|factor| std::cmp::Reverse(factor.counted_bp.abs()));
    Odds {
        logodds,
        p90: bp(p90),
        p30: bp(sigma(logodds + policy.horizon.days_30)),
        base_p90: bp(sigma(base)),
        tier,
        tier_by_p,
        factors,
    }
}

/// The signs as parts of the sum. Of one cause only the largest counts; causes count by size, the later ones less.
/// Adding a sign never lowers the sum.
fn evidence(policy: &Policy, signals: &[Signal], counts: &dyn Fn(&&Signal) -> bool) -> Vec<Factor> {
    let mut largest: Vec<&Signal> = Vec::new();
    for signal in signals.iter().filter(counts) {
        match largest.iter_mut().find(|known| known.sign.group() == signal.sign.group()) {
            Some(known) if known.bp >= signal.bp => {}
            Some(known) => *known = signal,
            None => largest.push(signal),
        }
    }
    largest.sort_by_key(|signal| (std::cmp::Reverse(signal.bp), signal.sign));
    let shares = &policy.groups.shares;
    let share = |place: usize| shares.get(place).or(shares.last()).copied().unwrap_or(100);
    let mut factors = Vec::new();
    // The sum is divided once, so that it never falls by a rounding; each part is the step it makes.
    let (mut sum, mut counted) = (0, 0);
    for (place, signal) in largest.iter().enumerate() {
        sum += signal.bp * share(place);
        factors.push(factor(signal, sum / 100 - counted));
        counted = sum / 100;
    }
    for signal in signals {
        if !largest.iter().any(|known| std::ptr::eq(*known, signal)) {
            factors.push(factor(signal, 0));
        }
    }
    factors
}

fn factor(signal: &Signal, counted: i64) -> Factor {
    Factor {
        signal: signal.sign.name().into(),
        group: Some(signal.sign.group()),
        class: Some(signal.class),
        bp: size(signal.bp),
        counted_bp: size(counted),
        since: signal.since,
        reason: signal.reason.clone(),
        events: signal.events.clone(),
    }
}

fn part(name: &str, bp: i64, reason: String, events: Vec<Position>) -> Factor {
    let bp = size(bp);
    Factor { signal: name.into(), group: None, class: None, bp, counted_bp: bp, since: None, reason, events }
}

fn proximity(state: &State, look: &Look<'_>, factors: &mut Vec<Factor>) {
    let sizes = &look.policy.proximity;
    if state.committed {
        factors.push(part("renewal_committed", sizes.committed, "the renewal is agreed".into(), Vec::new()));
        return;
    }
    let Some(days) = state.decision_days(look) else { return };
    let size = match days {
        181.. => sizes.beyond_180,
        91..=180 => sizes.within_180,
        31..=90 => sizes.within_90,
        ..=30 => sizes.within_30,
    };
    let reason = if days < 0 {
        format!("the decision was due {} days ago", -days)
    } else {
        format!("{days} days to the decision")
    };
    factors.push(part("proximity", size, reason, Vec::new()));
}

fn tenure(state: &State, look: &Look<'_>, factors: &mut Vec<Factor>) {
    let rules = &look.policy.tenure;
    let days = state.profile.age_days(look.today);
    let size = if days < rules.young_days {
        rules.young
    } else if days > rules.old_days {
        rules.old
    } else {
        return;
    };
    factors.push(part("tenure", size, format!("customer for {days} days"), Vec::new()));
}

fn without_contract(state: &State, look: &Look<'_>, factors: &mut Vec<Factor>) {
    let (rules, activity) = (&look.policy.without_contract, &state.usage.activity);
    let Some(silent) = state.usage.silent_days(look) else { return };
    let own = activity.usual_gap();
    let gap = own.unwrap_or(rules.gap_days_unknown).max(rules.gap_days_min);
    let ratio = i64::from(silent) * ONE_BP / gap;
    let reason = match own {
        Some(_) => format!("last active {silent} days ago, nine in ten of its breaks are {gap} days or shorter"),
        None => format!("last active {silent} days ago, too little history for a rhythm of its own"),
    };
    factors.push(part("silence", lin(ratio, &rules.silence), reason, state.usage.usage.cited()));
    let ever = activity.days_ever;
    factors.push(part(
        "habit",
        lin(i64::from(ever), &rules.habit),
        format!("active on {ever} days in all"),
        Vec::new(),
    ));
    let recent = activity.of_28(state.usage.as_known(look).today);
    let reason = format!("active on {recent} of the last 28 days");
    factors.push(part("recent_use", lin(recent, &rules.recent), reason, Vec::new()));
}

fn protection(state: &State, look: &Look<'_>, factors: &mut Vec<Factor>) {
    if state.market.renewal_off() {
        return;
    }
    let rules = &look.policy.protection;
    let dated = [
        ("outcome_attested", rules.outcome, state.plan.outcome(), rules.outcome_days, "an outcome was attested"),
        ("expansion_signed", rules.expansion, state.plan.expanded(), rules.expansion_days, "an expansion was signed"),
        ("promoter", rules.promoter, state.voice.promoter(), rules.promoter_days, "a contact would recommend us"),
        ("sponsor_met", rules.sponsor_met, state.people.met(), rules.sponsor_met_days, "the sponsor was met"),
    ];
    let mut left = rules.max;
    let mut protect = |name: &str, size: i64, reason: String, events: Vec<Position>| {
        let size = size.min(left);
        left -= size;
        if size > 0 {
            factors.push(part(name, -size, reason, events));
        }
    };
    for (name, size, mark, days, word) in dated {
        if let Some(mark) = mark.filter(|mark| look.within(Some(mark), days)) {
            protect(name, size, format!("{word} on {}", mark.at.day()), vec![mark.event]);
        }
    }
    if let Some(growth) = state.usage.growth_bp(look).filter(|growth| *growth >= rules.growth_bp) {
        protect(
            "usage_growing",
            rules.growth,
            format!("use grew by {} % in 28 days", growth / 100),
            state.usage.usage.cited(),
        );
    }
}

/// The tier a probability alone gives.
pub fn tier_of(policy: &Policy, p90: i64) -> Tier {
    if p90 > policy.tiers.critical {
        Tier::Critical
    } else if p90 >= policy.tiers.high {
        Tier::High
    } else if p90 >= policy.tiers.moderate {
        Tier::Monitor
    } else {
        Tier::Low
    }
}

fn tier_by_signs(state: &State, look: &Look<'_>, signals: &[Signal], p90: i64, decision: Option<i32>) -> Tier {
    let tiers = &look.policy.tiers;
    let groups = |class: SignalClass| {
        let mut groups: Vec<CauseGroup> =
            signals.iter().filter(|signal| signal.class == class).map(|signal| signal.sign.group()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    };
    let (strong, moderate, early) =
        (groups(SignalClass::Strong), groups(SignalClass::Moderate), groups(SignalClass::Early));
    let near = decision.is_some_and(|days| days <= tiers.decision_days) || p90 >= tiers.moderate;
    if state.market.renewal_off() || strong >= 2 && near {
        Tier::Critical
    } else if strong >= 1 {
        Tier::High
    } else if moderate >= 1 || early >= tiers.early_groups {
        Tier::Monitor
    } else if early >= 1 {
        Tier::Watch
    } else {
        Tier::Low
    }
}

fn bp(p: i64) -> u16 {
    u16::try_from(p.clamp(0, ONE_BP)).unwrap_or(0)
}

fn size(bp: i64) -> i32 {
    i32::try_from(bp).unwrap_or(if bp < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests;
