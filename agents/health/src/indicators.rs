//! Leading indicators: level and direction of what tends to move before a score does. Numbers to look at; no score
//! rests on them.

use agent::arithmetic::share;
use bus_schema::{Day, data::facts::LeadingIndicators, time::DAY_MS};

use crate::{
    metrics::{Source, View, mean_tone},
    state::Text,
};

const MONTH_DAYS: i32 = 28;
const WEEK_DAYS: i32 = 7;

/// What can be told of an account now.
pub(crate) fn measure(view: &View<'_>) -> LeadingIndicators {
    let mut told = LeadingIndicators::default();
    words(view, &mut told);
    let account = view.account;
    let sources = &account.sources;
    // A silent producer and our own outage say nothing of the customer.
    let told_of = |source| sources.silent(source).is_none() && sources.heard(source);
    let cut = (view.today.0 - 2 * MONTH_DAYS..view.today.0).any(|day| sources.is_cut(Day(day)));
    if told_of(Source::Usage) && !cut && !account.usage.is_empty() {
        told.usage_7_bp = change(view, WEEK_DAYS);
        told.usage_28_bp = change(view, MONTH_DAYS);
        told.active_users_7 = u32::try_from(account.usage.active_users(view.today, WEEK_DAYS)).ok();
        told.active_users_28 = u32::try_from(account.usage.active_users(view.today, MONTH_DAYS)).ok();
    }
    if told_of(Source::Features) && !cut {
        told.features_28 = u32::try_from(account.features.in_use_count(view.today.plus(-MONTH_DAYS))).ok();
    }
    told
}

/// User-days of some complete days against as many before, in bp; none where nothing was known of the days before.
fn change(view: &View<'_>, days: i32) -> Option<i32> {
    let usage = &view.account.usage;
    let before = view.today.plus(-days);
    usage.first().filter(|first| *first <= before.plus(-days))?;
    let share = share(usage.volume(view.today, days), usage.volume(before, days))?;
    i32::try_from(share).ok()
}

fn words(view: &View<'_>, told: &mut LeadingIndicators) {
    let split = view.now.plus_ms(-i64::from(MONTH_DAYS) * DAY_MS);
    let (recent, before): (Vec<Text>, Vec<Text>) = view.account.support.texts.iter().partition(|text| text.at >= split);
    let half_life = view.policy.metric.sentiment.half_life_days;
    let tone = |texts: &[Text]| mean_tone(texts, view.now, half_life).and_then(|tone| i32::try_from(tone).ok());
    told.texts_28 = u32::try_from(recent.len()).unwrap_or(u32::MAX);
    told.tone_28_bp = tone(&recent);
    told.tone_change_bp = tone(&recent).zip(tone(&before)).map(|(now, before)| now - before);
}
