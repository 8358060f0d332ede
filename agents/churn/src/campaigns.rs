//! Campaigns: tasks for people when an alert is serious enough, by the kind of risk. A mail never comes first here.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Position,
    data::facts::{CauseGroup, TaskCreated},
};

use crate::{
    plays::sentence,
    signals::{Look, Signal},
    state::State,
};

/// Ids of tasks are counted apart from those of alerts, touches and cases.
const TASKS: u32 = 3_000;

/// Gives the tasks of campaigns that an alert did not have yet.
pub fn ask(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &mut State,
    signals: &[Signal],
    group: CauseGroup,
    effects: &mut Effects,
) {
    if state.saves.held_out() {
        return;
    }
    let mut n = TASKS;
    for campaign in &look.policy.campaigns {
        let first = n;
        n += u32::try_from(campaign.tasks.len()).unwrap_or(0);
        let Some(alert) = state.alerts.get(&group) else { return };
        if campaign.group != group || alert.tier < campaign.tier || alert.played.contains(&campaign.name) {
            continue;
        }
        let own = signals.iter().filter(|signal| signal.sign.group() == group);
        let meant = own.filter(|signal| campaign.signals.is_empty() || campaign.signals.contains(&signal.sign));
        let Some(largest) = meant.max_by_key(|signal| (signal.bp, std::cmp::Reverse(signal.sign))) else { continue };
        let (why, events): (String, Vec<Position>) = (sentence(&largest.reason), largest.events.clone());
        for (n, task) in (first..).zip(&campaign.tasks) {
            let id = turn.id(n);
            state.saves.asked(&id);
            effects.emit(Data::TaskCreated(TaskCreated {
                task: id,
                play: Some(campaign.name.clone()),
                title: task.title.clone(),
                assignee: task.assignee.clone().or_else(|| state.profile.owner.clone()),
                due_on: look.today.plus(task.due_days),
                why: why.clone(),
                events: events.clone(),
            }));
        }
        if let Some(alert) = state.alerts.get_mut(&group) {
            alert.played.push(campaign.name.clone());
        }
    }
}
