//! The page of a decision that was not recorded: what is true now, what that means, and what the person wrote.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus_schema::{Time, data::people::Verdict};
use maud::{Markup, html};

use super::{
    card, card_draft,
    outcome::{countdown, void_words, who},
};
use crate::{
    app::App,
    decide::{self, Case, Refusal, Winner},
    draft,
    fault::Fault,
    letter::{self, LetterError, Text},
    markup::{
        icon::Icon,
        layout::{self, Nav},
        part::{self, Notice, Tone},
        words::Clock,
    },
    views::row::State,
};

/// What a person wrote and must not lose.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) text: Option<Text>,
}

/// What such a page says.
struct Says {
    status: StatusCode,
    title: String,
    tone: Tone,
    icon: Icon,
    body: Markup,
}

/// The answer to a refusal.
pub(super) async fn page(
    app: &Arc<App>,
    user: &str,
    id: &str,
    refusal: Refusal,
    kept: Kept,
) -> Result<Response, Fault> {
    let gone = Fault::NotFound("There is no such card");
    let refusal = match refusal {
        Refusal::NotFound => return Err(gone),
        Refusal::Views(error) => return Err(Fault::Views(error)),
        other => other,
    };
    let clock = app.clock().await;
    let case = decide::case(app, id).await?.ok_or(gone)?;
    if let Refusal::Letter(error) = refusal {
        return still_open(app, user, (case, error), kept).await;
    }
    let shell = app.shell(user).await?;
    let held = case.proposal.state == State::Held && matches!(refusal, Refusal::Conflict(_));
    let Says { status, title, tone, icon, body } = says(&clock, &case, user, &refusal);
    let notice = Notice { tone, icon, title: &title, body, alert: true };
    let theirs = theirs(app, &case, &kept).await?;
    let page = layout::message(&shell, "Not recorded", &notice, &after(&case, &kept, theirs.as_ref(), held));
    Ok((status, page).into_response())
}

fn says(clock: &Clock, case: &Case, reader: &str, refusal: &Refusal) -> Says {
    match refusal {
        Refusal::Conflict(winner) => conflict(clock, case, winner, reader),
        Refusal::Expired(at) => expired(clock, *at),
        Refusal::Voided => Says {
            status: StatusCode::GONE,
            title: "The facts moved, so this card is void. Nothing was sent".into(),
            tone: Tone::Warn,
            icon: Icon::Warning,
            body: html! { p { (void_words(&case.proposal)) } },
        },
        Refusal::Moved { version } => Says {
            status: StatusCode::CONFLICT,
            title: "The draft changed since you opened this card".into(),
            tone: Tone::Warn,
            icon: Icon::Warning,
            body: html! { p { "It is version " (version) " now, and nothing was recorded. Read it before you decide." } },
        },
        Refusal::NothingHeld => Says {
            status: StatusCode::CONFLICT,
            title: "Nothing is held that could be undone".into(),
            tone: Tone::Plain,
            icon: Icon::Undo,
            body: html! { p { "The card says what is true now." } },
        },
        Refusal::TooLate(at) => Says {
            status: StatusCode::CONFLICT,
            title: too_late(clock, case, *at),
            tone: Tone::Warn,
            icon: Icon::Clock,
            body: html! { p { "It can no longer be stopped. A reply or bounce appears on the account’s timeline." } },
        },
        Refusal::Paused(_) | Refusal::Bus(_) | Refusal::Doubt => trouble(refusal),
        // These have pages of their own.
        Refusal::NotFound | Refusal::Views(_) | Refusal::Letter(_) => trouble(&Refusal::Doubt),
    }
}

fn too_late(clock: &Clock, case: &Case, at: Time) -> String {
    if case.proposal.state == State::Sent {
        format!("Too late: it was sent at {}", clock.second(at))
    } else {
        "Too late: it is being sent".into()
    }
}

