//! Small pieces: bands, badges, notices, times, pages that say one thing.

use std::fmt::Write as _;

use bus_schema::{
    Position, Time,
    data::facts::{Band, Tier},
};
use maud::{Markup, html};

use super::{
    icon::Icon,
    words::{self, Clock},
};

/// The colour a state is said in. Never the only carrier: an icon and a word stand beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Odd,
}

impl Tone {
    /// The class of the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Odd => "odd",
        }
    }
}

/// Word, icon and tone of a band.
pub(crate) const fn band_words(band: Band) -> (&'static str, Icon, Tone) {
    match band {
        Band::Red => ("At risk", Icon::AtRisk, Tone::Bad),
        Band::Yellow => ("Watch", Icon::Watch, Tone::Warn),
        Band::Green => ("Healthy", Icon::Healthy, Tone::Good),
        Band::Unknown => ("No data", Icon::NoData, Tone::Plain),
    }
}

/// A band with its score out of 100: `At risk 63`.
pub(crate) fn band(band: Band, score: Option<u16>) -> Markup {
    let (word, icon, tone) = band_words(band);
    html! {
        span.band.(tone.class()) {
            (icon.svg()) (word)
            @if let (Some(score), false) = (score, band == Band::Unknown) { " " (points(score)) }
        }
    }
}

/// A band as an icon alone, named for those who do not see it.
pub(crate) fn band_icon(band: Band) -> Markup {
    let (word, icon, tone) = band_words(band);
    html! { span.(tone.class()) { (icon.named(word)) } }
}

/// Basis points of a score as whole points out of 100.
pub(crate) fn points(basis_points: u16) -> u16 {
    (basis_points + 50) / 100
}

/// Basis points as whole per cent: `41 %`.
pub(crate) fn percent(basis_points: u16) -> String {
    format!("{}\u{a0}%", points(basis_points))
}

/// How urgent a risk is, as the style guide calls it.
pub(crate) const fn tier_words(tier: Tier) -> (&'static str, Tone) {
    match tier {
        Tier::Low => ("Low", Tone::Plain),
        Tier::Watch => ("Early signs", Tone::Plain),
        Tier::Monitor => ("Monitor", Tone::Warn),
        Tier::High => ("High", Tone::Bad),
        Tier::Critical => ("Critical", Tone::Bad),
    }
}

/// A tier as a badge.
pub(crate) fn tier(tier: Tier) -> Markup {
    let (word, tone) = tier_words(tier);
    let icon = match tone {
        Tone::Bad | Tone::Odd => Icon::Warning,
        Tone::Warn => Icon::Watch,
        Tone::Plain | Tone::Good => Icon::NoData,
    };
    badge(tone, icon, word)
}

/// A badge: icon and word.
pub(crate) fn badge(tone: Tone, icon: Icon, word: &str) -> Markup {
    html! { span.badge.(tone.class()) { (icon.svg()) (word) } }
}

/// A number on a page that may be missing: never a zero, never a dash.
pub(crate) fn or_no_data(text: Option<String>) -> Markup {
    html! { @match text { Some(text) => (text), None => span.dim { "No data" } } }
}

/// A time with its machine form.
pub(crate) fn time(clock: &Clock, at: Time, text: &str) -> Markup {
    html! { time datetime=(clock.machine(at)) title=(clock.both(at)) { (text) } }
}

/// An event by its number, linked to its place on the account's timeline.
pub(crate) fn event_link(account: &str, position: Position) -> Markup {
    html! { a.id href=(event_address(account, position)) { (event_number(position)) } }
}

/// Where an event stands on the account's timeline.
pub(crate) fn event_address(account: &str, position: Position) -> String {
    format!("/accounts/{}?at={position}#ev-{position}", segment(account))
}

/// `1,204,118.3`, without the index where it is the only event of its message.
pub(crate) fn event_number(position: Position) -> String {
    let seq = words::thousands(i64::try_from(position.seq).unwrap_or(i64::MAX));
    if position.index == 0 { seq } else { format!("{seq}.{}", position.index) }
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && text.len() > 2) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// A notice: what is true now, and what that means for the reader.
pub(crate) struct Notice<'a> {
    pub(crate) tone: Tone,
    pub(crate) icon: Icon,
    pub(crate) title: &'a str,
    pub(crate) body: Markup,
    /// It stops the reader: announced at once.
    pub(crate) alert: bool,
}

/// A notice as a block.
pub(crate) fn notice(notice: &Notice<'_>) -> Markup {
    let role = if notice.alert { "alert" } else { "status" };
    html! {
        div.notice.(notice.tone.class()) role=(role) {
            @if notice.tone == Tone::Plain { (notice.icon.svg()) }
            @else { span.tone.(notice.tone.class()) { (notice.icon.svg()) } }
            div { p.title { (notice.title) } (notice.body) }
        }
    }
}

/// A place with nothing in it: one true sentence, what happens next, one way on.
pub(crate) fn empty(icon: Icon, title: &str, body: &Markup, way: Option<(&str, &str)>) -> Markup {
    html! {
        div.empty {
            (icon.svg())
            p { b { (title) } }
            p { (body) }
            @if let Some((address, label)) = way { a.btn href=(address) { (label) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_never_colour_alone() {
        let text = band(Band::Red, Some(6_349)).into_string();
        assert!(text.contains("At risk 63") && text.contains("<svg"), "{text}");
        assert!(band(Band::Unknown, Some(5_000)).into_string().ends_with("No data</span>"));
    }

    #[test]
    fn ids_are_one_segment_of_a_path() {
        assert_eq!(segment("acme-1.x"), "acme-1.x");
        assert_eq!(segment("a/b?c <d>"), "a%2Fb%3Fc%20%3Cd%3E");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("💡"), "%F0%9F%92%A1");
    }

    #[test]
    fn text_from_outside_is_quoted_not_run() {
        let badge = badge(Tone::Plain, Icon::Note, "<script>alert(1)</script>").into_string();
        assert!(badge.contains("&lt;script&gt;") && !badge.contains("<script>"));
    }
}
