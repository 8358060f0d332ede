//! What the customer pays for and does not use. Told also where it lowers our revenue: they would find it themselves.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Money,
    data::facts::{CostFound, TaskCreated},
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::Policy,
    state::{Account, id},
    value,
};

/// Findings kept.
const FOUND_MAX: usize = 32;
/// Findings told in one look.
const TOLD_MAX: usize = 5;
/// Business days until the CSM speaks of it.
const TASK_DAYS: u32 = 10;
/// Days a finding is spoken of as open.
const OPEN_DAYS: i32 = 60;

/// What was found, and when it was told.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Costs {
    told: BTreeMap<String, Day>,
}

impl Costs {
    /// Whether something was found lately.
    pub(crate) fn open(&self, today: Day) -> bool {
        self.told.values().any(|day| today.0 - day.0 <= OPEN_DAYS)
    }
}

/// Looks for what is paid for and not used.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let mut found: Vec<CostFound> = seats(policy, account, today).into_iter().collect();
    found.extend(meters(policy, account, today));
    found.extend(features(policy, account, today));
    let key = |cost: &CostFound| format!("{}:{}", cost.finding, cost.subject.as_deref().unwrap_or_default());
    let again = policy.cost.again_days;
    found.retain(|cost| account.costs.told.get(&key(cost)).is_none_or(|told| today.0 - told.0 >= again));
    found.truncate(TOLD_MAX);
    if found.is_empty() {
        return;
    }
    let why: Vec<String> = found.iter().map(|cost| cost.reason.clone()).collect();
    let events = found.iter().flat_map(|cost| cost.events.clone()).take(8).collect();
    for cost in found {
        account.costs.told.insert(key(&cost), today);
        effects.emit(Data::CostFound(cost));
    }
    while account.costs.told.len() > FOUND_MAX {
        let oldest = account.costs.told.iter().min_by_key(|(_, day)| **day).map(|(key, _)| key.clone());
        oldest.and_then(|key| account.costs.told.remove(&key));
    }
    let task = id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task,
        play: None,
        title: "Tell the customer what it pays for and does not use".into(),
        assignee: account.profile.owner.clone(),
        due_on: value::business_days(policy, turn.now, TASK_DAYS),
        why: format!("{}.", crate::state::sentence(&why.join("; "))),
        events,
    }));
}

fn seats(policy: &Policy, account: &Account, today: Day) -> Option<CostFound> {
    let seats = &account.limits.seats;
    let since = seats.low_since.filter(|since| today.0 - since.0 >= policy.cost.seats_days)?;
    let assigned = seats.assigned()?;
    let needed = i64::try_from(assigned).ok()?.saturating_mul(policy.value.headroom_bp) / 10_000;
    let spare = (i64::try_from(seats.licensed).ok()? - needed).max(0);
    let saving = value::seat_price(policy, account)
        .map(|(price, _)| Money { minor: price.minor.saturating_mul(spare), currency: price.currency });
    let saved = saving.map(|saving| format!(", {} a year", saving.in_words())).unwrap_or_default();
    Some(CostFound {
        finding: "seats_unused".into(),
        subject: None,
        paid: seats.licensed,
        used: assigned,
        saving,
        since,
        reason: format!("{assigned} of {} seats have been assigned since {since}{saved}", seats.licensed),
        events: seats.event.into_iter().collect(),
    })
}

fn meters(policy: &Policy, account: &Account, today: Day) -> Vec<CostFound> {
    let low = account.limits.meters.iter().filter_map(|(name, meter)| {
        let since = meter.low_since.filter(|since| today.0 - since.0 >= policy.cost.meter_days)?;
        let last = meter.last()?;
        Some(CostFound {
            finding: "meter_oversized".into(),
            subject: Some(name.clone()),
            paid: last.limit,
            used: last.used,
            saving: None,
            since,
            reason: format!(
                "{name} has been below {} % of its limit since {since}, last {} of {}",
                policy.cost.meter_bp / 100,
                last.used,
                last.limit
            ),
            events: vec![last.event],
        })
    });
    low.collect()
}

/// Core features nobody uses. Where features are not told of, or a source is silent, nobody knows.
fn features(policy: &Policy, account: &Account, today: Day) -> Vec<CostFound> {
    let old = account.profile.age_days(today) >= policy.cost.age_days;
    if !old
        || !account.features.known()
        || account.usage.first().is_none_or(|first| today.0 - first.0 < policy.cost.feature_days)
    {
        return Vec::new();
    }
    let from = today.plus(-policy.cost.feature_days);
    let unused = account.profile.core_features.iter().filter_map(|feature| {
        let last = account.features.last(feature);
        if last.is_some_and(|(day, _)| day >= from) {
            return None;
        }
        let (since, text) = match last {
            Some((day, _)) => (day, format!("nobody has used {feature} since {day}")),
            None => (account.usage.first()?, format!("nobody has ever used {feature}")),
        };
        Some(CostFound {
            finding: "feature_unused".into(),
            subject: Some(feature.clone()),
            paid: 1,
            used: 0,
            saving: None,
            since,
            reason: text,
            events: last.map_or_else(|| account.features.events(), |(_, event)| vec![event]),
        })
    });
    unused.collect()
}
