//! Clocks of tickets: what was promised, how much is used, and the one warning at each edge.

use agent::{Effects, Turn, hours::Calendar};
use bus_schema::{
    Data, Time,
    data::facts::{SlaBreached, SlaClock, SlaPromise, SlaWarned},
};

use crate::{
    policy::{Policy, Promise},
    state::Account,
    ticket::{Edge, Ticket},
};

/// A clock that runs. One that rests, is done or ran out comes to no further edge.
struct Standing {
    clock: SlaClock,
    promise: Promise,
    /// It runs from here,
    since: Time,
    /// having used so much before.
    before_ms: i64,
    used_ms: i64,
    said: Edge,
}

/// Looks at every clock and says what is to be said; answers when to look again.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) -> Option<Time> {
    let segment = account.segment().to_owned();
    let mut next = None;
    for (id, ticket) in &mut account.tickets {
        let (first, resolution) = policy.promises(ticket.rank, &segment);
        let standings =
            [first_response(policy, ticket, first, turn.now), to_the_end(policy, ticket, resolution, turn.now)];
        for standing in standings.into_iter().flatten() {
            let edge = edge(policy, &standing).max(standing.said);
            if edge > standing.said {
                say(policy, id, ticket, &standing, edge, effects);
            }
            if let Some(due) = next_edge(policy, &standing, edge) {
                next = Some(next.map_or(due, |known: Time| known.min(due)));
            }
        }
    }
    next
}

fn first_response(policy: &Policy, ticket: &Ticket, promise: Promise, now: Time) -> Option<Standing> {
    let said = ticket.first_edge;
    (ticket.answered_at().is_none() && said < Edge::Breached).then(|| Standing {
        clock: SlaClock::FirstResponse,
        promise,
        since: ticket.opened_at,
        before_ms: 0,
        used_ms: policy.calendar.between(promise.counting, ticket.opened_at, now),
        said,
    })
}

fn to_the_end(policy: &Policy, ticket: &Ticket, promise: Promise, now: Time) -> Option<Standing> {
    let said = ticket.resolution_edge;
    let since = ticket.running_since().filter(|_| said < Edge::Breached)?;
    let used_ms = ticket.resolution_ms(&policy.calendar, promise.counting, now);
    let before_ms = used_ms - policy.calendar.between(promise.counting, since, now);
    Some(Standing { clock: SlaClock::Resolution, promise, since, before_ms, used_ms, said })
}

fn edge(policy: &Policy, standing: &Standing) -> Edge {
    let (used, of) = (i128::from(standing.used_ms) * 10_000, i128::from(standing.promise.ms));
    if used >= of * 10_000 {
        Edge::Breached
    } else if used >= of * i128::from(policy.sla.urgent_bp) {
        Edge::Urgent
    } else if used >= of * i128::from(policy.sla.warn_bp) {
        Edge::Warned
    } else {
        Edge::Calm
    }
}

/// When a clock that runs comes to its next edge.
fn next_edge(policy: &Policy, standing: &Standing, said: Edge) -> Option<Time> {
    let bp = match said {
        Edge::Calm => policy.sla.warn_bp,
        Edge::Warned => policy.sla.urgent_bp,
        Edge::Urgent => 10_000,
        Edge::Breached => return None,
    };
    Some(reaches(&policy.calendar, standing, bp))
}

/// When so much of a promise is used.
fn reaches(calendar: &Calendar, standing: &Standing, bp: i64) -> Time {
    let ms = i128::from(standing.promise.ms) * i128::from(bp);
    let ms = i64::try_from((ms + 9_999) / 10_000).unwrap_or(i64::MAX / 4);
    calendar.after(standing.promise.counting, standing.since, ms - standing.before_ms)
}

fn say(policy: &Policy, id: &str, ticket: &mut Ticket, standing: &Standing, edge: Edge, effects: &mut Effects) {
    let promise = SlaPromise {
        policy: policy.sla.policy.clone(),
        priority: ticket.rank.name().into(),
        minutes: u32::try_from(standing.promise.ms / 60_000).unwrap_or(u32::MAX),
        counting: standing.promise.counting.name().into(),
    };
    let due = reaches(&policy.calendar, standing, 10_000);
    let (ticket_id, clock, events) = (id.to_owned(), standing.clock, ticket.events());
    if edge == Edge::Breached {
        effects.emit(Data::SlaBreached(SlaBreached { ticket: ticket_id, clock, due, promise, events }));
    } else {
        let used = i128::from(standing.used_ms) * 10_000 / i128::from(standing.promise.ms.max(1));
        effects.emit(Data::SlaWarned(SlaWarned {
            ticket: ticket_id,
            clock,
            used_bp: u16::try_from(used).unwrap_or(u16::MAX),
            due,
            urgent: edge == Edge::Urgent,
            promise,
            events,
        }));
    }
    match standing.clock {
        SlaClock::FirstResponse => ticket.first_edge = edge,
        SlaClock::Resolution => ticket.resolution_edge = edge,
    }
}
