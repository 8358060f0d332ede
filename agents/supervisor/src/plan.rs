//! The success plan of an account: goals, milestones, measures, people and dates, as they were said last.

use std::collections::BTreeMap;

use agent::{Effects, Turn, digest};
use bus_schema::{
    Data, Day, Event, Position,
    data::{
        facts::{GoalState, PlanChanged, PlanDate, PlanMetric, PlanMilestone, PlanObjective, PlanPerson, PlanStep},
        people::{ItemState, PlanEdited, PlanKind},
        words::Label,
    },
};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Goals, milestones, measures and items of a plan, each.
const EACH_MAX: usize = 20;
/// Roles that make somebody one of the people a plan counts on.
const STAKEHOLDERS: [&str; 4] = ["sponsor", "champion", "admin", "billing"];
/// People of a plan.
const PEOPLE_MAX: usize = 20;

/// What is kept of a plan.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    goals: BTreeMap<String, Goal>,
    milestones: BTreeMap<String, (Day, Position)>,
    metrics: BTreeMap<String, Metric>,
    steps: BTreeMap<String, Step>,
    /// Digest of the plan as last said.
    said: Option<u128>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Goal {
    metric: Option<String>,
    target: Option<i64>,
    due_on: Option<Day>,
    state: GoalState,
    event: Position,
}

#[derive(Debug, Serialize, Deserialize)]
struct Metric {
    value: i64,
    target: i64,
    met: bool,
    event: Position,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    state: ItemState,
    due_on: Option<Day>,
    owner: Option<String>,
    event: Position,
}

/// Folds what moves a plan, and says the plan where it is another one.
pub(crate) fn on_event(turn: &Turn<'_>, state: &mut State, event: &Event, effects: &mut Effects) {
    let day = event.header.time.day();
    let plan = &mut state.plan;
    let reason = match &event.data {
        Data::GoalSet(data) => {
            plan.goal(&data.goal, data.metric.as_ref(), data.target, Some(data.due_on), GoalState::Open, turn.cause);
            format!("the goal {} is agreed", data.goal)
        }
        Data::GoalAchieved(data) => {
            let (goal, metric) = (&data.goal, data.metric.as_ref());
            plan.goal(goal, metric, data.target, data.due_on, GoalState::Achieved, turn.cause);
            format!("the goal {goal} is reached")
        }
        Data::GoalMissed(data) => {
            let (goal, metric) = (&data.goal, data.metric.as_ref());
            plan.goal(goal, metric, data.target, data.due_on, GoalState::Missed, turn.cause);
            format!("the goal {goal} is missed")
        }
        Data::KpiMeasured(data) => {
            let met = if data.higher_is_better { data.value >= data.target } else { data.value <= data.target };
            let metric = Metric { value: data.value, target: data.target, met, event: turn.cause };
            keep(&mut plan.metrics, data.kpi.as_str(), metric, |_| false);
            format!("{} is measured", data.kpi)
        }
        Data::MilestoneReached(data) => plan.reached(data.milestone.as_str(), day, turn.cause),
        Data::OnboardingPhaseCompleted(data) => plan.reached(&data.phase, day, turn.cause),
        Data::OnboardingCompleted(_) => plan.reached("onboarding", day, turn.cause),
        Data::PlanEdited(data) if data.plan == PlanKind::Success => plan.edited(data, turn.cause),
        Data::ContactAdded(_) | Data::ContactUpdated(_) | Data::ContactRoleChanged(_) | Data::ContactLeft(_) => {
            "the people of the account changed".into()
        }
        Data::ContractSigned(_) | Data::ContractAmended(_) => "the contract changed".into(),
        // The other kinds of READS move no plan.
        _ => return,
    };
    say(turn, state, reason, effects);
}

impl Plan {
    fn goal(
        &mut self,
        goal: &Label,
        metric: Option<&Label>,
        target: Option<i64>,
        due_on: Option<Day>,
        state: GoalState,
        event: Position,
    ) {
        // What a later word leaves out stays as it was agreed.
        let known = self.goals.remove(goal.as_str());
        let before = known.as_ref();
        let next = Goal {
            metric: metric.map(ToString::to_string).or_else(|| before.and_then(|goal| goal.metric.clone())),
            target: target.or_else(|| before.and_then(|goal| goal.target)),
            due_on: due_on.or_else(|| before.and_then(|goal| goal.due_on)),
            state,
            event,
        };
        keep(&mut self.goals, goal.as_str(), next, |goal| goal.state != GoalState::Open);
    }

    fn reached(&mut self, name: &str, day: Day, event: Position) -> String {
        if !self.milestones.contains_key(name) {
            keep(&mut self.milestones, name, (day, event), |_| false);
        }
        format!("{} is reached", name.replace('_', " "))
    }

    fn edited(&mut self, data: &PlanEdited, event: Position) -> String {
        let owner = data.owner.as_ref().map(ToString::to_string);
        let step = Step { state: data.state, due_on: data.due_on, owner, event };
        keep(&mut self.steps, data.item.as_str(), step, |step| step.state != ItemState::Open);
        format!("a person set {} to {}", data.item, item_state(data.state))
    }

    fn is_empty(&self) -> bool {
        self.goals.is_empty() && self.milestones.is_empty() && self.metrics.is_empty() && self.steps.is_empty()
    }
}

