//! Markup that pages share: the frame, icons, bands and badges, charts, words. Functions from values to HTML.

pub(crate) mod chart;
pub(crate) mod icon;
pub(crate) mod layout;
pub(crate) mod part;
pub(crate) mod words;
