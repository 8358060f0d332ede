//! Use says one thing and the customer's words another: an early warning that no single metric gives.

use agent::usage::CITED_MAX;
use bus_schema::{
    Data,
    data::facts::{DivergenceFound, MetricState},
    time::DAY_MS,
};

use crate::{
    metrics::{Metric, Outcome, Source, View, mean_tone},
    model::Scored,
    state::Text,
};

/// Recent words, and those they are set against.
const RECENT_DAYS: i64 = 28;

/// The divergence to say today, where use is steady and the tone has fallen.
pub(crate) fn found(view: &View<'_>, scored: &Scored) -> Option<Data> {
    let rules = &view.policy.divergence;
    if view.account.diverged_on.is_some_and(|last| view.today.0 - last.0 < rules.again_days) {
        return None;
    }
    let trend = scored.readings().find(|reading| reading.metric == Metric::UsageTrend)?;
    // What a silent producer leaves frozen is not steady, it is unknown.
    let Outcome::Measured(used) = &trend.outcome else { return None };
    if trend.state != MetricState::Known || i64::from(trend.points) < rules.steady_points_min {
        return None;
    }
    let split = view.now.plus_ms(-RECENT_DAYS * DAY_MS);
    let (recent, before): (Vec<Text>, Vec<Text>) = view.account.support.texts.iter().partition(|text| text.at >= split);
    if recent.len() < view.policy.metric.sentiment.texts_min {
        return None;
    }
    let half_life = view.policy.metric.sentiment.half_life_days;
    let tone = mean_tone(&recent, view.now, half_life)?;
    let usual = mean_tone(&before, view.now, half_life);
    if tone > rules.tone_bp_max || usual.is_some_and(|usual| usual - tone < rules.fall_bp_min) {
        return None;
    }
    let against = usual.map_or_else(|| "none was heard before".into(), |usual| format!("{:+} % before", usual / 100));
    let texts = recent.iter().rev().take(CITED_MAX / 2).map(|text| text.cause);
    let events = texts.chain(used.evidence.events.iter().take(CITED_MAX / 2).copied()).collect();
    Some(Data::HealthDivergenceFound(DivergenceFound {
        name: "use_steady_tone_falling".into(),
        support: support(view),
        events,
        usage: "steady".into(),
        sentiment_bp: i32::try_from(tone).unwrap_or(i32::MIN),
        reason: format!(
            "use is steady while the tone of {} texts in {RECENT_DAYS} days is {:+} %, {against}",
            recent.len(),
            tone / 100
        ),
    }))
}

/// What support does meanwhile: few tickets under a falling tone mean that they have stopped asking.
fn support(view: &View<'_>) -> Option<String> {
    let account = view.account;
    if !account.sources.heard(Source::Support) || account.sources.silent(Source::Support).is_some() {
        return None;
    }
    let opened = &account.support.opened;
    let days = i32::try_from(RECENT_DAYS).unwrap_or(0);
    let recent = opened.within(view.today, days);
    let before = opened.within(view.today, 2 * days) - recent;
    let Outcome::Measured(volume) = Metric::TicketVolume.measure(view) else { return None };
    let few = volume.points >= view.policy.divergence.few_points_min;
    let words = match recent.cmp(&before) {
        _ if few => "few tickets",
        std::cmp::Ordering::Greater => "more tickets",
        std::cmp::Ordering::Equal => "tickets as usual",
        std::cmp::Ordering::Less => "fewer tickets",
    };
    Some(words.into())
}
