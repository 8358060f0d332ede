//! The inbox: the list of cards, the one that is open, what is held.

use std::sync::Arc;

use axum::extract::{Query, State};
use bus_schema::Time;
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;

use super::{card, outcome};
use crate::{
    app::App,
    decide,
    fault::Fault,
    markup::{
        icon::Icon,
        layout::{self, Nav},
        part::{self, Tone},
        words::{self, Clock},
    },
    routes::User,
    views::{
        ViewsError, read_account, read_proposal,
        row::{self, Account, Proposal, State as Stage},
    },
};

/// Cards listed at most.
const CARDS_MAX: usize = 200;
/// The longest hold that is drawn as a line running down.
const HOLD_DRAWN_MS: i64 = 30_000;
/// Held messages shown one by one.
const TOASTS_MAX: usize = 3;

/// A part of the inbox, with its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Split {
    /// Waits for a decision.
    #[default]
    Waiting,
    /// Of these, due by midnight.
    Today,
    /// Approved and held, or on its way.
    Held,
    /// Nobody knows whether it arrived.
    Unknown,
    /// Sent, rejected, expired, void.
    Closed,
}

impl Split {
    const ALL: [Self; 5] = [Self::Waiting, Self::Today, Self::Held, Self::Closed, Self::Unknown];

    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Today => "today",
            Self::Held => "held",
            Self::Unknown => "unknown",
            Self::Closed => "closed",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "To decide",
            Self::Today => "Due today",
            Self::Held => "Held",
            Self::Unknown => "Unknown",
            Self::Closed => "Closed",
        }
    }

    const fn states(self) -> &'static [Stage] {
        match self {
            Self::Waiting | Self::Today => &[Stage::Filed],
            Self::Held => &[Stage::Held, Stage::Signed, Stage::Sending],
            Self::Unknown => &[Stage::Unknown],
            Self::Closed => &[Stage::Sent, Stage::Failed, Stage::Rejected, Stage::Expired, Stage::Voided],
        }
    }

    /// Which part a proposal is found in.
    fn of(state: Stage) -> Self {
        let found = Self::ALL.into_iter().find(|split| *split != Self::Today && split.states().contains(&state));
        found.unwrap_or_default()
    }
}

/// What the address asks for.
#[derive(Deserialize)]
pub(crate) struct Ask {
    split: Option<Split>,
    card: Option<String>,
    did: Option<Did>,
    on: Option<String>,
}

/// What was just done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Did {
    Approved,
    Rejected,
    Undone,
}

impl Did {
    const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Undone => "undone",
        }
    }
}

/// A proposal with its account.
struct Row {
    proposal: Proposal,
    account: Option<Account>,
}

struct Inbox {
    split: Split,
    rows: Vec<Row>,
    /// Cards for which the day of their CSM has no room.
    later: Vec<Row>,
    counts: Vec<(Split, usize)>,
    held: Vec<Row>,
    /// What was just decided on.
    done: Option<Row>,
}

fn with_account(c: &Connection, proposal: Proposal) -> Result<Row, ViewsError> {
    let account = read_account::one(c, &proposal.account)?;
    Ok(Row { proposal, account })
}

fn due_today(clock: &Clock, proposal: &Proposal) -> bool {
    proposal.due.is_some_and(|due| clock.days_from_now(due) <= 0)
}

fn read(
    c: &Connection,
    clock: &Clock,
    ask: Option<Split>,
    on: Option<&str>,
    card: Option<&str>,
) -> Result<Inbox, ViewsError> {
    let counts = read_proposal::counts(c)?;
    let waiting = read_proposal::in_states(c, Split::Waiting.states(), CARDS_MAX)?;
    let (later, waiting): (Vec<Proposal>, Vec<Proposal>) = waiting.into_iter().partition(|proposal| proposal.queued);
    let queued = read_proposal::queued(c)?;
    let today = waiting.iter().filter(|proposal| due_today(clock, proposal)).count();
    let counts = Split::ALL
        .iter()
        .map(|split| match split {
            Split::Today => (*split, today),
            Split::Waiting => (*split, read_proposal::count(&counts, split.states()).saturating_sub(queued)),
            Split::Held | Split::Unknown | Split::Closed => (*split, read_proposal::count(&counts, split.states())),
        })
        .collect();
    let opened = card.map(|id| read_proposal::one(c, id)).transpose()?.flatten();
    let split = ask.or(opened.map(|proposal| Split::of(proposal.state))).unwrap_or_default();
    let proposals = match split {
        Split::Waiting => waiting,
        Split::Today => waiting.into_iter().filter(|proposal| due_today(clock, proposal)).collect(),
        Split::Held | Split::Unknown | Split::Closed => read_proposal::latest(c, split.states(), CARDS_MAX)?,
    };
    let held = read_proposal::latest(c, &[Stage::Held], CARDS_MAX)?;
    let each = |proposals: Vec<Proposal>| -> Result<Vec<Row>, ViewsError> {
        proposals.into_iter().map(|proposal| with_account(c, proposal)).collect()
    };
    let done = on.map(|id| read_proposal::one(c, id)).transpose()?.flatten();
    Ok(Inbox {
        split,
        rows: each(proposals)?,
        later: if split == Split::Waiting { each(later)? } else { Vec::new() },
        counts,
        held: each(held)?,
        done: done.map(|proposal| with_account(c, proposal)).transpose()?,
    })
}

