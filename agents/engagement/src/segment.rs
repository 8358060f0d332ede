//! All accounts of a segment: how engaged they are, what vendors can learn from each other, what a campaign did.
//!
//! An account tells its segment how its month was, and what a campaign did there; the day after, the segment measures. It
//! answers a vendor with its own numbers beside those of its peers, never with the numbers of one of them.

use std::collections::BTreeMap;

use agent::{
    Effects, Turn,
    arithmetic::{median, share},
};
use bus_schema::{
    Data, Entity, Event,
    data::facts::{
        AccountBelow, CampaignMeasured, CampaignSampled, EngagementMeasured, EngagementSampled, MeasuredMetric,
        PeerNumber, VendorCoached, VendorNumbers,
    },
};
use serde::{Deserialize, Serialize};

use crate::{cadence::next_daily, policy::Policy};

/// Accounts kept; a further one is not counted.
const ACCOUNTS_MAX: usize = 5_000;
/// Campaigns kept, the oldest by name go first.
const CAMPAIGNS_MAX: usize = 20;
/// Accounts below a target that are named.
const BELOW_MAX: usize = 20;
/// The one timer.
const MEASURE: &str = "measure";

/// All accounts of a segment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    month: String,
    accounts: BTreeMap<String, Sample>,
    measured: bool,
    campaigns: BTreeMap<String, Tally>,
}

/// What an account told last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Sample {
    engagement: Option<i64>,
    adoption: Option<i64>,
    active: Option<u32>,
    community: u32,
    vendor: Option<[u32; 6]>,
}

/// What a campaign did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Tally {
    accounts: u32,
    delivered: u32,
    answered: u32,
    held_out: u32,
    held_out_answered: u32,
    told: bool,
}

impl Segment {
    /// Folds what an account tells.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, event: &Event, effects: &mut Effects) {
        if let Data::EngagementSampled(data) = &event.data {
            self.sampled(data);
        } else if let Data::CampaignSampled(data) = &event.data {
            self.campaign(data);
        } else {
            return;
        }
        effects.set_timer(MEASURE, next_daily(turn.now));
    }

    fn sampled(&mut self, data: &EngagementSampled) {
        if self.month != data.month {
            self.month.clone_from(&data.month);
            self.accounts.clear();
            self.measured = false;
        }
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&data.account) {
            return;
        }
        let numbers =
            |own: VendorNumbers| [own.orders, own.fulfilled, own.on_time, own.cancelled, own.ratings, own.rating_sum];
        let sample = Sample {
            engagement: data.engagement_bp,
            adoption: data.adoption_bp,
            active: data.active,
            community: data.community,
            vendor: data.vendor.map(numbers),
        };
        self.accounts.insert(data.account.clone(), sample);
    }

    fn campaign(&mut self, data: &CampaignSampled) {
        let tally = self.campaigns.entry(data.campaign.clone()).or_default();
        tally.told = false;
        if data.held_out {
            tally.held_out += 1;
            tally.held_out_answered += u32::from(data.answered);
        } else {
            tally.accounts += 1;
            tally.delivered += u32::from(data.delivered);
            tally.answered += u32::from(data.answered && data.delivered);
        }
        if self.campaigns.len() > CAMPAIGNS_MAX {
            self.campaigns.pop_first();
        }
    }

    /// The day after the samples came.
    pub(crate) fn measure(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        if !std::mem::replace(&mut self.measured, true) && !self.accounts.is_empty() {
            let vendors = matches!(turn.entity, Entity::Segment(kind, _) if kind == "vendor");
            effects.emit(Data::EngagementMeasured(self.month(policy, vendors)));
            if vendors {
                self.coach(policy, effects);
            }
        }
        for (name, tally) in self.campaigns.iter_mut().filter(|(_, tally)| !tally.told) {
            tally.told = true;
            effects.emit(Data::CampaignMeasured(measured(policy, name, *tally)));
        }
    }

    fn month(&self, policy: &Policy, vendors: bool) -> EngagementMeasured {
        let targets = &policy.programme.targets;
        let engagement = if vendors { targets.vendor_engagement_bp } else { targets.engagement_bp };
        let mean = |name: &str, value: fn(&Sample) -> Option<i64>, target: i64| {
            let values: Vec<i64> = self.accounts.values().filter_map(value).collect();
            let n = i64::try_from(values.len()).unwrap_or(i64::MAX);
            let mean = (n > 0).then(|| values.iter().sum::<i64>() / n);
            metric(policy, name, mean, u32::try_from(n).unwrap_or(u32::MAX), target)
        };
        let counted = || self.accounts.values().filter_map(|own| Some((own.active?, own.community)));
        let sum = |value: fn((u32, u32)) -> u32| counted().map(value).fold(0_i64, |sum, own| sum + i64::from(own));
        let community = share(sum(|(_, community)| community), sum(|(active, _)| active));
        let n = u32::try_from(counted().count()).unwrap_or(u32::MAX);
        let metrics = vec![
            mean("engagement", |own| own.engagement, engagement),
            mean("key_feature_adoption", |own| own.adoption, targets.adoption_bp),
            metric(policy, "community", community, n, targets.community_bp),
        ];
        EngagementMeasured { month: self.month.clone(), metrics, below: self.below(engagement, targets.adoption_bp) }
    }

    /// The accounts furthest below a target.
    fn below(&self, engagement: i64, adoption: i64) -> Vec<AccountBelow> {
        let mut below: Vec<(i64, AccountBelow)> = Vec::new();
        for (account, own) in &self.accounts {
            let both = [("engagement", own.engagement, engagement), ("key_feature_adoption", own.adoption, adoption)];
            for (name, value, target) in both {
                if let Some(value) = value.filter(|value| *value < target) {
                    let (account, metric) = (account.clone(), name.to_owned());
                    below.push((target - value, AccountBelow { account, metric, value }));
                }
            }
        }
        below.sort_by(|one, other| (other.0, &one.1.account).cmp(&(one.0, &other.1.account)));
        below.truncate(BELOW_MAX);
        below.into_iter().map(|(_, below)| below).collect()
    }

    /// Tells each vendor where it lies behind the middle of its peers.
    fn coach(&self, policy: &Policy, effects: &mut Effects) {
        let programme = &policy.programme;
        let practices = &programme.practices;
        let measures: [(&str, &str, bool, &String, Measure); 3] = [
            ("on_time", "bp", true, &practices.on_time, on_time),
            ("rating", "hundredths", true, &practices.rating, rating),
            ("cancelled", "bp", false, &practices.cancelled, cancelled),
        ];
        let enough = |own: &[u32; 6]| own.first().is_some_and(|orders| *orders >= programme.orders_min);
        for (account, own) in self.accounts.iter().filter_map(|(id, own)| Some((id, own.vendor.filter(enough)?))) {
            let mut numbers: Vec<(i64, PeerNumber)> = Vec::new();
            for (name, unit, higher, practice, measure) in measures {
                let others = self.accounts.iter().filter(|(id, _)| *id != account);
                let mut peers: Vec<i64> =
                    others.filter_map(|(_, other)| measure(&other.vendor.filter(enough)?)).collect();
                let n = u32::try_from(peers.len()).unwrap_or(u32::MAX);
                let (Some(value), Some(middle)) = (measure(&own), median(&mut peers)) else { continue };
                let behind = if higher { middle - value } else { value - middle };
                if n >= programme.few && behind > 0 {
                    let (metric, unit, practice) = (name.to_owned(), unit.to_owned(), practice.clone());
                    let gap = share(behind, middle.max(1)).unwrap_or(0);
                    numbers.push((gap, PeerNumber { metric, own: value, peers_p50: middle, unit, n, practice }));
                }
            }
            numbers.sort_by(|one, other| (other.0, &one.1.metric).cmp(&(one.0, &other.1.metric)));
            let numbers: Vec<PeerNumber> = numbers.into_iter().map(|(_, number)| number).collect();
            let Some(first) = numbers.first() else { continue };
            let reason = format!("{} lies behind the middle of {} peers", first.metric, first.n);
            let orders = own.first().copied().unwrap_or(0);
            let coached = VendorCoached { month: self.month.clone(), orders, numbers, reason };
            effects.emit_to(Entity::account(account), Data::VendorCoached(coached));
        }
    }
}

