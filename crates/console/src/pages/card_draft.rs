//! What would be sent: envelope, text with footnotes, the form to edit it, the preview.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{
    card::{Approved, Card},
    outcome,
};
use crate::{
    app::App,
    draft::{self, Annotated, Note, Source},
    letter::{self, Text},
    markup::{
        icon::Icon,
        part,
        words::{self, Clock},
    },
    views::row::{Contact, State},
};

/// The question the sheet answers.
pub(super) fn heading(card: &Card) -> &'static str {
    match (card.case.proposal.state, &card.approved) {
        (State::Sent, _) => "What was sent",
        (_, Some(_)) => "What was approved",
        (State::Filed | State::Drafted, None) => "What would be sent",
        (_, None) => "What was proposed",
    }
}

/// The sheet.
pub(super) fn show(app: &App, clock: &Clock, card: &Card) -> Markup {
    match &card.approved {
        Some(approved) => final_text(clock, card, approved),
        None => proposed(app, clock, card),
    }
}

/// The exact text a person approved.
fn final_text(clock: &Clock, card: &Card, approved: &Approved) -> Markup {
    let proposal = &card.case.proposal;
    let annotated = draft::mark(&approved.body, &proposal.draft.fields);
    let edited = proposal.decision.as_ref().is_some_and(|decision| decision.edited);
    html! {
        section.sheet aria-label=(format!("The approved text, version {}", proposal.draft.version)) {
            dl.env {
                dt { "To" } dd { (approved.recipient) }
                dt { "When" } dd { (happened(clock, card)) }
                dt { "Subject" } dd.subject { (approved.subject) }
                @if edited { dt { "Edited" } dd { "by the person who approved it" } }
            }
            (prose(&annotated))
            (sources(clock, &card.case.account.id, &annotated))
            div.tools { (preview(&approved.body)) }
        }
    }
}

fn happened(clock: &Clock, card: &Card) -> Markup {
    let proposal = &card.case.proposal;
    match proposal.state {
        State::Held => html! { (outcome::countdown(clock, proposal)) " Not sent yet." },
        State::Sent => html! { "Sent " (part::time(clock, proposal.changed_at, &clock.both(proposal.changed_at))) },
        State::Signed | State::Sending => html! { "Being sent" },
        State::Unknown => html! { "Handed over " (clock.both(proposal.changed_at)) ", reply lost" },
        State::Drafted | State::Filed | State::Rejected | State::Expired | State::Voided | State::Failed => {
            html! { "Not sent" }
        }
    }
}

fn proposed(app: &App, clock: &Clock, card: &Card) -> Markup {
    let case = &card.case;
    let fields = letter::fields(app, &case.account, case.contact.as_ref());
    let proposal = &case.proposal;
    let annotated = draft::annotate(&proposal.draft.body, &fields, &proposal.draft.fields);
    let subject = draft::fill(&proposal.draft.subject, &fields).unwrap_or_else(|_| proposal.draft.subject.clone());
    html! {
        section.sheet aria-label=(format!("Draft, version {}", proposal.draft.version)) {
            dl.env {
                dt { "To" } dd { (recipient(case.contact.as_ref(), &proposal.draft.role)) }
                @if proposal.state.open() { dt { "When" } dd { (when(app, clock, card)) } }
                dt { "Subject" } dd.subject { (subject) }
            }
            @match &annotated {
                Ok(annotated) => {
                    (prose(annotated))
                    (sources(clock, &case.account.id, annotated))
                },
                Err(_) => div.prose { @for paragraph in proposal.draft.body.split("\n\n") { p { (lines(paragraph)) } } },
            }
            div.tools {
                @if proposal.state == State::Filed { (edit(card, &Text::of(&proposal.draft), false)) }
                @if let Ok(letter) = &card.letter { (preview(&letter.body)) }
            }
        }
    }
}

fn recipient(contact: Option<&Contact>, role: &str) -> Markup {
    let Some(contact) = contact else { return html! { (words::sentence(role)) span.dim { " no data" } } };
    let title = contact.title.as_deref().map(|title| format!(", {title}")).unwrap_or_default();
    html! {
        @match &contact.name { Some(name) => { (name) }, None => (words::sentence(role)) }
        span.dim { " " (words::plain(role)) (title) " " }
        @match &contact.email {
            Some(email) => span.dim.nowrap { (email) },
            None => b.bad.tone { "No mail address" },
        }
    }
}

fn when(app: &App, clock: &Clock, card: &Card) -> Markup {
    let case = &card.case;
    let theirs = case.contact.as_ref().and_then(|contact| contact.zone.as_deref()).or(case.account.zone.as_deref());
    let zone = theirs.and_then(|name| TimeZone::get(name).ok());
    let hold = i64::try_from(app.config.hold.as_millis()).unwrap_or(i64::MAX);
    let send = clock.now.plus_ms(hold);
    let later = case.proposal.draft.not_before.filter(|at| *at > send);
    html! {
        @match later {
            Some(at) => { "After approval, not before " (clock.moment(at)) " · " },
            None => { "On approval, after a " (words::span(hold)) " hold · " },
        }
        (clock.yours_and_theirs(later.unwrap_or(send), zone.as_ref()))
    }
}

fn lines(text: &str) -> Markup {
    html! { @for (index, line) in text.lines().enumerate() { @if index > 0 { br; } (line) } }
}

