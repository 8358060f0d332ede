//! A person sets the score by hand, or takes that back.

use agent::{Effects, Turn};
use bus_schema::{
    ActorKind, Data, Event,
    data::{
        commercial::{BudgetState, CompetitorStage},
        facts::TaskCreated,
        people::OverrideSet,
    },
};

use crate::{
    moment::Moment,
    policy::Policy,
    state::{Account, Override},
};

/// Days to answer.
const CONFIRM_DAYS: i32 = 2;
/// Ordinal of the derived id: beside those of the plays and of the goals.
const CONFIRM_ID: u32 = 101;

/// An override, or its end. Only a person has a judgement of their own.
pub(crate) fn set(account: &mut Account, moment: &Moment<'_>, event: &Event, data: &OverrideSet, policy: &Policy) {
    let Some(actor) = &event.header.actor else { return };
    match actor.kind {
        ActorKind::Person | ActorKind::Simulated => {}
        ActorKind::Agent | ActorKind::System | ActorKind::Install => return,
    }
    let latest = moment.day.plus(policy.score.override_days_max);
    account.by_hand = data.score.map(|score| Override {
        score: i32::try_from(score.min(10_000)).unwrap_or(10_000),
        until: data.until.map_or(latest, |until| until.min(latest)),
        by: actor.to_string(),
        reason: data.reason.to_string(),
        cause: moment.cause,
        asked: false,
    });
}

/// A strong signal after a score was set by hand: its author is asked, once, to confirm or end it. It is never overruled.
pub(crate) fn question(
    turn: &Turn<'_>,
    account: &mut Account,
    moment: &Moment<'_>,
    data: &Data,
    effects: &mut Effects,
) {
    let Some(signal) = strong(account, data) else { return };
    let owner = account.profile.owner.clone();
    let Some(by_hand) = account.by_hand.as_mut().filter(|by_hand| !by_hand.asked && by_hand.until >= moment.day) else {
        return;
    };
    by_hand.asked = true;
    effects.emit(Data::TaskCreated(TaskCreated {
        task: turn.id(CONFIRM_ID),
        play: None,
        title: "Confirm or end the score set by hand".into(),
        assignee: by_hand.by.strip_prefix("person/").map(str::to_owned).or(owner),
        due_on: moment.day.plus(CONFIRM_DAYS),
        why: format!("{signal}, after the score was set to {}: {}", by_hand.score / 100, by_hand.reason),
        events: vec![moment.cause, by_hand.cause],
    }));
}

/// What speaks strongly of leaving, in words. Only inputs: what the churn agent makes of them is not read here.
#[expect(clippy::wildcard_enum_match_arm, reason = "few kinds are strong signals")]
fn strong(account: &Account, data: &Data) -> Option<&'static str> {
    match data {
        Data::ContractNoticeGiven(_) => Some("Notice was given"),
        Data::ContractAutoRenewDisabled(_) => Some("Automatic renewal was switched off"),
        Data::SubscriptionCancelled(_) => Some("The subscription was cancelled"),
        Data::ContactLeft(data) if data.confirmed && data.successor.is_none() => {
            let who = account.profile.contacts.get(data.contact.as_str());
            who.is_some_and(|contact| contact.has("sponsor")).then_some("The sponsor left")
        }
        Data::CompetitorMentioned(data) if data.stage == CompetitorStage::Evaluation => {
            Some("They look at a competitor")
        }
        Data::BudgetReported(data) if data.state == BudgetState::Frozen => Some("Their budget was frozen"),
        _ => None,
    }
}
