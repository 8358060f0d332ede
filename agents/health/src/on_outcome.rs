//! Goals, and the value that customer or CSM stand for.

use bus_schema::{
    Day, Money,
    data::{
        people::{ItemState, PlanEdited, PlanKind},
        usage::{Milestone, MilestoneReached},
        value::{Attestor, KpiMeasured},
        words::Label,
    },
};

use crate::{
    metrics::Source,
    moment::Moment,
    state::{Account, Goal, GoalState, Worth, short},
};

/// A goal was set or judged.
pub(crate) fn goal(account: &mut Account, moment: &Moment<'_>, id: &Label, due: Option<Day>, state: GoalState) {
    account.sources.hear(moment.source, Source::Outcomes);
    let outcomes = &mut account.outcomes;
    outcomes.goals_trail.cite(moment.cause, moment.at);
    let known = outcomes.goals.get(&short(id)).map(|goal| goal.due);
    let goal = Goal { due: due.or(known).unwrap_or(moment.day), state, at: moment.at, cause: moment.cause };
    outcomes.keep(short(id), goal);
}

/// A return or an outcome was documented. An agent cannot stand for one.
pub(crate) fn documented(
    account: &mut Account,
    moment: &Moment<'_>,
    (value, cost): (Money, Option<Money>),
    period: &str,
    by: &Attestor,
) {
    account.sources.hear(moment.source, Source::Outcomes);
    match by {
        Attestor::Customer | Attestor::Csm => {}
        Attestor::Other(_) => return,
    }
    account.outcomes.valued(moment.day, moment.cause);
    account.outcomes.worth_trail.cite(moment.cause, moment.at);
    account.outcomes.value(Worth { value, cost, days: period_days(period), at: moment.at });
}

/// A measure of success was read.
pub(crate) fn kpi(account: &mut Account, moment: &Moment<'_>, data: &KpiMeasured) {
    account.sources.hear(moment.source, Source::Outcomes);
    let met = if data.higher_is_better { data.value >= data.target } else { data.value <= data.target };
    account.outcomes.read(short(&data.kpi), moment.day, met);
    account.outcomes.kpis_trail.cite(moment.cause, moment.at);
}

/// A use case was named, or is live.
pub(crate) fn use_case(account: &mut Account, moment: &Moment<'_>, case: &str, live: bool) {
    account.sources.hear(moment.source, Source::Outcomes);
    account.outcomes.case(short(case), live);
    account.outcomes.cases_trail.cite(moment.cause, moment.at);
}

/// An item of the success plan changed; other plans are ours, not the customer's success.
pub(crate) fn plan(account: &mut Account, moment: &Moment<'_>, data: &PlanEdited) {
    match data.plan {
        PlanKind::Success => {}
        PlanKind::Onboarding | PlanKind::Save | PlanKind::Renewal | PlanKind::Expansion => return,
    }
    account.sources.hear(moment.source, Source::Outcomes);
    let item = short(&data.item);
    match data.state {
        ItemState::Open => account.outcomes.item(item, data.due_on, None),
        ItemState::Done => account.outcomes.item(item, data.due_on, Some(moment.day)),
        ItemState::Dropped => account.outcomes.drop_item(item),
    }
    account.outcomes.plan_trail.cite(moment.cause, moment.at);
}

/// A milestone; the first value is one, and so is the first outcome or sale.
pub(crate) fn milestone(account: &mut Account, moment: &Moment<'_>, data: &MilestoneReached) {
    account.sources.hear(moment.source, Source::Outcomes);
    match data.milestone {
        Milestone::FirstValue | Milestone::FirstOutcome | Milestone::FirstSale => {
            account.outcomes.valued(moment.day, moment.cause);
        }
        Milestone::Custom | Milestone::Other(_) => {}
    }
}

/// Days of a period: `2026`, `2026-H1`, `2026-Q3`, `2026-07`, `2026-W31`; a year where it says something else.
fn period_days(period: &str) -> i64 {
    let part = period.split_once('-').map_or("", |(_, part)| part);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match part.as_bytes().first() {
        Some(b'H') => 182,
        Some(b'Q') => 91,
        Some(b'W') => 7,
        Some(_) if part.len() == 2 && digits(part) => 30,
        Some(_) | None => 365,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_write_them() {
        for (period, days) in
            [("2026", 365), ("2026-H2", 182), ("2026-Q1", 91), ("2026-03", 30), ("2026-W07", 7), ("since launch", 365)]
        {
            assert_eq!(period_days(period), days, "{period}");
        }
    }
}
