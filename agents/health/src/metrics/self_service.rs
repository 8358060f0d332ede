//! How often customers find help by themselves, of all the times they look for it.

use agent::arithmetic::share;

use super::{Evidence, Measurement, Outcome, View, percent};

const WINDOW_DAYS: i32 = 90;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.self_service;
    let helped = account.help.helped.within(view.today, WINDOW_DAYS);
    let all = helped + account.support.opened.within(view.today, WINDOW_DAYS);
    let Some(at) = account.help.trail.at() else {
        return Outcome::Missing("nobody was ever seen in the help".into());
    };
    let share = share(helped, all).filter(|_| all >= rules.sessions_min);
    let Some(bp) = share else {
        return Outcome::Missing(format!(
            "{all} searches for help in {WINDOW_DAYS} days, {} are needed",
            rules.sessions_min
        ));
    };
    Outcome::Measured(Measurement {
        points: rules.points.at(bp),
        value: Some((bp, "bp")),
        reason: format!("{} % of {all} questions in {WINDOW_DAYS} days were answered without a ticket", percent(bp)),
        as_of: at,
        evidence: Evidence::from(&account.help.trail),
    })
}