/// A number of a vendor's month: orders, fulfilled, in time, called off, ratings, their sum.
type Measure = fn(&[u32; 6]) -> Option<i64>;

fn on_time([_, fulfilled, on_time, ..]: &[u32; 6]) -> Option<i64> {
    share(i64::from(*on_time), i64::from(*fulfilled))
}

fn rating([.., ratings, sum]: &[u32; 6]) -> Option<i64> {
    (*ratings > 0).then(|| i64::from(*sum) * 100 / i64::from(*ratings))
}

fn cancelled([orders, _, _, cancelled, ..]: &[u32; 6]) -> Option<i64> {
    share(i64::from(*cancelled), i64::from(*orders))
}

fn metric(policy: &Policy, name: &str, value: Option<i64>, n: u32, target: i64) -> MeasuredMetric {
    MeasuredMetric {
        metric: name.to_owned(),
        value,
        unit: "bp".into(),
        n,
        few: n < policy.programme.few,
        target: Some(target),
        met: value.map(|value| value > target),
    }
}

fn measured(policy: &Policy, name: &str, tally: Tally) -> CampaignMeasured {
    let Tally { accounts, delivered, answered, held_out, held_out_answered, .. } = tally;
    let few = delivered.min(held_out) < policy.programme.few;
    let percent = |part: u32, all: u32| match share(i64::from(part), i64::from(all)) {
        Some(bp) => format!("{} %", bp / 100),
        None => "no data".into(),
    };
    let reason = format!(
        "{answered} of {delivered} written to answered ({}), {held_out_answered} of {held_out} left out spoke with us all the same ({}){}",
        percent(answered, delivered),
        percent(held_out_answered, held_out),
        if few { "; not enough to say" } else { "" }
    );
    let campaign = name.to_owned();
    CampaignMeasured { campaign, accounts, delivered, answered, held_out, held_out_answered, few, reason }
}
