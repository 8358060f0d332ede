//! For whoever runs it: bus, agents, deliveries, dead letters. Nothing on this page reaches a customer.

use std::sync::Arc;

use axum::{Form, extract::State, response::Redirect};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    app::App,
    control::{AgentStatus, ControlError, DeadSelection, SystemStatus},
    fault::Fault,
    markup::{
        icon::Icon,
        layout::{self, Nav},
        part::{self, Notice, Tone},
        words::{self, Clock},
    },
    routes::User,
    views::{
        dead, read_event, read_proposal,
        row::{DeadLetter, State as Stage},
    },
};

/// Dead letters listed.
const LETTERS_MAX: usize = 50;

/// The page.
pub(crate) async fn page(State(app): State<Arc<App>>, user: User) -> Result<Markup, Fault> {
    let clock = app.clock().await;
    let status = app.control.status().await;
    app.look_at_dead().await;
    let ((letters, waiting), counts, events) =
        app.views.read(|c| Ok((dead::list(c, LETTERS_MAX)?, read_proposal::counts(c)?, read_event::count(c)?))).await?;
    let shell = app.shell(&user.0).await?;
    let main = html! {
        main.page #main tabindex="-1" hx-get="/operator" hx-trigger="every 5s" hx-select="#main" hx-swap="outerMorph" {
            div.page-head { h1 { "Operator" } div.end { span { "as of " (part::time(&clock, clock.now, &clock.second(clock.now))) " " (clock.zone_name(clock.now)) } } }
            div.ledger {
                @if let Some(why) = &shell.paused { (layout::paused(why)) }
                @match &status {
                    Ok(status) => { (trouble(status)) (behind(status)) (bus(&app, status, events)) (agents(status)) },
                    Err(error) => (unanswered(error)),
                }
                div.cols.even {
                    div { (dead_letters(&clock, &letters, waiting)) }
                    div { (deliveries(&counts)) @if let Ok(status) = &status { (streams(status)) } }
                }
            }
        }
    };
    Ok(layout::page(&shell, "Operator", Nav::Operator, &main))
}

fn unanswered(error: &ControlError) -> Markup {
    let cure = match error {
        ControlError::NotFound { cure, .. }
        | ControlError::Refused { cure, .. }
        | ControlError::Failed { cure, .. } => cure,
    };
    part::notice(&Notice {
        tone: Tone::Warn,
        icon: Icon::Warning,
        title: "The agents cannot be asked",
        body: html! { p { (error) "; " (cure) "." } },
        alert: false,
    })
}

fn trouble(status: &SystemStatus) -> Markup {
    html! {
        @if let Some(trouble) = &status.bus.trouble {
            (part::notice(&Notice {
                tone: Tone::Bad, icon: Icon::AtRisk,
                title: "The bus stores nothing",
                body: html! { p { (words::sentence_case(trouble)) "." } },
                alert: true,
            }))
        }
    }
}

fn behind(status: &SystemStatus) -> Markup {
    let late = status.agents.iter().filter(|agent| agent.state == "behind" || agent.state == "rebuilding");
    html! {
        @for agent in late {
            (part::notice(&Notice {
                tone: Tone::Warn, icon: Icon::Warning,
                title: &format!("The {} agent is {} behind", agent.name, words::count(usize::try_from(agent.behind).unwrap_or(usize::MAX), "message", "messages")),
                body: html! { p { "What it says may be late. Nothing is lost; approvals still check facts before sending." } },
                alert: false,
            }))
        }
    }
}

