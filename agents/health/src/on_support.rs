//! Tickets, ratings and the tone of the customer's words.

use bus_schema::data::{
    support::{
        Author, ConversationRecorded, CsatResponded, Direction, Priority, TicketOpened, TicketReplied, TicketState,
        TicketUpdated,
    },
    words::Reading,
};

use crate::{
    metrics::Source,
    moment::Moment,
    policy::{Policy, ResolutionRule},
    state::{Account, Text, Ticket, short},
};

/// Days of tickets and answers that windows reach.
const KEEP_DAYS: i32 = 112;
const KEEP_ANSWERS_DAYS: i32 = 190;

/// A ticket was opened.
pub(crate) fn opened(account: &mut Account, moment: &Moment<'_>, data: &TicketOpened) {
    account.sources.hear(moment.source, Source::Support);
    account.support.opened.add(moment.day, KEEP_DAYS);
    account.support.opened_trail.cite(moment.cause, moment.at);
    let ticket = Ticket {
        priority: rank(&data.priority),
        opened: moment.at,
        waiting_since: None,
        waited_ms: 0,
        resolved: None,
        cause: moment.cause,
    };
    account.support.keep(short(&data.ticket), ticket);
    account.help.asked(short(&data.contact), moment.at);
    heard(account, moment, &data.reading);
}

/// Somebody wrote in a ticket; only the customer's words have a tone that counts.
pub(crate) fn replied(account: &mut Account, moment: &Moment<'_>, data: &TicketReplied) {
    account.sources.hear(moment.source, Source::Support);
    match data.by {
        Author::Customer => heard(account, moment, &data.reading),
        Author::Agent | Author::Bot | Author::Other(_) => {}
    }
}

/// A ticket changed: its priority, or whom it waits for.
pub(crate) fn updated(account: &mut Account, moment: &Moment<'_>, data: &TicketUpdated) {
    account.sources.hear(moment.source, Source::Support);
    let Some(ticket) = account.support.tickets.get_mut(&short(&data.ticket)) else { return };
    if let Some(priority) = &data.priority {
        ticket.priority = rank(priority);
    }
    match &data.state {
        Some(TicketState::PendingCustomer) => ticket.waiting_since = ticket.waiting_since.or(Some(moment.at)),
        Some(TicketState::Open | TicketState::PendingUs) => {
            if let Some(since) = ticket.waiting_since.take() {
                ticket.waited_ms += moment.at.since_ms(since).max(0);
            }
        }
        Some(TicketState::Other(_)) | None => {}
    }
}

/// A ticket was resolved.
pub(crate) fn resolved(account: &mut Account, moment: &Moment<'_>, ticket: &str, policy: &Policy) {
    account.sources.hear(moment.source, Source::Support);
    let Some(ticket) = account.support.tickets.get_mut(&short(ticket)) else { return };
    if ticket.resolved.is_some() {
        return;
    }
    let percent = ticket.took_percent(moment.at, rule(policy, ticket.priority));
    ticket.resolved = Some((moment.at, moment.day, percent));
    account.support.resolved.add(moment.day, KEEP_DAYS);
    account.support.resolve(moment.day, percent);
    if percent <= 100 {
        account.support.resolved_in_time.add(moment.day, KEEP_DAYS);
    }
    account.support.resolved_trail.cite(moment.cause, moment.at);
}

/// A resolved ticket was reopened: its clock goes on, and it is not resolved any more.
pub(crate) fn reopened(account: &mut Account, moment: &Moment<'_>, ticket: &str) {
    account.sources.hear(moment.source, Source::Support);
    account.support.reopened.add(moment.day, KEEP_DAYS);
    account.support.opened_trail.cite(moment.cause, moment.at);
    let Some(ticket) = account.support.tickets.get_mut(&short(ticket)) else { return };
    if let Some((at, day, percent)) = ticket.resolved.take() {
        ticket.waited_ms += moment.at.since_ms(at).max(0);
        account.support.resolved.take_back(day);
        account.support.unresolve(day, percent);
        if percent <= 100 {
            account.support.resolved_in_time.take_back(day);
        }
    }
}

/// A customer rated how a request was handled: good from four fifths of the scale on.
pub(crate) fn rated(account: &mut Account, moment: &Moment<'_>, data: &CsatResponded) {
    account.sources.hear(moment.source, Source::Support);
    account.support.answers.all.add(moment.day, KEEP_ANSWERS_DAYS);
    if data.scale > 0 && u32::from(data.score) * 5 >= u32::from(data.scale) * 4 {
        account.support.answers.good.add(moment.day, KEEP_ANSWERS_DAYS);
    }
    account.support.resolved_trail.cite(moment.cause, moment.at);
    heard(account, moment, &data.reading);
}

/// A conversation: inbound words have a tone, and are a touch in both directions.
pub(crate) fn conversed(account: &mut Account, moment: &Moment<'_>, data: &ConversationRecorded) {
    match data.direction {
        Direction::Inbound => {
            account.sources.hear(moment.source, Source::Relationship);
            account.relation.touch(moment.at, moment.cause);
            if let Some(contact) = moment.contact {
                account.relation.meet(short(contact), moment.at, moment.cause);
            }
            heard(account, moment, &data.reading);
        }
        Direction::Outbound | Direction::Other(_) => account.sources.hear(moment.source, Source::Relationship),
    }
}

/// An article was read or judged. Of a reader nobody knows it cannot be told whether a ticket followed.
pub(crate) fn helped(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Help);
    if let Some(contact) = moment.contact {
        account.help.read(short(contact), moment.at, moment.day, moment.cause);
    }
}

/// An escalation was raised.
pub(crate) fn escalated(account: &mut Account, moment: &Moment<'_>, escalation: &str) {
    account.support.escalations.raise(short(escalation), moment.day);
    account.support.escalations.trail.cite(moment.cause, moment.at);
}

/// An escalation is over.
pub(crate) fn calmed(account: &mut Account, moment: &Moment<'_>, escalation: &str) {
    account.support.escalations.end(short(escalation));
    account.support.escalations.trail.cite(moment.cause, moment.at);
}

/// Takes in how a text of the customer sounds.
pub(crate) fn heard(account: &mut Account, moment: &Moment<'_>, reading: &Reading) {
    if let Some(tone) = reading.sentiment_bp {
        account.support.hear(Text { at: moment.at, tone_bp: tone.bp(), cause: moment.cause });
    }
}

const fn rank(priority: &Priority) -> u8 {
    match priority {
        Priority::P1 => 1,
        Priority::P2 => 2,
        Priority::P3 | Priority::Other(_) => 3,
        Priority::P4 => 4,
    }
}

const fn rule(policy: &Policy, priority: u8) -> ResolutionRule {
    match priority {
        1 => policy.resolution.p1,
        2 => policy.resolution.p2,
        4 => policy.resolution.p4,
        _ => policy.resolution.p3,
    }
}
