//! What is asked for, and the facts a message may tell. Each request names the one contact it is for.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position,
    data::facts::{Evidence, MergeField, MessageClass, Priority, TaskCreated, TouchpointRequested},
};

use crate::{
    policy::{Counted, Policy, When},
    state::{Account, business_day, count, id, sentence},
};

/// Business days until a task of ours is due.
const TASK_DAYS: i64 = 5;

/// A touch to ask for.
struct Ask {
    when: When,
    priority: Priority,
    class: MessageClass,
    /// The one it is for; the play's roles otherwise.
    contact: Option<String>,
    reason: String,
    cause_key: String,
    events: Vec<Position>,
    fields: Vec<MergeField>,
}

/// Facts a message may tell, as they are put together.
struct List<'a> {
    turn: &'a Turn<'a>,
    fields: Vec<MergeField>,
}

impl<'a> List<'a> {
    fn new(turn: &'a Turn<'a>) -> Self {
        Self { turn, fields: Vec::new() }
    }

    fn add(&mut self, name: &str, value: String, source: &str, events: &[Position]) {
        let at = self.turn.now;
        self.fields.push(MergeField { name: name.into(), value, source: source.into(), at, events: events.to_vec() });
    }

    /// What the account reached and how long it has been with us.
    fn account(&mut self, account: &Account, today: Day) {
        if let Some(mark) = account.attested.back() {
            let on = day(mark.at.day());
            self.add("value.attested_on", on, "an outcome that somebody stands for", &[mark.event]);
        }
        if let Some(start) = account.profile.start() {
            let months = i64::from((today.0 - start.0) / 30);
            let together = if months >= 1 { count(months, "month", "months") } else { "a few weeks".into() };
            self.add("relation.together", together, "the account's first day", &[]);
        }
    }
}

fn day(day: Day) -> String {
    day.civil().strftime("%A, %-d %B").to_string()
}

fn request(turn: &Turn<'_>, policy: &Policy, account: &Account, ask: &Ask, effects: &mut Effects) -> bool {
    let mut asked = false;
    for play in policy.plays.iter().filter(|play| play.when == ask.when) {
        let roles = ask.contact.as_ref().map_or_else(|| play.roles.clone(), |one| vec![format!("contact:{one}")]);
        let touch = id(turn, effects);
        let fact = TouchpointRequested {
            touch,
            play: play.name.clone(),
            play_version: play.version,
            priority: ask.priority,
            class: ask.class,
            template: play.template.clone(),
            roles,
            why: format!("{}.", sentence(&ask.reason)),
            evidence: vec![Evidence { text: ask.reason.clone(), at: turn.now, events: ask.events.clone() }],
            fields: ask.fields.clone(),
            value: account.profile.arr,
            cause_key: ask.cause_key.clone(),
        };
        match &ask.contact {
            Some(contact) => effects.emit_for(contact, Data::TouchpointRequested(fact)),
            None => effects.emit(Data::TouchpointRequested(fact)),
        }
        asked = true;
    }
    asked
}

/// Asks an advocate for an act, where one of the play's roles is theirs; answers whether they are asked.
#[expect(clippy::too_many_arguments, reason = "an ask is all of these put together")]
pub(crate) fn ask(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    contact: &str,
    act: &str,
    events: &[Position],
    today: Day,
    effects: &mut Effects,
) -> bool {
    let mut list = List::new(turn);
    list.add("ask.act", words(act).to_owned(), "what fits them", events);
    list.account(account, today);
    let ask = Ask {
        when: When::Advocate,
        priority: Priority::Advocacy,
        class: MessageClass::Relationship,
        contact: Some(contact.to_owned()),
        reason: format!("a promoter with something to tell may be asked for {}", words(act)),
        cause_key: format!("advocate:{contact}:{act}"),
        events: events.to_vec(),
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects)
}

