//! After a loss: what was stated, what had been seen and when, whether it could have been kept; and the way back.
//!
//! What was seen is kept as it was said at the time. An analysis never looks for signs that no rule had found.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Entity, Position, Time,
    data::{
        account::{AccountChurned, ChurnReason},
        exit::ExitInterviewHeld,
        facts::{
            CauseGroup, Evidence, LossAnalysed, LossSampled, MergeField, MessageClass, Preventable, Priority, SignSeen,
            SignalClass, TaskCreated, TouchpointRequested,
        },
    },
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

use crate::{
    plays::sentence,
    policy::Policy,
    segment,
    signals::{Look, Sign, Signal},
    state::State,
};

/// The timer on which an account that left is asked to come back.
pub const TIMER: &str = "winback";
/// The timer on which a message follows the call.
pub const MAIL_TIMER: &str = "winback_mail";
/// Ids of tasks after a loss are counted apart from all others.
const TASKS: u32 = 4_000;
/// Events cited of one sign.
const CITED: usize = 4;

/// What was seen of an account, and what it said when it left.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Loss {
    /// Signs that held lately.
    seen: BTreeMap<Sign, Seen>,
    /// The day on which the loss was sure, and the interview was asked for.
    sure_on: Option<Day>,
    told: Option<Told>,
    interview: Option<Interview>,
}

/// A sign as it was when it was largest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Seen {
    first: Time,
    last: Time,
    bp: i64,
    strong: bool,
    reason: String,
    events: Vec<Position>,
}

/// What was said with the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Told {
    reason: String,
    competitor: Option<String>,
    voluntary: bool,
    sure_on: Day,
    event: Position,
}

/// What was said after it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Interview {
    reasons: Vec<String>,
    would_return: bool,
    event: Position,
}

impl Loss {
    /// Notes the signs that hold; what ended long ago is forgotten.
    pub fn note(&mut self, look: &Look<'_>, signals: &[Signal]) {
        let most = i64::from(look.policy.loss.signs_days) * DAY_MS;
        self.seen.retain(|_, seen| look.now.since_ms(seen.last) <= most);
        for signal in signals {
            let strong = signal.class == SignalClass::Strong;
            let seen = self.seen.entry(signal.sign).or_insert_with(|| Seen {
                first: look.now,
                last: look.now,
                bp: -1,
                strong,
                reason: String::new(),
                events: Vec::new(),
            });
            (seen.last, seen.strong) = (look.now, seen.strong || strong);
            if signal.bp > seen.bp {
                seen.bp = signal.bp;
                seen.reason.clone_from(&signal.reason);
                seen.events = signal.events.iter().take(CITED).copied().collect();
            }
        }
    }

