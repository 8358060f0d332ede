//! Alerts: one for each account and cause. A higher tier replaces the lower in the same alert; it closes when its signs
//! have been gone for a while, and stays quiet for a while after a person rejected what it led to.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Money, Position, Time,
    data::facts::{AlertClosed, AlertOpened, AlertUpdated, CauseGroup, SignalClass, Tier},
    time::{DAY_MS, HOUR_MS},
};
use serde::{Deserialize, Serialize};

use crate::{
    campaigns,
    odds::Odds,
    plays, rank,
    signals::{Look, Signal},
    state::State,
};

/// Timers that look whether an alert is over: `alert/<cause>`.
pub const TIMER: &str = "alert/";

/// An open alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// Its tier.
    pub tier: Tier,
    /// When it opened.
    pub opened_at: Time,
    /// How often it was updated.
    pub updates: u32,
    /// The signs it has told of.
    pub signs: Vec<String>,
    /// Since when its cause is less than its tier.
    pub below_since: Option<Time>,
    /// Plays that were asked for.
    pub played: Vec<String>,
}

/// A cause a person does not want to hear of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quiet {
    /// Until then,
    pub until: Time,
    /// unless the tier rises above this one.
    pub tier: Tier,
}

/// All causes, in the order of facts.
pub const GROUPS: [CauseGroup; 7] = [
    CauseGroup::Usage,
    CauseGroup::People,
    CauseGroup::Money,
    CauseGroup::Support,
    CauseGroup::Voice,
    CauseGroup::Market,
    CauseGroup::Plan,
];

/// What a cause amounts to now.
struct Standing {
    tier: Tier,
    reason: String,
    signs: Vec<String>,
    events: Vec<Position>,
}

/// Compares every cause with its alert.
pub fn review(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &mut State,
    signals: &[Signal],
    odds: &Odds,
    effects: &mut Effects,
) {
    let mut n = 0;
    for group in GROUPS {
        let standing = standing(state, look, signals, odds, group);
        match (state.alerts.remove(&group), standing) {
            (None, None) => {}
            (None, Some(standing)) => {
                if !quiet(state, group, standing.tier, turn.now) {
                    let alert = open(turn, look, state, odds, group, &standing, n, effects);
                    n += 1;
                    state.alerts.insert(group, alert);
                }
            }
            (Some(mut alert), Some(standing)) if standing.tier >= alert.tier => {
                if alert.below_since.take().is_some() {
                    effects.cancel_timer(format!("{TIMER}{}", group.name()));
                }
                let fresh = standing.signs.iter().any(|sign| !alert.signs.contains(sign));
                if fresh || standing.tier > alert.tier {
                    update(&mut alert, odds, rank::rank(state, look, odds.p90), group, &standing, effects);
                }
                state.alerts.insert(group, alert);
            }
            (Some(alert), standing) => below(turn, look, state, alert, odds, group, standing, effects),
        }
        campaigns::ask(turn, look, state, signals, group, effects);
        plays::ask(turn, look, state, signals, odds, group, effects);
    }
}

/// Closes every alert: the outcome is there.
pub fn close_all(state: &mut State, reason: &str, effects: &mut Effects) {
    for (group, alert) in std::mem::take(&mut state.alerts) {
        close(alert, group, reason.into(), effects);
    }
}

/// A person rejected what an alert led to.
pub fn rejected(look: &Look<'_>, state: &mut State, group: CauseGroup) {
    let tier = state.alerts.get(&group).map_or(Tier::Low, |alert| alert.tier);
    let until = look.now.plus_ms(i64::from(look.policy.alerts.quiet_days) * DAY_MS);
    state.quiet.insert(group, Quiet { until, tier });
}

fn quiet(state: &mut State, group: CauseGroup, tier: Tier, now: Time) -> bool {
    match state.quiet.get(&group) {
        Some(quiet) if now < quiet.until && tier <= quiet.tier => true,
        Some(_) => {
            state.quiet.remove(&group);
            false
        }
        None => false,
    }
}

