//! Events of an account's support, and the looks that time asks for.

use agent::{Effects, Turn, hours::Counting};
use bus_schema::{
    Data, Event, Time,
    data::{
        contact::Seniority,
        facts::{HandoffMade, Sighting, ToneChanged, ToneTrend},
        people::Verdict,
        support::{
            Author, ConversationRecorded, CsatResponded, Direction, ResolutionCode, TicketOpened, TicketReplied,
            TicketState, TicketUpdated,
        },
        words::Reading,
    },
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    clocks, escalate,
    help::Act,
    issue::{self, Told},
    month, notice,
    policy::{Metric, Policy},
    state::Account,
    ticket::{Edge, Rank, TICKETS_MAX, Ticket},
};

/// The next look at clocks, sessions, notices and resolved tickets.
const LOOK: &str = "look";
/// The end of the month.
const MONTH: &str = "month";
/// A ticket is settled when it has been resolved for so long: until then it may be opened again.
const SETTLED_DAYS: i64 = 7;
/// Executives kept.
const EXECUTIVES_MAX: usize = 30;
/// Texts on each side of a trend.
const TREND_TEXTS: usize = 3;

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let new = account.profile.first_seen.is_none();
    account.profile.fold(event);
    if new {
        effects.set_timer(MONTH, month::next(policy, turn.now));
    }
    if account.profile.ended() {
        account.tickets.clear();
        account.patterns.clear();
    }
    people(account, event);
    support(turn, policy, account, event, effects);
    around(turn, policy, account, event, effects);
    look(turn, policy, account, effects);
}

/// A timer of an account.
pub(crate) fn timer(turn: &Turn<'_>, policy: &Policy, account: &mut Account, name: &str, effects: &mut Effects) {
    if name == MONTH {
        month::review(turn, policy, account, effects);
        if !account.profile.ended() {
            effects.set_timer(MONTH, month::next(policy, turn.now));
        }
    } else if let Some(cause) = name.strip_prefix(escalate::TAKE) {
        escalate::not_taken(turn, policy, account, cause, effects);
    } else if let Some(cause) = name.strip_prefix(escalate::STATUS) {
        escalate::news(turn, policy, account, cause, effects);
    }
    look(turn, policy, account, effects);
}

/// Everything that follows from what is known now.
fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let clock = clocks::look(turn, policy, account, effects);
    let settled = settle(turn, policy, account, effects);
    let (unread, session) = account.help.settle(&policy.help, turn.now, &mut account.months);
    for unread in unread {
        let told = Told { reference: unread.event.to_string(), at: turn.now, ..Told::default() };
        let group = (unread.area.as_str(), unread.category.as_str());
        issue::sight(turn, policy, account, Sighting::NothingRead, group, told, effects);
    }
    let notice = account.notices.settle(turn.now, policy.notice.prevented_days, &mut account.months);
    escalate::review(turn, policy, account, effects);
    tone(policy, account, effects);
    match [clock, settled, session, notice].into_iter().flatten().min() {
        Some(due) => effects.set_timer(LOOK, due.max(turn.now.plus_ms(1))),
        None => effects.cancel_timer(LOOK),
    }
}

/// Who counts as an executive.
#[expect(clippy::wildcard_enum_match_arm, reason = "only people are folded here")]
fn people(account: &mut Account, event: &Event) {
    let (contact, seniority) = match &event.data {
        Data::ContactAdded(data) => (&data.contact, &data.seniority),
        Data::ContactUpdated(data) => (&data.contact, &data.seniority),
        _ => return,
    };
    match seniority {
        Some(Seniority::Executive) if account.executives.len() < EXECUTIVES_MAX => {
            account.executives.insert(contact.to_string());
        }
        Some(_) => {
            account.executives.remove(contact.as_str());
        }
        None => {}
    }
}

