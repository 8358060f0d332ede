//! What an account tells the group of an issue, and the hand-offs to product and support.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Entity, Event, Position, Time,
    data::{
        facts::{HandoffMade, PatternSighted, Sighting, TaskCreated},
        support::{ChatHandedOff, FeedbackStatusChanged, FeedbackSubmitted, FeedbackType},
        words::{Reading, Sentiment},
    },
};

use crate::{
    next_id, notice,
    policy::{Policy, Trigger},
    severity,
    state::{Account, Asked},
    ticket::{Rank, Ticket},
};

/// Requests kept that wait for an answer.
const ASKED_MAX: usize = 50;
/// Days until a task for product is due.
const PRODUCT_DAYS: i32 = 5;

/// What is told beside the group.
#[derive(Clone, Default)]
pub(crate) struct Told {
    pub(crate) reference: String,
    pub(crate) at: Time,
    pub(crate) rank: Rank,
    pub(crate) sentiment_bp: Option<i32>,
    pub(crate) minutes: Option<u32>,
    pub(crate) replies: Option<u32>,
    pub(crate) team: Option<String>,
}

impl Told {
    /// Of a ticket.
    pub(crate) fn of(id: &str, ticket: &Ticket, at: Time) -> Self {
        Self {
            reference: id.to_owned(),
            at,
            rank: ticket.rank,
            sentiment_bp: ticket.texts.back().copied(),
            ..Self::default()
        }
    }
}

/// The group of an issue: an area without slashes, so that it reads back.
pub(crate) fn group(area: Option<&str>, category: Option<&str>) -> (String, String) {
    let area = area.unwrap_or("general").replace('/', "-");
    (area, category.unwrap_or("question").to_owned())
}

/// The group a text is about.
pub(crate) fn group_of(reading: &Reading) -> (String, String) {
    group(reading.product_area.as_deref(), reading.category.as_deref())
}

/// Tells a group what was seen. Patterns are of customers alone.
pub(crate) fn sight(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    sighting: Sighting,
    (area, category): (&str, &str),
    told: Told,
    effects: &mut Effects,
) {
    let Some(id) = turn.entity.account_id().filter(|_| !account.profile.vendor) else { return };
    let today = turn.now.day_in(&policy.calendar.zone);
    let fact = PatternSighted {
        sighting,
        account: id.to_owned(),
        reference: told.reference,
        at: told.at,
        event: turn.cause,
        known_since: account.profile.first_seen.unwrap_or(today),
        segment: account.segment().to_owned(),
        arr: account.profile.arr,
        renewal_near: severity::renewal_near(policy, account, today),
        in_incident: !account.profile.incidents.is_empty(),
        weight: told.rank.weight(),
        sentiment_bp: told.sentiment_bp,
        minutes: told.minutes,
        replies: told.replies,
        team: told.team,
    };
    effects.emit_to(Entity::Pattern(area.to_owned(), category.to_owned()), Data::PatternSighted(fact));
}

