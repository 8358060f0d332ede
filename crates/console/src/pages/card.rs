//! The proposal card: who, why now, what is at stake, what if nobody acts, what would be sent.

use bus_schema::{
    Day, Money, Position, Time,
    data::facts::{Band, Evidence, HealthScored},
    time::DAY_MS,
};
use maud::{Markup, html};
use rusqlite::Connection;

use super::{card_context, card_draft, describe, outcome};
use crate::{
    app::App,
    decide::Case,
    letter::{self, Letter, LetterError, Text},
    markup::{
        chart::{self, Spark},
        icon::Icon,
        part,
        words::{self, Clock},
    },
    views::{
        ViewsError, read_account, read_event, read_proposal,
        row::{Account, LogEvent, Point, Proposal},
    },
};

/// Days of health the head shows.
const SPARK_DAYS: i64 = 90;
/// Days back that changes are told over.
pub(super) const CHANGE_DAYS: i64 = 30;
/// Evidence shown before "more".
const EVIDENCE_MAX: usize = 3;
/// Events listed behind the evidence.
const EVENTS_MAX: usize = 12;

/// All a card shows.
pub(crate) struct Card {
    pub(super) case: Case,
    pub(super) history: Vec<Point>,
    pub(super) score: Option<HealthScored>,
    pub(super) score_before: Option<HealthScored>,
    pub(super) behind: Vec<LogEvent>,
    pub(super) sent_to_contact: usize,
    pub(super) refused: Option<(String, Time, String)>,
    pub(super) letter: Result<Letter, LetterError>,
    /// What a person approved, once they did.
    pub(super) approved: Option<Approved>,
}

/// The text of an approval, as the log has it.
pub(super) struct Approved {
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: String,
}

/// What the views know for a card.
struct Known {
    history: Vec<Point>,
    score: Option<HealthScored>,
    score_before: Option<HealthScored>,
    behind: Vec<LogEvent>,
    sent_to_contact: usize,
    refused: Option<(String, Time, String)>,
    approved: Option<Approved>,
}

/// The text of the decision that counts, where it was an approval.
pub(super) fn approved(c: &Connection, proposal: &Proposal) -> Result<Option<Approved>, ViewsError> {
    let Some(decision) = proposal.decision.as_ref().filter(|decision| decision.approved) else { return Ok(None) };
    let personal = read_event::one(c, decision.position)?.and_then(|event| event.personal);
    let text = |name: &str| personal.as_ref().and_then(|personal| personal.get(name)?.as_str()).map(str::to_owned);
    Ok(text("recipient").zip(text("subject")).zip(text("body")).map(|((recipient, subject), body)| Approved {
        recipient,
        subject,
        body,
    }))
}

fn known(c: &Connection, proposal: &Proposal, account: &Account, now: Time) -> Result<Known, ViewsError> {
    let positions: Vec<Position> = cited(&proposal.draft.evidence, EVENTS_MAX);
    let before = read_account::point_before(c, &account.id, now.plus_ms(-CHANGE_DAYS * DAY_MS))?;
    let at = |position: Option<Position>| match position {
        Some(position) => read_account::score(c, position),
        None => Ok(None),
    };
    Ok(Known {
        history: read_account::history(c, &account.id, now.plus_ms(-SPARK_DAYS * DAY_MS))?,
        score: at(account.health.map(|health| health.position))?,
        score_before: at(before)?,
        behind: read_event::some(c, &positions)?,
        sent_to_contact: read_proposal::sent_to(c, &proposal.draft.contact, now.plus_ms(-CHANGE_DAYS * DAY_MS))?,
        refused: read_proposal::last_refused(c, &proposal.id)?,
        approved: approved(c, proposal)?,
    })
}

/// The events some evidence cites, each once, the latest first.
fn cited(evidence: &[Evidence], most: usize) -> Vec<Position> {
    let mut positions: Vec<Position> = evidence.iter().flat_map(|evidence| evidence.events.iter().copied()).collect();
    positions.sort_unstable();
    positions.dedup();
    positions.reverse();
    positions.truncate(most);
    positions
}

/// Reads all a card shows.
pub(crate) async fn load(app: &App, case: Case, now: Time) -> Result<Card, ViewsError> {
    let (proposal, account) = (case.proposal.clone(), case.account.clone());
    let known = app.views.read(move |c| known(c, &proposal, &account, now)).await?;
    let text = Text::of(&case.proposal.draft);
    let letter = letter::write(app, (&case.proposal, &case.account, case.contact.as_ref()), &text, now);
    let Known { history, score, score_before, behind, sent_to_contact, refused, approved } = known;
    Ok(Card { case, history, score, score_before, behind, sent_to_contact, refused, letter, approved })
}

