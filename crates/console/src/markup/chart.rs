//! Charts as SVG: data reaches the drawing through attributes alone, so the strict content policy holds.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::part::Tone;

/// A line of health over time, on a scale that is the same for all sparklines of one measure.
pub(crate) struct Spark<'a> {
    /// Values from old to new.
    pub(crate) values: &'a [u16],
    /// Lowest and highest value of the scale.
    pub(crate) scale: (u16, u16),
    /// Width and height of the drawing, which the page stretches.
    pub(crate) size: (u16, u16),
    /// Tone of the last point.
    pub(crate) tone: Tone,
    /// The finding, for those who do not see the line.
    pub(crate) label: &'a str,
}

/// Position on the vertical axis, in tenths.
fn y(value: u16, scale: (u16, u16), height: u16) -> i64 {
    let (low, high) = (i64::from(scale.0), i64::from(scale.1.max(scale.0 + 1)));
    let value = i64::from(value).clamp(low, high);
    // Room for the stroke above and below.
    let room = i64::from(height) * 10 - 40;
    20 + room * (high - value) / (high - low)
}

fn tenths(value: i64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// The path through some values, evenly spaced, or as far apart as `at` says (0 to 1,000 of the width).
fn path(values: &[u16], at: Option<&[u16]>, scale: (u16, u16), (width, height): (u16, u16)) -> String {
    let last = i64::try_from(values.len().saturating_sub(1)).unwrap_or(1).max(1);
    let mut d = String::new();
    for (index, value) in values.iter().enumerate() {
        let x = match at.and_then(|at| at.get(index)) {
            Some(share) => i64::from(width) * 10 * i64::from(*share) / 1_000,
            None => i64::from(width) * 10 * i64::try_from(index).unwrap_or(0) / last,
        };
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(d, "{command}{} {}", tenths(x), tenths(y(*value, scale, height)));
    }
    d
}

/// A small line without axes.
pub(crate) fn spark(spark: &Spark<'_>) -> Markup {
    let (width, height) = spark.size;
    let last = spark.values.last().copied();
    html! {
        svg.spark viewBox=(format!("0 0 {width} {height}")) preserveAspectRatio="none" role="img" aria-label=(spark.label) {
            @if spark.values.len() > 1 { path.ln.final d=(path(spark.values, None, spark.scale, spark.size)) {} }
            @if let Some(last) = last {
                path.dot.(spark.tone.class()) d=(format!("M{width}.0 {}h0", tenths(y(last, spark.scale, height)))) {}
            }
        }
    }
}

/// Health over time with the zones of the bands.
pub(crate) struct HealthChart<'a> {
    /// Share of the width, 0 to 1,000, and final score of each point.
    pub(crate) points: &'a [(u16, u16)],
    /// The machine's score at the same places, where it differs.
    pub(crate) machine: Option<&'a [(u16, u16)]>,
    pub(crate) tone: Tone,
    pub(crate) label: &'a str,
    /// Dates under the axis, from left to right.
    pub(crate) days: &'a [String],
}

