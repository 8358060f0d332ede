//! Beside the card: why the score is what it is, what was checked, which rule asked.

use bus_schema::data::facts::{Band, HealthScored};
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::card::{CHANGE_DAYS, Card};
use crate::{
    draft,
    markup::{
        chart::{self, Share},
        icon::Icon,
        part::{self, Tone},
        words::{self, Clock},
    },
};

/// The column.
pub(super) fn show(clock: &Clock, card: &Card) -> Markup {
    html! {
        aside.context aria-label="Evidence and checks" {
            @if let Some(score) = card.score.as_ref().filter(|score| score.band != Band::Unknown) {
                (why(score, card.score_before.as_ref()))
            }
            section { h3 { "Checks before sending" } ul.checks { @for check in checks(clock, card) { (item(&check)) } } }
            (record(clock, card))
        }
    }
}

/// Points held and lost, by pillar.
pub(super) struct Pillar<'a> {
    pub(super) name: &'a str,
    pub(super) share: Share,
    /// Change in points of 100; none without a score to compare with.
    pub(super) change: Option<i64>,
}

/// The pillars of a score against an earlier one.
pub(super) fn pillars<'a>(score: &'a HealthScored, before: Option<&HealthScored>) -> Vec<Pillar<'a>> {
    let points = |bp: u32| (i64::from(bp) + 50) / 100;
    let one = |pillar: &'a bus_schema::data::facts::PillarScore| {
        let held = pillar.points_bp;
        let then = before
            .and_then(|before| before.pillars.iter().find(|other| other.pillar == pillar.pillar))
            .map(|pillar| pillar.points_bp);
        let weight = u32::from(pillar.weight_bp);
        let lost = then.map_or(0, |then| then.saturating_sub(held)).min(weight.saturating_sub(held));
        Pillar {
            name: &pillar.pillar,
            share: Share { weight, held, lost },
            change: then.map(|then| points(held) - points(then)),
        }
    };
    score.pillars.iter().map(one).collect()
}

