//! The health of an account: the line, the pillars, each metric down to the events behind it.

use bus_schema::{
    Time,
    data::facts::{Band, HealthScored, MetricScore, MetricState, PillarScore},
    time::DAY_MS,
};
use maud::{Markup, html};

use super::{account::Page, card, card_context};
use crate::{
    markup::{
        chart::{self, HealthChart, Share},
        icon::Icon,
        part,
        words::{self, Clock},
    },
    views::row::Point,
};

/// Days the chart spans.
const DAYS: i64 = 90;

/// The panel.
pub(super) fn show(clock: &Clock, page: &Page) -> Markup {
    let account = &page.account;
    let Some(health) = account.health else {
        return html! {
            section.panel aria-labelledby="h-health" {
                header { h2 #h-health { "Health" } (part::band(Band::Unknown, None)) }
                div.body { p.dim { "No score yet. The first one is made at the next daily tick after an event." } }
            }
        };
    };
    html! {
        section.panel aria-labelledby="h-health" {
            header {
                h2 #h-health { "Health " @if let Some(score) = account.known_score() { span.big { (part::points(score)) } } }
                (part::band(health.band, None))
                @if let Some(change) = moved(clock, page) { span.dim.small { (change) } }
                span.end.dim { "as of " (part::time(clock, health.at, &clock.moment(health.at))) " " (part::event_link(&account.id, health.position)) }
            }
            div.body {
                (line(clock, page))
                @if let Some(score) = &page.score { (parts(clock, page, score)) }
            }
        }
    }
}

/// `−18 in 30 d`, and what the last change was made of where it can be seen in whole points.
fn moved(clock: &Clock, page: &Page) -> Option<String> {
    let now = page.account.known_score()?;
    let since = clock.now.plus_ms(-card::CHANGE_DAYS * DAY_MS);
    let known = |point: &&Point| point.band != Band::Unknown && point.at <= since;
    let before = page.history.iter().rev().find(known)?;
    let total = i64::from(part::points(now)) - i64::from(part::points(before.score));
    let mut text = format!("{} in {}\u{a0}d", words::signed(total), card::CHANGE_DAYS);
    if let Some(change) = page.score.as_ref().and_then(|score| score.change.as_ref()) {
        let points = |bp: i32| i64::from((bp + if bp < 0 { -50 } else { 50 }) / 100);
        let parts = [("customer", change.customer), ("time", change.time), ("model", change.model)];
        let seen = parts.iter().filter(|(_, bp)| points(*bp) != 0);
        let said: Vec<String> = seen.map(|(name, bp)| format!("{name} {}", words::signed(points(*bp)))).collect();
        if !said.is_empty() {
            text = format!("{text}; last {}", said.join(", "));
        }
    }
    Some(text)
}

fn line(clock: &Clock, page: &Page) -> Markup {
    let since = clock.now.plus_ms(-DAYS * DAY_MS);
    let known: Vec<&Point> = page.history.iter().filter(|point| point.band != Band::Unknown).collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        return html! { p.dim { "No score with enough data in 90\u{a0}d." } };
    };
    let share = |at: Time| {
        let share = at.since_ms(since).clamp(0, DAYS * DAY_MS) * 1_000 / (DAYS * DAY_MS);
        u16::try_from(share).unwrap_or(1_000)
    };
    let points: Vec<(u16, u16)> = known.iter().map(|point| (share(point.at), point.score)).collect();
    let machine: Vec<(u16, u16)> = known.iter().map(|point| (share(point.at), point.machine)).collect();
    let differs = points != machine;
    let days: Vec<String> = [90_i64, 60, 30, 0].iter().map(|ago| clock.day(clock.now.plus_ms(-ago * DAY_MS))).collect();
    let label = format!(
        "Health over 90 days: {} on {}, {} on {}. The table below has each week.",
        part::points(first.score),
        clock.day(first.at),
        part::points(last.score),
        clock.day(last.at)
    );
    html! {
        (chart::health(&HealthChart {
            points: &points,
            machine: differs.then_some(machine.as_slice()),
            tone: part::band_words(page.account.band()).2,
            label: &label,
            days: &days,
        }))
        @if differs {
            ul.key aria-hidden="true" {
                li { svg viewBox="0 0 24 8" { path.ln.final d="M1 4H23" {} } "Final" }
                li { svg viewBox="0 0 24 8" { path.ln.machine d="M1 4H23" {} } "Machine" }
            }
        }
        (table(clock, &known))
    }
}

/// The last score of each week.
fn table(clock: &Clock, known: &[&Point]) -> Markup {
    let mut weeks: Vec<&Point> = Vec::new();
    for point in known {
        // 1970-01-05 was a Monday.
        let week = |point: &Point| (point.at.day().0 - 4).div_euclid(7);
        if weeks.last().is_some_and(|last| week(last) == week(point)) {
            weeks.pop();
        }
        weeks.push(point);
    }
    html! {
        details.fold {
            summary { "Show as a table" }
            div.scroll tabindex="0" role="region" aria-label="Health by week" {
                table {
                    thead { tr { th scope="col" { "Last score of the week" } th.num scope="col" { "Machine" } th.num scope="col" { "Final" } } }
                    tbody { @for point in weeks {
                        tr { th scope="row" { (clock.day(point.at)) } td.num { (part::points(point.machine)) } td.num { (part::points(point.score)) } }
                    } }
                }
            }
        }
    }
}

