//! How many of the last personal messages were answered, by a reply or a meeting.

use agent::arithmetic::shrunk;
use bus_schema::time::DAY_MS;

use super::{Evidence, Measurement, Outcome, View};
use crate::state::Message;

const WINDOW_DAYS: i64 = 180;
const MESSAGES: usize = 10;
/// Younger messages may still be answered in time.
const SETTLED_DAYS: i64 = 7;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.response_to_outreach;
    let age = |message: &Message| view.now.since_ms(message.at);
    let settled = |message: &&Message| age(message) > SETTLED_DAYS * DAY_MS && age(message) <= WINDOW_DAYS * DAY_MS;
    let last: Vec<&Message> = view.account.relation.messages.iter().rev().filter(settled).take(MESSAGES).collect();
    if last.len() < rules.messages_min {
        let needed = rules.messages_min;
        return Outcome::Missing(format!(
            "{} messages older than a week in {WINDOW_DAYS} days, {needed} are needed",
            last.len()
        ));
    }
    let sent = i64::try_from(last.len()).unwrap_or(i64::MAX);
    let answered = i64::try_from(last.iter().filter(|message| message.answered).count()).unwrap_or(0);
    let bp = shrunk(answered, sent, rules.prior_bp, rules.prior_weight);
    let latest = last.iter().map(|message| message.at).max();
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{answered} of the last {sent} messages answered within a week"),
        as_of: latest.unwrap_or(view.now),
        evidence: Evidence {
            at: latest,
            events: last.iter().take(agent::usage::CITED_MAX).map(|message| message.cause).collect(),
            total: u32::try_from(sent).unwrap_or(u32::MAX),
        },
    })
}