/// The words beside a stack: which pillars lost most.
fn lost(pillars: &[Pillar<'_>]) -> Vec<(String, i64)> {
    let mut lost: Vec<(String, i64)> = pillars
        .iter()
        .filter_map(|pillar| {
            pillar.change.filter(|change| *change < 0).map(|change| (words::plain(pillar.name), change))
        })
        .collect();
    lost.sort_by_key(|(_, change)| *change);
    lost
}

/// What the stack says, for those who do not see it.
pub(super) fn stack_label(score: &HealthScored, pillars: &[Pillar<'_>]) -> String {
    let parts = pillars.iter().map(|pillar| {
        format!(
            "{} {} of {}",
            words::plain(pillar.name),
            pillar.share.held.div_ceil(100),
            pillar.share.weight.div_ceil(100)
        )
    });
    format!("Health {} of 100: {}.", part::points(score.final_score), parts.collect::<Vec<_>>().join(", "))
}

fn why(score: &HealthScored, before: Option<&HealthScored>) -> Markup {
    let pillars = pillars(score, before);
    let shares: Vec<Share> = pillars.iter().map(|pillar| pillar.share).collect();
    let lost = lost(&pillars);
    html! {
        section.wide {
            h3 { "Why the score is " (part::points(score.final_score)) }
            (chart::stack(&shares, &stack_label(score, &pillars)))
            p.dim.small.facet {
                "Filled: points held. "
                @if before.is_none() { "No score of " (CHANGE_DAYS) "\u{a0}d ago to compare with." }
                @else if lost.is_empty() { "Nothing lost in " (CHANGE_DAYS) "\u{a0}d." }
                @else {
                    "Hatched: lost in " (CHANGE_DAYS) "\u{a0}d. "
                    @for (index, (name, change)) in lost.iter().enumerate() {
                        @if index > 0 { ", " }
                        @if index == 0 { b { (words::sentence(name)) " " (words::signed(*change)) } } @else { (name) " " (words::signed(*change)) }
                    }
                    "."
                }
            }
            details.fold {
                summary { "As a table" }
                table {
                    thead { tr { th scope="col" { "Pillar" } th.num scope="col" { "Points" } th.num scope="col" { (CHANGE_DAYS) "\u{a0}d" } } }
                    tbody {
                        @for pillar in &pillars {
                            tr {
                                th scope="row" { (words::sentence(pillar.name)) }
                                td.num { (pillar.share.held.div_ceil(100)) " / " (pillar.share.weight.div_ceil(100)) }
                                td.num { @match pillar.change { Some(change) => (words::signed(change)), None => span.dim { "No data" } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

struct Check {
    tone: Tone,
    text: String,
}

fn item(check: &Check) -> Markup {
    let icon = match check.tone {
        Tone::Good => Icon::Healthy,
        Tone::Bad => Icon::AtRisk,
        Tone::Plain | Tone::Warn | Tone::Odd => Icon::Warning,
    };
    html! { li.(check.tone.class()) { (icon.svg()) span { (check.text) } } }
}

/// What stands between this draft and a send, most serious first.
fn checks(clock: &Clock, card: &Card) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut say = |tone, text: String| checks.push(Check { tone, text });
    if let Err(error) = &card.letter {
        say(Tone::Bad, words::sentence_case(&error.to_string()));
    }
    let proposal = &card.case.proposal;
    if let Ok(annotated) =
        draft::annotate(&proposal.draft.body, &open_fields(&proposal.draft.body), &proposal.draft.fields)
    {
        let (facts, none) = annotated.told();
        if none > 0 {
            say(Tone::Warn, words::count(none, "claim has no source", "claims have no source"));
        } else {
            say(Tone::Good, format!("Every number has a source, {}", words::count(facts, "fact told", "facts told")));
        }
    }
    if let Some(contact) = &card.case.contact {
        match contact.consent.as_deref() {
            Some("granted") => say(Tone::Good, "Consent for e-mail was given".into()),
            Some(_) => say(Tone::Bad, "The recipient does not want messages".into()),
            None => say(Tone::Plain, "No record of consent; a message from person to person".into()),
        }
        let zone =
            contact.zone.as_deref().or(card.case.account.zone.as_deref()).and_then(|zone| TimeZone::get(zone).ok());
        if let Some(zone) = zone {
            let there = clock.now.timestamp().to_zoned(zone);
            say(Tone::Good, format!("{} for the recipient", there.strftime("%H:%M %A")));
        }
    }
    let sent = words::count(card.sent_to_contact, "message", "messages");
    say(Tone::Good, format!("{sent} to this contact in {CHANGE_DAYS}\u{a0}d; the contact budget was reserved"));
    checks
}

/// Stand-ins for the open fields of a text: here only its claims count.
fn open_fields(text: &str) -> draft::Fields {
    let names = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    names.map(|name| (name.trim().to_owned(), "x".to_owned())).collect()
}

fn record(clock: &Clock, card: &Card) -> Markup {
    let (proposal, account) = (&card.case.proposal, &card.case.account);
    let draft = &proposal.draft;
    html! {
        section {
            h3 { "Rule and record" }
            dl.pairs {
                dt { "Play" } dd { (draft.play) " v" (draft.play_version) }
                dt { "Rests on" } dd { (words::plain(&draft.cause_key)) }
                dt { "Agent" } dd { (words::sentence(&draft.agent)) }
                dt { "Template" } dd { (draft.template) " v" (draft.template_version) }
                @if let Some(health) = account.health {
                    dt { "Confidence" } dd { (part::percent(health.confidence_bp)) ", coverage " (part::percent(health.coverage_bp)) }
                }
                dt { "Last touch" } dd { @match account.last_touch { Some(at) => (clock.relative(at)), None => "none yet" } }
                dt { "Proposed" } dd { (part::event_link(&account.id, proposal.position)) ", " (clock.both(proposal.proposed_at)) }
                dt { "Proposal" } dd.id { (proposal.id) }
            }
        }
    }
}
