//! How the customer's words sound: the mean tone of 90 days, recent words counting more.

use bus_schema::time::DAY_MS;

use super::{Evidence, Measurement, Outcome, View};
use crate::state::Text;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.sentiment;
    let from = view.now.plus_ms(-i64::from(rules.life_days) * DAY_MS);
    let recent: Vec<Text> = view.account.support.texts.iter().filter(|text| text.at >= from).copied().collect();
    let Some(mean) = mean_tone(&recent, view.now, rules.half_life_days) else {
        return Outcome::Missing(format!("no words in {} days, {} are needed", rules.life_days, rules.texts_min));
    };
    if recent.len() < rules.texts_min {
        return Outcome::Missing(format!(
            "{} texts in {} days, {} are needed",
            recent.len(),
            rules.life_days,
            rules.texts_min
        ));
    }
    let latest = recent.iter().map(|text| text.at).max().unwrap_or(view.now);
    Outcome::Measured(Measurement {
        points: rules.points.at(mean),
        value: Some((mean, "bp")),
        reason: format!("tone {} in {} texts of {} days", signed_percent(mean), recent.len(), rules.life_days),
        as_of: latest,
        evidence: Evidence {
            at: Some(latest),
            events: recent.iter().rev().take(agent::usage::CITED_MAX).map(|text| text.cause).collect(),
            total: u32::try_from(recent.len()).unwrap_or(u32::MAX),
        },
    })
}

/// The mean tone in bp, each text's weight halved every so many days; `None` without texts.
pub(crate) fn mean_tone(texts: &[Text], now: bus_schema::Time, half_life_days: i32) -> Option<i64> {
    let (mut sum, mut weights) = (0_i64, 0_i64);
    for text in texts {
        let weight = halved(now.since_ms(text.at).max(0), i64::from(half_life_days.max(1)) * DAY_MS);
        sum += weight * i64::from(text.tone_bp);
        weights += weight;
    }
    (weights > 0).then(|| sum.div_euclid(weights))
}

/// 1,048,576 halved once per half-life, in a straight line between two halvings.
fn halved(age_ms: i64, half_life_ms: i64) -> i64 {
    let halvings = u32::try_from(age_ms / half_life_ms).unwrap_or(u32::MAX);
    let whole = 1_048_576_i64.checked_shr(halvings.min(62)).unwrap_or(0);
    whole - whole / 2 * (age_ms % half_life_ms / 1_000) / (half_life_ms / 1_000).max(1)
}

fn signed_percent(bp: i64) -> String {
    format!("{:+} %", bp / 100)
}
