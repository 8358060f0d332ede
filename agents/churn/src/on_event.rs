//! Events: what they add to the signs. Use is only counted; everything else may change the forecast at once.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event,
    data::{commercial::RenewalStage, people::Verdict},
};

use crate::{alerts, forecast, loss, policy::Policy, state::State};

/// Folds an event.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    forecast::plan_daily(turn, state, effects);
    if usage(turn, policy, state, event) {
        state.usage.told_by(&event.header.source);
        state.profile.fold(event);
        return;
    }
    let look = state.look(policy, turn.now);
    let day = state.profile.day_of(event.header.time, &policy.zone);
    let mut moved = state.money.fold(event, turn.cause, &look);
    moved |= state.people.fold(event, turn.cause, &state.profile);
    moved |= state.support.fold(event, turn.cause, day);
    moved |= state.voice.fold(event, turn.cause);
    moved |= state.market.fold(event, turn.cause);
    moved |= state.plan.fold(event, turn.cause, &state.profile);
    moved |= standing(state, event, &look);
    state.profile.fold(event);
    if moved {
        forecast::forecast(turn, policy, state, false, effects);
    }
    let look = state.look(policy, turn.now);
    match &event.data {
        Data::AccountChurned(data) => loss::churned(turn, &look, state, data, effects),
        Data::ExitInterviewHeld(data) => loss::interviewed(turn, &look, state, data, effects),
        // The other kinds are no loss.
        _ => {}
    }
}

/// Counts use; answers whether the event was nothing but that.
#[expect(clippy::wildcard_enum_match_arm, reason = "only use is counted here")]
fn usage(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event) -> bool {
    let day = state.profile.day_of(event.header.time, &policy.zone);
    let usage = &mut state.usage;
    match &event.data {
        Data::UserLoggedIn(data) => usage.user(&data.user, day, turn.cause),
        Data::SessionEnded(data) => usage.user(&data.user, day, turn.cause),
        Data::UsageRecorded(data) => {
            usage.user(&data.user, day, turn.cause);
            usage.feature(&state.profile, &data.feature, day);
        }
        Data::FeatureActivated(data) => {
            if let Some(user) = &data.user {
                usage.user(user, day, turn.cause);
            }
            usage.feature(&state.profile, &data.feature, day);
        }
        Data::PageViewed(data) => {
            if let Some(user) = &data.user {
                usage.user(user, day, turn.cause);
            }
        }
        Data::UsageAggregated(data) => {
            usage.sum(data.active_users, data.day, turn.cause);
            if let Some(feature) = data.feature.as_ref().filter(|_| data.active_users > 0) {
                usage.feature(&state.profile, feature, data.day);
            }
        }
        Data::ApiCalled(data) if data.count > 0 => {
            let called = data.day.or_else(|| data.hour.map(|hour| state.profile.day_of(hour, &policy.zone)));
            state.usage.activity.record(called.unwrap_or(day));
        }
        _ => return false,
    }
    true
}

/// What bears on the whole forecast: contract, renewal, end, incidents, and what people decide.
#[expect(clippy::wildcard_enum_match_arm, reason = "only the standing of the account is folded here")]
fn standing(state: &mut State, event: &Event, look: &crate::signals::Look<'_>) -> bool {
    match &event.data {
        Data::RenewalStageChanged(data) => {
            state.committed = matches!(data.stage, RenewalStage::Signed | RenewalStage::Verbal);
        }
        Data::ContractSigned(_) => {
            state.committed = false;
            if state.profile.notice_on.is_some() {
                state.loss.forget();
                state.saves.began_again();
            }
        }
        Data::AccountWonBack(_) => {
            state.loss.forget();
            state.saves.began_again();
        }
        Data::AccountChurned(_)
        | Data::ContractAmended(_)
        | Data::ContractNoticeGiven(_)
        | Data::SubscriptionStarted(_)
        | Data::SubscriptionChanged(_)
        | Data::SubscriptionRenewed(_)
        | Data::SubscriptionCancelled(_)
        | Data::SegmentChanged(_) => {}
        Data::IncidentCovers(data) => {
            state.usage.incident(data);
            return false;
        }
        Data::SourceStalled(data) => {
            return state.usage.stalled(&data.source, Some(data.since), look.today);
        }
        Data::SourceResumed(data) => {
            return state.usage.stalled(&data.source, None, look.today);
        }
        Data::ProposalDecided(data) => {
            let cause = data.cause_key.as_deref().and_then(|key| key.strip_prefix("alert:"));
            if cause.is_some() && data.verdict != Verdict::Reject {
                state.saves.approved(&data.proposal);
            }
            let own = state.alerts.iter().find(|(_, alert)| Some(alert.id.as_str()) == cause);
            if let Some((group, _)) = own.filter(|_| data.verdict == Verdict::Reject) {
                alerts::rejected(look, state, *group);
            }
            return false;
        }
        Data::DeliverySent(data) => {
            state.ledger.delivered(look.now);
            state.saves.sent(&data.proposal, look.now, look.policy);
            return false;
        }
        Data::TaskCompleted(data) => {
            state.saves.completed(&data.task, look.now, look.policy);
            return false;
        }
        _ => return false,
    }
    true
}
