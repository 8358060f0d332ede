//! The review kit: who should come, what to read before, what was agreed and what became of it.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Position,
    data::facts::{ActionsTracked, MetricState, ReviewGuest, ReviewKitPrepared, ReviewLine, TrackedAction},
};
use serde::{Deserialize, Serialize};

use crate::{
    cadence::{Kind, days},
    plays,
    policy::Policy,
    state::Account,
};

/// Goals, measures, outcomes, launches and actions kept, each.
const LINES_MAX: usize = 8;
/// People who are asked to come.
const PEOPLE_MAX: usize = 6;
/// Roles that should come, most wanted first.
const WANTED: [&str; 3] = ["sponsor", "champion", "admin"];
/// Measurements of use that a kit tells.
const USE: [&str; 3] = ["user_engagement", "feature_adoption", "usage_trend"];

/// A line as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Line {
    text: String,
    event: Position,
}

/// What a kit is made of. The latest of each name counts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Kit {
    goals: BTreeMap<String, Line>,
    kpis: BTreeMap<String, Line>,
    usage: BTreeMap<String, Line>,
    value: BTreeMap<String, Line>,
    launches: BTreeMap<String, Line>,
    actions: Vec<Action>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Action {
    what: String,
    task: String,
    on: Day,
    event: Position,
}

/// Keeps a line; the oldest makes room.
fn keep(lines: &mut BTreeMap<String, Line>, name: &str, text: String, event: Position) {
    lines.insert(name.to_owned(), Line { text, event });
    if lines.len() > LINES_MAX
        && let Some(oldest) = lines.iter().min_by_key(|(_, line)| line.event).map(|(name, _)| name.clone())
    {
        lines.remove(&oldest);
    }
}

/// Folds what a kit tells.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds are told in no kit")]
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let (kit, cause) = (&mut account.kit, turn.cause);
    match &event.data {
        Data::GoalSet(data) => keep(&mut kit.goals, &data.goal, format!("{}: due {}", data.goal, data.due_on), cause),
        Data::GoalAchieved(data) => keep(&mut kit.goals, &data.goal, format!("{}: achieved", data.goal), cause),
        Data::GoalMissed(data) => keep(&mut kit.goals, &data.goal, format!("{}: missed", data.goal), cause),
        Data::KpiMeasured(data) => {
            let text =
                format!("{} {} of {} for {}", data.kpi, thousandths(data.value), thousandths(data.target), data.period);
            keep(&mut kit.kpis, &data.kpi, text, cause);
        }
        Data::RoiReported(data) => {
            keep(&mut kit.value, &data.period, format!("{} in {}", data.value.in_words(), data.period), cause);
        }
        Data::OutcomeDocumented(data) => {
            keep(&mut kit.value, &data.period, format!("{} in {}", data.value.in_words(), data.period), cause);
        }
        Data::FeatureLaunched(data) => {
            keep(
                &mut kit.launches,
                &data.feature,
                format!("{} came out on {}", data.feature, event.header.time.day()),
                cause,
            );
        }
        Data::HealthScored(data) => {
            for metric in data.pillars.iter().flat_map(|pillar| &pillar.metrics) {
                if metric.state == MetricState::Known && USE.contains(&metric.metric.as_str()) {
                    keep(&mut kit.usage, &metric.metric, metric.reason.clone(), cause);
                }
            }
        }
        Data::ReviewHeld(data) => agreed(turn, policy, account, &data.actions, event.header.time.day(), effects),
        Data::TaskCompleted(data) => done(account, &data.task, effects),
        _ => {}
    }
}

fn thousandths(value: i64) -> String {
    let (whole, rest) = (value / 1_000, (value % 1_000).abs());
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}").trim_end_matches('0').to_owned() }
}

