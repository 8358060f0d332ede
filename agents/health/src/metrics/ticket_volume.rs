//! Tickets for each hundred active users. No tickets from nobody is not health.

use std::fmt::Write as _;

use super::{Evidence, Measurement, Outcome, View, bounded, count};

const WINDOW_DAYS: i32 = 28;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let support = &view.account.support;
    let rules = &view.policy.metric.ticket_volume;
    let users = view.account.measured.active;
    if users == 0 {
        return Outcome::Missing("nobody was active in 28 days: no tickets say nothing".into());
    }
    let tickets = support.opened.within(view.today, WINDOW_DAYS);
    let hundredths = tickets * 10_000 / users.max(rules.users_min);
    let (p1, reopened) = (support.open_p1(), support.reopened.within(view.today, WINDOW_DAYS));
    let points = rules.points.at(hundredths) - rules.p1_costs * p1 - rules.reopened_costs * reopened;
    let mut reason = format!(
        "{} in 28 days with {}",
        count(tickets, "ticket", "tickets"),
        count(users, "active user", "active users")
    );
    if p1 > 0 {
        let _ = write!(reason, ", {p1} urgent open");
    }
    if reopened > 0 {
        let _ = write!(reason, ", {reopened} reopened");
    }
    let mut evidence = Evidence::from(&support.opened_trail);
    evidence.total = u32::try_from(tickets).unwrap_or(u32::MAX);
    evidence.events.truncate(usize::try_from(tickets).unwrap_or(usize::MAX));
    Outcome::Measured(Measurement {
        points: bounded(points),
        value: Some((hundredths, "hundredths")),
        reason,
        as_of: view.now,
        evidence,
    })
}
