//! The month of an account: how engaged its people were, how a vendor sold, with whom to train on what.
//!
//! How much a product is used is measured once, by health, and read from its fact.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Entity, Event, Position,
    data::{
        facts::{
            EngagementSampled, HealthScored, MetricState, TrainingNeed, TrainingRecommended, UsagePattern,
            VendorCoached, VendorNumbers,
        },
        vendor::CancelledBy,
    },
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

use crate::{
    plays::{self, List},
    policy::{Policy, When},
    state::Account,
};

/// Pairs of a person and a feature they began with that are kept.
const BEGUN_MAX: usize = 400;
/// Contacts of the community counted in a month.
const COMMUNITY_MAX: usize = 500;
/// Contacts whose use is known.
const PATTERNS_MAX: usize = 40;
/// Roles of people who work with the product.
const WORK: [&str; 3] = ["user", "admin", "champion"];

/// What is kept of the month.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Month {
    engagement: Option<(i64, Position)>,
    adoption: Option<(i64, Position)>,
    community: BTreeSet<u32>,
    /// Hashes of a person and a feature they began with.
    begun: BTreeSet<u32>,
    orders: u32,
    fulfilled: u32,
    on_time: u32,
    cancelled: u32,
    ratings: u32,
    rating_sum: u32,
    /// How contacts use the product, as the supervisor says.
    patterns: BTreeMap<String, UsagePattern>,
    /// Days with us on which a vendor was congratulated.
    congratulated: BTreeSet<u32>,
}

fn pair(user: &str, feature: &str) -> u32 {
    fnv1a(format!("{user}/{feature}").as_bytes())
}

/// Folds what counts in a month.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds count in no month")]
pub(crate) fn fold(account: &mut Account, event: &Event, cause: Position) {
    let month = &mut account.month;
    match &event.data {
        Data::HealthScored(data) => month.scored(data, cause),
        Data::CommunityParticipated(_) if month.community.len() < COMMUNITY_MAX => {
            month.community.extend(event.header.contact.as_ref().map(|contact| fnv1a(contact.as_bytes())));
        }
        Data::FeatureActivated(data) if month.begun.len() < BEGUN_MAX => {
            month.begun.extend(data.user.as_ref().map(|user| pair(user, &data.feature)));
        }
        Data::ContactProfiled(data) if month.patterns.len() < PATTERNS_MAX => {
            month.patterns.insert(data.contact.clone(), data.pattern);
        }
        Data::OrderPlaced(_) => month.orders = month.orders.saturating_add(1),
        Data::OrderFulfilled(data) => {
            month.fulfilled = month.fulfilled.saturating_add(1);
            month.on_time = month.on_time.saturating_add(u32::from(data.on_time));
        }
        Data::OrderCancelled(data) if data.by == CancelledBy::Vendor => {
            month.cancelled = month.cancelled.saturating_add(1);
        }
        Data::RatingReceived(data) => {
            month.ratings = month.ratings.saturating_add(1);
            month.rating_sum = month.rating_sum.saturating_add(u32::from(data.rating));
        }
        _ => {}
    }
}

impl Month {
    fn scored(&mut self, data: &HealthScored, cause: Position) {
        for metric in data.pillars.iter().flat_map(|pillar| &pillar.metrics) {
            let value = metric.value.filter(|_| metric.state == MetricState::Known).map(|value| (value, cause));
            match metric.metric.as_str() {
                "user_engagement" => self.engagement = value,
                "feature_adoption" => self.adoption = value,
                _ => {}
            }
        }
    }

    fn vendor(&self) -> VendorNumbers {
        let Self { orders, fulfilled, on_time, cancelled, ratings, rating_sum, .. } = *self;
        VendorNumbers { orders, fulfilled, on_time, cancelled, ratings, rating_sum }
    }
}

