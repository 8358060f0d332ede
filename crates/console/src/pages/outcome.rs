//! What a card says of its decision: the buttons while one is wanted, what is true afterwards.

use bus_schema::{Time, data::people::RejectReason, time::HOUR_MS};
use maud::{Markup, html};

use super::{card::Card, reject};
use crate::{
    app::App,
    markup::{
        icon::Icon,
        part::{self, Notice, Tone},
        words::{self, Clock},
    },
    views::row::{Proposal, State},
};

/// What the person had before their eyes, as it comes back with a form.
pub(super) fn seen(proposal: &Proposal) -> Markup {
    html! {
        input type="hidden" name="version" value=(proposal.draft.version);
        input type="hidden" name="draft_hash" value=(proposal.draft.draft_hash);
    }
}

/// The words for a reason to say no.
pub(super) const fn reason_words(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::WrongFacts => "Wrong facts",
        RejectReason::BadTiming => "Bad timing",
        RejectReason::WrongPerson => "Wrong person",
        RejectReason::AlreadyHandled => "Already handled",
        RejectReason::Tone => "Tone or text",
        RejectReason::NotARealSignal => "Not a real signal",
        RejectReason::CustomerAskedNotTo => "Customer asked us not to",
        RejectReason::Other => "Something else…",
    }
}

/// `person/jo` as a reader knows them.
pub(super) fn who(by: &str, reader: &str) -> String {
    match by.split_once('/') {
        Some(("person", id)) if id == reader => "You".into(),
        Some(("person", id)) => format!("A colleague ({id})"),
        Some(("simulated", id)) => format!("Simulated CSM {id}"),
        Some((_, id)) => words::sentence_case(id),
        None => "A colleague".into(),
    }
}

/// The same in the middle of a sentence.
pub(super) fn by(actor: &str, reader: &str) -> String {
    let who = who(actor, reader);
    who.strip_prefix("You")
        .map(|rest| format!("you{rest}"))
        .or_else(|| who.strip_prefix("A ").map(|rest| format!("a {rest}")))
        .unwrap_or(who)
}

/// The bar under the card: buttons while a decision is wanted, else what is true now.
pub(super) fn dock(app: &App, clock: &Clock, card: &Card) -> Markup {
    let proposal = &card.case.proposal;
    let address = |act: &str| format!("/cards/{}/{act}", part::segment(&proposal.id));
    let paused = app.paused();
    let stops = paused.is_some() || card.letter.is_err();
    match proposal.state {
        State::Filed => html! {
            div.bar role="group" aria-label=(format!("Decide on {}", card.case.account.title())) {
                form method="post" action=(address("approve")) {
                    (seen(proposal))
                    button.btn.btn-primary #approve disabled[stops] aria-keyshortcuts="A" { "Approve " kbd { "A" } }
                }
                a.btn #edit-link href="#edit" data-opens="edit" aria-keyshortcuts="E" { "Edit " kbd { "E" } }
                a.btn #reject-link href=(address("reject")) data-opens="reject" aria-keyshortcuts="X" { "Reject… " kbd { "X" } }
                p.end {
                    @if let Some(why) = &paused { b { "Paused. " } (why) }
                    @else if let Err(error) = &card.letter { b { "Cannot be sent as it stands: " } (error) }
                    @else { "No decision by " b { (clock.moment(proposal.expires)) } ":" br.only-wide; " not sent" }
                }
            }
            (reject::dialog(proposal))
        },
        State::Held => html! {
            div.bar {
                form method="post" action=(address("undo")) {
                    button.btn #undo aria-keyshortcuts="U" { (Icon::Undo.svg()) "Undo " kbd { "U" } }
                }
                p.end { (countdown(clock, proposal)) " Not sent yet." }
            }
        },
        State::Drafted
        | State::Rejected
        | State::Expired
        | State::Voided
        | State::Signed
        | State::Sending
        | State::Sent
        | State::Failed
        | State::Unknown => html! { div.bar { p.end { "Decided. " a href="/inbox" { "Back to the inbox" } } } },
    }
}

/// When a held message may go: after the hold, and not in quiet hours.
pub(super) fn sends_at(proposal: &Proposal) -> Option<Time> {
    let hold = proposal.decision.as_ref()?.hold_until?;
    Some(proposal.draft.not_before.map_or(hold, |earliest| earliest.max(hold)))
}

/// `Sends in 0:27.`, whose digits the script refreshes.
pub(super) fn countdown(clock: &Clock, proposal: &Proposal) -> Markup {
    match sends_at(proposal) {
        Some(at) if at.since_ms(clock.now) > HOUR_MS => html! { "Sends not before " (clock.moment(at)) "." },
        Some(at) if at > clock.now => html! { "Sends in " (digits(clock, at)) "." },
        Some(_) => html! { "About to be sent." },
        None => html! { "It is held." },
    }
}

