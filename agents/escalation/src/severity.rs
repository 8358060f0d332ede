//! Points of severity: what makes a ticket more than support, each point with its reason.

use bus_schema::{Day, data::facts::EscalationLevel};

use crate::{
    policy::Policy,
    state::Account,
    ticket::{Edge, Rank, Ticket},
};

/// The points of a ticket, in words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Points {
    /// All of them.
    pub(crate) sum: u16,
    /// Each in words.
    pub(crate) reasons: Vec<String>,
}

impl Points {
    fn add(&mut self, points: u16, reason: &str) {
        if points > 0 {
            self.sum = self.sum.saturating_add(points);
            self.reasons.push(format!("{reason}: {points}"));
        }
    }
}

/// The points of a ticket of an account.
pub(crate) fn points(policy: &Policy, account: &Account, ticket: &Ticket, today: Day) -> Points {
    let rule = &policy.severity;
    let mut points = Points::default();
    match ticket.rank {
        Rank::P1 => points.add(rule.p1, "priority p1"),
        Rank::P2 => points.add(rule.p2, "priority p2"),
        Rank::P3 | Rank::P4 => {}
    }
    // A first response that came late has been had: only a clock that still runs presses on.
    let first = if ticket.answered_at().is_none() { ticket.first_edge } else { Edge::Calm };
    match first.max(ticket.resolution_edge) {
        Edge::Breached => points.add(rule.breached, "a promise was broken"),
        Edge::Urgent => points.add(rule.nearly_breached, "a promise is nearly broken"),
        Edge::Warned | Edge::Calm => {}
    }
    if ticket.reopened >= 2 {
        points.add(rule.reopened_twice, &format!("opened again {} times", ticket.reopened));
    }
    if ticket.tone_falls(rule.tone_bp) {
        points.add(rule.tone_falling, "the customer's tone is bad and falls");
    }
    if ticket.asks {
        points.add(rule.asks_or_threatens, "asks for a manager or threatens to leave");
    }
    if ticket.executive {
        points.add(rule.executive, "an executive or sponsor takes part");
    }
    if ticket.desk {
        points.add(rule.desk, "the desk escalated it");
    }
    if rule.high_value_segments.iter().any(|name| name == account.segment()) {
        points.add(rule.high_value, &format!("{} account", account.segment()));
    }
    if renewal_near(policy, account, today) {
        points.add(rule.renewal_near, &format!("decides on its renewal within {} days", rule.renewal_days));
    }
    if account.patterns.contains(&ticket.group()) {
        points.add(rule.in_pattern, "part of an open pattern");
    }
    points
}

/// Whether the account decides on its renewal soon.
pub(crate) fn renewal_near(policy: &Policy, account: &Account, today: Day) -> bool {
    let days = account.profile.decision_day().map(|day| day.0 - today.0);
    days.is_some_and(|days| (0..=policy.severity.renewal_days).contains(&days))
}

/// How high so many points stand.
pub(crate) fn level(policy: &Policy, points: u16) -> Option<EscalationLevel> {
    let rule = &policy.severity;
    if points >= rule.executive_from {
        Some(EscalationLevel::Executive)
    } else if points >= rule.urgent_from {
        Some(EscalationLevel::Urgent)
    } else if points >= rule.escalated_from {
        Some(EscalationLevel::Escalated)
    } else {
        None
    }
}