fn bus(app: &App, status: &SystemStatus, events: u64) -> Markup {
    let item = |good: bool, yes: &str, no: &str| {
        let (tone, icon, text) = if good { (Tone::Good, Icon::Healthy, yes) } else { (Tone::Bad, Icon::AtRisk, no) };
        html! { li.(tone.class()) { (icon.svg()) (text) } }
    };
    let last = status.bus.streams.get("LOG").map_or(0, |stream| stream.last_seq);
    let number = |n: u64| words::thousands(i64::try_from(n).unwrap_or(i64::MAX));
    html! {
        ul.panel.status {
            (item(status.bus.connected && app.out.is_connected(), &format!("Bus {}", status.bus.server), "The bus does not answer"))
            (item(status.bus.sync_always, "Sync on every append", "Not synced on every append"))
            @if status.bus.restarts > 0 { li.(Tone::Warn.class()) { (Icon::Warning.svg()) "Bus started again " (words::count(usize::try_from(status.bus.restarts).unwrap_or(usize::MAX), "time", "times")) } }
            li.(if status.clock == "live" { "good" } else { "" }) { (Icon::Clock.svg()) @if status.clock == "live" { "Live clock" } @else { "Clock of the events" } }
            (item(app.views.position() >= last, &format!("Pages show the log to {}", number(app.views.position())), &format!("Pages are {} behind", number(last.saturating_sub(app.views.position())))))
            li { (Icon::Chain.svg()) (number(events)) " events" }
            li { (Icon::Note.svg()) "Mainstay " (status.version) }
        }
    }
}