/// On the first of a month, the month before is told; on the days of a vendor's life that are worth it, it is thanked.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = turn.now.day();
    anniversary(turn, policy, account, today, effects);
    if today.civil().day() == 1 {
        let month = today.plus(-1).civil().strftime("%Y-%m").to_string();
        tell(turn, account, &month, effects);
        train(turn, policy, account, month, effects);
        invite(turn, policy, account, effects);
        let own = &mut account.month;
        own.community.clear();
        (own.orders, own.fulfilled, own.on_time) = (0, 0, 0);
        (own.cancelled, own.ratings, own.rating_sum) = (0, 0, 0);
    }
}

fn tell(turn: &Turn<'_>, account: &Account, month: &str, effects: &mut Effects) {
    let Some(id) = turn.entity.account_id() else { return };
    let own = &account.month;
    let engagement_bp = own.engagement.map(|(bp, _)| bp);
    let sample = EngagementSampled {
        account: id.to_owned(),
        month: month.to_owned(),
        engagement_bp,
        adoption_bp: own.adoption.map(|(bp, _)| bp),
        active: active(account),
        community: u32::try_from(own.community.len()).unwrap_or(u32::MAX),
        vendor: account.profile.vendor.then(|| own.vendor()),
    };
    let nothing = sample.engagement_bp.is_none() && sample.adoption_bp.is_none() && sample.community == 0;
    if nothing && sample.vendor.is_none() {
        return;
    }
    effects.emit_to(account.segment_entity(), Data::EngagementSampled(sample));
}

/// People who were active, where they can be counted.
fn active(account: &Account) -> Option<u32> {
    let seats = account.profile.seats().and_then(|seats| i64::try_from(seats).ok())?;
    let (bp, _) = account.month.engagement?;
    u32::try_from(bp.saturating_mul(seats) / agent::arithmetic::ONE_BP).ok()
}

/// Where few take part in the community, a person may invite those who were not there.
fn invite(turn: &Turn<'_>, policy: &Policy, account: &Account, effects: &mut Effects) {
    let came = account.month.community.len();
    let Some(active) = active(account).filter(|active| *active > 0) else { return };
    let target = policy.programme.targets.community_bp;
    let share = agent::arithmetic::share(i64::try_from(came).unwrap_or(i64::MAX), i64::from(active));
    // An account that has never been there is no community customer: the segment says so.
    if came == 0 || share.is_none_or(|share| share > target) {
        return;
    }
    let away: Vec<String> = account
        .profile
        .present()
        .filter(|(contact, known)| {
            let works = WORK.iter().any(|role| known.has(role));
            works && !account.month.community.contains(&fnv1a(contact.as_bytes()))
        })
        .map(|(contact, known)| format!("{contact} ({})", known.roles.join(", ")))
        .take(policy.programme.training_people_max)
        .collect();
    if away.is_empty() {
        return;
    }
    let verb = if away.len() == 1 { "was" } else { "were" };
    let reason = format!(
        "{came} of {active} active people took part in the community, more than {} % are aimed at: {} {verb} not there",
        target / 100,
        away.join(", ")
    );
    plays::task(turn, policy, account, None, ("Invite to the community", &reason), &[], effects);
}

