//! A figure: what was measured, its target, and the limit of the machine beside it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{machine::Machine, stat::Rounds};
use crate::print::Report;

/// Everything one run measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The version that was measured.
    pub(crate) version: String,
    /// Where.
    pub(crate) machine: Machine,
    /// How long the run took.
    pub(crate) seconds: f64,
    /// What was measured.
    #[serde(rename = "figures")]
    pub(crate) rows: Vec<Figure>,
}

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The part of the bench it belongs to.
    pub(crate) part: String,
    /// What it is.
    pub(crate) name: String,
    /// Its unit.
    pub(crate) unit: String,
    /// The median over the rounds, or the one value.
    pub(crate) value: f64,
    /// The lowest and highest round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spread: Option<(f64, f64)>,
    /// What it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
    /// Whether it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
    /// The limit of the machine for the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Limit>,
}

/// What a figure should be.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Target {
    /// On which side of the value.
    pub(crate) side: Side,
    /// The value.
    pub(crate) value: f64,
    /// What is hoped for beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aim: Option<f64>,
}

/// A side of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Not below it.
    AtLeast,
    /// Not above it.
    AtMost,
}

/// What the machine can do at most, measured in the same run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Limit {
    /// What was measured.
    pub(crate) what: String,
    /// How much.
    pub(crate) value: f64,
    /// In what.
    pub(crate) unit: String,
}

impl Figure {
    /// A figure of one measurement.
    pub(crate) fn new(part: &str, name: impl Into<String>, unit: &str, value: f64) -> Self {
        let (part, unit) = (part.to_owned(), unit.to_owned());
        Self { part, name: name.into(), unit, value, spread: None, target: None, met: None, limit: None }
    }

    /// A figure of several rounds; none where nothing was measured.
    pub(crate) fn rounds(
        part: &str,
        name: impl Into<String>,
        unit: &str,
        values: impl IntoIterator<Item = f64>,
    ) -> Option<Self> {
        let rounds = Rounds::of(values)?;
        Some(Self { spread: Some((rounds.low, rounds.high)), ..Self::new(part, name, unit, rounds.median) })
    }

    /// With the least it should be.
    pub(crate) fn at_least(self, value: f64, aim: Option<f64>) -> Self {
        self.judged(Target { side: Side::AtLeast, value, aim })
    }

    /// With the most it should be.
    pub(crate) fn at_most(self, value: f64, aim: Option<f64>) -> Self {
        self.judged(Target { side: Side::AtMost, value, aim })
    }

    fn judged(mut self, target: Target) -> Self {
        self.met = Some(match target.side {
            Side::AtLeast => self.value >= target.value,
            Side::AtMost => self.value <= target.value,
        });
        self.target = Some(target);
        self
    }

    /// With what the machine can do at most.
    pub(crate) fn beside(mut self, what: &str, value: f64, unit: &str) -> Self {
        self.limit = Some(Limit { what: what.to_owned(), value, unit: unit.to_owned() });
        self
    }

    /// The cells of its row: what, value, rounds, target, whether it is met, limit.
    pub(crate) fn cells(&self) -> [String; 6] {
        let target = self.target.map_or_else(String::new, |target| {
            let sign = if target.side == Side::AtLeast { "≥" } else { "≤" };
            let aim = target.aim.map(|aim| format!(" (aim {})", number(aim))).unwrap_or_default();
            format!("{sign} {}{aim}", number(target.value))
        });
        let met = self.met.map_or("", |met| if met { "yes" } else { "no" });
        let limit = self.limit.as_ref();
        [
            self.name.clone(),
            format!("{} {}", number(self.value), self.unit).trim_end().to_owned(),
            self.spread.map(|(low, high)| format!("{} – {}", number(low), number(high))).unwrap_or_default(),
            target,
            met.to_owned(),
            limit.map(|limit| format!("{}: {} {}", limit.what, number(limit.value), limit.unit)).unwrap_or_default(),
        ]
    }
}

/// Heads of the columns.
pub(crate) const HEADS: [&str; 6] = ["figure", "measured", "rounds", "target", "met", "limit beside it"];

impl Figures {
    /// The parts in order, each with its rows.
    pub(crate) fn parts(&self) -> Vec<(&str, Vec<[String; 6]>)> {
        let mut parts: Vec<(&str, Vec<[String; 6]>)> = Vec::new();
        for figure in &self.rows {
            match parts.last_mut() {
                Some((part, rows)) if *part == figure.part => rows.push(figure.cells()),
                Some(_) | None => parts.push((&figure.part, vec![figure.cells()])),
            }
        }
        parts
    }
}

impl Report for Figures {
    fn text(&self) -> String {
        let mut text = format!("mainstay {}, {}\n", self.version, self.machine.line());
        for (part, rows) in self.parts() {
            let widths: Vec<usize> = HEADS
                .iter()
                .enumerate()
                .map(|(at, head)| {
                    let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
                    cells.max().unwrap_or(0).max(head.chars().count())
                })
                .collect();
            let _ = writeln!(text, "\n{part}");
            for row in std::iter::once(HEADS.map(str::to_owned)).chain(rows) {
                let cells: Vec<String> =
                    row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
                let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
            }
        }
        let _ = write!(text, "\n{:.0} s in all", self.seconds);
        text
    }
}

/// A number as people read it: whole with groups of digits from a hundred on, else with what matters behind the point.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size < 10.0 {
        let text = format!("{value:.2}");
        return text.strip_suffix(".00").unwrap_or(&text).to_owned();
    }
    if size < 100.0 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").unwrap_or(&text).to_owned();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let behind = digits.len() - at;
        if at > 0 && behind.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        let of = [0.256, 3.0, 12.34, 40.0, 123.4, 30_000.0, 1_234_567.0, -1_500.0].map(number);
        assert_eq!(of, ["0.26", "3", "12.3", "40", "123", "30,000", "1,234,567", "-1,500"]);
    }

    #[test]
    fn a_target_is_met_on_its_side() {
        let rate = Figure::new("a", "rate", "events/s", 31_000.0).at_least(30_000.0, Some(60_000.0));
        let cost = Figure::new("a", "cost", "µs", 51.0).at_most(50.0, None);
        assert_eq!((rate.met, cost.met), (Some(true), Some(false)));
        assert_eq!(rate.cells()[3], "≥ 30,000 (aim 60,000)");
        assert_eq!(cost.cells()[4], "no");
    }
}