    /// The account came back, or stays after all.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Asks for the exit interview, once, as soon as the loss is sure.
pub fn ask_why(turn: &Turn<'_>, look: &Look<'_>, state: &mut State, effects: &mut Effects) {
    if state.loss.sure_on.is_some() {
        return;
    }
    state.loss.sure_on = Some(look.today);
    let rules = &look.policy.loss;
    let ends = state.profile.ended_on.or(state.profile.notice_on);
    let ends = ends.map_or_else(String::new, |on| format!(" and ends on {on}"));
    effects.emit(Data::TaskCreated(TaskCreated {
        task: turn.id(TASKS),
        play: Some("exit_interview".into()),
        title: rules.interview_title.clone(),
        assignee: state.profile.owner.clone(),
        due_on: look.today.plus(rules.interview_due_days),
        why: format!("The customer leaves: that is sure since {}{ends}.", look.today),
        events: vec![turn.cause],
    }));
}

/// The account left.
pub fn churned(turn: &Turn<'_>, look: &Look<'_>, state: &mut State, data: &AccountChurned, effects: &mut Effects) {
    let told_on = data.notice_on.or(state.loss.sure_on).unwrap_or(data.service_ended_on);
    let sure_on = told_on.min(data.service_ended_on);
    state.loss.told = Some(Told {
        reason: data.reason_code.as_str().to_owned(),
        competitor: data.competitor.as_ref().map(ToString::to_string),
        voluntary: data.voluntary,
        sure_on,
        event: turn.cause,
    });
    analyse(turn, look, state, effects);
    let winback = &look.policy.winback;
    let reason = known(&data.reason_code);
    if data.voluntary && winback.reasons.iter().any(|listed| listed == reason) {
        effects.set_timer(TIMER, turn.now.plus_ms(i64::from(winback.after_days) * DAY_MS));
    }
}

/// Somebody who left told why.
pub fn interviewed(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &mut State,
    data: &ExitInterviewHeld,
    effects: &mut Effects,
) {
    state.loss.interview = Some(Interview {
        reasons: data.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
        would_return: data.would_return,
        event: turn.cause,
    });
    if state.loss.told.is_some() {
        analyse(turn, look, state, effects);
    }
    if !data.would_return {
        effects.cancel_timer(TIMER);
        effects.cancel_timer(MAIL_TIMER);
    }
}

/// What is stated, as the policy names it.
fn known(reason: &ChurnReason) -> &str {
    match reason {
        ChurnReason::Other(_) => "other",
        _ => reason.as_str(),
    }
}

/// The cause that a stated reason names.
fn cause(reason: &str) -> Option<CauseGroup> {
    match reason {
        "price" | "non_payment" => Some(CauseGroup::Money),
        "missing_feature" => Some(CauseGroup::Plan),
        "bad_fit" => Some(CauseGroup::Usage),
        "support" => Some(CauseGroup::Support),
        "competitor" => Some(CauseGroup::Market),
        "champion_left" => Some(CauseGroup::People),
        _ => None,
    }
}

fn analyse(turn: &Turn<'_>, look: &Look<'_>, state: &State, effects: &mut Effects) {
    let Some(told) = &state.loss.told else { return };
    let interview = state.loss.interview.as_ref();
    let mut seen: Vec<(&Sign, &Seen)> = state.loss.seen.iter().collect();
    seen.sort_by_key(|(sign, seen)| (seen.first, **sign));
    let reasons: Vec<String> = interview.map(|interview| interview.reasons.clone()).unwrap_or_default();
    let stated = reasons.iter().chain([&told.reason]).find_map(|reason| cause(reason));
    let strongest = seen.iter().max_by_key(|(sign, seen)| (seen.bp, std::cmp::Reverse(**sign)));
    // Who did not choose to leave had no cause that we could have read from signs.
    let root_cause = stated.or_else(|| strongest.filter(|_| told.voluntary).map(|(sign, _)| sign.group()));
    let days_before = |at: Time| u32::try_from(told.sure_on.0 - at.day().0).unwrap_or(0);
    let early = seen
        .iter()
        .find(|(_, seen)| seen.strong && days_before(seen.first) >= look.policy.loss.preventable_days.unsigned_abs());
    let (preventable, why) = judged(told, &seen, early.copied(), &days_before);
    let signs = seen.iter().map(|(sign, seen)| SignSeen {
        signal: sign.name().to_owned(),
        group: sign.group(),
        first_seen_at: seen.first,
        days_before: days_before(seen.first),
        reason: seen.reason.clone(),
        events: seen.events.clone(),
    });
    let from = told.sure_on.plus(-look.policy.loss.interventions_days).start();
    effects.emit(Data::LossAnalysed(LossAnalysed {
        reason: told.reason.clone(),
        reasons,
        root_cause,
        seen: root_cause.is_some_and(|group| seen.iter().any(|(sign, _)| sign.group() == group)),
        sure_on: told.sure_on,
        voluntary: told.voluntary,
        competitor: told.competitor.clone(),
        first_sign_at: seen.first().map(|(_, seen)| seen.first),
        alerted_days_before: state.saves.alerted.map(days_before),
        interventions: state.saves.done_since(from),
        signs: signs.collect(),
        preventable,
        why,
        would_return: interview.map(|interview| interview.would_return),
        events: interview.map(|interview| interview.event).into_iter().chain([told.event]).collect(),
    }));
    if let Some(account) = turn.entity.account_id() {
        let sample = LossSampled { account: account.to_owned(), sure_on: told.sure_on, root_cause, preventable };
        effects.emit_to(Entity::Segment(segment::NAME.into(), state.segment().to_owned()), Data::LossSampled(sample));
    }
}

/// Whether a loss could have been prevented, and why.
fn judged(
    told: &Told,
    seen: &[(&Sign, &Seen)],
    early: Option<(&Sign, &Seen)>,
    days_before: &dyn Fn(Time) -> u32,
) -> (Preventable, String) {
    if !told.voluntary || ["closed", "acquired"].contains(&told.reason.as_str()) {
        return (
            Preventable::No,
            format!("The customer did not choose against us: {}.", told.reason.replace('_', " ")),
        );
    }
    if let Some((_, seen)) = early {
        let days = days_before(seen.first);
        return (
            Preventable::Yes,
            sentence(&format!("{} was known {days} days before the loss was sure", seen.reason)),
        );
    }
    match seen.first() {
        Some((_, seen)) => {
            let days = days_before(seen.first);
            let text =
                format!("no strong sign came in time; the first of all was seen {days} days before: {}", seen.reason);
            (Preventable::TooLate, sentence(&text))
        }
        None => (Preventable::Unseen, "Nothing pointed to it.".to_owned()),
    }
}

/// The day to ask a customer who left whether they come back.
pub fn win_back(turn: &Turn<'_>, policy: &Policy, state: &State, effects: &mut Effects) {
    let Some((_, why, events)) = left(state) else { return };
    let (rules, look) = (&policy.winback, state.look(policy, turn.now));
    effects.emit(Data::TaskCreated(TaskCreated {
        task: turn.id(TASKS + 1),
        play: Some(rules.play.clone()),
        title: rules.task.clone(),
        assignee: state.profile.owner.clone(),
        due_on: look.today.plus(rules.task_due_days),
        why,
        events,
    }));
    effects.set_timer(MAIL_TIMER, turn.now.plus_ms(i64::from(rules.mail_after_days) * DAY_MS));
}

/// When and why a customer left, with the events that told it.
fn left(state: &State) -> Option<(Day, String, Vec<Position>)> {
    let told = state.loss.told.as_ref().filter(|_| state.profile.ended())?;
    let on = state.profile.ended_on.unwrap_or(told.sure_on);
    let why = format!("The customer left on {on}, because of {}.", told.reason.replace('_', " "));
    let interview = state.loss.interview.iter().map(|interview| interview.event);
    Some((on, why, interview.chain([told.event]).collect()))
}

/// The message after the call.
pub fn win_back_mail(turn: &Turn<'_>, policy: &Policy, state: &State, effects: &mut Effects) {
    let Some((on, why, events)) = left(state) else { return };
    let (rules, look) = (&policy.winback, state.look(policy, turn.now));
    let field = |name: &str, value: String| MergeField {
        name: name.to_owned(),
        value,
        source: "Account".into(),
        at: turn.now,
        events: events.clone(),
    };
    let fields = vec![
        field("left.on", on.civil().strftime("%-d %B %Y").to_string()),
        field("left.days", (look.today.0 - on.0).to_string()),
    ];
    effects.emit(Data::TouchpointRequested(TouchpointRequested {
        touch: turn.id(TASKS + 2),
        play: rules.play.clone(),
        play_version: rules.version,
        priority: Priority::Save,
        class: MessageClass::Relationship,
        template: rules.template.clone(),
        roles: rules.roles.clone(),
        why: why.clone(),
        evidence: vec![Evidence { text: why, at: on.start(), events }],
        fields,
        value: state.profile.arr,
        cause_key: format!("winback:{on}"),
    }));
}