/// A customer asks for something or reports something: product hears of it, with what is at stake.
pub(crate) fn feedback(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    event: &Event,
    data: &FeedbackSubmitted,
    effects: &mut Effects,
) {
    let (sighting, kind) = match data.feedback_type {
        FeedbackType::FeatureRequest => (Sighting::FeatureRequest, "feature_request"),
        FeedbackType::Bug => (Sighting::Bug, "bug"),
        FeedbackType::Complaint => (Sighting::Complaint, "complaint"),
        FeedbackType::Praise | FeedbackType::Other(_) => return,
    };
    let (area, _) = group(Some(&data.product_area), None);
    if account.asked.len() < ASKED_MAX {
        let asked = Asked { area: area.clone(), kind: kind.to_owned(), event: turn.cause };
        account.asked.insert(data.feedback.to_string(), asked);
    }
    let told = Told {
        reference: data.feedback.to_string(),
        at: event.header.time,
        sentiment_bp: data.reading.sentiment_bp.map(Sentiment::bp),
        ..Told::default()
    };
    sight(turn, policy, account, sighting, (&area, kind), told, effects);
    let today = turn.now.day_in(&policy.calendar.zone);
    let said = |flag: Option<bool>| flag == Some(true);
    let pressing = said(data.reading.threatens_to_leave) || said(data.reading.asks_for_manager);
    let near = severity::renewal_near(policy, account, today);
    let urgency = if pressing || near { "urgent" } else { "as usual" };
    let at_stake = account.profile.arr.map_or_else(
        || "revenue at stake is not known".to_owned(),
        |arr| format!("{} {}.{:02} a year at stake", arr.currency, arr.minor / 100, arr.minor % 100),
    );
    let context = vec![
        format!("{} on {area}", kind.replace('_', " ")),
        urgency.to_owned(),
        at_stake.clone(),
        format!("{} account", account.segment()),
    ];
    hand_off(
        turn,
        ("success", "product", kind),
        (format!("Answer the {} on {area}", kind.replace('_', " ")), Some("product".into())),
        (context, format!("A customer asked; {urgency}, {at_stake}.")),
        vec![turn.cause],
        today.plus(if urgency == "urgent" { 1 } else { PRODUCT_DAYS }),
        effects,
    );
}

/// What a customer asked for was decided on: an answer is proposed.
pub(crate) fn answered(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    event: &Event,
    data: &FeedbackStatusChanged,
    effects: &mut Effects,
) {
    let outcome = match (data.shipped_on, data.status.as_str()) {
        (Some(_), _) | (None, "shipped" | "done" | "released") => "shipped",
        (None, "declined" | "rejected" | "wont_do") => "declined",
        (None, _) => return,
    };
    let Some(asked) = account.asked.remove(data.feedback.as_str()) else { return };
    let told = Told { reference: data.feedback.to_string(), at: event.header.time, ..Told::default() };
    sight(turn, policy, account, Sighting::Answered, (&asked.area, &asked.kind), told, effects);
    let fields = [
        ("feedback.area", asked.area.clone()),
        ("feedback.kind", asked.kind.replace('_', " ")),
        ("feedback.outcome", outcome.to_owned()),
    ];
    let events = [asked.event, turn.cause];
    let why =
        format!("The {} on {} was {outcome}; who asked should hear of it.", asked.kind.replace('_', " "), asked.area);
    let key = format!("feedback:{}", data.feedback);
    notice::ask(turn, policy, account, Trigger::Feedback, &why, &key, &fields, &events, effects);
}

/// A bot gave up: a person takes over, and knows what was looked for.
pub(crate) fn handed_off(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    event: &Event,
    data: &ChatHandedOff,
    effects: &mut Effects,
) {
    let (area, category) = group_of(&data.reading);
    let told = Told { reference: data.conversation.to_string(), at: event.header.time, ..Told::default() };
    sight(turn, policy, account, Sighting::HandedOff, (&area, &category), told, effects);
    let before = event.header.contact.as_deref().and_then(|contact| account.help.context(contact));
    let mut events = vec![turn.cause];
    let mut context = vec![format!("the bot gave up: {}", data.reason)];
    if let Some(before) = before {
        context.push(before.text);
        events.extend(before.events);
    }
    let why = format!("{}.", context.join("; "));
    hand_off(
        turn,
        ("bot", "support", "conversation"),
        (format!("Take over conversation {}", data.conversation), policy.team.get("support_analyst").cloned()),
        (context, why),
        events,
        turn.now.day_in(&policy.calendar.zone),
        effects,
    );
}

/// A hand-off is a fact and a task.
fn hand_off(
    turn: &Turn<'_>,
    (from, to, subject): (&str, &str, &str),
    (title, assignee): (String, Option<String>),
    (context, why): (Vec<String>, String),
    events: Vec<Position>,
    due_on: bus_schema::Day,
    effects: &mut Effects,
) {
    let task = next_id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title,
        assignee,
        due_on,
        why,
        events: events.clone(),
    }));
    effects.emit(Data::HandoffMade(HandoffMade {
        from: from.into(),
        to: to.into(),
        subject: subject.into(),
        context,
        task,
        events,
    }));
}
