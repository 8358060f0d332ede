//! What an account tells its segment of itself, and what the segment tells back.

use agent::{Effects, Turn, arithmetic::share};
use bus_schema::{
    Data, Day, Entity,
    data::facts::{HealthSampled, SeasonMeasured},
};

use crate::{
    policy::{Policy, Segment},
    state::Account,
};

/// Days that a season lasts at most: both windows of the trend.
const SEASON_DAYS: i32 = 42;

/// Tells the segment when use moved, and now and then anyway: whoever says nothing is not there.
pub(crate) fn tell(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let Some(id) = turn.entity.account_id() else { return };
    let measured = &account.measured;
    let bp = |share: Option<i64>| share.and_then(|bp| i32::try_from(bp).ok());
    // What is frozen is no word on today.
    let fresh = |at: bus_schema::Time| turn.now.since_ms(at) < bus_schema::time::DAY_MS;
    let trend = measured.trend.filter(|trend| fresh(trend.at));
    let engagement = measured.engagement.filter(|engagement| fresh(engagement.at));
    let adoption = measured.adoption.filter(|adoption| fresh(adoption.at));
    let usage_trend_bp = bp(trend.map(|trend| trend.found.ratio_bp.min(100_000)));
    let user_engagement_bp = bp(engagement.and_then(|found| share(found.found.active, found.found.size)));
    let feature_adoption_bp =
        bp(adoption.and_then(|found| share(i64::from(found.found.used), i64::from(found.found.core))));
    if usage_trend_bp.is_none() && user_engagement_bp.is_none() && feature_adoption_bp.is_none() {
        return;
    }
    let rules = &policy.baseline;
    let moved = account.sampled.is_none_or(|(on, said)| {
        let far = match (said, usage_trend_bp) {
            (Some(said), Some(now)) => i64::from((said - now).abs()) >= rules.said_from_bp,
            (said, now) => said.is_some() != now.is_some(),
        };
        far || today.0 - on.0 >= rules.again_days
    });
    if !moved {
        return;
    }
    account.sampled = Some((today, usage_trend_bp));
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    let segment = match Segment::named(account.profile.segment.as_deref()) {
        Segment::Smb => "smb",
        Segment::MidMarket => "mid_market",
        Segment::Enterprise => "enterprise",
        Segment::Strategic => "strategic",
    };
    let entity = Entity::Segment(kind.into(), segment.into());
    let account = id.to_owned();
    let fact = HealthSampled { account, usage_trend_bp, user_engagement_bp, feature_adoption_bp };
    effects.emit_to(entity, Data::HealthSampled(fact));
}

/// The segment told of a season; it counts from the next day.
pub(crate) fn season(account: &mut Account, data: &SeasonMeasured, day: Day) {
    let before = in_force(account, day);
    account.season = Some((day.plus(1), data.fall_bp.min(10_000), u16::try_from(before).unwrap_or(0)));
}

/// The fall that counts on a day, in bp. One of which nothing more was heard is over.
pub(crate) fn in_force(account: &Account, day: Day) -> i64 {
    match account.season {
        Some((from, fall, _)) if (0..SEASON_DAYS).contains(&(day.0 - from.0)) => i64::from(fall),
        Some((from, _, before)) if day < from => i64::from(before),
        Some(_) | None => 0,
    }
}
