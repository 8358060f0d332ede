//! One account: its health taken apart, its risk, its people, its cards, what happened.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use bus_schema::{
    Position,
    data::facts::{ChurnForecasted, HealthScored},
    time::DAY_MS,
};
use maud::{Markup, html};
use rusqlite::Connection;

use super::{account_health, card, timeline};
use crate::{
    app::App,
    fault::Fault,
    markup::{
        icon::Icon,
        layout::{self, Nav},
        part::{self, Tone},
        words::{self, Clock},
    },
    routes::User,
    views::{
        ViewsError, read_account, read_event,
        read_event::Show,
        read_proposal,
        row::{Account, Alert, Contact, LogEvent, Point, Proposal},
    },
};

/// Contacts and cards listed.
const CONTACTS_MAX: usize = 12;
const CARDS_MAX: usize = 8;

/// All the page shows.
pub(super) struct Page {
    pub(super) account: Account,
    pub(super) history: Vec<Point>,
    pub(super) score: Option<HealthScored>,
    pub(super) score_before: Option<HealthScored>,
    forecast: Option<ChurnForecasted>,
    contacts: (Vec<Contact>, usize),
    alerts: Vec<Alert>,
    cards: Vec<Proposal>,
    events: Vec<LogEvent>,
}

fn read(c: &Connection, clock: &Clock, id: &str, show: Show, at: Option<Position>) -> Result<Option<Page>, ViewsError> {
    let Some(account) = read_account::one(c, id)? else { return Ok(None) };
    let before = read_account::point_before(c, id, clock.now.plus_ms(-card::CHANGE_DAYS * DAY_MS))?;
    let score = |at: Option<Position>| at.map(|at| read_account::score(c, at)).transpose().map(Option::flatten);
    let forecast = account.churn.map(|churn| read_account::forecast(c, churn.position)).transpose()?.flatten();
    Ok(Some(Page {
        history: read_account::history(c, id, clock.now.plus_ms(-90 * DAY_MS))?,
        score: score(account.health.map(|health| health.position))?,
        score_before: score(before)?,
        forecast,
        contacts: read_account::contacts(c, id, CONTACTS_MAX)?,
        alerts: read_account::alerts(c, id)?,
        cards: read_proposal::of_account(c, id, CARDS_MAX)?,
        events: read_event::timeline(c, id, show, at, timeline::ENTRIES_MAX)?,
        account,
    }))
}

/// The page.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Markup, Fault> {
    let clock = app.clock().await;
    let query = query.unwrap_or_default();
    let show = timeline::chosen(&query);
    let at: Option<Position> = query.split('&').find_map(|pair| pair.strip_prefix("at=")?.parse().ok());
    let (wanted, reading) = (id.clone(), clock.clone());
    let page = app.views.read(move |c| read(c, &reading, &wanted, show, at)).await?;
    let page = page.ok_or(Fault::NotFound("There is no such account"))?;
    let shell = app.shell(&user.0).await?;
    let title = page.account.title().to_owned();
    let main = html! {
        main.page #main tabindex="-1" {
            (head(&clock, &page))
            div.cols {
                div {
                    (account_health::show(&clock, &page))
                    (timeline::show((&clock, &user.0), &id, show, &page.events, at))
                }
                div {
                    (cards(&clock, &page.cards))
                    (risk(&clock, &page))
                    (contacts(&clock, &page))
                }
            }
        }
    };
    Ok(layout::page(&shell, &title, Nav::Portfolio, &main))
}

fn head(clock: &Clock, page: &Page) -> Markup {
    html! {
        div.page-head {
            div.grow { h1 { (page.account.title()) } (card::facts(clock, &page.account)) }
            nav.splits aria-label="Account sections" {
                ul {
                    li { a href="#h-health" { "Health" } }
                    li { a href="#timeline" { "Timeline" } }
                    li { a href="#contacts" { "Contacts" span.count { (page.contacts.1) } } }
                    li { a href="#h-cards" { "Cards" span.count { (page.cards.len()) } } }
                }
            }
        }
    }
}

