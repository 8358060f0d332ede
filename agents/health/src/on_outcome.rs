//! Goals, and the value that customer or CSM stand for.

use bus_schema::{
    Day, Money,
    data::{value::Attestor, words::Label},
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
    account.outcomes.worth_trail.cite(moment.cause, moment.at);
    account.outcomes.value(Worth { value, cost, days: period_days(period), at: moment.at });
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