/// The large chart of the account page: 40 to 100, healthy from 90, at risk below 70.
pub(crate) fn health(chart: &HealthChart<'_>) -> Markup {
    let size = (600, 180);
    let scale = (4_000, 10_000);
    let line = |points: &[(u16, u16)]| {
        let (at, values): (Vec<u16>, Vec<u16>) = points.iter().copied().unzip();
        path(&values, Some(&at), scale, size)
    };
    let dot = chart.points.last().map(|(at, value)| {
        let x = i64::from(size.0) * i64::from(*at) / 100;
        format!("M{} {}h0", tenths(x), tenths(y(*value, scale, size.1)))
    });
    html! {
        div.chart {
            svg viewBox="0 0 600 180" preserveAspectRatio="none" role="img" aria-label=(chart.label) {
                rect.zone-good x="0" y="0" width="600" height=(tenths(y(9_000, scale, 180))) {}
                rect.zone-bad x="0" y=(tenths(y(7_000, scale, 180))) width="600" height=(tenths(1_800 - y(7_000, scale, 180))) {}
                path.rule d=(format!("M0 {}H600M0 {}H600", tenths(y(9_000, scale, 180)), tenths(y(7_000, scale, 180)))) {}
                @if let Some(machine) = chart.machine { path.ln.machine d=(line(machine)) {} }
                @if chart.points.len() > 1 { path.ln.final d=(line(chart.points)) {} }
                @if let Some(dot) = dot { path.dot.(chart.tone.class()) d=(dot) {} }
            }
            div.y aria-hidden="true" {
                span { "≥ 90" br; "Healthy" } span { "70 – 89" br; "Watch" } span { "< 70" br; "At risk" }
            }
            div.x aria-hidden="true" { @for day in chart.days { span { (day) } } }
        }
    }
}

/// One part of a stack: its weight, what it holds and what it lost, all in basis points of the whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) weight: u32,
    pub(crate) held: u32,
    pub(crate) lost: u32,
}

/// Shares side by side: width is weight, filled is held, hatched was lost.
pub(crate) fn stack(shares: &[Share], label: &str) -> Markup {
    const WIDTH: u32 = 9_960;
    const GAP: u32 = 40;
    let total = shares.iter().map(|share| share.weight).sum::<u32>().max(1);
    let gaps = GAP * u32::try_from(shares.len().saturating_sub(1)).unwrap_or(0);
    let scale = |part: u32| part * (WIDTH - gaps.min(WIDTH)) / total;
    let mut left = 0;
    let mut placed = Vec::with_capacity(shares.len());
    for share in shares {
        placed.push((left, *share));
        left += scale(share.weight) + GAP;
    }
    html! {
        svg.stack viewBox="0 0 996 18" preserveAspectRatio="none" role="img" aria-label=(label) {
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    path.hatch d="M0 0V6" {}
                }
            }
            @for (x, share) in &placed {
                (part("track", *x, scale(share.weight)))
                (part("fill", *x, scale(share.held)))
                @if share.lost > 0 { (part("lost", x + scale(share.held), scale(share.lost))) }
            }
        }
    }
}

fn part(class: &str, x: u32, width: u32) -> Markup {
    html! { rect.(class) x=(tenths(i64::from(x))) y="0" width=(tenths(i64::from(width))) height="18" {} }
}

/// The bar of one pillar, out of its own weight.
pub(crate) fn bar(share: Share) -> Markup {
    let of = |part: u32| part * 1_000 / share.weight.max(1);
    html! {
        svg.stack viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="8" {}
            rect.fill width=(tenths(i64::from(of(share.held)))) height="8" {}
            @if share.lost > 0 {
                rect.lost x=(tenths(i64::from(of(share.held)))) width=(tenths(i64::from(of(share.lost)))) height="8" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_inside_its_drawing_and_names_its_finding() {
        let values = [9_000, 7_000, 0, 10_000];
        let text = spark(&Spark {
            values: &values,
            scale: (5_000, 10_000),
            size: (136, 32),
            tone: Tone::Bad,
            label: "Health from 90 to 100",
        })
        .into_string();
        assert!(text.contains("M0.0 7.6L45.3 18.8L90.6 30.0L136.0 2.0"), "{text}");
        assert!(text.contains("aria-label=\"Health from 90 to 100\""));
        assert!(!text.contains("style="));
    }

    #[test]
    fn shares_of_a_stack_fill_the_width_once() {
        let shares = [Share { weight: 5_000, held: 2_500, lost: 500 }, Share { weight: 5_000, held: 5_000, lost: 0 }];
        let text = stack(&shares, "x").into_string();
        assert!(text.contains("width=\"496.0\"") && text.contains("x=\"500.0\""), "{text}");
    }
}
