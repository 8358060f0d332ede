//! What the daily turn measures of use beyond engagement, trend and adoption, and of a vendor's sales.

use bus_schema::{Day, Time};

use crate::{
    metrics::Source,
    on_usage::{WINDOW_DAYS, cut_days, window_start},
    policy::Policy,
    state::{Account, Api, Measured, Part, UseMeasured, week},
};

/// Business days of a usual day's users.
const BUSINESS_DAYS: usize = 10;
/// How far back they may lie when an incident cuts some out.
const BUSINESS_REACH_DAYS: i32 = 42;
/// Fewer open ones say nothing of a usual day.
const BUSINESS_DAYS_MIN: usize = 5;
/// Weeks that sessions are set against.
const SESSION_WEEKS_BEFORE: i32 = 12;
/// Days whose pace orders are set against.
const ORDER_DAYS_BEFORE: i32 = 84;

/// Measurements of one day.
pub(crate) struct More {
    daily_of_weekly: Option<Part>,
    logins: Option<Part>,
    sessions: Option<Part>,
    api: Option<Api>,
    active_days: Option<i64>,
}

impl More {
    pub(crate) fn of(account: &Account, policy: &Policy, today: Day, age: i32) -> Self {
        let rules = &policy.metric;
        let used = !account.usage.is_empty();
        Self {
            daily_of_weekly: daily_of_weekly(account, today).filter(|_| used && age >= rules.active_ratio.age_days_min),
            logins: logins(account, today).filter(|_| used),
            sessions: sessions(account, today, rules.session_length.sessions_min),
            api: api(account, today),
            active_days: active_days(account, today).filter(|_| age >= rules.platform_use.age_days_min),
        }
    }

    /// Lets what was measured stand; what was not keeps its last measurement.
    pub(crate) fn keep(self, measured: &mut UseMeasured, now: Time) {
        fn at<T>(found: Option<T>, now: Time, before: Option<Measured<T>>) -> Option<Measured<T>> {
            found.map(|found| Measured { found, at: now }).or(before)
        }
        measured.daily_of_weekly = at(self.daily_of_weekly, now, measured.daily_of_weekly);
        measured.logins = at(self.logins, now, measured.logins);
        measured.sessions = at(self.sessions, now, measured.sessions);
        measured.api = at(self.api, now, measured.api);
        measured.active_days = at(self.active_days, now, measured.active_days);
    }
}

/// Mean users of the latest business days and of the latest weeks, both in hundredths.
fn daily_of_weekly(account: &Account, today: Day) -> Option<Part> {
    let from = window_start(account, today)?;
    let business = |day: &Day| (day.0 + 3).rem_euclid(7) < 5 && !account.sources.is_cut(*day);
    let days = (1..=BUSINESS_REACH_DAYS).map(|back| today.plus(-back)).filter(business).take(BUSINESS_DAYS);
    let users: Vec<i64> = days.map(|day| i64::from(account.usage.on(day))).collect();
    if users.len() < BUSINESS_DAYS_MIN {
        return None;
    }
    let is = users.iter().sum::<i64>() * 100 / i64::try_from(users.len()).unwrap_or(1);
    let end = from.plus(WINDOW_DAYS);
    let weeks = account.usage.first().map_or(0, |first| (end.0 - first.0).div_euclid(7).clamp(0, 4));
    (weeks > 0).then(|| Part { is, of: account.usage.weekly_mean_hundredths(end, weeks) })
}

/// User-days of 28 days, and the users they are of.
fn logins(account: &Account, today: Day) -> Option<Part> {
    let from = window_start(account, today)?;
    let open = |day: &Day| !account.sources.is_cut(*day);
    let is = (from.0..today.0).map(Day).filter(open).map(|day| i64::from(account.usage.on(day))).sum();
    let of = account.usage.active_users(today, today.0 - from.0);
    (of > 0).then_some(Part { is, of })
}

/// Median seconds of four complete weeks and of the twelve before.
fn sessions(account: &Account, today: Day, sessions_min: i64) -> Option<Part> {
    let end = week(window_start(account, today)?.plus(WINDOW_DAYS));
    let (now, recent) = account.sessions.median(end - 4, end)?;
    let (usual, before) = account.sessions.median(end - 4 - SESSION_WEEKS_BEFORE, end - 4)?;
    (recent >= sessions_min && before >= sessions_min).then_some(Part { is: now, of: usual })
}

/// Calls of 28 open days and of the 28 before them, once there were that many.
fn api(account: &Account, today: Day) -> Option<Api> {
    let from = window_start(account, today)?;
    let before = from.plus(-WINDOW_DAYS);
    let closed = i64::from(cut_days(account, from, WINDOW_DAYS));
    if account.calls.first()? > before || 2 * closed > i64::from(WINDOW_DAYS) {
        return None;
    }
    let open = |from: Day, to: Day| (from.0..to.0).map(Day).filter(|day| !account.sources.is_cut(*day));
    let window = i64::from(WINDOW_DAYS);
    Some(Api {
        calls: open(from, today).map(|day| account.calls.on(day)).sum(),
        // The days cut out of the window before are taken to have been like the rest of it.
        before: open(before, from).map(|day| account.calls.on(day)).sum::<i64>() * window / (window - closed).max(1),
        errors: open(from, today).map(|day| account.calls.errors(day)).sum(),
    })
}

/// Days of 28 with any use, by people or programs.
fn active_days(account: &Account, today: Day) -> Option<i64> {
    if account.usage.is_empty() && account.calls.is_empty() {
        return None;
    }
    let from = window_start(account, today)?;
    let active =
        |day: &Day| !account.sources.is_cut(*day) && (account.usage.on(*day) > 0 || account.calls.on(*day) > 0);
    i64::try_from((from.0..today.0).map(Day).filter(active).count()).ok()
}

/// Measures a vendor's sales over complete days and weeks.
pub(crate) fn measure_sales(account: &mut Account, policy: &Policy, now: Time) {
    let today = account.profile.day_of(now, &policy.zone);
    let age = account.profile.age_days(today);
    let silent = account.sources.silent(Source::Sales).is_some();
    if let Some(sales) = &mut account.sales {
        sales.remember_peak(today);
    }
    let (Some(sales), false) = (&account.sales, silent) else { return };
    let rules = &policy.metric;
    if age >= rules.orders.age_days_min
        && let Some(from) = window_start(account, today)
    {
        let open = |from: Day, to: Day| (from.0..to.0).map(Day).filter(|day| !account.sources.is_cut(*day));
        let days = |from: Day, to: Day| i64::try_from(open(from, to).count()).unwrap_or(0);
        let sum = |from: Day, to: Day| open(from, to).map(|day| sales.on(day)).sum::<i64>();
        let before = from.plus(-ORDER_DAYS_BEFORE.min(age - WINDOW_DAYS));
        let (is, usual) = (sum(from, today), sum(before, from));
        let of = usual * days(from, today) / days(before, from).max(1);
        if usual >= rules.orders.volume_min {
            account.measured.orders = Some(Measured { found: Part { is, of }, at: now });
        }
    }
    if age >= rules.revenue_growth.age_days_min
        && let Some((is, of, yearly)) = sales.growth(today).filter(|(_, of, _)| *of > 0)
    {
        account.measured.growth = Some(Measured { found: (Part { is, of }, yearly), at: now });
    }
}
