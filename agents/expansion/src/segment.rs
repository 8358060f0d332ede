//! All accounts of a segment: what similar accounts use, and how they grew in twelve months.
//!
//! An account tells its segment how it stands once a month, as a whole; the segment answers with what the others use. On
//! the second day of a month it says how its accounts grew.

use std::collections::BTreeMap;

use agent::{Effects, Turn, arithmetic::share};
use bus_schema::{
    Data, Day, Entity, Event, Money, Time,
    data::facts::{ExpansionMeasured, ExpansionSampled, MeasuredMetric, PeerFeature, PeersCompared},
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

use crate::{
    policy::{Metric, Policy},
    state::month,
};

/// Accounts kept; a further one is not counted.
const ACCOUNTS_MAX: usize = 5_000;
/// Features told of.
const FEATURES_MAX: usize = 20;
/// Below so many accounts a figure says little.
const FEW: u32 = 5;
/// Months after which an account that tells nothing any more is left out.
const SILENT_MONTHS: i32 = 2;

const TIMER: &str = "monthly";

/// All accounts of a segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    accounts: BTreeMap<u32, Sample>,
    /// How many use a feature.
    features: BTreeMap<String, u32>,
    running: bool,
}

/// What an account told last, in US cents.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Sample {
    month: i32,
    features: Vec<String>,
    arr_before: Option<i64>,
    arr_now: i64,
    renewals: u32,
    expanded: u32,
    renewed: i64,
    added: i64,
    growth_bp: Option<i64>,
}

impl Segment {
    /// Folds what an account tells, and answers it.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, policy: &Policy, event: &Event, effects: &mut Effects) {
        let Data::ExpansionSampled(data) = &event.data else { return };
        if !self.running {
            self.running = true;
            effects.set_timer(TIMER, next(turn.now));
        }
        let key = fnv1a(data.account.as_bytes());
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&key) {
            return;
        }
        self.forget(key);
        for feature in &data.features {
            *self.features.entry(feature.clone()).or_default() += 1;
        }
        self.accounts.insert(key, sample(data, month(turn.now.day())));
        let n = self.accounts.len();
        if n < policy.peers.accounts_min {
            return;
        }
        let fact = PeersCompared { features: self.many(policy), n: u32::try_from(n).unwrap_or(u32::MAX) };
        if !fact.features.is_empty() {
            effects.emit_to(Entity::account(data.account.clone()), Data::PeersCompared(fact));
        }
    }

    fn forget(&mut self, key: u32) {
        let Some(old) = self.accounts.remove(&key) else { return };
        for feature in old.features {
            if let Some(count) = self.features.get_mut(&feature) {
                *count = count.saturating_sub(1);
            }
        }
        self.features.retain(|_, count| *count > 0);
    }

    /// Features that many of the accounts use, the most used first.
    fn many(&self, policy: &Policy) -> Vec<PeerFeature> {
        let all = i64::try_from(self.accounts.len()).unwrap_or(i64::MAX);
        let mut found: Vec<PeerFeature> = self
            .features
            .iter()
            .filter_map(|(feature, count)| {
                let bp = share(i64::from(*count), all).filter(|bp| *bp >= policy.peers.share_bp)?;
                Some(PeerFeature { feature: feature.clone(), share_bp: u16::try_from(bp).ok()? })
            })
            .collect();
        found.sort_by_key(|peer| (std::cmp::Reverse(peer.share_bp), peer.feature.clone()));
        found.truncate(FEATURES_MAX);
        found
    }

    /// Says how the accounts grew.
    pub(crate) fn monthly(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let today = turn.now.day();
        effects.set_timer(TIMER, next(turn.now));
        let this = month(today);
        let gone: Vec<u32> =
            self.accounts.iter().filter(|(_, own)| this - own.month > SILENT_MONTHS).map(|(key, _)| *key).collect();
        for key in gone {
            self.forget(key);
        }
        let Entity::Segment(kind, name) = turn.entity else { return };
        let metrics = self.metrics(policy, kind == "vendor", name);
        if !metrics.is_empty() {
            effects.emit(Data::ExpansionMeasured(ExpansionMeasured { until: today.plus(-1), metrics }));
        }
    }

    fn metrics(&self, policy: &Policy, vendor: bool, segment: &str) -> Vec<MeasuredMetric> {
        let all = || self.accounts.values();
        let add = |value: fn(&Sample) -> i64| all().map(value).fold(0_i64, i64::saturating_add);
        let renewals = add(|own| own.renewals.into());
        let then = || all().filter(|own| own.arr_before.is_some_and(|arr| arr > 0));
        let arr_then = then().filter_map(|own| own.arr_before).fold(0_i64, i64::saturating_add);
        let arr_now = then().map(|own| own.arr_now).fold(0_i64, i64::saturating_add);
        let selling = i64::try_from(all().filter(|own| own.growth_bp.is_some()).count()).unwrap_or(i64::MAX);
        let growing = all().filter(|own| own.growth_bp.is_some_and(|bp| bp > 10_000)).count();
        let counted = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let paid = counted(i64::try_from(then().count()).unwrap_or(i64::MAX));
        let table = [
            (Metric::ExpansionRate, share(add(|own| own.expanded.into()), renewals), counted(renewals)),
            (Metric::ExpansionRevenue, share(add(|own| own.added), add(|own| own.renewed)), counted(renewals)),
            (Metric::Nrr, share(arr_now, arr_then), paid),
            (
                Metric::VendorGrowth,
                share(i64::try_from(growing).unwrap_or(i64::MAX), selling).filter(|_| vendor),
                counted(selling),
            ),
        ];
        let known = table.into_iter().filter(|(_, value, _)| value.is_some());
        known
            .map(|(metric, value, n)| {
                let target = policy.target(metric, vendor, segment);
                MeasuredMetric {
                    metric: metric.name().into(),
                    value,
                    unit: "bp".into(),
                    n,
                    few: n < FEW,
                    target: target.map(|target| target.value),
                    met: target.zip(value).map(|(target, value)| target.op.met(value, target.value)),
                }
            })
            .collect()
    }
}

fn sample(data: &ExpansionSampled, month: i32) -> Sample {
    let cents = |money: Option<Money>| money.map_or(0, |money| money.minor);
    Sample {
        month,
        features: data.features.clone(),
        arr_before: data.arr_before.map(|money| money.minor),
        arr_now: cents(data.arr_now),
        renewals: data.renewals,
        expanded: data.expanded,
        renewed: cents(data.renewed),
        added: cents(data.added),
        growth_bp: data.growth_bp,
    }
}

/// The start of the second day of the next month: by then every account has told how it stood.
fn next(now: Time) -> Time {
    let month = month(now.day()) + 1;
    let first = jiff::civil::Date::new(
        i16::try_from(month.div_euclid(12)).unwrap_or(0),
        i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1),
        2,
    );
    first.map_or_else(|_| now.day().plus(30).start(), |date| Day::from_civil(date).start())
}