/// Tickets and what is said in them.
#[expect(clippy::wildcard_enum_match_arm, reason = "only tickets are folded here")]
fn support(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let at = event.header.time;
    match &event.data {
        Data::TicketOpened(data) => opened(turn, policy, account, event, data, effects),
        Data::TicketReplied(data) => replied(turn, account, event, data),
        Data::TicketUpdated(data) => updated(turn, account, at, data),
        Data::TicketEscalated(data) => change(turn, account, &data.ticket, |ticket| ticket.desk = true),
        Data::TicketResolved(data) => {
            let no_answer = data.resolution_code == Some(ResolutionCode::NoAnswer);
            change(turn, account, &data.ticket, |ticket| {
                ticket.run(false, at);
                (ticket.resolved_at, ticket.no_answer, ticket.pending) = (Some(at), no_answer, false);
            });
            let ticket = account.tickets.get(data.ticket.as_str()).filter(|_| no_answer);
            if let Some((area, category)) = ticket.map(|ticket| (ticket.area.clone(), ticket.category.clone())) {
                let told = Told { reference: data.ticket.to_string(), at, ..Told::default() };
                issue::sight(turn, policy, account, Sighting::NoAnswer, (&area, &category), told, effects);
            }
        }
        Data::TicketReopened(data) => change(turn, account, &data.ticket, |ticket| {
            if ticket.resolved_at.take().is_some() {
                ticket.reopened = ticket.reopened.saturating_add(1);
                ticket.run(true, at);
            }
        }),
        Data::CsatResponded(data) => rated(policy, account, data),
        Data::ConversationRecorded(data) => conversed(turn, account, event, data),
        _ => {}
    }
}

/// What happens around tickets: the help, feedback, incidents, patterns, decisions.
#[expect(clippy::wildcard_enum_match_arm, reason = "READS names what is folded here")]
fn around(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let at = event.header.time;
    let contact = event.header.contact.as_deref();
    match &event.data {
        Data::HelpSearched(data) => {
            let (area, category) = issue::group_of(&data.reading);
            if data.results == 0 {
                let told = Told { reference: turn.cause.to_string(), at, ..Told::default() };
                issue::sight(turn, policy, account, Sighting::NothingFound, (&area, &category), told, effects);
            }
            let found = (data.results > 0).then_some((area, category));
            if let Some(contact) = contact {
                account.help.note(&policy.help, contact, at, turn.cause, Act::Searched(found));
            }
        }
        Data::HelpViewed(_) => {
            if let Some(contact) = contact {
                account.help.note(&policy.help, contact, at, turn.cause, Act::Read);
            }
        }
        Data::HelpAnswered(data) => {
            if let Some(contact) = contact {
                account.help.note(&policy.help, contact, at, turn.cause, Act::Read);
            }
            if !data.helpful {
                let (area, category) = issue::group(data.product_area.as_deref(), data.category.as_deref());
                let told = Told { reference: data.article.to_string(), at, ..Told::default() };
                issue::sight(turn, policy, account, Sighting::NotHelpful, (&area, &category), told, effects);
            }
        }
        Data::ChatHandedOff(data) => issue::handed_off(turn, policy, account, event, data, effects),
        Data::FeedbackSubmitted(data) => issue::feedback(turn, policy, account, event, data, effects),
        Data::FeedbackStatusChanged(data) => issue::answered(turn, policy, account, event, data, effects),
        Data::IncidentCovers(data) if data.opened => {
            notice::incident(turn, policy, account, &data.incident, data.at, effects);
        }
        Data::PatternCovers(data) => notice::pattern(turn, policy, account, data, effects),
        Data::TaskCompleted(data) => escalate::task_done(turn, policy, account, &data.task, effects),
        Data::ProposalDecided(data) if data.verdict == Verdict::Approve => {
            if let Some(key) = &data.cause_key {
                account.notices.approved(key, at);
            }
        }
        _ => {}
    }
}

fn opened(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    event: &Event,
    data: &TicketOpened,
    effects: &mut Effects,
) {
    let (id, at) = (data.ticket.to_string(), event.header.time);
    if account.profile.ended() || account.tickets.contains_key(&id) || !room(account) {
        return;
    }
    let mut ticket = Ticket::new(data, at, turn.cause);
    ticket.area = ticket.area.replace('/', "-");
    let writer = event.header.contact.as_deref().unwrap_or(&data.contact);
    ticket.executive = executive(account, &data.contact) || executive(account, writer);
    let group = ticket.group();
    account.notices.ticket(&group);
    heard(account, &data.reading, turn);
    let issue = policy.issue(&ticket.category).map_or("other", |of| of.issue.as_str());
    account.months.rows(issue, &ticket.channel, |row| row.opened += 1);
    account.months.share(Metric::SelfService, false);
    if let Some(before) = account.help.ticket(&data.contact) {
        let events = std::iter::once(turn.cause).chain(before.events).collect();
        effects.emit(Data::HandoffMade(HandoffMade {
            from: "self_service".into(),
            to: "support".into(),
            subject: "ticket".into(),
            context: vec![before.text],
            task: id.clone(),
            events,
        }));
    }
    let told = Told::of(&id, &ticket, at);
    let (area, category) = (ticket.area.clone(), ticket.category.clone());
    account.tickets.insert(id, ticket);
    issue::sight(turn, policy, account, Sighting::Ticket, (&area, &category), told, effects);
}