/// The digits of a countdown.
pub(super) fn digits(clock: &Clock, at: Time) -> Markup {
    html! { strong data-until=(at.0) data-now=(clock.now.0) { (words::countdown(at.since_ms(clock.now))) } }
}

/// What is true of a card that no longer waits, or waits again.
pub(super) fn banner(clock: &Clock, card: &Card, reader: &str) -> Markup {
    let proposal = &card.case.proposal;
    let account = card.case.account.title();
    let at = clock.second(proposal.changed_at);
    let say = |tone, icon, title: String, body: Markup| {
        part::notice(&Notice { tone, icon, title: &title, body: html! { p { (body) } }, alert: false })
    };
    let decided = proposal.decision.as_ref().map(|decision| (decision, who(&decision.by, reader)));
    match proposal.state {
        State::Filed => again(clock, card, reader),
        State::Drafted => {
            say(Tone::Plain, Icon::Clock, "This card is being filed".into(), html! { "It can be decided in a moment." })
        }
        State::Held => {
            let by = decided.map_or_else(String::new, |(d, who)| {
                format!("{who} approved version {}, {}.", d.version, clock.relative(d.at))
            });
            say(
                Tone::Plain,
                Icon::Clock,
                "Approved and held".into(),
                html! { (by) " It is not sent yet and can be undone." },
            )
        }
        State::Signed | State::Sending => {
            say(Tone::Plain, Icon::Send, format!("Being sent to {account}"), html! { "It can no longer be stopped." })
        }
        State::Sent => say(
            Tone::Good,
            Icon::Healthy,
            format!("Sent to {account} at {at}"),
            html! { "It can no longer be stopped. A reply or bounce appears on the account’s timeline." },
        ),
        State::Unknown => say(
            Tone::Odd,
            Icon::Unknown,
            "It may or may not have arrived".into(),
            html! { "We handed the message over at " (at) " and lost the reply. We do not send it again by ourselves. " span.dim { (proposal.detail.as_deref().unwrap_or_default()) } },
        ),
        State::Failed => say(
            Tone::Bad,
            Icon::AtRisk,
            "It was not sent".into(),
            html! { "The courier stopped it at " (at) ": " (words::plain(proposal.detail.as_deref().unwrap_or("no reason was given"))) "." },
        ),
        State::Rejected => {
            let (by, why) =
                decided.map_or_else(Default::default, |(d, who)| (who, d.reason.clone().unwrap_or_default()));
            say(
                Tone::Plain,
                Icon::Forbid,
                format!("{by} rejected this card at {at}"),
                html! { "Nothing was sent. Reason: " (words::plain(&why)) "." },
            )
        }
        State::Expired => say(
            Tone::Plain,
            Icon::Clock,
            format!("This card expired at {at}. Nothing was sent"),
            html! {
                @if proposal.detail.as_deref() == Some("crowded") { "More cards were open than one person can look at, and this one had the lowest rank." }
                @else { "Nobody decided in time." }
            },
        ),
        State::Voided => say(
            Tone::Warn,
            Icon::Warning,
            "The facts moved, so this card is void".into(),
            html! { "Nothing was sent. " (void_words(proposal)) },
        ),
    }
}

pub(super) fn void_words(proposal: &Proposal) -> String {
    let detail: Option<serde_json::Value> = proposal.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let field = |name: &str| detail.as_ref().and_then(|detail| detail.get(name)?.as_str().map(words::plain));
    match (field("reason"), detail.as_ref().and_then(|d| d.get("event")?.as_str().map(str::to_owned))) {
        (Some(reason), Some(event)) => format!("Reason: {reason}, event {event}."),
        (Some(reason), None) => format!("Reason: {reason}."),
        (None, _) => String::new(),
    }
}

/// A card that waits, but not for the first time.
fn again(clock: &Clock, card: &Card, reader: &str) -> Markup {
    let proposal = &card.case.proposal;
    html! {
        @if let Some(by) = &proposal.reopened_by {
            (part::notice(&Notice {
                tone: Tone::Plain, icon: Icon::Undo, title: "Stopped. It was not sent",
                body: html! { p { (who(by, reader)) " took the approval back. The card waits again." } }, alert: false,
            }))
        } @else if let Some((by, at, why)) = &card.refused {
            (part::notice(&Notice {
                tone: Tone::Warn, icon: Icon::Warning, title: "The last decision did not count",
                body: html! { p { (who(by, reader)) " decided " (clock.relative(*at)) ", and the gate did not take it: " (words::plain(why)) ". Nothing was sent." } }, alert: false,
            }))
        } @else if proposal.draft.version > 1 {
            (part::notice(&Notice {
                tone: Tone::Plain, icon: Icon::Note, title: &format!("This is version {} of the draft", proposal.draft.version),
                body: html! { p { "Approvals of earlier versions do not count for it." } }, alert: false,
            }))
        }
    }
}
