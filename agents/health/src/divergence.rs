//! Use says one thing and the customer's words another: an early warning that no single metric gives.

use bus_schema::{
    Data,
    data::facts::{DivergenceFound, MetricState},
    time::DAY_MS,
};

use crate::{
    metrics::{Metric, View, mean_tone},
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
    Some(Data::HealthDivergenceFound(DivergenceFound {
        usage: "steady".into(),
        sentiment_bp: i32::try_from(tone).unwrap_or(i32::MIN),
        reason: format!(
            "use is steady while the tone of {} texts in {RECENT_DAYS} days is {:+} %, {against}",
            recent.len(),
            tone / 100
        ),
    }))
}
