//! What a card says once somebody decided, and what a decision that was not recorded says.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus_schema::data::people::{RejectReason, Verdict};
use maud::{Markup, html};

use super::{
    card::{self, Card},
    card_draft, reject,
};
use crate::{
    app::App,
    decide::{self, Refusal, Winner},
    fault::Fault,
    letter::Text,
    markup::{
        icon::Icon,
        layout::{self, Nav},
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

/// `Sends in 0:27.`, whose digits the script refreshes.
pub(super) fn countdown(clock: &Clock, proposal: &Proposal) -> Markup {
    let until = proposal.decision.as_ref().and_then(|decision| decision.hold_until);
    match until {
        Some(until) if until > clock.now => html! {
            "Sends in " b data-until=(until.0) data-now=(clock.now.0) { (words::countdown(until.since_ms(clock.now))) } "."
        },
        Some(_) => html! { "The hold is over; it is about to be sent." },
        None => html! { "It is held." },
    }
}

/// What is true of a card that no longer waits, or waits again.
pub(super) fn banner(clock: &Clock, card: &Card) -> Markup {
    let proposal = &card.case.proposal;
    let account = card.case.account.title();
    let at = clock.second(proposal.changed_at);
    let say = |tone, icon, title: String, body: Markup| {
        part::notice(&Notice { tone, icon, title: &title, body: html! { p { (body) } }, alert: false })
    };
    let decided = proposal.decision.as_ref().map(|decision| (decision, who(&decision.by, "")));
    match proposal.state {
        State::Filed => again(clock, card),
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
            format!("This card expired at {}. Nothing was sent", clock.moment(proposal.expires)),
            html! { "Nobody decided in time." },
        ),
        State::Voided => say(
            Tone::Warn,
            Icon::Warning,
            "The facts moved, so this card is void".into(),
            html! { "Nothing was sent. " (void_words(proposal)) },
        ),
    }
}

fn void_words(proposal: &Proposal) -> String {
    let detail: Option<serde_json::Value> = proposal.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let field = |name: &str| detail.as_ref().and_then(|detail| detail.get(name)?.as_str().map(words::plain));
    match (field("reason"), detail.as_ref().and_then(|d| d.get("event")?.as_str().map(str::to_owned))) {
        (Some(reason), Some(event)) => format!("Reason: {reason}, event {event}."),
        (Some(reason), None) => format!("Reason: {reason}."),
        (None, _) => String::new(),
    }
}

/// A card that waits, but not for the first time.
fn again(clock: &Clock, card: &Card) -> Markup {
    let proposal = &card.case.proposal;
    html! {
        @if let Some(by) = &proposal.reopened_by {
            (part::notice(&Notice {
                tone: Tone::Plain, icon: Icon::Undo, title: "Stopped. It was not sent",
                body: html! { p { (who(by, "")) " took the approval back. The card waits again." } }, alert: false,
            }))
        } @else if let Some((by, at, why)) = &card.refused {
            (part::notice(&Notice {
                tone: Tone::Warn, icon: Icon::Warning, title: "The last decision did not count",
                body: html! { p { (who(by, "")) " decided " (clock.relative(*at)) ", and the gate did not take it: " (words::plain(why)) ". Nothing was sent." } }, alert: false,
            }))
        } @else if proposal.draft.version > 1 {
            (part::notice(&Notice {
                tone: Tone::Plain, icon: Icon::Note, title: &format!("This is version {} of the draft", proposal.draft.version),
                body: html! { p { "Approvals of earlier versions do not count for it." } }, alert: false,
            }))
        }
    }
}

/// What a person wrote and must not lose.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) text: Option<Text>,
}

/// The page of a decision that was not recorded: what is true now, and what the person wrote.
pub(super) async fn refused(
    app: &Arc<App>,
    user: &str,
    id: &str,
    refusal: Refusal,
    kept: Kept,
) -> Result<Response, Fault> {
    let clock = app.clock().await;
    let shell = app.shell(user).await?;
    let case = decide::case(app, id).await?;
    let (status, title, tone, icon, body) = match &refusal {
        Refusal::NotFound => return Err(Fault::NotFound("There is no such card")),
        Refusal::Views(_) => {
            let Refusal::Views(error) = refusal else { return Err(Fault::NotFound("There is no such card")) };
            return Err(Fault::Views(error));
        }
        Refusal::Letter(error) => {
            let Some(case) = case else { return Err(Fault::NotFound("There is no such card")) };
            return still_open(app, user, case, error.clone(), kept).await;
        }
        Refusal::Conflict(winner) => (
            StatusCode::CONFLICT,
            conflict_title(&clock, winner, user),
            Tone::Plain,
            Icon::Handover,
            conflict_body(&clock, case.as_ref()),
        ),
        Refusal::Expired(at) => (
            StatusCode::GONE,
            format!("This card expired at {}. Nothing was sent", clock.moment(*at)),
            Tone::Plain,
            Icon::Clock,
            html! { p { "Your text is kept below." } },
        ),
        Refusal::Voided => (
            StatusCode::GONE,
            "The facts moved, so this card is void. Nothing was sent".into(),
            Tone::Warn,
            Icon::Warning,
            html! { p { @if let Some(case) = &case { (void_words(&case.proposal)) } " Your text is kept below." } },
        ),
        Refusal::Moved { version } => (
            StatusCode::CONFLICT,
            "The draft changed since you opened this card".into(),
            Tone::Warn,
            Icon::Warning,
            html! { p { "It is version " (version) " now, and nothing was recorded. Read it before you decide; your text is kept below." } },
        ),
        Refusal::NothingHeld => (
            StatusCode::CONFLICT,
            "Nothing is held that could be undone".into(),
            Tone::Plain,
            Icon::Undo,
            html! { p { "The card below says what is true now." } },
        ),
        Refusal::TooLate(at) => (
            StatusCode::CONFLICT,
            format!("Too late: the hold ended at {}", clock.second(*at)),
            Tone::Warn,
            Icon::Clock,
            html! { p { "It was sent or is being sent, and can no longer be stopped." } },
        ),
        Refusal::Paused(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Decisions are paused".into(),
            Tone::Bad,
            Icon::AtRisk,
            html! { p { (why) " No decision was recorded and nothing is sent." } },
        ),
        Refusal::Bus(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The bus did not take the decision".into(),
            Tone::Bad,
            Icon::AtRisk,
            html! { p { "No decision was recorded and nothing is sent: " (error) ". Try again in a moment; your text is kept below." } },
        ),
        Refusal::Doubt => (
            StatusCode::GATEWAY_TIMEOUT,
            "We do not know whether your decision was recorded".into(),
            Tone::Odd,
            Icon::Unknown,
            html! { p { "The bus gave no answer. Look at the card again in a moment: it says what is true. A decision is recorded once at most." } },
        ),
    };
    let notice = Notice { tone, icon, title: &title, body, alert: true };
    let more = case.map(|case| after(&case, kept, &refusal)).unwrap_or_default();
    Ok((status, layout::message(&shell, "Not recorded", &notice, &more)).into_response())
}