async fn load(app: &App, clock: &Clock, ask: &Ask) -> Result<Inbox, ViewsError> {
    let (clock, split, on, card) = (clock.clone(), ask.split, ask.on.clone(), ask.card.clone());
    app.views.read(move |c| read(c, &clock, split, on.as_deref(), card.as_deref())).await
}

/// The page.
pub(crate) async fn page(State(app): State<Arc<App>>, user: User, Query(ask): Query<Ask>) -> Result<Markup, Fault> {
    let shell = app.shell(&user.0).await?;
    let clock = app.clock().await;
    let inbox = load(&app, &clock, &ask).await?;
    let wanted = ask.card.clone().or_else(|| inbox.rows.first().map(|row| row.proposal.id.clone()));
    let case = match &wanted {
        Some(id) => decide::case(&app, id).await?,
        None => None,
    };
    if ask.card.is_some() && case.is_none() {
        return Err(Fault::NotFound("There is no such card"));
    }
    let open = case.as_ref().map(|case| case.proposal.id.clone());
    let card = match case {
        Some(case) => Some(card::load(&app, case, clock.now).await?),
        None => None,
    };
    let title = format!("Inbox, {} ({})", inbox.split.label().to_lowercase(), inbox.rows.len());
    let back = format!("/inbox?split={}", inbox.split.name());
    // On a small screen a list and a card do not fit side by side: without a chosen card the list is shown.
    let listing = ask.card.is_none();
    let main = html! {
        main.inbox.listing[listing] #main tabindex="-1" {
            h1.vh { "Inbox" }
            (listener(&inbox, open.as_deref(), ask.did))
            div.page-head { (splits(&inbox)) (hour(&clock, &inbox)) }
            (list(&app, &clock, &inbox, open.as_deref(), ask.did))
            @match &card {
                Some(card) => (card::show(&app, &clock, card, &back, &toast(&clock, &inbox.held, true))),
                None => article.card.only-wide {
                    (part::empty(Icon::Portfolio, "No card is open", &html! { "See how every account is doing meanwhile." }, Some(("/portfolio", "Open the portfolio"))))
                },
            }
        }
    };
    Ok(layout::page(&shell, &title, Nav::Inbox, &main))
}

/// The parts of the page that follow the log: the list, the splits, the number in the navigation.
pub(crate) async fn live(State(app): State<Arc<App>>, _user: User, Query(ask): Query<Ask>) -> Result<Markup, Fault> {
    let clock = app.clock().await;
    let inbox = load(&app, &clock, &ask).await?;
    let waiting = inbox.counts.iter().find(|(split, _)| *split == Split::Waiting).map_or(0, |(_, count)| *count);
    Ok(html! {
        hx-partial hx-target="#list" hx-swap="outerMorph" { (list(&app, &clock, &inbox, ask.card.as_deref(), ask.did)) }
        hx-partial hx-target="#splits" hx-swap="outerMorph" { (splits(&inbox)) }
        hx-partial hx-target="#inbox-count" hx-swap="outerMorph" { (layout::inbox_count(waiting)) }
    })
}

