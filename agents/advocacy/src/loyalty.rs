//! Points and referrals: a ledger to which lines are added and never changed, whose balance is never below zero.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Money, Position,
    data::facts::{BalanceChanged, RedemptionRefused, ReferralSettled, TaskCreated},
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

use crate::{
    plays,
    policy::Policy,
    state::{Account, Mark, business_day},
};

/// Lots of points kept; the oldest two become one beyond that.
const LOTS_MAX: usize = 64;
/// Movements remembered, so that none counts twice.
const SEEN_MAX: usize = 256;
/// Referrals kept.
const REFERRALS_MAX: usize = 64;
/// Business days until a reward is approved or refused.
const APPROVAL_DAYS: i64 = 5;

/// The ledger of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Loyalty {
    line: u32,
    balance: u64,
    /// Points that are left of what was earned on a day, the oldest first.
    lots: VecDeque<(Day, u64)>,
    /// Movements that counted, by their hash.
    seen: BTreeSet<u32>,
    order: VecDeque<u32>,
    /// The highest tier that was told.
    tier: Option<u64>,
    referrals: BTreeMap<String, Referral>,
}

/// A referral.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Referral {
    stage: Stage,
    value: Option<i64>,
    made: Position,
    settled_on: Option<Day>,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Stage {
    Made,
    Qualified,
    Approved,
    Rewarded,
    Refused,
}

impl Loyalty {
    /// Points held.
    #[cfg(test)]
    pub(crate) const fn balance(&self) -> u64 {
        self.balance
    }

    /// Referrals rewarded since a day, and what they were worth in US cents.
    pub(crate) fn referred(&self, from: Day) -> (u32, i64) {
        let rewarded = || {
            self.referrals
                .values()
                .filter(|own| own.stage == Stage::Rewarded && own.settled_on.is_some_and(|day| day >= from))
        };
        let worth = rewarded().filter_map(|own| own.value).fold(0_i64, i64::saturating_add);
        (u32::try_from(rewarded().count()).unwrap_or(u32::MAX), worth)
    }

    /// Whether a movement is new; remembers it.
    fn fresh(&mut self, key: &str) -> bool {
        let hash = fnv1a(key.as_bytes());
        if !self.seen.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }

    fn earn(&mut self, points: u64, today: Day) -> bool {
        let Some(balance) = self.balance.checked_add(points).filter(|balance| i64::try_from(*balance).is_ok()) else {
            return false;
        };
        if points == 0 {
            return false;
        }
        self.balance = balance;
        self.lots.push_back((today, points));
        if self.lots.len() > LOTS_MAX
            && let (Some((_, first)), Some(second)) = (self.lots.pop_front(), self.lots.front_mut())
        {
            // They expire later than they would have, never earlier.
            second.1 = second.1.saturating_add(first);
        }
        true
    }

    /// Takes points from the oldest lots; nothing where there are not enough.
    fn take(&mut self, points: u64) -> bool {
        if points == 0 || points > self.balance {
            return false;
        }
        self.balance -= points;
        let mut left = points;
        while left > 0 {
            let Some(lot) = self.lots.front_mut() else { break };
            let taken = lot.1.min(left);
            lot.1 -= taken;
            left -= taken;
            if lot.1 == 0 {
                self.lots.pop_front();
            }
        }
        true
    }
}

/// What moves points and referrals.
#[expect(clippy::wildcard_enum_match_arm, reason = "only the ledger is looked at here")]
pub(crate) fn fold(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    event: &Event,
    (mark, day): (Mark, Day),
    effects: &mut Effects,
) {
    let key = format!("{}\n{}", event.header.source, event.header.id);
    match &event.data {
        Data::PointsEarned(data) if account.loyalty.fresh(&key) => {
            earn(turn, policy, account, data.points, &data.reason, (mark.event, day), effects);
        }
        Data::PointsRedeemed(data) => redeem(policy, account, data.points, &data.reason, &key, mark.event, effects),
        Data::RewardRedeemed(data) => redeem(policy, account, data.points, &data.reward, &key, mark.event, effects),
        Data::AdvocacyCompleted(data) if account.loyalty.fresh(&key) => {
            let points = policy.earned(&data.act);
            earn(turn, policy, account, points, data.act.as_str(), (mark.event, day), effects);
        }
        Data::ReferralMade(data) => {
            let full = account.loyalty.referrals.len() >= REFERRALS_MAX;
            if !full && !account.loyalty.referrals.contains_key(data.referral.as_str()) {
                let value = cents(policy, data.value);
                let made = Referral { stage: Stage::Made, value, made: mark.event, settled_on: None };
                account.loyalty.referrals.insert(data.referral.to_string(), made);
            }
        }
        Data::ReferralQualified(data) => {
            qualified(turn, policy, account, &data.referral, data.value, mark.event, effects);
        }
        Data::ReferralRewarded(data) => rewarded(turn, policy, account, &data.referral, (mark.event, day), effects),
        Data::TaskCompleted(data) => {
            let Some(id) = data.task.as_str().strip_prefix(TASK).map(str::to_owned) else { return };
            let no = data.outcome.as_ref().is_some_and(|outcome| outcome.as_str() == "refused");
            approve(account, &id, no, (mark.event, day), effects);
        }
        _ => {}
    }
}

