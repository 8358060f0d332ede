//! The timeline of an account: day, then what happened, from where, at which position.

use bus_schema::Position;
use maud::{Markup, html};

use super::describe;
use crate::{
    markup::{
        part,
        words::{self, Clock},
    },
    views::{read_event::Show, row::LogEvent},
};

/// Entries on one page.
pub(super) const ENTRIES_MAX: usize = 60;

/// What of the timeline a form asks for; without a choice all but the use of the product, unless one of its events is
/// what is looked for.
pub(super) fn chosen(query: &str) -> Show {
    let wanted: Vec<&str> = query.split('&').filter_map(|pair| pair.strip_prefix("show=")).collect();
    let has = |name: &str| wanted.is_empty() || wanted.contains(&name);
    let looking = query.split('&').any(|pair| pair.starts_with("at="));
    Show {
        events: has("events"),
        usage: wanted.contains(&"usage") || (wanted.is_empty() && looking),
        scores: has("scores"),
        decisions: has("decisions"),
        sends: has("sends"),
    }
}

/// The panel.
pub(super) fn show(
    (clock, reader): (&Clock, &str),
    account: &str,
    chosen: Show,
    events: &[LogEvent],
    at: Option<Position>,
) -> Markup {
    let boxes = [
        ("events", "Events", chosen.events),
        ("usage", "Use", chosen.usage),
        ("scores", "Scores", chosen.scores),
        ("decisions", "Decisions", chosen.decisions),
        ("sends", "Sends", chosen.sends),
    ];
    let older = (events.len() >= ENTRIES_MAX).then(|| events.last().map(|event| event.position)).flatten();
    let shown = boxes.iter().filter(|(_, _, on)| *on).fold(String::new(), |all, (name, ..)| all + "&show=" + name);
    html! {
        section.panel #timeline aria-labelledby="h-tl" {
            header {
                h2 #h-tl { "Timeline" }
                form.filters.end action=(format!("/accounts/{}#timeline", part::segment(account))) {
                    fieldset.filters {
                        legend.vh { "Show" }
                        @for (name, label, on) in boxes {
                            label.pill { input type="checkbox" name="show" value=(name) checked[on]; (label) }
                        }
                    }
                    button.btn { "Apply" }
                }
            }
            div.body.timeline {
                @if events.is_empty() { p.dim { "Nothing of this kind is on record." } }
                @for day in days(clock, events) {
                    h3 { (day.heading) }
                    ol { @for event in day.events { (entry((clock, reader), account, event, at == Some(event.position))) } }
                }
                @if let Some(older) = older {
                    p { a href=(format!("/accounts/{}?at={older}{shown}#timeline", part::segment(account))) { "Older entries" } }
                }
                @if at.is_some() {
                    p { a href=(format!("/accounts/{}#timeline", part::segment(account))) { "Back to the latest" } }
                }
            }
        }
    }
}

struct DayOf<'a> {
    heading: String,
    events: Vec<&'a LogEvent>,
}

fn days<'a>(clock: &Clock, events: &'a [LogEvent]) -> Vec<DayOf<'a>> {
    let mut days: Vec<DayOf<'a>> = Vec::new();
    for event in events {
        let heading = clock.heading(event.logtime);
        match days.last_mut() {
            Some(day) if day.heading == heading => day.events.push(event),
            Some(_) | None => days.push(DayOf { heading, events: vec![event] }),
        }
    }
    days
}

fn entry((clock, reader): (&Clock, &str), account: &str, event: &LogEvent, here: bool) -> Markup {
    let said = describe::event(event, reader);
    let name = event.personal.as_ref().and_then(|personal| personal.get("name")).and_then(|name| name.as_str());
    html! {
        li id=(format!("ev-{}", event.position)) aria-current=[here.then_some("true")] {
            span.at.(said.tone.class()) { (said.icon.svg()) }
            div {
                p { (said.text) @if let Some(name) = name { ": " (name) } }
                p.meta {
                    (origin(event)) " · " (part::event_link(account, event.position))
                    @if event.late { " · came late" }
                }
            }
            (part::time(clock, event.logtime, &clock.hour(event.logtime)))
        }
    }
}

/// Who brought it: a source, an agent, a person.
fn origin(event: &LogEvent) -> String {
    match event.writer.as_str() {
        "in" => event.source.clone(),
        "people" => "Console".into(),
        "outcome" => "Courier".into(),
        agent => format!("{} agent", words::sentence(agent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_choice_shows_all_and_a_choice_only_itself() {
        let all = chosen("at=7.0");
        assert!(all.events && all.usage && all.scores && all.decisions && all.sends);
        assert!(!chosen("").usage && chosen("").events);
        let some = chosen("show=events&show=sends");
        assert!(some.events && some.sends && !some.scores && !some.decisions && !some.usage);
    }
}
