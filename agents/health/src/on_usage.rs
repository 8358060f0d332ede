//! Use of the product. Days count once they are complete, so an event of today changes no score before tomorrow; the
//! daily turn measures.

use agent::arithmetic::share;
use bus_schema::{
    Day, Time,
    data::usage::{ApiCalled, FeatureActivated, PageViewed, SessionEnded, UsageAggregated, UsageRecorded},
};

use crate::{
    metrics::Source,
    moment::Moment,
    policy::Policy,
    state::{Account, Adoption, Engagement, Measured, Trend},
    use_more::More,
};

/// Days of the window of engagement and adoption.
pub(crate) const WINDOW_DAYS: i32 = 28;

/// A user logged in or ended a session.
pub(crate) fn active(account: &mut Account, moment: &Moment<'_>, user: &str) {
    account.sources.hear(moment.source, Source::Usage);
    account.usage.record(user, moment.day, moment.cause);
}

/// A session ended.
pub(crate) fn session(account: &mut Account, moment: &Moment<'_>, data: &SessionEnded) {
    active(account, moment, &data.user);
    account.sessions.record(moment.day, data.seconds);
}

/// A user used a feature.
pub(crate) fn recorded(account: &mut Account, moment: &Moment<'_>, data: &UsageRecorded) {
    active(account, moment, &data.user);
    used(account, moment, &data.feature, moment.day);
}

/// A feature was switched on, which is use of it.
pub(crate) fn feature_activated(account: &mut Account, moment: &Moment<'_>, data: &FeatureActivated) {
    if let Some(user) = &data.user {
        active(account, moment, user);
    }
    used(account, moment, &data.feature, moment.day);
}

/// A page was seen: activity, never adoption.
pub(crate) fn page_viewed(account: &mut Account, moment: &Moment<'_>, data: &PageViewed) {
    if let Some(user) = &data.user {
        active(account, moment, user);
    }
}

/// A day's sums. One of a feature says that the feature was used; its users are some of the day's.
pub(crate) fn aggregated(account: &mut Account, moment: &Moment<'_>, data: &UsageAggregated) {
    account.sources.hear(moment.source, Source::Usage);
    if data.active_users > 0 || data.feature.is_none() {
        account.usage.record_aggregate(data.active_users, data.day, moment.cause);
    }
    if let Some(feature) = &data.feature
        && (data.active_users > 0 || data.quantity > 0)
    {
        used(account, moment, feature, data.day);
    }
}

/// The interface was called: the account is active, no user is.
pub(crate) fn called(account: &mut Account, moment: &Moment<'_>, data: &ApiCalled) {
    account.sources.hear(moment.source, Source::Usage);
    let day = data.day.or_else(|| data.hour.map(Time::day)).unwrap_or(moment.day);
    account.calls.record(day, (data.count, data.errors), moment.cause, moment.at);
}

/// Seats or invited users: who could be active.
pub(crate) fn users_told(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Usage);
    account.sources.users_told = true;
}

fn used(account: &mut Account, moment: &Moment<'_>, feature: &str, day: Day) {
    account.sources.hear(moment.source, Source::Features);
    account.features.record(feature, day, moment.cause, moment.at);
}

/// Measures use over the complete days. What cannot be measured, or must not be while a producer is silent or an
/// incident covers most of the window, keeps its last measurement.
pub(crate) fn measure(account: &mut Account, policy: &Policy, now: Time) {
    let today = account.profile.day_of(now, &policy.zone);
    let active = account.usage.active_users(today, WINDOW_DAYS);
    let block = today.0.div_euclid(WINDOW_DAYS);
    account.measured.remember_peak(block, active);
    account.measured.remember_fortnight(today, account.usage.active_users(today, 14));
    let age = account.profile.age_days(today);
    let silent = |source| account.sources.silent(source).is_some();
    let engagement = engagement(account, today, block).filter(|_| age >= policy.metric.user_engagement.age_days_min);
    let trend = trend(account, policy, today).filter(|_| age >= policy.metric.usage_trend.age_days_min);
    let adoption = adoption(account, policy, today).filter(|_| age >= policy.metric.feature_adoption.age_days_min);
    let (use_silent, features_silent) = (silent(Source::Usage), silent(Source::Features));
    let more = More::of(account, policy, today, age);
    let open_active = window_start(account, today).map(|from| account.usage.active_users(today, today.0 - from.0));
    let measured = &mut account.measured;
    if !use_silent {
        measured.active = open_active.unwrap_or(measured.active);
        measured.engagement = engagement.map(|found| Measured { found, at: now }).or(measured.engagement);
        let trend = trend.map(|found| Measured { found: lasting(found, measured.trend), at: now });
        measured.trend = trend.or(measured.trend);
        more.keep(measured, now);
    }
    if !features_silent {
        measured.adoption = adoption.map(|found| Measured { found, at: now }).or(measured.adoption);
    }
}