/// An act as a message calls it.
fn words(act: &str) -> &str {
    match act {
        "case_study" => "a case study",
        "reference" => "a talk with one company that thinks about us",
        "review" => "a public review",
        "testimonial" => "a sentence we may quote",
        "speaking" => "a talk at our event",
        "community" => "leading a user group",
        "advisory_board" => "a seat in our advisory board",
        "co_marketing" => "something we publish together",
        other => other,
    }
}

/// An answer of 7 or 8: what is missing is asked for, and somebody of ours looks for it.
pub(crate) fn passive(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    contact: &str,
    (score, theme): (u8, Option<&str>),
    today: Day,
    effects: &mut Effects,
) {
    let about = theme.map(|theme| format!(", about {theme}")).unwrap_or_default();
    let reason = format!("a contact answered {score} of 10{about}: content, and something is missing");
    let mut list = List::new(turn);
    list.add("answer.on", day(today), "the answer", &[turn.cause]);
    if let Some(theme) = theme {
        list.add("answer.theme", theme.to_owned(), "what the answer speaks of", &[turn.cause]);
    }
    list.account(account, today);
    let task = id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task,
        play: None,
        title: "Find what would make a content contact recommend us".into(),
        assignee: account.profile.owner.clone(),
        due_on: business_day(policy, turn.now, TASK_DAYS),
        why: format!("{}.", sentence(&reason)),
        events: vec![turn.cause],
    }));
    let ask = Ask {
        when: When::Passive,
        priority: Priority::ClosedLoop,
        class: MessageClass::Relationship,
        contact: Some(contact.to_owned()),
        reason,
        cause_key: format!("passive:{contact}"),
        events: vec![turn.cause],
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}

/// Asks a contact a survey.
#[expect(clippy::too_many_arguments, reason = "a question is all of these put together")]
pub(crate) fn survey(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    when: When,
    contact: &str,
    events: &[Position],
    today: Day,
    effects: &mut Effects,
) {
    let (name, reason) = match when {
        When::Transactional => ("transactional", "a ticket of theirs was resolved"),
        When::Milestone => ("milestone", "the account reached a milestone"),
        When::Relationship | When::Advocate | When::Passive | When::Recognised | When::Incentive => {
            ("relationship", "they were not asked for a quarter")
        }
    };
    let mut list = List::new(turn);
    list.add("survey.kind", name.to_owned(), "the survey", events);
    list.account(account, today);
    let ask = Ask {
        when,
        priority: Priority::Survey,
        class: MessageClass::Survey,
        contact: Some(contact.to_owned()),
        reason: reason.to_owned(),
        cause_key: format!("survey:{name}:{contact}"),
        events: events.to_vec(),
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}

/// A tier of loyalty was reached. What it brings is promised by nobody but the person who approves.
pub(crate) fn tier(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    tier: &str,
    balance: u64,
    event: Position,
    effects: &mut Effects,
) {
    let mut list = List::new(turn);
    list.add("loyalty.tier", tier.to_owned(), "the points of the account", &[event]);
    list.add("loyalty.points", balance.to_string(), "the points of the account", &[event]);
    let ask = Ask {
        when: When::Incentive,
        priority: Priority::Advocacy,
        class: MessageClass::Relationship,
        contact: None,
        reason: format!("the account became {tier} with {balance} points"),
        cause_key: format!("tier:{tier}"),
        events: vec![event],
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}

/// Something done well deserves a word.
pub(crate) fn recognise(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    (achievement, counted, n): (&str, Counted, u32),
    today: Day,
    effects: &mut Effects,
) {
    let mut list = List::new(turn);
    list.add("recognition.what", counted.words().to_owned(), "events of the account", &[turn.cause]);
    list.add("recognition.count", n.to_string(), "events of the account", &[turn.cause]);
    list.account(account, today);
    let ask = Ask {
        when: When::Recognised,
        priority: Priority::Advocacy,
        class: MessageClass::Relationship,
        contact: None,
        reason: format!("the account reached {n} {}", counted.words()),
        cause_key: format!("recognition:{achievement}"),
        events: vec![turn.cause],
        fields: list.fields,
    };
    request(turn, policy, account, &ask, effects);
}