fn prose(annotated: &Annotated) -> Markup {
    html! {
        div.prose {
            @for paragraph in &annotated.paragraphs {
                p {
                    @for (index, line) in paragraph.iter().enumerate() {
                        @if index > 0 { br; }
                        @for piece in line {
                            @match piece.note {
                                Some(note) => {
                                    @let bare = annotated.notes.get(note - 1).is_some_and(|n| n.source == Source::None);
                                    a.mf.none[bare] href=(format!("#s{note}")) { (piece.text) sup { (note) } }
                                },
                                None => (piece.text),
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sources(clock: &Clock, account: &str, annotated: &Annotated) -> Markup {
    if annotated.notes.is_empty() {
        return html! {};
    }
    html! {
        ol.sources aria-label="Sources of the marked text" {
            @for (index, note) in annotated.notes.iter().enumerate() {
                li.warn[note.source == Source::None] id=(format!("s{}", index + 1)) { span { (index + 1) } span { (source(clock, account, note)) } }
            }
        }
    }
}

fn source(clock: &Clock, account: &str, note: &Note) -> Markup {
    match &note.source {
        Source::Record => {
            let (owner, field) = note.name.split_once('.').unwrap_or(("record", &note.name));
            let whose = match owner {
                "contact" => "contact record",
                "account" => "account record",
                _ => "settings of this console",
            };
            html! { (words::sentence(field)) ", " (whose) }
        }
        Source::Fact { words: said, at, events } => html! {
            (said) ", " (part::time(clock, *at, &clock.relative(*at)))
            @if let Some(last) = events.first() {
                ", " (words::count(events.len(), "event", "events")) ", last " (part::event_link(account, *last))
            }
        },
        Source::None => html! {
            b.warn.tone { "No source." } " " "“" (note.name) "” is written by the draft, not by a fact. Check it before you approve."
        },
    }
}

/// The form to write it in other words. `open` keeps it open, with what a person has written.
pub(super) fn edit(card: &Card, text: &Text, open: bool) -> Markup {
    let proposal = &card.case.proposal;
    // Ids name the card: a text must never be carried over into the form of another one.
    let id = |name: &str| format!("{name}-{}-{}", proposal.id, proposal.draft.version);
    let error = card.letter.as_ref().err().map(ToString::to_string);
    html! {
        details.fold #edit open[open || error.is_some()] {
            summary { "Edit the draft" kbd { "E" } }
            form.inner method="post" action=(format!("/cards/{}/edit", part::segment(&proposal.id))) {
                (outcome::seen(proposal))
                @if let Some(error) = &error { p.error role="alert" { (Icon::AtRisk.svg()) (error) } }
                div.field {
                    label for=(id("subject")) { "Subject" }
                    input.input id=(id("subject")) name="subject" value=(text.subject) required maxlength="200";
                }
                div.field {
                    label for=(id("body")) { "Message" }
                    // A browser drops the first line feed of a text area.
                    textarea id=(id("body")) name="body" rows="9" required aria-describedby=(id("body-h")) { "\n" (text.body) }
                    small id=(id("body-h")) { "Fields in double braces are filled from the contact’s record. What you approve is exactly what is sent." }
                }
                p.tokens aria-label="Fields you can use" {
                    @for name in ["contact.name", "contact.first_name", "contact.title", "account.name", "sender.name", "sender.email"] {
                        code.token { (name) }
                    }
                }
                div.field {
                    label for=(id("note")) { "Why the change? " span.dim { "(optional, kept with the decision)" } }
                    input.input id=(id("note")) name="note" maxlength="500";
                }
                p.row-flow { button.btn.btn-primary.save { "Save and approve " kbd { "⌃↵" } } }
            }
        }
    }
}

/// The text as the customer reads it, in a frame that may do nothing.
fn preview(body: &str) -> Markup {
    let paragraphs = html! { @for paragraph in body.split("\n\n") { p { (lines(paragraph)) } } }.into_string();
    html! {
        details.fold {
            summary { "Preview as received" }
            div.inner { iframe.preview sandbox="" title="The message as the recipient sees it" srcdoc=(paragraphs) {} }
        }
    }
}

/// Two texts line by line: theirs against yours.
pub(super) fn difference(theirs: &str, yours: &str) -> Markup {
    let (old, new): (Vec<&str>, Vec<&str>) = (theirs.trim_end().lines().collect(), yours.trim_end().lines().collect());
    let mut rows = Vec::new();
    let mut at = 0;
    for line in &old {
        match new.iter().skip(at).position(|other| other == line) {
            Some(skip) => {
                rows.extend(new.iter().skip(at).take(skip).map(|line| ("ins", *line)));
                rows.push(("span", *line));
                at += skip + 1;
            }
            None => rows.push(("del", *line)),
        }
    }
    rows.extend(new.iter().skip(at).map(|line| ("ins", *line)));
    html! {
        div.diff role="group" aria-label="Their text compared with yours" {
            @for (tag, line) in rows.iter().filter(|(_, line)| !line.trim().is_empty()) {
                @match *tag { "ins" => ins { (line) }, "del" => del { (line) }, _ => span { (line) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_each_has_alone() {
        let text = difference("Hello\nthis week\nBye", "Hello\non Thursday\nBye").into_string();
        assert!(
            text.contains("<span>Hello</span><del>this week</del><ins>on Thursday</ins><span>Bye</span>"),
            "{text}"
        );
    }

    #[test]
    fn the_preview_quotes_twice() {
        let text = preview("<script>x</script>\n\nBye").into_string();
        assert!(text.contains("srcdoc=\"&lt;p&gt;&amp;lt;script&amp;gt;x"), "{text}");
        assert!(text.contains("sandbox=\"\""));
    }
}