/// Keeps an entry; where there are too many, one that is over makes room, and where none is, the entry is not kept.
fn keep<V>(map: &mut BTreeMap<String, V>, name: &str, value: V, over: impl Fn(&V) -> bool) {
    if map.len() >= EACH_MAX && !map.contains_key(name) {
        let Some(old) = map.iter().find(|(_, value)| over(value)).map(|(name, _)| name.clone()) else { return };
        map.remove(&old);
    }
    map.insert(name.to_owned(), value);
}

fn say(turn: &Turn<'_>, state: &mut State, reason: String, effects: &mut Effects) {
    if state.plan.is_empty() {
        return;
    }
    let fact = said(turn.now.day(), state, reason, turn.cause);
    let digest = digest_of(&fact);
    if state.plan.said.replace(digest) != Some(digest) {
        effects.emit(Data::PlanChanged(fact));
    }
}

fn said(today: Day, state: &State, reason: String, cause: Position) -> PlanChanged {
    let plan = &state.plan;
    let objective = |(goal, kept): (&String, &Goal)| PlanObjective {
        goal: goal.clone(),
        metric: kept.metric.clone(),
        target: kept.target,
        due_on: kept.due_on,
        state: kept.state,
        event: kept.event,
    };
    let milestone = |(name, (day, event)): (&String, &(Day, Position))| PlanMilestone {
        name: name.clone(),
        reached_on: *day,
        event: *event,
    };
    let metric = |(kpi, kept): (&String, &Metric)| PlanMetric {
        kpi: kpi.clone(),
        value: kept.value,
        target: kept.target,
        met: kept.met,
        event: kept.event,
    };
    let step = |(item, kept): (&String, &Step)| PlanStep {
        item: item.clone(),
        state: item_state(kept.state).to_owned(),
        due_on: kept.due_on,
        owner: kept.owner.clone(),
        event: kept.event,
    };
    let mut milestones: Vec<PlanMilestone> = plan.milestones.iter().map(milestone).collect();
    milestones.sort_by_key(|milestone| milestone.reached_on);
    PlanChanged {
        objectives: plan.goals.iter().map(objective).collect(),
        milestones,
        metrics: plan.metrics.iter().map(metric).collect(),
        steps: plan.steps.iter().map(step).collect(),
        stakeholders: stakeholders(state),
        timeline: timeline(today, state),
        reason,
        events: vec![cause],
    }
}

fn stakeholders(state: &State) -> Vec<PlanPerson> {
    let counts = |roles: &[String]| roles.iter().any(|role| STAKEHOLDERS.contains(&role.as_str()));
    let present = state.profile.present().filter(|(_, contact)| counts(&contact.roles));
    let person = |(id, contact): (&String, &agent::profile::Contact)| PlanPerson {
        contact: id.clone(),
        roles: contact.roles.clone(),
    };
    present.map(person).take(PEOPLE_MAX).collect()
}

/// What is still due: open goals and items, the day of the decision, the end of the term.
fn timeline(today: Day, state: &State) -> Vec<PlanDate> {
    let goals = state.plan.goals.iter().filter(|(_, goal)| goal.state == GoalState::Open);
    let goals = goals.filter_map(|(name, goal)| Some(PlanDate { on: goal.due_on?, what: format!("goal: {name}") }));
    let steps = state.plan.steps.iter().filter(|(_, step)| step.state == ItemState::Open);
    let steps = steps.filter_map(|(name, step)| Some(PlanDate { on: step.due_on?, what: name.clone() }));
    let decision = state.profile.decision_day().map(|on| PlanDate { on, what: "decision on the renewal".into() });
    let end = state.profile.contract.as_ref().map(|contract| contract.term_end);
    let end = end.map(|on| PlanDate { on, what: "the term ends".into() });
    let mut dates: Vec<PlanDate> = goals.chain(steps).chain(decision).chain(end).collect();
    dates.retain(|date| date.on >= today);
    dates.sort_by(|one, other| (one.on, &one.what).cmp(&(other.on, &other.what)));
    dates
}

/// What a person would call another plan: positions and the passing of dates are not.
fn digest_of(plan: &PlanChanged) -> u128 {
    let mut parts: Vec<String> = Vec::new();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    for goal in &plan.objectives {
        let (metric, due) = (text(goal.metric.as_ref()), day(goal.due_on));
        parts.push(format!("g {} {metric} {:?} {due} {:?}", goal.goal, goal.target, goal.state));
    }
    parts.extend(plan.milestones.iter().map(|milestone| format!("m {}", milestone.name)));
    parts.extend(plan.metrics.iter().map(|metric| format!("k {} {} {}", metric.kpi, metric.value, metric.target)));
    for step in &plan.steps {
        parts.push(format!("s {} {} {} {}", step.item, step.state, day(step.due_on), text(step.owner.as_ref())));
    }
    parts.extend(plan.stakeholders.iter().map(|person| format!("p {} {}", person.contact, person.roles.join(" "))));
    parts.extend(plan.timeline.iter().filter(|date| !date.what.starts_with("goal: ")).map(|date| date.on.to_string()));
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    digest::number(&parts)
}

const fn item_state(state: ItemState) -> &'static str {
    match state {
        ItemState::Open => "open",
        ItemState::Done => "done",
        ItemState::Dropped => "dropped",
    }
}