/// With whom to train on what, where a target is missed.
fn train(turn: &Turn<'_>, policy: &Policy, account: &Account, month: String, effects: &mut Effects) {
    let targets = &policy.programme.targets;
    let (engagement, adoption) = (account.month.engagement, account.month.adoption);
    let below = |value: Option<(i64, Position)>, target: i64| value.filter(|(bp, _)| *bp < target);
    let few_people = below(engagement, targets.engagement_bp);
    let few_features = below(adoption, targets.adoption_bp);
    if few_people.is_none() && few_features.is_none() {
        return;
    }
    let need = |(contact, known): (&String, &agent::profile::Contact)| {
        let works = WORK.iter().any(|role| known.has(role));
        let open = |feature: &&String| !account.month.begun.contains(&pair(contact, feature));
        let features: Vec<String> = account.profile.core_features.iter().filter(open).cloned().collect();
        (works && !features.is_empty()).then(|| TrainingNeed {
            contact: contact.clone(),
            roles: known.roles.clone(),
            pattern: account.month.patterns.get(contact).map(|own| own.name().to_owned()).unwrap_or_default(),
            features,
        })
    };
    let mut whom: Vec<TrainingNeed> = account.profile.present().filter_map(need).collect();
    whom.sort_by(|one, other| (other.features.len(), &one.contact).cmp(&(one.features.len(), &other.contact)));
    whom.truncate(policy.programme.training_people_max);
    let percent = |bp: i64| bp / 100;
    let parts: Vec<String> = few_people
        .map(|(bp, _)| {
            format!("{} % of the seats are active, {} % are aimed at", percent(bp), percent(targets.engagement_bp))
        })
        .into_iter()
        .chain(few_features.map(|(bp, _)| {
            format!(
                "{} % of the core features are in use, {} % are aimed at",
                percent(bp),
                percent(targets.adoption_bp)
            )
        }))
        .collect();
    let mut events: Vec<Position> = few_people.into_iter().chain(few_features).map(|(_, event)| event).collect();
    events.dedup();
    let reason = parts.join("; ");
    let title = "Agree a training for those who have not begun";
    plays::task(turn, policy, account, None, (title, &reason), &events, effects);
    effects.emit(Data::TrainingRecommended(TrainingRecommended {
        month,
        engagement_bp: engagement.map(|(bp, _)| bp),
        adoption_bp: adoption.map(|(bp, _)| bp),
        whom,
        reason,
        events,
    }));
}

/// A vendor is thanked for the time it has been with us.
fn anniversary(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let (true, Some(start)) = (account.profile.vendor, account.profile.start()) else { return };
    let age = u32::try_from(today.0 - start.0).unwrap_or(0);
    let reached = policy.programme.anniversaries_days.iter().copied().find(|days| *days == age);
    let Some(days) = reached.filter(|days| account.month.congratulated.insert(*days)) else { return };
    let events: Vec<Position> = account.relation.touched.map(|(_, event)| event).into_iter().collect();
    let events = if events.is_empty() { vec![turn.cause] } else { events };
    let list = List::new(turn, "the vendor's first day, and this month's orders", &events)
        .with("vendor.days", days.to_string())
        .with("vendor.since", plays::day(start))
        .with("vendor.orders", account.month.orders.to_string());
    let reason = format!("the vendor has been with us for {days} days");
    plays::request(turn, policy, account, (When::Anniversary, format!("anniversary:{days}")), &reason, &list, effects);
}

/// A vendor hears where it lies behind its peers, and what those do.
pub(crate) fn coached(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    data: &VendorCoached,
    effects: &mut Effects,
) {
    let Some(first) = data.numbers.first() else { return };
    let (what, value): (&str, fn(i64) -> String) = match first.metric.as_str() {
        "rating" => ("the mean rating", |own| format!("{}.{:02}", own / 100, own % 100)),
        "cancelled" => ("orders that were called off", |own| format!("{} %", own / 100)),
        _ => ("orders that arrive in time", |own| format!("{} %", own / 100)),
    };
    let list = List::new(turn, "the vendor's month, and the middle of its peers", &[turn.cause])
        .with("coaching.what", what)
        .with("coaching.own", value(first.own))
        .with("coaching.peers", value(first.peers_p50))
        .with("coaching.count", first.n.to_string())
        .with("coaching.practice", first.practice.clone())
        .with("coaching.orders", data.orders.to_string());
    let cause = (When::Coaching, format!("coaching:{}", data.month));
    plays::request(turn, policy, account, cause, &data.reason, &list, effects);
}

impl Account {
    /// The entity of all accounts of its kind and segment.
    pub(crate) fn segment_entity(&self) -> Entity {
        let kind = if self.profile.vendor { "vendor" } else { "customer" };
        Entity::Segment(kind.into(), self.profile.segment.clone().unwrap_or_else(|| "smb".into()))
    }
}
