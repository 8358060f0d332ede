//! Goals achieved of those that are due.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, count};
use crate::state::{Goal, GoalState};

const WINDOW_DAYS: i32 = 365;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let outcomes = &view.account.outcomes;
    let rules = &view.policy.metric.goals_achieved;
    let from = view.today.plus(-WINDOW_DAYS);
    let due = |goal: &&Goal| match goal.state {
        GoalState::Open => goal.due <= view.today && goal.due >= from,
        GoalState::Achieved | GoalState::Missed => view.day_of(goal.at) >= from,
    };
    let goals: Vec<&Goal> = outcomes.goals.values().filter(due).collect();
    if goals.is_empty() {
        let set = count(i64::try_from(outcomes.goals.len()).unwrap_or(0), "goal", "goals");
        return Outcome::Missing(format!("{set} set, none due in {WINDOW_DAYS} days"));
    }
    // Halves: a goal that came due lately and is not judged yet may still turn out either way.
    let halves = |goal: &&Goal| match goal.state {
        GoalState::Achieved => 2,
        GoalState::Open if view.today.0 - goal.due.0 <= rules.grace_days => 1,
        GoalState::Open | GoalState::Missed => 0,
    };
    let n = i64::try_from(goals.len()).unwrap_or(i64::MAX);
    let reached: i64 = goals.iter().map(halves).sum();
    let achieved = goals.iter().filter(|goal| goal.state == GoalState::Achieved).count();
    let Some(bp) = share(reached, 2 * n) else { return Outcome::Missing("no goal is due".into()) };
    let as_of = |goal: &&Goal| match goal.state {
        GoalState::Open => goal.at.max(goal.due.start()),
        GoalState::Achieved | GoalState::Missed => goal.at,
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{achieved} of {} achieved", count(n, "goal due", "goals due")),
        as_of: goals.iter().map(as_of).max().unwrap_or(view.now),
        evidence: Evidence::from(&outcomes.goals_trail),
    })
}