fn splits(inbox: &Inbox) -> Markup {
    html! {
        nav.splits #splits aria-label="Inbox splits" {
            ul {
                @for (split, count) in &inbox.counts {
                    @let alarm = *split == Split::Unknown && *count > 0;
                    @if *split != Split::Unknown || *count > 0 {
                        li {
                            a.alarm[alarm] href=(format!("/inbox?split={}", split.name())) aria-current=[(*split == inbox.split).then_some("page")] {
                                @if alarm { (Icon::Warning.svg()) }
                                (split.label()) span.count.alarm[alarm] { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How many cards are due within the hour.
fn hour(clock: &Clock, inbox: &Inbox) -> Markup {
    let soon =
        inbox.rows.iter().filter(|row| row.proposal.state.open() && within_hour(clock, row.proposal.due)).count();
    html! {
        @if soon > 0 {
            p.end.only-wide { span { span.warn.tone { (Icon::Clock.svg()) } " " (soon) " due within the hour" } }
        }
    }
}

fn within_hour(clock: &Clock, due: Option<Time>) -> bool {
    due.is_some_and(|due| due.since_ms(clock.now) < bus_schema::time::HOUR_MS)
}

/// Asks for the live parts whenever the views move. It stands outside of what it replaces: an element that is replaced
/// while its answer is on the way forgets the change that came meanwhile.
fn listener(inbox: &Inbox, open: Option<&str>, did: Option<Did>) -> Markup {
    let done = did.zip(inbox.done.as_ref());
    let query = format!(
        "/inbox/live?split={}{}{}",
        inbox.split.name(),
        open.map(|id| format!("&card={}", part::segment(id))).unwrap_or_default(),
        // What was just done stays said while other cards come in.
        done.map(|(did, row)| format!("&did={}&on={}", did.name(), part::segment(&row.proposal.id)))
            .unwrap_or_default()
    );
    html! { div hx-get=(query) hx-trigger="views from:#live" hx-swap="none" hidden {} }
}

fn list(app: &App, clock: &Clock, inbox: &Inbox, open: Option<&str>, did: Option<Did>) -> Markup {
    html! {
        section.list #list aria-label=(format!("{}, {}", inbox.split.label(), words::count(inbox.rows.len(), "card", "cards"))) {
            div.list-scroll {
                (said(inbox, did))
                @if let Some(why) = app.paused() { (layout::paused(&why)) }
                @if inbox.rows.is_empty() { (nothing(inbox)) }
                ol.rows.plain { @for row in &inbox.rows { li { (entry(clock, inbox.split, row, open)) } } }
                @if !inbox.later.is_empty() {
                    p.list-foot { b { "Waits for attention" } " (" (inbox.later.len()) "). Other cards come first today." }
                    ol.rows.plain { @for row in &inbox.later { li { (entry(clock, inbox.split, row, open)) } } }
                }
            }
            (toast(clock, &inbox.held, false))
        }
    }
}

fn entry(clock: &Clock, split: Split, row: &Row, open: Option<&str>) -> Markup {
    let Row { proposal, account } = row;
    let name = account.as_ref().map_or(proposal.account.as_str(), Account::title);
    let arr = account.as_ref().and_then(|account| account.arr).map(words::money_short);
    let address = format!("/inbox?split={}&card={}", split.name(), part::segment(&proposal.id));
    let current = open == Some(proposal.id.as_str());
    html! {
        a.row href=(address) aria-current=[current.then_some("true")] id=(format!("row-{}", proposal.id)) {
            b { (part::band_icon(account.as_ref().map_or_else(Default::default, Account::band))) (name) }
            span.end { @match arr { Some(arr) => (arr), None => span.dim { "ARR: no data" } } }
            span.act { (words::sentence(&proposal.draft.play)) ", " (words::channel(&proposal.draft.channel)) }
            span.end { (state(clock, proposal)) }
            span.why { (proposal.draft.why) }
        }
    }
}

/// When it is due, or what became of it.
fn state(clock: &Clock, proposal: &Proposal) -> Markup {
    let changed = || clock.moment(proposal.changed_at);
    match proposal.state {
        Stage::Drafted => html! { span.dim { "being filed" } },
        Stage::Filed => match proposal.due {
            Some(due) if due <= clock.now => {
                part::badge(Tone::Bad, Icon::Clock, &format!("due {}", clock.relative(due)))
            }
            Some(due) if within_hour(clock, Some(due)) => {
                part::badge(Tone::Warn, Icon::Clock, &format!("{} left", words::span(due.since_ms(clock.now))))
            }
            Some(due) => html! { span.dim { (clock.moment(due)) } },
            None => html! { span.dim { (clock.moment(proposal.expires)) } },
        },
        Stage::Held => html! { span.dim { (outcome::countdown(clock, proposal)) } },
        Stage::Signed | Stage::Sending => html! { span.dim { "being sent" } },
        Stage::Sent => part::badge(Tone::Good, Icon::Healthy, &format!("Sent {}", changed())),
        Stage::Failed => part::badge(Tone::Bad, Icon::AtRisk, "Not sent"),
        Stage::Unknown => part::badge(Tone::Odd, Icon::Unknown, "Unknown"),
        Stage::Rejected => part::badge(Tone::Plain, Icon::Forbid, "Rejected"),
        Stage::Expired => part::badge(Tone::Plain, Icon::Clock, "Expired"),
        Stage::Voided => part::badge(Tone::Plain, Icon::Warning, "Void"),
    }
}

/// What was just done, said once.
fn said(inbox: &Inbox, did: Option<Did>) -> Markup {
    let Some(did) = did else { return html! {} };
    let left = inbox.counts.iter().find(|(split, _)| *split == Split::Waiting).map_or(0, |(_, count)| *count);
    let name = inbox
        .done
        .as_ref()
        .map_or("the card", |row| row.account.as_ref().map_or(row.proposal.account.as_str(), Account::title));
    let state = inbox.done.as_ref().map(|row| row.proposal.state);
    let taken = state != Some(if did == Did::Undone { Stage::Held } else { Stage::Filed });
    html! {
        p.said role="status" {
            @match (did, taken) {
                (Did::Approved, true) => { "Approved " b { (name) } ", " (left) " left, undo with U" },
                (Did::Rejected, true) => { "Rejected " b { (name) } ". Nothing was sent. " (left) " left" },
                (Did::Approved | Did::Rejected | Did::Undone, false) => { "Your decision on " b { (name) } " is recorded and waits for the gate" },
                (Did::Undone, true) => { "Stopped. It was not sent." },
            }
        }
    }
}

/// Held messages, newest first.
fn toast(clock: &Clock, held: &[Row], in_card: bool) -> Markup {
    html! {
        @for (index, row) in held.iter().take(TOASTS_MAX).enumerate() {
            @let name = row.account.as_ref().map_or(row.proposal.account.as_str(), row::Account::title);
            div.toast.toast-card[in_card] role=[(!in_card).then_some("status")] {
                p { b { (name) } br; span.dim { (outcome::countdown(clock, &row.proposal)) " Not sent yet." } }
                form method="post" action=(format!("/cards/{}/undo", part::segment(&row.proposal.id))) {
                    button.btn data-undo[!in_card && index == 0] aria-keyshortcuts=[(!in_card && index == 0).then_some("U")] { (Icon::Undo.svg()) "Undo " @if !in_card && index == 0 { kbd { "U" } } }
                }
                (bar(clock, &row.proposal))
            }
        }
        @if held.len() > TOASTS_MAX {
            p.list-foot { (held.len()) " held. " a href="/inbox?split=held" { "Show all" } }
        }
    }
}

/// The line that runs down with the hold; seconds gone choose where its animation begins.
fn bar(clock: &Clock, proposal: &Proposal) -> Markup {
    let decision = proposal.decision.as_ref();
    let gone = decision.map_or(0, |decision| clock.now.since_ms(decision.at) / 1_000);
    let short = outcome::sends_at(proposal).is_some_and(|at| at.since_ms(clock.now) <= HOLD_DRAWN_MS);
    html! { @if short { span.hold data-gone=(gone.clamp(0, 30)) aria-hidden="true" {} } }
}

fn nothing(inbox: &Inbox) -> Markup {
    let (title, body) = match inbox.split {
        Split::Waiting => {
            ("Nothing waits for you", "A new card appears here by itself. Nothing has been sent without you.")
        }
        Split::Today => ("Nothing is due today", "Cards with a later date are under To decide."),
        Split::Held => ("Nothing is held", "An approved message stays here until it is sent."),
        Split::Unknown => ("No delivery is in doubt", "A message whose arrival nobody knows appears here."),
        Split::Closed => ("Nothing is closed yet", "Sent, rejected and expired cards stay here."),
    };
    let way = (inbox.split != Split::Waiting).then_some(("/inbox", "Cards to decide"));
    part::empty(Icon::Healthy, title, &html! { (body) }, way)
}