fn expired(clock: &Clock, at: Time) -> Says {
    Says {
        status: StatusCode::GONE,
        title: format!("This card expired at {}. Nothing was sent", clock.moment(at)),
        tone: Tone::Plain,
        icon: Icon::Clock,
        body: html! { p { "If the account is still at risk, another card follows." } },
    }
}

/// The bus stands in the way.
fn trouble(refusal: &Refusal) -> Says {
    let (status, title, tone, body) = match refusal {
        Refusal::Paused(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Decisions are paused",
            Tone::Bad,
            html! { p { (why) " No decision was recorded and nothing is sent." } },
        ),
        Refusal::Bus(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The bus did not take the decision",
            Tone::Bad,
            html! { p { "No decision was recorded and nothing is sent: " (error) ". Try again in a moment." } },
        ),
        _ => (
            StatusCode::GATEWAY_TIMEOUT,
            "We do not know whether your decision was recorded",
            Tone::Odd,
            html! { p { "The bus gave no answer. Look at the card again in a moment: it says what is true. A decision is recorded once at most." } },
        ),
    };
    let icon = if tone == Tone::Odd { Icon::Unknown } else { Icon::AtRisk };
    Says { status, title: title.into(), tone, icon, body }
}

fn conflict(clock: &Clock, case: &Case, winner: &Winner, reader: &str) -> Says {
    let did = match winner.verdict {
        Some(Verdict::Approve) => "approved",
        Some(Verdict::Reject) => "rejected",
        None => "decided on",
    };
    let version = winner.version.map_or_else(|| "this card".to_owned(), |version| format!("version {version}"));
    let now = match case.proposal.state {
        State::Held => html! { "It is held and not sent yet. " (countdown(clock, &case.proposal)) },
        State::Filed => html! { "That decision is recorded and being taken." },
        State::Sent => html! { "It was sent at " (clock.second(case.proposal.changed_at)) "." },
        State::Rejected | State::Expired | State::Voided | State::Failed => html! { "Nothing was sent." },
        State::Signed | State::Sending => html! { "It is being sent." },
        State::Unknown => html! { "It may or may not have arrived." },
        State::Drafted => html! {},
    };
    Says {
        status: StatusCode::CONFLICT,
        title: format!("{} {did} {version}, {}", who(&winner.by, reader), clock.relative(winner.at)),
        tone: Tone::Plain,
        icon: Icon::Handover,
        body: html! { p { (now) " Yours was not recorded." } },
    }
}

/// The text that was approved instead, against the person's own, both as a customer would read them.
async fn theirs(app: &App, case: &Case, kept: &Kept) -> Result<Option<Markup>, Fault> {
    let Some(text) = &kept.text else { return Ok(None) };
    let proposal = case.proposal.clone();
    let approved = app.views.read(move |c| card::approved(c, &proposal)).await?;
    let fields = letter::fields(app, &case.account, case.contact.as_ref());
    let mine = draft::fill(&text.body, &fields).unwrap_or_else(|_| text.body.clone());
    Ok(approved.map(|approved| card_draft::difference(&approved.body, &mine)))
}

/// Under the notice: what was approved or drafted against what the person wrote, their text, the ways on.
fn after(case: &Case, kept: &Kept, theirs: Option<&Markup>, held: bool) -> Markup {
    let proposal = &case.proposal;
    let card = format!("/inbox?card={}", part::segment(&proposal.id));
    html! {
        @if let Some(text) = &kept.text {
            @if let Some(theirs) = theirs {
                h3.facet-3 { "Their text compared with yours" }
                (theirs)
            } @else if text.differs_from(&proposal.draft) {
                h3.facet-3 { "The draft compared with your text" }
                (card_draft::difference(&proposal.draft.body, &text.body))
            }
            div.field.facet-3 {
                label for="kept" { "Your text is kept here" }
                textarea #kept rows="8" readonly { "\n" (text.body) }
            }
        }
        div.row-flow.facet-3 {
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

/// The form again, with what the person wrote and what is wrong with it.
async fn still_open(
    app: &Arc<App>,
    user: &str,
    (case, error): (Case, LetterError),
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