fn parts(clock: &Clock, page: &Page, score: &HealthScored) -> Markup {
    let pillars = card_context::pillars(score, page.score_before.as_ref());
    let shares: Vec<Share> = pillars.iter().map(|pillar| pillar.share).collect();
    html! {
        h3.vh { "What the score is made of" }
        div.facet-3 {
            (chart::stack(&shares, &card_context::stack_label(score, &pillars)))
            p.dim.small.facet { "Width is weight, filled is held, hatched was lost in " (card::CHANGE_DAYS) "\u{a0}d. Same order below." }
        }
        ul.pillars {
            @for (index, (pillar, told)) in score.pillars.iter().zip(&pillars).enumerate() {
                li {
                    details.pillar.fold open[index == 0] {
                        summary {
                            b { (words::sentence(&pillar.pillar)) }
                            (chart::bar(told.share))
                            span.num { (told.share.held.div_ceil(100)) " / " (told.share.weight.div_ceil(100)) }
                            @match told.change {
                                Some(change) if change < 0 => span.num.bad.tone { (words::signed(change)) },
                                Some(change) => span.num.dim { (words::signed(change)) },
                                None => span.num.dim {},
                            }
                        }
                        (metrics(clock, page, pillar))
                    }
                }
            }
        }
        (coverage(score))
    }
}

fn metrics(clock: &Clock, page: &Page, pillar: &PillarScore) -> Markup {
    html! {
        div.stackable { table {
            thead { tr { th scope="col" { "Metric" } th scope="col" { "Now" } th.num scope="col" { "Points" } th scope="col" { "Behind it" } } }
            tbody { @for metric in &pillar.metrics { (row(clock, page, metric)) } }
        } }
    }
}

fn row(clock: &Clock, page: &Page, metric: &MetricScore) -> Markup {
    let weight = u32::from(metric.weight_bp);
    let held = weight * u32::from(metric.points) / 100;
    html! {
        tr {
            th scope="row" { (words::sentence(&metric.metric)) }
            td data-l="Now" {
                @match metric.state {
                    MetricState::Known => (words::sentence_case(&metric.reason)),
                    MetricState::Stale => { (words::sentence_case(&metric.reason)) " " span.warn.tone { "old" } },
                    MetricState::Unknown => span.dim { "No data" },
                    MetricState::NotApplicable => span.dim { "Does not apply" },
                }
            }
            td.num.nowrap data-l="Points" {
                @if metric.state == MetricState::NotApplicable { span.dim { "none" } } @else { (tenths(held)) " / " (tenths(weight)) }
            }
            td data-l="Behind it" {
                @if metric.events_total == 0 { span.dim { "no events" } } @else {
                    details.behind {
                        summary { (words::count(metric.events_total as usize, "event", "events")) }
                        ul {
                            @for event in &metric.events { li { (part::event_link(&page.account.id, *event)) } }
                            @if metric.events_total as usize > metric.events.len() { li.dim { "and " (metric.events_total as usize - metric.events.len()) " before" } }
                            @if let Some(at) = metric.evidence_at { li.dim { "last " (clock.relative(at)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Basis points as points of 100 with one place where it is not whole.
fn tenths(bp: u32) -> String {
    let tenths = (bp + 5) / 10;
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn coverage(score: &HealthScored) -> Markup {
    let whole = score.coverage_bp >= 9_950 && score.trimmed.is_empty();
    let missing: Vec<String> = score
        .pillars
        .iter()
        .flat_map(|pillar| &pillar.metrics)
        .filter(|metric| matches!(metric.state, MetricState::Unknown | MetricState::Stale))
        .map(|metric| words::plain(&metric.metric))
        .collect();
    html! {
        @if !whole {
            p.notice.warn.facet {
                span.warn.tone { (Icon::Warning.svg()) }
                span {
                    "Coverage " (part::percent(score.coverage_bp)) ", confidence " (part::percent(score.confidence_bp)) ". "
                    @if !missing.is_empty() { "No or old data for " (missing.join(", ")) ". " }
                    @if !score.trimmed.is_empty() { "Left out, because these sources are not connected: " (score.trimmed.iter().map(|name| words::plain(name)).collect::<Vec<_>>().join(", ")) "." }
                }
            }
        }
        p.dim.small.facet { "Model " (score.model) " v" (score.model_version) ", policy v" (score.policy_version) "." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_a_place_only_where_needed() {
        assert_eq!(tenths(1_000), "10");
        assert_eq!(tenths(875), "8.8");
        assert_eq!(tenths(0), "0");
    }
}