/// The tier of one cause, where it is high enough for an alert. The account's own tier counts for the causes that make
/// it: those with a sign of the highest class that holds, or the use of an account whose silence alone speaks.
fn standing(state: &State, look: &Look<'_>, signals: &[Signal], odds: &Odds, group: CauseGroup) -> Option<Standing> {
    let own: Vec<&Signal> = signals.iter().filter(|signal| signal.sign.group() == group).collect();
    let class = own.iter().map(|signal| signal.class).max();
    let highest = signals.iter().map(|signal| signal.class).max();
    let by_silence = state.without_contract() && group == CauseGroup::Usage && odds.tier_by_p > Tier::Low;
    let mut tier = match class {
        None => Tier::Low,
        Some(SignalClass::Early) => Tier::Watch,
        Some(SignalClass::Moderate) => Tier::Monitor,
        Some(SignalClass::Strong) => Tier::High,
    };
    if by_silence {
        tier = tier.max(odds.tier_by_p);
    }
    if class.is_some() && class == highest {
        tier = tier.max(odds.tier);
    }
    if tier < look.policy.alerts.opens_at || own.is_empty() && !by_silence {
        return None;
    }
    let silence = odds.factors.iter().find(|factor| by_silence && factor.signal == "silence");
    let mut own = own;
    own.sort_by_key(|signal| (std::cmp::Reverse(signal.bp), signal.sign));
    let mut reasons: Vec<String> = own.iter().map(|signal| signal.reason.clone()).collect();
    let mut events: Vec<Position> = own.iter().flat_map(|signal| signal.events.iter().copied()).collect();
    if let Some(silence) = silence.filter(|_| own.is_empty()) {
        reasons.push(silence.reason.clone());
        events.extend(silence.events.iter().copied());
    }
    events.sort_unstable_by(|a, b| b.cmp(a));
    events.dedup();
    events.truncate(agent::usage::CITED_MAX);
    let signs = own.iter().map(|signal| signal.sign.name().to_owned()).collect();
    Some(Standing { tier, reason: reasons.join("; "), signs, events })
}

#[expect(clippy::too_many_arguments, reason = "an alert is said with all of these")]
fn open(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &State,
    odds: &Odds,
    group: CauseGroup,
    standing: &Standing,
    n: u32,
    effects: &mut Effects,
) -> Alert {
    let id = turn.id(n);
    effects.emit(Data::AlertOpened(AlertOpened {
        alert: id.clone(),
        group,
        tier: standing.tier,
        reason: standing.reason.clone(),
        signals: standing.signs.clone(),
        p90_bp: odds.p90,
        value: at_stake(state, odds),
        rank: rank::rank(state, look, odds.p90),
        events: standing.events.clone(),
    }));
    Alert {
        id,
        tier: standing.tier,
        opened_at: turn.now,
        updates: 0,
        signs: standing.signs.clone(),
        below_since: None,
        played: Vec::new(),
    }
}

/// ARR times the forecast.
pub fn at_stake(state: &State, odds: &Odds) -> Option<Money> {
    let arr = state.profile.arr?;
    let minor = i128::from(arr.minor) * i128::from(odds.p90) / 10_000;
    Some(Money { minor: i64::try_from(minor).ok()?, currency: arr.currency })
}

fn update(alert: &mut Alert, odds: &Odds, rank: u64, group: CauseGroup, standing: &Standing, effects: &mut Effects) {
    let from_tier = alert.tier;
    alert.tier = standing.tier;
    alert.updates = alert.updates.saturating_add(1);
    for sign in &standing.signs {
        if !alert.signs.contains(sign) {
            alert.signs.push(sign.clone());
        }
    }
    effects.emit(Data::AlertUpdated(AlertUpdated {
        alert: alert.id.clone(),
        group,
        tier: alert.tier,
        from_tier,
        updates: alert.updates,
        reason: standing.reason.clone(),
        signals: standing.signs.clone(),
        p90_bp: odds.p90,
        rank,
        events: standing.events.clone(),
    }));
}

/// The cause is gone, or less than it was: after a while the alert closes or comes down.
#[expect(clippy::too_many_arguments, reason = "one alert against one cause, in one turn")]
fn below(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &mut State,
    mut alert: Alert,
    odds: &Odds,
    group: CauseGroup,
    standing: Option<Standing>,
    effects: &mut Effects,
) {
    let wait = i64::from(look.policy.alerts.closes_after_hours) * HOUR_MS;
    let since = *alert.below_since.get_or_insert(turn.now);
    let over = since.plus_ms(wait);
    if turn.now < over {
        effects.set_timer(format!("{TIMER}{}", group.name()), over);
        state.alerts.insert(group, alert);
        return;
    }
    match standing {
        None => close(alert, group, format!("its signs have been gone since {}", since.day()), effects),
        Some(standing) => {
            alert.below_since = None;
            update(&mut alert, odds, rank::rank(state, look, odds.p90), group, &standing, effects);
            state.alerts.insert(group, alert);
        }
    }
}

fn close(alert: Alert, group: CauseGroup, reason: String, effects: &mut Effects) {
    effects.cancel_timer(format!("{TIMER}{}", group.name()));
    let Alert { id, tier, opened_at, .. } = alert;
    effects.emit(Data::AlertClosed(AlertClosed { alert: id, group, tier, reason, opened_at }));
}
