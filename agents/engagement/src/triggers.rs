//! What the planner answers to by itself: a count worth celebrating, a feature that concerns the account, documented
//! value, a competitor.
//!
//! A usage fall, a limit that comes near and the ask for a case study belong to others, who ask for their touches.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Position, Time,
    data::{
        commercial::{CompetitorMentioned, CompetitorStage},
        facts::MilestoneCelebrated,
        product::FeatureLaunched,
        value::{Attestor, OutcomeDocumented},
    },
    entity::fnv1a,
};
use serde::{Deserialize, Serialize};

use crate::{
    plays::{self, List},
    policy::{Counted, Policy, When},
    state::Account,
};

/// People told apart while they are counted.
const USERS_MAX: usize = 2_000;
/// Requests of the customer's that a launch is held against.
const FEEDBACK_MAX: usize = 100;
/// Competitors whose last mention is remembered.
const COMPETITORS_MAX: usize = 10;

/// What the triggers keep of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    api_calls: u64,
    /// Hashes of people who were activated, while a milestone still counts them.
    users: BTreeSet<u32>,
    /// Milestones that were celebrated.
    reached: BTreeSet<String>,
    feedback: BTreeSet<u32>,
    competitors: BTreeMap<String, Day>,
}

/// Answers to an event. One that came late is only counted.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds trigger nothing")]
pub(crate) fn answer(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    match &event.data {
        Data::ApiCalled(data) => {
            account.seen.api_calls = account.seen.api_calls.saturating_add(data.count);
            celebrate(turn, policy, account, Counted::ApiCalls, effects);
        }
        Data::UserActivated(data) if account.seen.users.len() < USERS_MAX => {
            account.seen.users.insert(fnv1a(data.user.as_bytes()));
            celebrate(turn, policy, account, Counted::Users, effects);
        }
        Data::FeedbackSubmitted(data) if account.seen.feedback.len() < FEEDBACK_MAX => {
            account.seen.feedback.insert(fnv1a(data.feedback.as_bytes()));
        }
        Data::FeatureLaunched(data) if !event.header.late => {
            launched(turn, policy, account, event.header.time, data, effects);
        }
        Data::OutcomeDocumented(data) if !event.header.late => documented(turn, policy, account, data, effects),
        Data::CompetitorMentioned(data) if !event.header.late => mentioned(turn, policy, account, data, effects),
        _ => {}
    }
}

/// Says each milestone once, by its own count.
fn celebrate(turn: &Turn<'_>, policy: &Policy, account: &mut Account, counted: Counted, effects: &mut Effects) {
    let now = match counted {
        Counted::ApiCalls => account.seen.api_calls,
        Counted::Users => u64::try_from(account.seen.users.len()).unwrap_or(u64::MAX),
    };
    for milestone in policy.relation.milestones.iter().filter(|milestone| milestone.counts == counted) {
        if now < milestone.at || !account.seen.reached.insert(milestone.name.clone()) {
            continue;
        }
        let what = counted.words();
        let reason = format!("the account passed {} {what}", plays::grouped(milestone.at));
        effects.emit(Data::MilestoneCelebrated(MilestoneCelebrated {
            milestone: milestone.name.clone(),
            value: now,
            reason: reason.clone(),
            events: vec![turn.cause],
        }));
        let days = account.profile.age_days(turn.now.day());
        let list = List::new(turn, "counted events of the account", &[turn.cause])
            .with("milestone.count", plays::grouped(milestone.at))
            .with("milestone.what", what)
            .with("milestone.after", plays::count(i64::from(days), "day", "days"));
        let cause = (When::Milestone, format!("milestone:{}", milestone.name));
        plays::request(turn, policy, account, cause, &reason, &list, effects);
    }
    let counts_on = |milestone: &&crate::policy::Milestone| {
        milestone.counts == Counted::Users && !account.seen.reached.contains(&milestone.name)
    };
    if counted == Counted::Users && !policy.relation.milestones.iter().any(|milestone| counts_on(&milestone)) {
        account.seen.users.clear();
    }
}

/// A feature concerns an account that asked for it, or whose plan and segment are among those it is made for. A launch
/// for nobody in particular is a newsletter, and none of ours.
fn launched(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    at: Time,
    data: &FeatureLaunched,
    effects: &mut Effects,
) {
    let made_for = &data.relevant_to;
    let asked = made_for.requested_by_feedback.iter().any(|id| account.seen.feedback.contains(&fnv1a(id.as_bytes())));
    let plan = account.profile.plan.as_deref();
    let has_plan = made_for.plans.is_empty() || made_for.plans.iter().any(|own| plan == Some(own.as_str()));
    let segment = account.segment();
    let in_segment = made_for.segments.is_empty() || made_for.segments.iter().any(|own| own.as_str() == segment);
    let meant = !(made_for.plans.is_empty() && made_for.segments.is_empty());
    let fits = match (made_for.plans.is_empty(), plan) {
        (false, Some(plan)) => format!("it is part of your {plan} plan"),
        (true, _) | (_, None) => "it is made for companies like yours".into(),
    };
    let feature = data.feature.to_string().replace('_', " ");
    let mut list = List::new(turn, "the launch", &[turn.cause])
        .with("feature.name", feature.clone())
        .with("feature.launched_on", plays::day(at.day()));
    let reason = if asked {
        list = list.with("feature.asked_for", "yes");
        format!("{feature} came out, and the customer had asked for it")
    } else if meant && has_plan && in_segment {
        list = list.with("feature.fits", fits.clone());
        format!("{feature} came out, and {}", fits.replace("your", "their").replace("yours", "theirs"))
    } else {
        return;
    };
    plays::request(turn, policy, account, (When::Launch, format!("launch:{}", data.feature)), &reason, &list, effects);
}

/// Documented value that somebody stands for may be told to the customer's leadership. The case study is advocacy's ask.
fn documented(turn: &Turn<'_>, policy: &Policy, account: &Account, data: &OutcomeDocumented, effects: &mut Effects) {
    let by = match data.attested_by {
        Attestor::Customer => "your own people",
        Attestor::Csm => "we",
        Attestor::Other(_) => return,
    };
    let value = data.value.in_words();
    let list = List::new(turn, "a documented outcome", &[turn.cause])
        .with("outcome.value", value.clone())
        .with("outcome.period", data.period.to_string())
        .with("outcome.attested_by", by);
    let reason = format!("{value} of value were documented for {}", data.period);
    let name = data.goal.as_ref().unwrap_or(&data.period);
    plays::request(turn, policy, account, (When::Outcome, format!("outcome:{name}")), &reason, &list, effects);
}

/// A competitor is met by a person, not by a mail.
fn mentioned(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    data: &CompetitorMentioned,
    effects: &mut Effects,
) {
    let today = turn.now.day();
    let rest = i32::try_from(policy.relation.cadence.competitor_rest_days).unwrap_or(i32::MAX);
    account.seen.competitors.retain(|_, on| today.0 - on.0 < rest);
    let name = data.competitor.to_string();
    if account.seen.competitors.contains_key(&name) || account.seen.competitors.len() >= COMPETITORS_MAX {
        return;
    }
    account.seen.competitors.insert(name.clone(), today);
    let reason = match data.stage {
        CompetitorStage::Evaluation => format!("the customer evaluates {name}; it came up in {}", data.place),
        CompetitorStage::Mention | CompetitorStage::Other(_) => format!("{name} came up in {}", data.place),
    };
    let title = format!("Call the sponsor about where this is going: {name} came up");
    let events: &[Position] = &[turn.cause];
    plays::task(turn, policy, account, Some("competitor_engagement"), (&title, &reason), events, effects);
}
