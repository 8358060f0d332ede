//! Tickets for each hundred orders. No tickets from a vendor that sells nothing is not health.

use super::{Evidence, Measurement, Outcome, View, count, young};

const WINDOW_DAYS: i32 = 28;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.support_per_order;
    if let Some(young) = young(view, rules.age_days_min) {
        return young;
    }
    let orders = view.account.sales.as_ref().map_or(0, |sales| sales.orders(view.today, WINDOW_DAYS));
    if orders == 0 {
        return Outcome::Missing("nothing was sold in 28 days: no tickets say nothing".into());
    }
    let support = &view.account.support;
    let tickets = support.opened.within(view.today, WINDOW_DAYS);
    let hundredths = tickets * 10_000 / orders.max(rules.orders_min);
    let mut evidence = Evidence::from(&support.opened_trail);
    evidence.total = u32::try_from(tickets).unwrap_or(u32::MAX);
    evidence.events.truncate(usize::try_from(tickets).unwrap_or(usize::MAX));
    Outcome::Measured(Measurement {
        points: rules.points.at(hundredths),
        value: Some((hundredths, "hundredths")),
        reason: format!("{} in 28 days with {}", count(tickets, "ticket", "tickets"), count(orders, "order", "orders")),
        as_of: view.now,
        evidence,
    })
}