/// The card with its dock and dialog.
pub(crate) fn show(app: &App, clock: &Clock, card: &Card, back: &str, toast: &Markup) -> Markup {
    let (proposal, account) = (&card.case.proposal, &card.case.account);
    html! {
        article.card #card aria-labelledby="card-h" data-card=(proposal.id) {
            div.card-scroll {
                a.back href=(back) { (Icon::Back.svg()) "Inbox" }
                (head(clock, card))
                div.card-body {
                    div.facet-main {
                        (outcome::banner(clock, card, app.sessions.user()))
                        dl.answers {
                            div { dt { "Why now" } dd { (why(clock, card, app.sessions.user())) } }
                            div { dt { "At stake" } dd.row-flow { (stake(account, proposal)) } }
                            @if proposal.state.open() { div { dt { "If you do nothing" } dd { (nothing(clock, proposal)) } } }
                            div { dt { (card_draft::heading(card)) } dd { (card_draft::show(app, clock, card)) } }
                        }
                    }
                    (card_context::show(clock, card))
                }
            }
            div.dock { (toast) (outcome::dock(app, clock, card)) }
        }
    }
}

fn head(clock: &Clock, card: &Card) -> Markup {
    let account = &card.case.account;
    html! {
        header.card-head {
            div {
                h2 #card-h { a href=(format!("/accounts/{}", part::segment(&account.id))) { (account.title()) } }
                (facts(clock, account))
            }
            div.score {
                (part::band(account.band(), account.health.map(|health| health.score)))
                (spark(account, &card.history, (136, 32)))
                @if let Some(text) = change(account, &card.history, clock.now) { span { (text) } }
            }
        }
    }
}

/// The line under an account's name.
pub(super) fn facts(clock: &Clock, account: &Account) -> Markup {
    html! {
        p.facts {
            span { @match account.arr { Some(arr) => { b { (words::money(arr)) } " ARR" }, None => "ARR: no data" } }
            @if let Some(seats) = account.seats { span { (words::thousands(seats)) " seats" } }
            @if let Some(day) = account.renews_on { span { (renews(clock, day)) } }
            @if let Some(segment) = &account.segment { span { (words::segment(segment)) } }
            @if let Some(stage) = &account.stage { span { (words::sentence(stage)) } }
            span { "owner: " (account.owner.as_deref().unwrap_or("nobody yet")) }
            @if account.ended { span { b { "Service ended" } } }
        }
    }
}

/// `70 d`, or `ended 52 d ago`.
pub(super) fn away(clock: &Clock, day: Day) -> String {
    let days = clock.days_from_now(day.start());
    if days >= 0 { format!("{days}\u{a0}d") } else { format!("ended {}\u{a0}d ago", -days) }
}

fn renews(clock: &Clock, day: Day) -> Markup {
    let days = clock.days_from_now(day.start());
    html! {
        @if days >= 0 { "renews " time datetime=(day) { (clock.date(day)) } ", in " (days) "\u{a0}d" }
        @else { "term ended " time datetime=(day) { (clock.date(day)) } }
    }
}

/// Health as a small line, or nothing before there are two points.
pub(super) fn spark(account: &Account, history: &[Point], size: (u16, u16)) -> Markup {
    let values: Vec<u16> = history.iter().filter(|point| point.band != Band::Unknown).map(|p| p.score).collect();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return html! {} };
    let label = format!("Health over 90 days, from {} to {}", part::points(*first), part::points(*last));
    chart::spark(&Spark {
        values: &values,
        scale: (5_000, 10_000),
        size,
        tone: part::band_words(account.band()).2,
        label: &label,
    })
}

/// `81 → 63 in 30 d`.
fn change(account: &Account, history: &[Point], now: Time) -> Option<String> {
    let score = account.known_score()?;
    let since = now.plus_ms(-CHANGE_DAYS * DAY_MS);
    let before = history.iter().rev().find(|point| point.at <= since).or_else(|| history.first())?;
    let days = (now.since_ms(before.at) / DAY_MS).clamp(0, CHANGE_DAYS);
    (days > 0).then(|| format!("{} → {} in {days}\u{a0}d", part::points(before.score), part::points(score)))
}

fn why(clock: &Clock, card: &Card, reader: &str) -> Markup {
    let proposal = &card.case.proposal;
    let evidence = &proposal.draft.evidence;
    let account = &card.case.account.id;
    let (first, more) = evidence.split_at(evidence.len().min(EVIDENCE_MAX));
    html! {
        p.lead { (proposal.draft.why) }
        ul.evidence { @for one in first { (line(clock, account, one, &card.behind)) } }
        @if !more.is_empty() {
            details.fold.small { summary { (more.len()) " more" }
                ul.evidence { @for one in more { (line(clock, account, one, &card.behind)) } }
            }
        }
        @if !card.behind.is_empty() {
            details.fold.small #evidence {
                summary { (words::count(card.behind.len(), "event", "events")) " behind it" kbd { "V" } }
                ul.evidence {
                    @for event in &card.behind {
                        @let said = describe::event(event, reader);
                        li { (said.icon.svg()) span { (said.text) }
                            span.src { (part::event_link(account, event.position)) ", " (part::time(clock, event.time, &clock.moment(event.time))) } }
                    }
                }
            }
        }
    }
}

