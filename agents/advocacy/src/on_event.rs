//! Events: what they show of an account's voices. Time: the daily look at advocates, surveys and points.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event, Time,
    data::{advocacy::AdvocacyAct, facts::RecognitionEarned},
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    advocates, closed_loop, loyalty, plays,
    policy::Policy,
    seen,
    state::{Account, Mark},
    survey, voice,
};

/// The daily timer.
const DAILY: &str = "daily";

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    account.profile.fold(event);
    let mark = Mark { at: event.header.time, event: turn.cause };
    let day = account.today(policy, mark.at);
    seen::see(account, event, mark, day);
    loyalty::fold(turn, policy, account, event, (mark, day), effects);
    closed_loop::fold(policy, account, event, mark, effects);
    survey::fold(policy, account, event, mark, day);
    answered(turn, policy, account, event, mark, effects);
    rests(policy, account, event, mark, effects);
    recognise(turn, policy, account, effects);
    if account.profile.ended() {
        if std::mem::take(&mut account.running) {
            effects.cancel_timer(DAILY);
            closed_loop::end(account, mark.event, effects);
            let today = account.today(policy, turn.now);
            voice::tell(turn, policy, account, today, effects);
        }
        return;
    }
    if !account.running {
        account.running = true;
        effects.set_timer(DAILY, next_daily(turn));
    }
}

/// A timer of an account.
pub(crate) fn timer(turn: &Turn<'_>, policy: &Policy, account: &mut Account, name: &str, effects: &mut Effects) {
    if let Some(contact) = name.strip_prefix(closed_loop::TIMER) {
        return closed_loop::late(account, contact, turn.now, effects);
    }
    if !account.running {
        return;
    }
    effects.set_timer(DAILY, next_daily(turn));
    let today = account.today(policy, turn.now);
    loyalty::expire(turn, policy, account, today, effects);
    advocates::look(turn, policy, account, today, effects);
    survey::look(turn, policy, account, today, effects);
    voice::tell(turn, policy, account, today, effects);
}

/// Spread over the day, so that not all accounts look at once.
fn next_daily(turn: &Turn<'_>) -> Time {
    let minutes = i64::from(turn.entity.hash() % 1_440);
    let today = turn.now.0.div_euclid(DAY_MS) * DAY_MS + minutes * MINUTE_MS;
    Time(if today > turn.now.0 { today } else { today + DAY_MS })
}

/// What an answer asks of us: a loop for the unhappy, a question for the content. Promoters wait for the daily look.
fn answered(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, mark: Mark, effects: &mut Effects) {
    let Data::NpsResponded(data) = &event.data else { return };
    let Some(contact) = event.header.contact.as_deref() else { return };
    let reading = &data.reading;
    let theme = reading.product_area.as_ref().or(reading.category.as_ref()).or_else(|| reading.topics.first());
    let theme = theme.map(ToString::to_string);
    if data.score <= policy.closed_loop.detractor_to {
        closed_loop::open(turn, policy, account, contact, (data.score, theme), mark, effects);
    } else if data.score < policy.gate.promoter_from {
        let today = account.today(policy, turn.now);
        plays::passive(turn, policy, account, contact, (data.score, theme.as_deref()), today, effects);
    }
}

/// Who was asked, or said no, or was used as a reference often enough, is left in peace.
#[expect(clippy::wildcard_enum_match_arm, reason = "only rests are looked at here")]
fn rests(policy: &Policy, account: &Account, event: &Event, mark: Mark, effects: &mut Effects) {
    let (rests, today) = (&policy.rests, account.today(policy, mark.at));
    match &event.data {
        Data::AdvocacyAsked(data) => {
            advocates::peace(&data.contact, "asked", rests.after_ask_days, today, mark.event, effects);
        }
        Data::AdvocacyDeclined(data) => {
            advocates::peace(&data.contact, "declined", rests.after_no_days, today, mark.event, effects);
        }
        Data::AdvocacyCompleted(data) if data.act == AdvocacyAct::Reference => {
            let Some(person) = account.people.get(data.contact.as_str()) else { return };
            let recent: Vec<_> =
                person.references.iter().filter(|day| today.0 - day.0 < rests.reference_days).copied().collect();
            if let Some(first) = recent.first().filter(|_| recent.len() == rests.reference_uses) {
                let days = rests.reference_days - (today.0 - first.0);
                advocates::peace(&data.contact, "reference", days, today, mark.event, effects);
            }
        }
        _ => {}
    }
}

/// Says thank-you for what was reached, once each.
fn recognise(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    for own in &policy.recognition {
        let n = account.counts.get(&own.counts).copied().unwrap_or(0);
        if n < own.at || !account.recognised.insert(own.achievement.clone()) {
            continue;
        }
        effects.emit(Data::RecognitionEarned(RecognitionEarned {
            achievement: own.achievement.clone(),
            reason: format!("{n} {}", own.counts.words()),
            events: vec![turn.cause],
        }));
        let today = account.today(policy, turn.now);
        plays::recognise(turn, policy, account, (&own.achievement, own.counts, n), today, effects);
    }
}