fn agents(status: &SystemStatus) -> Markup {
    html! {
        section.panel.stackable aria-labelledby="h-ag" {
            header { h2 #h-ag { "Agents" } }
            div.scroll tabindex="0" role="region" aria-label="Agents table" {
                table {
                    thead { tr {
                        th scope="col" { "Agent" } th scope="col" { "State" } th.num scope="col" { "Applied" } th.num scope="col" { "Behind" }
                        th.num scope="col" { "Timers" } th.num scope="col" { "Due" } th.num scope="col" { "Unusable" }
                        th.num scope="col" { "Skipped" } th.num scope="col" { "Rebuilds" } th scope="col" { "Last error" }
                    } }
                    tbody { @for agent in &status.agents { (agent_row(agent)) } }
                }
            }
        }
    }
}

fn agent_row(agent: &AgentStatus) -> Markup {
    let number = |n: u64| words::thousands(i64::try_from(n).unwrap_or(i64::MAX));
    let (tone, icon) = match agent.state.as_str() {
        "current" => (Tone::Good, Icon::Healthy),
        "behind" => (Tone::Warn, Icon::Warning),
        _ => (Tone::Bad, Icon::AtRisk),
    };
    html! {
        tr {
            th scope="row" { (words::sentence(&agent.name)) }
            td data-l="State" { (part::badge(tone, icon, &words::sentence(&agent.state))) }
            td.num data-l="Applied" { span.id { (number(agent.applied)) } }
            td.num data-l="Behind" { (number(agent.behind)) }
            td.num data-l="Timers" { (number(agent.timers)) }
            td.num data-l="Due" { (number(agent.timers_due)) }
            td.num data-l="Unusable" { (number(agent.unusable)) }
            td.num data-l="Skipped" { (number(agent.failed)) }
            td.num data-l="Rebuilds" { (number(agent.rebuilds)) }
            td data-l="Last error" { @match &agent.last_error { Some(error) => (error), None => span.dim { "none" } } }
        }
    }
}

fn dead_letters(clock: &Clock, letters: &[DeadLetter], waiting: usize) -> Markup {
    html! {
        section.panel.stackable aria-labelledby="h-dl" {
            header {
                h2 #h-dl { "Dead letters" }
                @if waiting > 0 {
                    (part::badge(Tone::Warn, Icon::Warning, &format!("{waiting} to look at")))
                    form.end method="post" action="/operator/dead/replay" { button.btn name="all" value="true" { "Send all through again" } }
                }
            }
            @if letters.is_empty() { div.body { p.dim { "None. What cannot be used waits here with the reason." } } } @else {
                div.scroll tabindex="0" role="region" aria-label="Dead letters table" {
                    table {
                        thead { tr { th.num scope="col" { "Number" } th scope="col" { "Event" } th scope="col" { "Reason" } th.num scope="col" { "Age" } th scope="col" { "Do" } } }
                        tbody { @for letter in letters { (letter_row(clock, letter)) } }
                    }
                }
            }
        }
    }
}

fn letter_row(clock: &Clock, letter: &DeadLetter) -> Markup {
    html! {
        tr {
            td.num data-l="Number" { span.id { (letter.seq) } }
            td data-l="Event" {
                span.id { (letter.kind.as_deref().unwrap_or(&letter.origin)) }
                @if let Some(seq) = letter.source_seq { br; span.dim.small { "position " (seq) " of " (letter.origin) } }
            }
            td data-l="Reason" { (letter.reason) details.behind { summary { "Text" } code.raw { (letter.body) } } }
            td.num data-l="Age" { (part::time(clock, letter.at, &clock.relative(letter.at))) }
            td data-l="Do" {
                @if letter.replayed { span.dim { "sent again" } } @else {
                    form method="post" action="/operator/dead/replay" {
                        input type="hidden" name="id" value=(letter.seq);
                        button.btn.btn-quiet aria-label=(format!("Send {} through again", letter.seq)) { "Send again" }
                    }
                }
            }
        }
    }
}

fn deliveries(counts: &[(Stage, usize)]) -> Markup {
    let of = |states: &[Stage]| read_proposal::count(counts, states);
    let unknown = of(&[Stage::Unknown]);
    let tile =
        |name: &str, count: usize, more: Markup| html! { div.tile { dt { (name) } dd.v { (count) } dd.g { (more) } } };
    html! {
        section.panel aria-labelledby="h-de" {
            header { h2 #h-de { "Deliveries" } }
            dl.tiles {
                (tile("To decide", of(&[Stage::Filed]), html! {}))
                (tile("Held", of(&[Stage::Held]), html! {}))
                (tile("Being sent", of(&[Stage::Signed, Stage::Sending]), html! {}))
                (tile("Sent", of(&[Stage::Sent]), html! {}))
                (tile("Unknown", unknown, html! { @if unknown > 0 { span.odd.tone { (Icon::Unknown.svg()) } a href="/inbox?split=unknown" { "Needs a person" } } }))
                (tile("Failed", of(&[Stage::Failed]), html! {}))
            }
        }
    }
}

fn streams(status: &SystemStatus) -> Markup {
    let number = |n: u64| words::thousands(i64::try_from(n).unwrap_or(i64::MAX));
    html! {
        section.panel.stackable aria-labelledby="h-st" {
            header { h2 #h-st { "Streams" } }
            div.scroll tabindex="0" role="region" aria-label="Streams table" {
                table {
                    thead { tr { th scope="col" { "Stream" } th.num scope="col" { "Last" } th.num scope="col" { "Messages" } th.num scope="col" { "Size" } } }
                    tbody { @for (name, stream) in &status.bus.streams {
                        tr {
                            th scope="row" { (name) }
                            td.num data-l="Last" { span.id { (number(stream.last_seq)) } }
                            td.num data-l="Messages" { (number(stream.messages)) }
                            td.num data-l="Size" { (size(stream.bytes)) }
                        }
                    } }
                }
            }
        }
    }
}

/// Bytes in their largest unit, with one place.
fn size(bytes: u64) -> String {
    const KB: u64 = 1_000;
    let (unit, name) = match bytes {
        0..KB => return format!("{bytes}\u{a0}B"),
        KB..1_000_000 => (KB, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{}\u{a0}{name}", bytes / unit, bytes % unit * 10 / unit)
}

/// The form of a replay: one letter, or all.
#[derive(Deserialize)]
pub(crate) struct Replay {
    id: Option<u64>,
    #[serde(default)]
    all: bool,
}

/// Sends dead letters through again.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    _user: User,
    Form(form): Form<Replay>,
) -> Result<Redirect, Fault> {
    let which = match form.id {
        Some(id) => DeadSelection::Ids(vec![id]),
        None if form.all => DeadSelection::All,
        None => DeadSelection::Ids(Vec::new()),
    };
    replayed(&app, which).await?;
    Ok(Redirect::to("/operator#h-dl"))
}

/// Replays, and marks what was replayed.
pub(crate) async fn replayed(app: &App, which: DeadSelection) -> Result<crate::control::Replayed, Fault> {
    let done = app.control.replay_dead(which.clone()).await?;
    let views = app.views.clone();
    let work = move || {
        let at = views.position_of("dead")?;
        views.write("dead", at, |t| match &which {
            DeadSelection::All => dead::mark_replayed(t, None),
            DeadSelection::Ids(ids) => dead::mark_replayed(t, Some(ids)),
        })
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| crate::views::ViewsError::Interrupted)??;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(999), "999\u{a0}B");
        assert_eq!(size(4_250_000), "4.2\u{a0}MB");
    }
}