/// How the tasks of rewards begin.
const TASK: &str = "reward/";

fn cents(policy: &Policy, money: Option<Money>) -> Option<i64> {
    money.and_then(|money| policy.us_cents(money))
}

fn earn(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    points: u64,
    reason: &str,
    (event, day): (Position, Day),
    effects: &mut Effects,
) {
    if !account.loyalty.earn(points, day) {
        return;
    }
    line(policy, account, i64::try_from(points).unwrap_or(i64::MAX), reason, vec![event], effects);
    let reached = policy.loyalty.tiers.iter().rev().find(|tier| account.loyalty.balance >= tier.from);
    let Some(tier) = reached.filter(|tier| account.loyalty.tier.is_none_or(|told| told < tier.from)) else { return };
    account.loyalty.tier = Some(tier.from);
    plays::tier(turn, policy, account, &tier.name, account.loyalty.balance, event, effects);
}

/// Adds a line to the ledger.
fn line(
    policy: &Policy,
    account: &mut Account,
    points: i64,
    reason: &str,
    events: Vec<Position>,
    effects: &mut Effects,
) {
    let loyalty = &mut account.loyalty;
    loyalty.line = loyalty.line.saturating_add(1);
    effects.emit(Data::LoyaltyBalanceChanged(BalanceChanged {
        line: loyalty.line,
        points,
        balance: loyalty.balance,
        reason: reason.to_owned(),
        tier: policy.tier(loyalty.balance).map(str::to_owned),
        events,
    }));
}

fn redeem(
    policy: &Policy,
    account: &mut Account,
    points: u64,
    reason: &str,
    key: &str,
    event: Position,
    effects: &mut Effects,
) {
    let balance = account.loyalty.balance;
    let refused = if !account.loyalty.fresh(key) {
        Some("it was redeemed before".to_owned())
    } else if account.loyalty.take(points) {
        None
    } else {
        Some(format!("{points} points asked for, {balance} held"))
    };
    match refused {
        None => line(
            policy,
            account,
            i64::try_from(points).map_or(i64::MIN, |points| -points),
            reason,
            vec![event],
            effects,
        ),
        Some(reason) => {
            effects.emit(Data::RedemptionRefused(RedemptionRefused { points, balance, reason, events: vec![event] }));
        }
    }
}

/// Lets points expire that were earned too long ago.
pub(crate) fn expire(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let last = today.plus(-policy.loyalty.expires_days);
    let old = account.loyalty.lots.iter().take_while(|(day, _)| *day < last).map(|(_, points)| *points);
    let points = old.fold(0_u64, u64::saturating_add);
    if account.loyalty.take(points) {
        let less = i64::try_from(points).map_or(i64::MIN, |points| -points);
        line(policy, account, less, "points expired", vec![turn.cause], effects);
    }
}

/// A referral fits: a person approves its reward, or does not.
fn qualified(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    id: &str,
    value: Option<Money>,
    event: Position,
    effects: &mut Effects,
) {
    let worth = cents(policy, value);
    let Some(own) = account.loyalty.referrals.get_mut(id).filter(|own| own.stage == Stage::Made) else { return };
    own.stage = Stage::Qualified;
    own.value = worth.or(own.value);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: format!("{TASK}{id}"),
        play: None,
        title: "Approve or refuse the reward of a referral".into(),
        assignee: account.profile.owner.clone(),
        due_on: business_day(policy, turn.now, APPROVAL_DAYS),
        why: "A referral was made and fits.".into(),
        events: vec![own.made, event],
    }));
}

fn approve(account: &mut Account, id: &str, no: bool, (event, day): (Position, Day), effects: &mut Effects) {
    let Some(own) = account.loyalty.referrals.get_mut(id).filter(|own| own.stage == Stage::Qualified) else { return };
    if no {
        (own.stage, own.settled_on) = (Stage::Refused, Some(day));
        settled(id, None, "a person refused its reward", vec![own.made, event], effects);
    } else {
        own.stage = Stage::Approved;
    }
}

/// A reward was given out. Only what qualified and was approved counts, and once.
fn rewarded(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    id: &str,
    (event, day): (Position, Day),
    effects: &mut Effects,
) {
    let Some(own) = account.loyalty.referrals.get_mut(id) else {
        return settled(id, None, "nobody made this referral", vec![event], effects);
    };
    let why = match own.stage {
        Stage::Made => "it was not qualified",
        Stage::Qualified => "its reward was not approved",
        Stage::Rewarded => "it was rewarded before",
        Stage::Refused => "a person refused its reward",
        Stage::Approved => {
            (own.stage, own.settled_on) = (Stage::Rewarded, Some(day));
            let made = own.made;
            let points = policy.loyalty.referral;
            settled(id, Some(points), "made, qualified and approved", vec![made, event], effects);
            return earn(turn, policy, account, points, "referral", (event, day), effects);
        }
    };
    settled(id, None, why, vec![event], effects);
}

fn settled(id: &str, points: Option<u64>, reason: &str, events: Vec<Position>, effects: &mut Effects) {
    effects.emit(Data::ReferralSettled(ReferralSettled {
        referral: id.to_owned(),
        rewarded: points.is_some(),
        points: points.unwrap_or(0),
        reason: reason.to_owned(),
        events,
    }));
}