fn cards(clock: &Clock, cards: &[Proposal]) -> Markup {
    html! {
        section.panel aria-labelledby="h-cards" {
            header { h2 #h-cards { "Cards" } }
            div.body {
                @if cards.is_empty() { p.dim.small { "No card yet. A card appears when an agent asks for a touch." } }
                ul.stacked {
                    @for card in cards {
                        li {
                            p { a href=(format!("/inbox?card={}", part::segment(&card.id))) { b { (words::sentence(&card.draft.play)) } } " " span.dim.small { (words::sentence(card.state.name())) } }
                            p.dim.small { (card.draft.why) " " @if card.state.open() { "Expires " (clock.moment(card.expires)) ", then not sent." } @else { (clock.both(card.changed_at)) "." } }
                        }
                    }
                }
            }
        }
    }
}

fn risk(clock: &Clock, page: &Page) -> Markup {
    let Some(forecast) = &page.forecast else {
        return html! {
            section.panel aria-labelledby="h-risk" {
                header { h2 #h-risk { "Churn in 90\u{a0}d" } }
                div.body { p.dim { "No data" } }
            }
        };
    };
    let counted = forecast.factors.iter().filter(|factor| factor.counted_bp != 0);
    html! {
        section.panel aria-labelledby="h-risk" {
            header { h2 #h-risk { "Churn in 90\u{a0}d: " (part::percent(forecast.p90_bp)) } (part::tier(forecast.tier)) }
            div.body {
                ul.steps {
                    @for factor in counted {
                        li {
                            (Icon::Down.svg())
                            span {
                                (factor.reason)
                                @if let Some(event) = factor.events.first() { " " (part::event_link(&page.account.id, *event)) }
                            }
                            span.num { (log_odds(factor.counted_bp)) }
                        }
                    }
                }
                p.dim.small.facet {
                    "In log-odds. Base rate of " (words::segment(&forecast.segment)) " accounts " (part::percent(forecast.base_p90_bp))
                    ". Rules decide: " (forecast.model) " v" (forecast.model_version) "."
                }
                @for alert in &page.alerts {
                    p.notice.warn.facet {
                        span.warn.tone { (Icon::Warning.svg()) }
                        span { b { (words::sentence(&alert.cause)) ", " (part::tier_words(alert.tier).0.to_lowercase()) ": " } (alert.reason) ", " (clock.relative(alert.opened_at)) " " (part::event_link(&page.account.id, alert.position)) }
                    }
                }
            }
        }
    }
}

/// `+0.42` from basis points.
fn log_odds(bp: i32) -> String {
    let sign = if bp < 0 { "\u{2212}" } else { "+" };
    let hundredths = (bp.unsigned_abs() + 50) / 100;
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

fn contacts(clock: &Clock, page: &Page) -> Markup {
    let (listed, count) = &page.contacts;
    // Users without a name or a role are counted, not listed.
    let known = |contact: &&Contact| contact.name.is_some() || contact.roles.iter().any(|role| role != "user");
    let contacts: Vec<&Contact> = listed.iter().filter(known).collect();
    let others = count - contacts.len().min(*count);
    html! {
        section.panel #contacts aria-labelledby="h-co" {
            header { h2 #h-co { "Contacts and consent" } @if others > 0 { span.end.dim { "and " (words::count(others, "user", "users")) } } }
            @if contacts.is_empty() { div.body { p.dim { "Nobody with a name or a role is known." } } } @else {
                div.scroll tabindex="0" role="region" aria-label="Contacts table" {
                    table {
                        thead { tr { th scope="col" { "Contact" } th scope="col" { "Consent" } } }
                        tbody { @for contact in &contacts { (person(clock, contact)) } }
                    }
                }
            }
        }
    }
}

fn person(clock: &Clock, contact: &Contact) -> Markup {
    let role = contact.roles.first().map_or_else(|| "User".into(), |role| words::sentence(role));
    html! {
        tr {
            th scope="row" {
                (contact.name.as_deref().unwrap_or(&role)) br;
                span.dim.small {
                    @match contact.left_on {
                        Some(day) => { "Left " (clock.date(day)) },
                        None => { (role) @if let Some(title) = &contact.title { ", " (title) } },
                    }
                    @if let Some(email) = &contact.email { br; (email) }
                }
            }
            td {
                @match (contact.left_on, contact.consent.as_deref()) {
                    (Some(_), _) => (part::badge(Tone::Plain, Icon::NoData, "Closed")),
                    (None, Some("granted")) => (part::badge(Tone::Good, Icon::Healthy, "Given")),
                    (None, Some(_)) => (part::badge(Tone::Bad, Icon::Forbid, "Revoked")),
                    (None, None) => (part::badge(Tone::Plain, Icon::NoData, "No record")),
                }
                br;
                span.dim.small { @match contact.last_touch { Some(at) => { "written " (clock.relative(at)) }, None => "not written to yet" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_are_said_with_two_places() {
        assert_eq!(log_odds(4_249), "+0.42");
        assert_eq!(log_odds(-10_050), "\u{2212}1.01");
    }
}