fn line(clock: &Clock, account: &str, evidence: &Evidence, behind: &[LogEvent]) -> Markup {
    let kind = evidence.events.first().and_then(|at| behind.iter().find(|event| event.position == *at));
    let icon = kind.map_or(Icon::Note, |event| describe::event(event, "").icon);
    html! {
        li {
            (icon.svg())
            span { (numbers(&words::sentence_case(&evidence.text))) }
            span.src {
                @if let Some(position) = evidence.events.first() { (part::event_link(account, *position)) ", " }
                (part::time(clock, evidence.at, &clock.relative(evidence.at)))
            }
        }
    }
}

/// A sentence with its numbers in bold; `P2` and the like are names, not numbers.
pub(super) fn numbers(text: &str) -> Markup {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    let mut letters = text.chars().peekable();
    let mut last = ' ';
    while let Some(c) = letters.next() {
        let digit_next = letters.peek().is_some_and(char::is_ascii_digit);
        // A hyphen before a number is a minus sign.
        let c = if c == '-' && digit_next && last.is_whitespace() { '\u{2212}' } else { c };
        let inside = pieces.last().is_some_and(|(bold, _)| *bold);
        let joins = inside && matches!(c, '.' | ',') && digit_next;
        let bold = joins || (c.is_ascii_digit() && (inside || !last.is_alphabetic()));
        match pieces.last_mut() {
            Some((same, piece)) if *same == bold => piece.push(c),
            Some(_) | None => pieces.push((bold, c.to_string())),
        }
        last = c;
    }
    html! { @for (bold, piece) in &pieces { @if *bold { strong { (piece) } } @else { (piece) } } }
}

fn stake(account: &Account, proposal: &Proposal) -> Markup {
    let churn = account.churn;
    html! {
        @match proposal.draft.value {
            Some(value) => {
                b { (words::money(value)) }
                @if let (Some(arr), Some(churn)) = (account.arr, churn) {
                    @if is_product(value, arr, churn.p90_bp) {
                        span.dim { "= " (words::money(arr)) " × " (part::percent(churn.p90_bp)) " churn probability in 90\u{a0}d" }
                    } @else {
                        span.dim { "when the card was written; churn probability in 90\u{a0}d is " (part::percent(churn.p90_bp)) " now" }
                    }
                }
            },
            None => span.dim { "No data: the account’s ARR is not known" },
        }
        @if let Some(churn) = churn { (part::tier(churn.tier)) }
    }
}

/// Whether a value is ARR times probability, up to rounding of the probability.
fn is_product(value: Money, arr: Money, p90_bp: u16) -> bool {
    let product = arr.minor.saturating_mul(i64::from(p90_bp)) / 10_000;
    value.currency == arr.currency && (value.minor - product).abs() <= arr.minor.abs() / 10_000 + 1
}

fn nothing(clock: &Clock, proposal: &Proposal) -> Markup {
    html! {
        "Nothing is sent. The card expires " (part::time(clock, proposal.expires, &clock.moment(proposal.expires)))
        " and is recorded as not sent. " span.dim { (proposal.draft.if_nothing.trim_start_matches("Nothing is sent.").trim()) }
    }
}

#[cfg(test)]
mod tests {
    use bus_schema::Currency;

    use super::*;

    #[test]
    fn numbers_are_bold_and_text_is_quoted() {
        let text = numbers("2 P2 fell -4 from 41 to 1,904.5, then <b>").into_string();
        let expected = "<strong>2</strong> P2 fell \u{2212}<strong>4</strong> from <strong>41</strong> to \
                        <strong>1,904.5</strong>, then &lt;b&gt;";
        assert_eq!(text, expected);
    }

    #[test]
    fn value_at_stake_is_explained_only_where_it_adds_up() {
        let dollars = |minor| Money { minor, currency: Currency::USD };
        assert!(is_product(dollars(3_444_000), dollars(8_400_000), 4_100));
        assert!(!is_product(dollars(3_000_000), dollars(8_400_000), 4_100));
    }

    #[test]
    fn evidence_names_each_event_once_latest_first() {
        let at = |seq| Position { seq, index: 0 };
        let one = |events| Evidence { text: String::new(), at: Time(0), events };
        let evidence = [one(vec![at(3), at(1)]), one(vec![at(3), at(9)])];
        assert_eq!(cited(&evidence, 2), [at(9), at(3)]);
    }
}
