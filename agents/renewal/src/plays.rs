//! Messages that a step asks for, and the facts they may tell.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position,
    data::facts::{Evidence, MergeField, MessageClass, Priority, Tier, TouchpointRequested},
};

use crate::{
    next_id,
    policy::{Policy, Step},
    state::Account,
};

/// Asks for the messages of a step. Where the risk is high a person calls first, and no message is asked for.
pub(crate) fn ask(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &Account,
    step: &Step,
    reason: &str,
    effects: &mut Effects,
) {
    let Some(run) = account.run.as_deref().filter(|_| account.tier < Tier::High) else { return };
    let fields = fields(turn, account);
    for play in policy.plays.iter().filter(|play| play.step == step.name) {
        effects.emit(Data::TouchpointRequested(TouchpointRequested {
            touch: next_id(turn, effects),
            play: play.name.clone(),
            play_version: play.version,
            priority: Priority::Renewal,
            class: MessageClass::Relationship,
            template: play.template.clone(),
            roles: play.roles.clone(),
            why: sentence(reason),
            evidence: vec![Evidence { text: reason.to_owned(), at: turn.now, events: vec![run.known] }],
            fields: fields.clone(),
            value: account.profile.arr,
            cause_key: format!("renewal:{}:{}", run.contract, step.name),
        }));
    }
}

/// Facts a message may tell: of the contract and of what was reached, never a price, a likelihood or a person.
fn fields(turn: &Turn<'_>, account: &Account) -> Vec<MergeField> {
    let Some(run) = account.run.as_deref() else { return Vec::new() };
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String, source: &str, events: Vec<Position>| {
        fields.push(MergeField { name: name.into(), value, source: source.into(), at: turn.now, events });
    };
    let day = |day: Day| day.civil().strftime("%A, %-d %B").to_string();
    add("renewal.term_end", day(run.term_end), "the contract", vec![run.known]);
    add("renewal.decision_on", day(account.decision_on(run)), "the contract", vec![run.known]);
    let value = &account.value;
    for (name, trail, source) in [
        ("renewal.outcomes", &value.outcomes, "outcomes that were attested"),
        ("renewal.goals", &value.goals_achieved, "goals that were reached"),
        ("renewal.use_cases", &value.use_cases, "use cases that went live"),
    ] {
        if !trail.is_empty() {
            add(name, trail.total().to_string(), source, trail.latest());
        }
    }
    fields
}

/// A reason as a sentence.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