/// Makes room for a ticket: one that is resolved goes; where all are open, there is none.
fn room(account: &mut Account) -> bool {
    if account.tickets.len() < TICKETS_MAX {
        return true;
    }
    let resolved = account.tickets.iter().filter_map(|(id, ticket)| Some((ticket.resolved_at?, id.clone()))).min();
    resolved.is_some_and(|(_, id)| account.tickets.remove(&id).is_some())
}

fn executive(account: &Account, contact: &str) -> bool {
    let sponsor = account.profile.contacts.get(contact).is_some_and(|known| known.has("sponsor"));
    sponsor || account.executives.contains(contact)
}

fn change(turn: &Turn<'_>, account: &mut Account, id: &str, change: impl FnOnce(&mut Ticket)) {
    if let Some(ticket) = account.tickets.get_mut(id) {
        ticket.cite(turn.cause);
        change(ticket);
    }
}

fn replied(turn: &Turn<'_>, account: &mut Account, event: &Event, data: &TicketReplied) {
    match data.by {
        Author::Customer => by_customer(turn, account, event, &data.ticket, &data.reading),
        Author::Agent => by_person(turn, account, event.header.time, &data.ticket),
        // A bot's answer stops no clock.
        Author::Bot | Author::Other(_) => {}
    }
}

fn by_customer(turn: &Turn<'_>, account: &mut Account, event: &Event, id: &str, reading: &Reading) {
    let at = event.header.time;
    let executive = event.header.contact.as_deref().is_some_and(|contact| executive(account, contact));
    heard(account, reading, turn);
    change(turn, account, id, |ticket| {
        ticket.read(reading);
        ticket.executive |= executive;
        if ticket.open() && std::mem::take(&mut ticket.pending) {
            ticket.run(true, at);
        }
    });
}

fn by_person(turn: &Turn<'_>, account: &mut Account, at: Time, id: &str) {
    change(turn, account, id, |ticket| {
        ticket.replied_at = ticket.replied_at.or(Some(at));
        ticket.replies = ticket.replies.saturating_add(1);
    });
}

/// One conversation, whatever way it goes: what belongs to a ticket counts there.
fn conversed(turn: &Turn<'_>, account: &mut Account, event: &Event, data: &ConversationRecorded) {
    match (&data.direction, &data.ticket) {
        (Direction::Inbound, Some(ticket)) => by_customer(turn, account, event, ticket, &data.reading),
        (Direction::Inbound, None) => heard(account, &data.reading, turn),
        (Direction::Outbound, Some(ticket)) => by_person(turn, account, event.header.time, ticket),
        (Direction::Outbound, None) | (Direction::Other(_), _) => {}
    }
}

fn updated(turn: &Turn<'_>, account: &mut Account, at: Time, data: &TicketUpdated) {
    change(turn, account, &data.ticket, |ticket| {
        if let Some(priority) = &data.priority {
            let rank = Rank::of(priority);
            if rank != ticket.rank {
                // Another promise: what was said of the old one says nothing of it. An answer that was had stays had.
                (ticket.rank, ticket.resolution_edge) = (rank, Edge::Calm);
                if ticket.answered_at().is_none() {
                    ticket.first_edge = Edge::Calm;
                }
            }
        }
        if let Some(assignee) = &data.assignee {
            ticket.assignee = Some(assignee.to_string());
        }
        match &data.state {
            Some(TicketState::PendingCustomer) if ticket.open() => {
                ticket.pending = true;
                ticket.run(false, at);
            }
            Some(TicketState::Open | TicketState::PendingUs) if ticket.open() => {
                ticket.pending = false;
                ticket.run(true, at);
            }
            _ => {}
        }
    });
}