/// What was agreed becomes tasks, and so does the plan that it changes.
fn agreed(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    actions: &[bus_schema::data::words::Label],
    on: Day,
    effects: &mut Effects,
) {
    let reason = format!("agreed in the review of {on}");
    for action in actions.iter().take(LINES_MAX) {
        let task = plays::task(turn, policy, account, None, (action, &reason), &[turn.cause], effects);
        account.kit.actions.push(Action { what: action.to_string(), task, on, event: turn.cause });
    }
    let over = account.kit.actions.len().saturating_sub(LINES_MAX);
    account.kit.actions.drain(..over);
    if !actions.is_empty() {
        effects.emit(Data::ActionsTracked(ActionsTracked { open: open(&account.kit), done: Vec::new() }));
    }
    plays::task(turn, policy, account, None, ("Bring the success plan up to date", &reason), &[turn.cause], effects);
}

fn done(account: &mut Account, task: &str, effects: &mut Effects) {
    let done: Vec<Action> = account.kit.actions.extract_if(.., |action| action.task == task).collect();
    if !done.is_empty() {
        let done = done.iter().map(tracked).collect();
        effects.emit(Data::ActionsTracked(ActionsTracked { open: open(&account.kit), done }));
    }
}

fn tracked(action: &Action) -> TrackedAction {
    TrackedAction { action: action.what.clone(), task: action.task.clone(), agreed_on: action.on }
}

fn open(kit: &Kit) -> Vec<TrackedAction> {
    kit.actions.iter().map(tracked).collect()
}

/// Some days before a review, what to read before it is ready.
pub(crate) fn prepare(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let before = days(policy.relation.cadence.pre_read_days);
    let near: Vec<(Kind, Day)> = account
        .relation
        .reviews
        .iter()
        .filter(|(_, review)| !review.kit)
        .filter_map(|(kind, review)| Some((*kind, review.on.filter(|on| on.0 - today.0 <= before)?)))
        .collect();
    for (kind, on) in near {
        if let Some(review) = account.relation.reviews.get_mut(&kind) {
            review.kit = true;
            // One that is not held by then is due again after its time.
            review.on = review.on.filter(|on| *on > today);
        }
        effects.emit(Data::ReviewKitPrepared(kit(account, kind, on)));
        let reason = format!("the {} review is on {on}", kind.name());
        let title = "Send those who come what to read before";
        plays::task(turn, policy, account, None, (title, &reason), &[], effects);
    }
    // A day that passed without a review is no appointment any more.
    for review in account.relation.reviews.values_mut().filter(|review| review.kit) {
        review.on = review.on.filter(|on| *on >= today);
    }
}

fn kit(account: &Account, kind: Kind, on: Day) -> ReviewKitPrepared {
    let lines = |lines: &BTreeMap<String, Line>| -> Vec<ReviewLine> {
        lines.values().map(|line| ReviewLine { text: line.text.clone(), events: vec![line.event] }).collect()
    };
    let mut people: Vec<(usize, ReviewGuest)> = account
        .profile
        .present()
        .filter_map(|(contact, known)| {
            let place = WANTED.iter().position(|role| known.has(role))?;
            Some((place, ReviewGuest { contact: contact.clone(), roles: known.roles.clone() }))
        })
        .collect();
    people.sort_by(|one, other| (one.0, &one.1.contact).cmp(&(other.0, &other.1.contact)));
    people.truncate(PEOPLE_MAX);
    let own = &account.kit;
    let gaps = [
        (people.iter().all(|(place, _)| *place > 0), "no sponsor is known"),
        (own.goals.is_empty(), "no goal is set"),
        (own.kpis.is_empty(), "none of the customer's own measures is known"),
        (own.value.is_empty(), "no value is documented"),
        (own.usage.is_empty(), "use is not measured"),
    ];
    let action = |action: &Action| ReviewLine {
        text: format!("{}, since {}", action.what, action.on),
        events: vec![action.event],
    };
    ReviewKitPrepared {
        review: kind.name().into(),
        on,
        participants: people.into_iter().map(|(_, person)| person).collect(),
        objectives: lines(&own.goals),
        kpis: lines(&own.kpis),
        usage: lines(&own.usage),
        roi: lines(&own.value),
        roadmap: lines(&own.launches),
        actions: own.actions.iter().map(action).collect(),
        gaps: gaps.iter().filter(|(missing, _)| *missing).map(|(_, gap)| (*gap).to_owned()).collect(),
    }
}