fn conflict_title(clock: &Clock, winner: &Winner, reader: &str) -> String {
    let did = match winner.verdict {
        Some(Verdict::Approve) => "approved",
        Some(Verdict::Reject) => "rejected",
        None => "decided on",
    };
    let version = winner.version.map_or_else(|| "this card".to_owned(), |version| format!("version {version}"));
    format!("{} {did} {version}, {}", who(&winner.by, reader), clock.relative(winner.at))
}

fn conflict_body(clock: &Clock, case: Option<&decide::Case>) -> Markup {
    let proposal = case.map(|case| &case.proposal);
    let now = match proposal.map(|proposal| proposal.state) {
        Some(State::Held) => {
            html! { "It is held and not sent yet. " @if let Some(proposal) = proposal { (countdown(clock, proposal)) } }
        }
        Some(State::Filed) => html! { "The decision is recorded and being taken." },
        Some(State::Sent) => html! { "It was sent." },
        Some(State::Rejected | State::Expired | State::Voided | State::Failed) => html! { "Nothing was sent." },
        Some(State::Signed | State::Sending) => html! { "It is being sent." },
        Some(State::Unknown) => html! { "It may or may not have arrived." },
        Some(State::Drafted) | None => html! {},
    };
    html! { p { (now) " Yours was not recorded." } }
}

/// Under the notice: theirs against yours, or what you wrote, and the ways on.
fn after(case: &decide::Case, kept: Kept, refusal: &Refusal) -> Markup {
    let proposal = &case.proposal;
    let card = format!("/inbox?card={}", part::segment(&proposal.id));
    let held = proposal.state == State::Held && matches!(refusal, Refusal::Conflict(_));
    html! {
        @if let Some(text) = &kept.text {
            @if text.differs_from(&proposal.draft) {
                h3.facet-3 { "The draft compared with your text" }
                (card_draft::difference(&proposal.draft.body, &text.body))
            }
            div.field.facet-3 {
                label for="kept" { "Your text" }
                textarea #kept rows="8" readonly { "\n" (text.body) }
            }
        }
        p.row-flow.facet-3 {
            a.btn.btn-primary href=(card) { @if held { "Keep theirs" } @else { "Show the card" } }
            @if held {
                form method="post" action=(format!("/cards/{}/undo", part::segment(&proposal.id))) {
                    button.btn { (Icon::Undo.svg()) "Undo theirs" }
                }
            }
            a href="/inbox" { "Back to the inbox" }
        }
    }
}

/// The card again, with what the person wrote and what is wrong with it.
async fn still_open(
    app: &Arc<App>,
    user: &str,
    case: decide::Case,
    error: crate::letter::LetterError,
    kept: Kept,
) -> Result<Response, Fault> {
    let clock = app.clock().await;
    let shell = app.shell(user).await?;
    let text = kept.text.unwrap_or_else(|| Text::of(&case.proposal.draft));
    let mut card = card::load(app, case, clock.now).await?;
    card.letter = Err(error);
    let title = format!("Edit the draft to {}", card.case.account.title());
    let body = html! {
        main.page #main tabindex="-1" {
            div.page-head { h1 { (title) } }
            section.panel { div.body.lone {
                (part::notice(&Notice {
                    tone: Tone::Bad, icon: Icon::AtRisk, title: "This cannot be sent as it stands",
                    body: html! { p { "No decision was recorded. Your text is kept." } }, alert: true,
                }))
                (card_draft::edit(&card, &text, true))
                p.facet { a href=(format!("/inbox?card={}", part::segment(&card.case.proposal.id))) { "Back to the card" } }
            } }
        }
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::page(&shell, &title, Nav::Inbox, &body)).into_response())
}