/// Silence goes on as it was measured first: that what was usual fades from the window does not turn it into chance.
fn lasting(found: Trend, before: Option<Measured<Trend>>) -> Trend {
    match before {
        Some(before) if found.actual == 0 && before.found.actual == 0 && before.found.expected > found.expected => {
            before.found
        }
        Some(_) | None => found,
    }
}

/// How many of the `days` before a day an incident cuts out.
pub(crate) fn cut_days(account: &Account, before: Day, days: i32) -> i32 {
    let cut = (before.0 - days..before.0).filter(|day| account.sources.is_cut(Day(*day))).count();
    i32::try_from(cut).unwrap_or(days)
}

/// The first day of a window that is as long as ever without the days cut out; none when most of it is cut out.
pub(crate) fn window_start(account: &Account, today: Day) -> Option<Day> {
    let cut = cut_days(account, today, WINDOW_DAYS);
    (2 * cut <= WINDOW_DAYS).then(|| today.plus(-WINDOW_DAYS - cut))
}

fn engagement(account: &Account, today: Day, block: i32) -> Option<Engagement> {
    if account.usage.is_empty() && !account.sources.users_told {
        return None;
    }
    let from = window_start(account, today)?;
    let active = account.usage.active_users(today, today.0 - from.0);
    let seats = account.profile.seats().and_then(|seats| i64::try_from(seats).ok());
    let size = seats.or_else(|| account.measured.peak(block))?.max(1);
    // Weeks that an incident touches, or that were before the first use, say nothing of the habit.
    let end = from.plus(WINDOW_DAYS);
    let weeks = account.usage.first().map_or(0, |first| (end.0 - first.0).div_euclid(7).clamp(0, 4));
    let weekly_hundredths = (weeks > 0).then(|| account.usage.weekly_mean_hundredths(end, weeks));
    let size = if seats.is_some() { size } else { size.max(active) };
    Some(Engagement { active, size, seats: seats.is_some(), weekly_hundredths })
}

fn adoption(account: &Account, policy: &Policy, today: Day) -> Option<Adoption> {
    let core = &account.profile.core_features;
    if core.len() < policy.metric.feature_adoption.core_features_min.max(1) || account.features.trail.is_empty() {
        return None;
    }
    let from = window_start(account, today)?;
    let used = core.iter().filter(|feature| account.features.in_use(feature, from)).count();
    Some(Adoption {
        used: u16::try_from(used).unwrap_or(u16::MAX),
        core: u16::try_from(core.len()).unwrap_or(u16::MAX),
    })
}

/// 14 days against the 28 before, weekday by weekday, so that days cut out on one side weigh nothing on the other.
fn trend(account: &Account, policy: &Policy, today: Day) -> Option<Trend> {
    let end = last_told(account, today);
    let (middle, start) = (end.plus(-14), end.plus(-14 - WINDOW_DAYS));
    if 2 * cut_days(account, end, 14) > 14 || 2 * cut_days(account, middle, WINDOW_DAYS) > WINDOW_DAYS {
        return None;
    }
    let open = |day: &Day| !account.sources.is_cut(*day);
    // Where no user signs in, the calls of programs are the use there is.
    let programs = account.usage.is_empty();
    let on = |day: Day| if programs { account.calls.on(day) } else { i64::from(account.usage.on(day)) };
    let before: i64 = (start.0..middle.0).map(Day).filter(open).map(on).sum();
    if before < policy.metric.usage_trend.volume_min {
        return None;
    }
    let (mut actual, mut expected_84) = (0_i64, 0_i64);
    for day in (middle.0..end.0).map(Day).filter(open) {
        let same = (0..4).map(|week| middle.plus((day.0 - middle.0) % 7 - 7 * (week + 1))).filter(open);
        let (mut sum, mut n) = (0_i64, 0_i64);
        for usual in same {
            sum += on(usual);
            n += 1;
        }
        // 84 is divisible by each possible number of weekdays.
        if n > 0 {
            actual += on(day);
            expected_84 += sum * (84 / n);
        }
    }
    let ratio_bp = share(actual * 84, expected_84)?;
    Some(Trend { actual, expected: (expected_84 + 42) / 84, ratio_bp, programs })
}

/// The day after the last one told by a producer of daily sums that is a little behind; today for all others.
fn last_told(account: &Account, today: Day) -> Day {
    let behind = account.usage.last_sum().filter(|day| account.usage.last() == Some(*day));
    behind.map(|day| day.plus(1)).filter(|end| *end < today && *end >= today.plus(-2)).unwrap_or(today)
}
