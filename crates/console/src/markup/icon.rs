//! The icons: strokes on a 16 by 16 grid.

use maud::{Markup, html};

/// An icon by what it means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Icon {
    Menu,
    Inbox,
    Portfolio,
    Account,
    Operator,
    Person,
    PersonGone,
    Warning,
    AtRisk,
    Watch,
    Healthy,
    NoData,
    Clock,
    Down,
    Ticket,
    Payment,
    Back,
    Undo,
    Tick,
    Unknown,
    Chain,
    Reply,
    Note,
    Send,
    Forbid,
    Descending,
    Handover,
    Leave,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Menu => "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
            Self::Inbox => {
                "M2 9.5h3.2l1 1.8h3.6l1-1.8H14M2.6 9 4 3.8a1 1 0 0 1 1-.8h6a1 1 0 0 1 1 .8L13.4 9v3a1 1 0 0 1-1 1H3.6a1 1 0 0 1-1-1Z"
            }
            Self::Portfolio => "M2.500 2.500v11h11M5 10l2.500-3 2 1.700L13 4.500",
            Self::Account => {
                "M3 13.5v-10a1 1 0 0 1 1-1h4.5a1 1 0 0 1 1 1v10M9.500 6.500H12a1 1 0 0 1 1 1v6M2 13.500h12M5.300 5.500h1.800M5.300 8h1.800M5.300 10.500h1.800"
            }
            Self::Operator => "M1.500 8.500h3L6.500 3l3 10 2-4.500h3",
            Self::Person => {
                "M8 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM3 13.500c0-2.500 2-4.200 5-4.200s5 1.700 5 4.200"
            }
            Self::PersonGone => {
                "M6.500 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM2 13.500c0-2.500 1.800-4.200 4.500-4.200 1 0 1.900.2 2.600.7M10.500 12h4"
            }
            Self::Warning => "M8 2.600 14.200 13H1.800ZM8 6.500v3M8 11.300v.1",
            Self::AtRisk => "M5.600 2h4.800L14 5.600v4.800L10.400 14H5.600L2 10.400V5.600ZM8 4.900v3.600M8 10.900v.1",
            Self::Watch | Self::NoData => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z",
            Self::Healthy => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm-2.700-5.900L7.200 10l3.500-3.800",
            Self::Clock => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8l2.200 1.500",
            Self::Down => "m2.500 4 4 4 2.500-2L13.500 11M13.500 7.500V11H10",
            Self::Ticket => {
                "M2 6V4.500a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1V6a2 2 0 0 0 0 4v1.500a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V10a2 2 0 0 0 0-4ZM9.800 3.500v9"
            }
            Self::Payment => {
                "M2 5a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1ZM2 7h12M4.500 9.800h2.500"
            }
            Self::Back => "M9.500 3.500 5 8l4.500 4.500",
            Self::Undo => "M5.500 3 2.500 6l3 3M2.800 6H10a3.500 3.500 0 0 1 0 7H6.500",
            Self::Tick => "m3 8.500 3.200 3.200L13 4.800",
            Self::Unknown => {
                "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.300 6.300A1.700 1.700 0 0 1 8 4.900c1 0 1.800.7 1.800 1.600 0 1.200-1.800 1.400-1.800 2.600M8 11.100v.1"
            }
            Self::Chain => {
                "M6.700 9.300a2.600 2.600 0 0 0 3.700 0l2.300-2.300A2.600 2.600 0 0 0 9 3.300l-.8.8M9.300 6.700a2.600 2.600 0 0 0-3.700 0L3.300 9A2.600 2.600 0 0 0 7 12.700l.8-.8"
            }
            Self::Reply => "M6.500 3.500 2.500 7l4 3.500V8.300c3.500 0 5.500 1 7 3.700 0-4-2.500-6.300-7-6.500Z",
            Self::Note => "M3 2.500h10v7.700L9.700 13.500H3ZM13 10H9.500v3.500M5.500 5.500h5M5.500 8h3",
            Self::Send => "M2.500 3h11v10h-11ZM2.800 3.500 8 8.200l5.200-4.700",
            Self::Forbid => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM3.800 3.800l8.400 8.400",
            Self::Descending => "M8 3v10M4.500 9.500 8 13l3.500-3.500",
            Self::Handover => "M11 2.500 13.500 5 11 7.500M13.200 5H5M5 8.500 2.500 11 5 13.500M2.800 11H11",
            Self::Leave => "M6.500 2.500h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10.500 5 13.500 8l-3 3M13.200 8H6",
        }
    }

    fn strokes(self) -> Markup {
        html! {
            @match self {
                Self::NoData => path d=(self.path()) stroke-dasharray="2.200 2.500" {},
                Self::Watch => { path d=(self.path()) {} path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" {} },
                _ => path d=(self.path()) {},
            }
        }
    }

    /// The icon beside a word that says the same: hidden from assistive technology.
    pub(crate) fn svg(self) -> Markup {
        html! { svg.i viewBox="0 0 16 16" aria-hidden="true" { (self.strokes()) } }
    }

    /// The icon alone, with its word for those who do not see it.
    pub(crate) fn named(self, word: &str) -> Markup {
        html! { svg.i viewBox="0 0 16 16" role="img" aria-label=(word) { (self.strokes()) } }
    }
}

/// The mark of the product.
pub(crate) fn sail() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" {
            path.sail d="M11 3.500 3.500 17.500H11Z" stroke="none" {}
            path d="M11 2.500v18M11 3.500 3.500 17.500M11 3.500l9.500 14M3 20.500h18" {}
        }
    }
}
