//! Plays of the churn agent: what is asked for when an alert is serious enough, and the facts a message may tell.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Position,
    data::facts::{CauseGroup, Evidence, MergeField, TouchpointRequested},
};

use crate::{
    alerts::at_stake,
    odds::Odds,
    policy::Play,
    signals::{Look, Signal},
    state::State,
};

/// Ids of touches are counted apart from those of alerts.
const TOUCHES: u32 = 1_000;

/// Asks for the plays of an open alert that were not asked for.
pub fn ask(
    turn: &Turn<'_>,
    look: &Look<'_>,
    state: &mut State,
    signals: &[Signal],
    odds: &Odds,
    group: CauseGroup,
    effects: &mut Effects,
) {
    if state.saves.held_out() {
        return;
    }
    for (n, play) in (TOUCHES..).zip(&look.policy.plays) {
        let Some(alert) = state.alerts.get(&group) else { return };
        if play.group != group || alert.tier < play.tier || alert.played.contains(&play.name) {
            continue;
        }
        let Some(fields) = fields(state, look, group) else { continue };
        let request = request(turn, state, signals, odds, play, turn.id(n), &alert.id, fields);
        effects.emit(Data::TouchpointRequested(request));
        if let Some(alert) = state.alerts.get_mut(&group) {
            alert.played.push(play.name.clone());
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a request is all of these put together")]
fn request(
    turn: &Turn<'_>,
    state: &State,
    signals: &[Signal],
    odds: &Odds,
    play: &Play,
    touch: String,
    alert: &str,
    fields: Vec<MergeField>,
) -> TouchpointRequested {
    let mut own: Vec<&Signal> = signals.iter().filter(|signal| signal.sign.group() == play.group).collect();
    own.sort_by_key(|signal| (std::cmp::Reverse(signal.bp), signal.sign));
    let why = own.first().map_or("the account is at risk", |signal| signal.reason.as_str());
    let evidence = |signal: &&Signal| Evidence {
        text: signal.reason.clone(),
        at: signal.since.unwrap_or(turn.now),
        events: signal.events.clone(),
    };
    TouchpointRequested {
        touch,
        play: play.name.clone(),
        play_version: play.version,
        priority: play.priority,
        class: play.class,
        template: play.template.clone(),
        roles: play.roles.clone(),
        why: sentence(why),
        evidence: own.iter().map(evidence).collect(),
        fields,
        value: at_stake(state, odds),
        cause_key: format!("alert:{alert}"),
    }
}

/// A reason as a sentence.
pub(crate) fn sentence(reason: &str) -> String {
    let mut sentence = format!("{reason}.");
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence
}

/// The facts a message about this cause may tell: of the account as a whole, never of one of its users.
fn fields(state: &State, look: &Look<'_>, group: CauseGroup) -> Option<Vec<MergeField>> {
    match group {
        CauseGroup::Usage => Some(usage(state, look)),
        CauseGroup::Money => invoice(state, look),
        CauseGroup::People | CauseGroup::Support | CauseGroup::Voice | CauseGroup::Market | CauseGroup::Plan => {
            Some(Vec::new())
        }
    }
}

/// A silence of so many days is told as such; before that, the two windows are.
const SILENCE_DAYS: i32 = 14;

fn usage(state: &State, look: &Look<'_>) -> Vec<MergeField> {
    let events = state.usage.usage.cited();
    let silent = state.usage.silent_days(look).unwrap_or(0);
    let last = state.usage.activity.last.filter(|_| silent >= SILENCE_DAYS);
    if let Some(last) = last {
        let values = [
            ("usage.silent_days", silent.to_string()),
            ("usage.last_active_on", last.civil().strftime("%A, %-d %B").to_string()),
        ];
        return field_list(&values, "Product usage, all users", look, &events);
    }
    let (before, now) = state.usage.fall(look);
    let change = if before == 0 { 0 } else { (now - before) * 100 / before };
    let values = [
        ("usage.days_now", now.to_string()),
        ("usage.days_before", before.to_string()),
        ("usage.change_percent", format!("{change:+} %")),
        ("usage.period", "last two weeks".to_owned()),
    ];
    field_list(&values, "Product usage, days on which any user was active, summed over users", look, &events)
}

fn invoice(state: &State, look: &Look<'_>) -> Option<Vec<MergeField>> {
    let (id, invoice) = state.money.worst(look)?;
    let values = [
        ("invoice.number", id.clone()),
        ("invoice.amount", invoice.amount.in_words()),
        ("invoice.status", format!("It {}", invoice.says(look))),
    ];
    Some(field_list(&values, "Billing", look, &[invoice.latest.event]))
}

fn field_list(values: &[(&str, String)], source: &str, look: &Look<'_>, events: &[Position]) -> Vec<MergeField> {
    let field = |(name, value): &(&str, String)| MergeField {
        name: (*name).to_owned(),
        value: value.clone(),
        source: source.to_owned(),
        at: look.now,
        events: events.to_vec(),
    };
    values.iter().map(field).collect()
}
