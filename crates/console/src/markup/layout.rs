//! The frame of every page: head, navigation, main. And the one of pages before sign-in.

use maud::{DOCTYPE, Markup, html};

use super::{
    icon::{self, Icon},
    part::{self, Notice, Tone},
    words,
};
use crate::assets;

/// The entry of the navigation a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nav {
    Inbox,
    Portfolio,
    Operator,
    None,
}

/// What the frame shows besides the page.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    /// The position of the views before the page was read: what moves after it is told.
    pub(crate) position: u64,
    /// Who is signed in.
    pub(crate) user: String,
    /// Cards that wait for a decision.
    pub(crate) waiting: usize,
    /// Accounts known.
    pub(crate) accounts: usize,
    /// Why no decision can be taken now, and since when, in words.
    pub(crate) paused: Option<String>,
}

/// A page inside the frame. `main` is the whole `<main>` element, so that a page chooses its class.
pub(crate) fn page(shell: &Shell, title: &str, nav: Nav, main: &Markup) -> Markup {
    document(
        title,
        true,
        &html! {
            a.skip href="#main" { "Skip to content" }
            div.app hx-boost:inherited="target:#main swap:outerHTML select:#main" hx-select-oob:inherited="#nav" {
                header.topbar {
                    button.btn.btn-quiet.btn-icon type="button" popovertarget="nav" aria-label="Menu" { (Icon::Menu.svg()) }
                    a.brand href="/inbox" { (icon::sail()) "Mainstay" }
                }
                (side(shell, nav))
                (main)
            }
            (keys())
            div #live hx-sse:connect=(format!("/events?at={}", shell.position)) hx-swap="none" hidden {}
        },
    )
}

fn document(title: &str, live: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Mainstay" }
                link rel="icon" href=(assets::address("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("console.css"));
                @if live {
                    meta name="htmx-config" content=r#"{"includeIndicatorCSS":false,"morphIgnore":["data-htmx-powered","open"]}"#;
                    script src=(assets::address("htmx.js")) defer {}
                    script src=(assets::address("console.js")) defer {}
                }
            }
            body { (body) }
        }
    }
}

fn side(shell: &Shell, current: Nav) -> Markup {
    html! {
        nav.side #nav popover aria-label="Main" {
            a.brand href="/inbox" { (icon::sail()) "Mainstay" }
            ul {
                (entry("/inbox", Icon::Inbox, "Inbox", current == Nav::Inbox, &inbox_count(shell.waiting)))
                (entry("/portfolio", Icon::Portfolio, "Portfolio", current == Nav::Portfolio, &html! {
                    span.count { (words::thousands(i64::try_from(shell.accounts).unwrap_or(0))) }
                }))
                (entry("/operator", Icon::Operator, "Operator", current == Nav::Operator, &html! {}))
            }
            div.side-foot {
                @if let Some(why) = &shell.paused {
                    p { span.warn.tone { (Icon::Warning.svg()) } " " (why) }
                }
                ul {
                    li.keys-entry hidden { a href="#keys" data-opens="keys" aria-keyshortcuts="?" {
                        (Icon::Unknown.svg()) "Keys" kbd.count aria-hidden="true" { "?" }
                    } }
                    li { form.sign-out method="post" action="/sign-out" hx-boost="false" {
                        button.btn.btn-quiet { (Icon::Leave.svg()) "Sign out " (shell.user) }
                    } }
                }
            }
        }
    }
}

/// The number beside the inbox; it follows the log without a reload.
pub(crate) fn inbox_count(waiting: usize) -> Markup {
    html! { span.count #inbox-count { (waiting) } }
}

fn entry(address: &str, icon: Icon, label: &str, current: bool, count: &Markup) -> Markup {
    html! { li { a href=(address) aria-current=[current.then_some("page")] { (icon.svg()) (label) (count) } } }
}

/// The keys; shown by `?` and by the entry in the navigation, both only where the script runs.
fn keys() -> Markup {
    let rows = [
        ("j k", "next, previous card"),
        ("Enter", "open the card"),
        ("a", "approve"),
        ("e, then Ctrl Enter", "edit, save and approve"),
        ("x, then 1 to 8", "reject with a reason"),
        ("u", "undo while held"),
        ("v", "show the evidence"),
        ("?", "this list"),
    ];
    html! {
        dialog #keys aria-labelledby="keys-h" {
            form method="dialog" {
                div.head { h2 #keys-h { "Keys" } p.dim.small { "They work outside fields only and never repeat while held." } }
                div.body {
                    dl.pairs { @for (key, does) in rows { dt { kbd { (key) } } dd { (does) } } }
                    label.choice { input type="checkbox" #keys-off; "Switch single keys off in this browser" }
                }
                div.foot { button.btn.btn-primary { "Close" } }
            }
        }
    }
}

/// A page for a recipient of a message: one column, nothing of how we work.
pub(crate) fn public(title: &str, body: &Markup) -> Markup {
    document(
        title,
        false,
        &html! {
            a.skip href="#main" { "Skip to content" }
            div.signin.alone { main #main tabindex="-1" { (body) } }
        },
    )
}

/// A page for somebody who is not signed in: brand, one column, the promise beside it.
pub(crate) fn outside(title: &str, body: &Markup) -> Markup {
    let fan = (0..20).map(|index: i32| format!("M420 -40L{} 900", -340 + 92 * index));
    document(
        title,
        false,
        &html! {
            a.skip href="#main" { "Skip to content" }
            div.signin {
                main #main tabindex="-1" {
                    p.brand { (icon::sail()) "Mainstay" }
                    (body)
                }
                aside aria-label="What Mainstay promises" {
                    svg.rig viewBox="0 0 840 900" preserveAspectRatio="xMidYMid slice" aria-hidden="true" {
                        @for line in fan { path d=(line) {} }
                        path.main d="M420 -40V900M420 -40L132 900" {}
                    }
                    p { "Nothing reaches a customer without a person’s yes." }
                    small { "Every message waits for your approval. If nobody decides, it is not sent." }
                }
            }
        },
    )
}

/// A page that says one thing to somebody who is signed in.
pub(crate) fn message(shell: &Shell, title: &str, notice: &Notice<'_>, more: &Markup) -> Markup {
    page(
        shell,
        title,
        Nav::None,
        &html! {
            main.page #main tabindex="-1" {
                div.page-head { h1 { (title) } }
                section.panel { div.body.lone { (part::notice(notice)) (more) } }
            }
        },
    )
}

/// The notice that decisions are paused.
pub(crate) fn paused(why: &str) -> Markup {
    part::notice(&Notice {
        tone: Tone::Bad,
        icon: Icon::AtRisk,
        title: "Decisions are paused",
        body: html! { p { (why) " You can read everything; nothing is sent and nothing is lost." } },
        alert: true,
    })
}