fn rated(policy: &Policy, account: &mut Account, data: &CsatResponded) {
    let share = i64::from(data.score) * 10_000 / i64::from(data.scale).max(1);
    let good = share >= policy.csat.good_bp;
    account.months.share(Metric::Csat, good);
    let ticket = data.ticket.as_ref().and_then(|id| account.tickets.get(id.as_str()));
    if let Some((category, channel)) = ticket.map(|ticket| (ticket.category.clone(), ticket.channel.clone())) {
        let issue = policy.issue(&category).map_or("other", |of| of.issue.as_str());
        account.months.rows(issue, &channel, |row| {
            row.rated += 1;
            row.good += u32::from(good);
        });
    }
}

/// A text of the customer.
fn heard(account: &mut Account, reading: &Reading, turn: &Turn<'_>) {
    if let Some(sentiment) = reading.sentiment_bp {
        account.tone.add(sentiment.bp(), turn.cause);
        account.months.add(Metric::Tone, i64::from(sentiment.bp()));
    }
}

/// Says when the tone of the customer's texts falls, and when that is over.
fn tone(policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let Some((now_bp, before_bp, events)) = account.tone.halves(TREND_TEXTS) else { return };
    let limit = policy.severity.tone_bp;
    let trend = match account.tone.said {
        Some(ToneTrend::Falling) if now_bp > limit => ToneTrend::Rising,
        Some(ToneTrend::Falling) => return,
        _ if now_bp <= limit && now_bp < before_bp => ToneTrend::Falling,
        _ => return,
    };
    account.tone.said = Some(trend);
    let n = u32::try_from(TREND_TEXTS).unwrap_or(0);
    effects.emit(Data::ToneChanged(ToneChanged { now_bp, before_bp, n, trend, events }));
}

/// Tickets that have been resolved for a week count, each once, and go.
fn settle(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) -> Option<Time> {
    let end = |ticket: &Ticket| ticket.resolved_at.map(|at| at.plus_ms(SETTLED_DAYS * DAY_MS));
    let over: Vec<String> = account
        .tickets
        .iter()
        .filter(|(_, ticket)| end(ticket).is_some_and(|end| end <= turn.now))
        .map(|(id, _)| id.clone())
        .collect();
    for id in over {
        if let Some(ticket) = account.tickets.remove(&id) {
            count(turn, policy, account, &id, &ticket, effects);
        }
    }
    account.tickets.values().filter_map(end).min()
}

fn count(turn: &Turn<'_>, policy: &Policy, account: &mut Account, id: &str, ticket: &Ticket, effects: &mut Effects) {
    let Some(resolved_at) = ticket.resolved_at else { return };
    let calendar = &policy.calendar;
    let spent = ticket.resolution_ms(calendar, Counting::Always, resolved_at);
    let whole = resolved_at.since_ms(ticket.opened_at);
    let minutes = spent / MINUTE_MS;
    let solved = ticket.reopened == 0 && !ticket.no_answer;
    let metric = if ticket.rank == Rank::P4 { Metric::RequestResolution } else { Metric::Resolution };
    let first = ticket.first_ms(calendar, Counting::Business, resolved_at) / MINUTE_MS;
    let months = &mut account.months;
    months.add(Metric::FirstResponse, first);
    months.add(metric, minutes);
    months.share(Metric::OneTouch, ticket.replies == 1 && ticket.reopened == 0);
    months.share(Metric::SlaMet, ticket.first_edge != Edge::Breached && ticket.resolution_edge != Edge::Breached);
    months.waited(spent, whole - spent);
    let issue = policy.issue(&ticket.category).map_or("other", |of| of.issue.as_str());
    months.rows(issue, &ticket.channel, |row| {
        row.resolved += 1;
        row.solved += u32::from(solved);
        row.minutes = row.minutes.saturating_add(u64::try_from(minutes).unwrap_or(0));
    });
    let told = Told {
        minutes: u32::try_from(minutes).ok(),
        replies: Some(ticket.replies),
        team: ticket.assignee.clone(),
        ..Told::of(id, ticket, resolved_at)
    };
    let group = (ticket.area.as_str(), ticket.category.as_str());
    if issue == "how_to" && ticket.replies > policy.gaps.replies_above {
        issue::sight(turn, policy, account, Sighting::ManyReplies, group, told.clone(), effects);
    }
    issue::sight(turn, policy, account, Sighting::Resolved, group, told, effects);
}
